"""Read a short answer in the light of what was offered: "the second one", "蓝色的", "neither"."""

import re
from collections.abc import Iterable

from bot.model import Offer, Understanding, WordedChoice
from intents.answers import AnswerWords
from intents.model import HAN, command_key, normalise

LONGEST = 60
"""Characters of a message that may be a pick; a longer one says more than that."""

LONGEST_QUESTION = 200
"""Characters of a message that may ask about a choice by its place."""

_LEAST_COUNTED = 3
"""Signs of an ordinal within a sentence. In Chinese that many have a measure word; a shorter one,
as the English "a", stands in many sentences."""

_LONGEST_YES = 18
"""Characters of a yes that only agrees."""

PERSON = "/contact_human"
"""What choosing a person sends: none of the things that "both" or "any" mean."""

_TOLD_BY = frozenset({"color", "size", "product"})
"""Entities whose plain form may stand in a label where the shopper's word doesn't."""
_HAN_SIGN = re.compile(f"[{HAN}]")


def pick(said: Understanding, offer: Offer, words: AnswerWords) -> tuple[WordedChoice, ...] | None:
    """Return what a message takes of an offer: nothing of it is (), no answer to it is None."""
    text = said.text.strip()
    if not text or len(text) > LONGEST:
        return None
    same = [choice for choice in offer.choices if choice.value.casefold() == text.casefold()]
    if same:
        return tuple(same[:1])
    cores = list(_cores(normalise(text), words))
    things = tuple(choice for choice in offer.choices if choice.value != PERSON)
    if any(core in words.none for core in cores):
        return ()
    if things and any(core in words.every for core in cores):
        return things
    if things and any(core in words.either for core in cores):
        return things[:1]
    found = _by_place(cores, offer, words) or _by_label([*cores, *_plain_forms(said)], offer)
    return (found,) if found is not None else None


def pointed_at(said: Understanding, offer: Offer, words: AnswerWords) -> WordedChoice | None:
    """Return the one choice that a question points at by its place, as in "is the second one red".

    None where it points at none, or at several ("which is better, the first or the second").
    """
    if len(said.text) > LONGEST_QUESTION:
        return None
    text = f" {normalise(said.text)} "
    places = {words.ordinals[word] for word in _ordinals_within(text, words)}
    count = len(offer.choices)
    found = {place - 1 if place > 0 else count + place for place in places if abs(place) <= count}
    return offer.choices[found.pop()] if count > 1 and len(places) == len(found) == 1 else None


def _ordinals_within(text: str, words: AnswerWords) -> Iterable[str]:
    """Give the ordinals that surely count something; a longer one hides those within it."""
    telling = [word for word in words.ordinals if len(word) >= _LEAST_COUNTED]
    for word in sorted(telling, key=len, reverse=True):
        if _counts(word, text, words):
            yield word
            text = text.replace(word, " ")


def _counts(word: str, text: str, words: AnswerWords) -> bool:
    if _HAN_SIGN.search(word):
        behind = [text[match.end() :] for match in re.finditer(re.escape(word), text)]
        return any(not rest.startswith(tuple(words.not_things)) for rest in behind)
    if " " in word:  # "option 2" has its thing in it
        return f" {word} " in text
    return any(f" {word} {thing} " in text for thing in words.things)


def is_plain_yes(said: Understanding, words: AnswerWords) -> bool:
    """Say whether a yes takes the one thing offered.

    It doesn't where it says no more than that the shopper has read it ("ok"), names a place
    ("the first one") or tells something ("yes i checked with the neighbours").
    """
    if command_key(said.text) in words.noted or len(said.text.strip()) > _LONGEST_YES:
        return False
    return not any(core in words.ordinals for core in _cores(normalise(said.text), words))


def _cores(text: str, words: AnswerWords) -> Iterable[str]:
    """Give the message, then what is left of it as empty words fall away around the telling one.

    What is behind falls first: "那个" ends a pick in Chinese as often as it begins one.
    """
    yield text
    for stripped in (_stripped(text, words, behind_first=True),
                     _stripped(text, words, behind_first=False)):  # fmt: skip
        yield from stripped


def _stripped(text: str, words: AnswerWords, *, behind_first: bool) -> Iterable[str]:
    while text:
        behind, before = _without(text, words.behind, -1), _without(text, words.before, 0)
        shorter = (behind or before) if behind_first else (before or behind)
        if not shorter:
            return
        text = shorter
        yield text


def _without(text: str, words: Iterable[str], side: int) -> str:
    """Return a text without the first of the words that stands at its side; "" if none does."""
    for word in words:
        if side == 0 and text.startswith(word):
            rest, edge = text[len(word) :], text[len(word) :][:1]
        elif side and text.endswith(word):
            rest, edge = text[: -len(word)], text[: -len(word)][-1:]
        else:
            continue
        if rest and (_HAN_SIGN.match(word) or not edge.isalnum() or _HAN_SIGN.match(edge)):
            return rest.strip()
    return ""


def _by_place(cores: Iterable[str], offer: Offer, words: AnswerWords) -> WordedChoice | None:
    count = len(offer.choices)
    for core in cores:
        place = words.ordinals.get(core, int(core) if _is_small(core) else 0)
        if count > 1 and 0 < abs(place) <= count:
            return offer.choices[place - 1 if place > 0 else place]
    return None


def _is_small(core: str) -> bool:
    return core.isascii() and core.isdecimal() and len(core) == 1


def _by_label(cores: Iterable[str], offer: Offer) -> WordedChoice | None:
    """Return the one choice whose label holds the words; none where several do."""
    labels = [(f" {normalise(choice.label)} ", choice) for choice in offer.choices]
    for core in cores:
        if fitting := [choice for label, choice in labels if _holds(label, core)]:
            return fitting[0] if len(fitting) == 1 else None
    return None


def _holds(label: str, core: str) -> bool:
    if _HAN_SIGN.search(core):
        return len(core) > 1 and core in label
    parts = core.split()
    return len(core) > 1 and all(f" {part} " in label for part in parts)


def _plain_forms(said: Understanding) -> Iterable[str]:
    yield from (normalise(e.value) for e in said.entities if e.type in _TOLD_BY)
