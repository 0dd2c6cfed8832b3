"""Fill a skill's slots from what was understood."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from bot.commerce import normal_number
from bot.dialogue.people import person_name, postal_address
from bot.model import Entity, Understanding

SHORT_MESSAGE = 5
"""Words up to which a word without a digit may be an order's number too."""

LONGEST_FREE_TEXT = 120
"""Characters of a message that may stand for a free-text slot such as a name."""

LONGEST_ADDRESS = 300
"""Characters of a message that may hold an address."""

_ASKS_NAME = frozenset({"name", "proof"})
"""Questions that a name answers, or a part of it."""
_CONTACTS = frozenset({"email", "phone"})
_NUMBERS = _CONTACTS | {"order_number", "tracking_number", "zip"}
"""What is surely no part of a name; "Rose" and "Brown" may be."""
_DESCRIPTIONS = frozenset({"color", "size", "product"})
"""What describes a thing and names none by itself: such a message keeps its intent."""

_SIGN = "[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]"
_PIECE = re.compile(rf"{_SIGN}(?:(?:{_SIGN}|[_./]){{0,38}}{_SIGN})?")
"""A stretch of Latin letters and digits, as long as no space, hyphen or Han stands in it."""
_GAP = re.compile(r"[#＃\s\u2010-\u2015\u2212\-－]{0,3}")
"""What people put between the parts of a number."""
_PARTS = 4
"""Parts of one number at most, as in 112-7795 8201."""


def fill(
    spec: Mapping[str, tuple[str, ...]],
    understanding: Understanding,
    *,
    asked: str | None = None,
    have: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the slots that a message fills; one stretch of text fills one slot only.

    The slot that was asked for has the first pick, then those still empty: five digits are a ZIP
    code when only that is missing, and an order number when that is. Names and addresses are
    looked for only where they were asked for, or where a ZIP has come that a name belongs to.
    """
    filled: dict[str, str] = {}
    used: set[tuple[int, int]] = set()
    known = have or {}
    for slot in sorted(spec, key=lambda name: (name != asked, name in known)):
        entity = _pick(understanding.entities, spec[slot], used)
        if entity is not None:
            filled[slot] = entity.value
            used.add((entity.start, entity.end))
    if "name" in spec and _name_expected(asked, filled, known):
        alone = asked == "name" or "zip" in {*filled, *known}
        if name := person_name(_rest(understanding, _NUMBERS), asked=alone):
            filled["name"] = name
    if "address" in spec and asked == "address":
        contacts = [e.text for e in understanding.entities if e.type in _CONTACTS]
        if address := postal_address(understanding.text[:LONGEST_ADDRESS], contacts):
            filled["address"] = address
    return filled


def _name_expected(asked: str | None, filled: Mapping[str, str], known: Mapping[str, str]) -> bool:
    """Say whether a name would answer: one was asked for, or a ZIP waits for its name."""
    if "zip" in filled or asked in _ASKS_NAME:
        return True
    return "zip" in known and asked is not None


def is_bare(understanding: Understanding) -> bool:
    """Say whether a message is nothing but entities: a number or an address has no intent."""
    if not understanding.entities:
        return False
    if all(e.type in _DESCRIPTIONS for e in understanding.entities):
        return False  # "the blue one in M" asks for something
    return not any(ch.isalnum() for ch in _rest(understanding))


def number_candidates(text: str, *, most: int = 60) -> Sequence[str]:
    """Return what could be an order number of a shop with numbers of its own, longest first.

    A token equal to an order's number is that order's number, whatever the pattern; so every
    word of a short message, and every few words in a row with a digit among them, is worth a
    look into the shop.
    """
    pieces = list(_PIECE.finditer(text[:2000]))
    runs = [text[one.start() : end] for at, one in enumerate(pieces) for end in _ends(pieces, at)]
    numbers = [run for run in runs if any(ch.isdigit() for ch in run)]
    words = runs if len(pieces) <= SHORT_MESSAGE else []
    return list(dict.fromkeys([*numbers, *words]))[:most]


def _ends(pieces: Sequence[re.Match[str]], at: int) -> Iterator[int]:
    """Return where a run that begins with a piece may end: after it, or after some that follow."""
    text = pieces[at].string
    if len(pieces[at].group()) > 1:
        yield pieces[at].end()
    for before, after in pairwise(pieces[at : at + _PARTS]):
        if not _GAP.fullmatch(text, before.end(), after.start()):
            return
        run = text[pieces[at].start() : after.end()]
        if any(ch.isdigit() for ch in run):
            yield after.end()


def with_order_numbers(understanding: Understanding, numbers: Sequence[str]) -> list[Entity]:
    """Return the entities with known order numbers added, in place of what they overlapped.

    Values are as the shopper wrote them: the shop's own spelling would tell who has proven
    nothing yet that there is such an order.
    """
    found = [entity for number in numbers if (entity := _locate(understanding.text, number))]
    seen = {(e.start, e.end): e for e in understanding.entities if e.type == "order_number"}
    found = [seen.get((one.start, one.end), one) for one in found]
    kept = [e for e in understanding.entities if not any(_overlaps(e, f) for f in found)]
    return sorted(kept + found, key=lambda entity: entity.start)


def without(text: str, entities: Iterable[Entity]) -> str:
    """Return a text without some of its entities, on one line."""
    for entity in sorted(entities, key=lambda e: -e.start):
        text = f"{text[: entity.start]} {text[entity.end :]}"
    return " ".join(text.split())


def _rest(understanding: Understanding, types: frozenset[str] | None = None) -> str:
    """Return the message without its entities, or those of some types: the rest may be a name."""
    entities = [e for e in understanding.entities if types is None or e.type in types]
    return without(understanding.text[:LONGEST_FREE_TEXT], entities)


def _pick(
    entities: Sequence[Entity], types: tuple[str, ...], used: set[tuple[int, int]]
) -> Entity | None:
    fitting = (e for e in entities if e.type in types and (e.start, e.end) not in used)
    return next(fitting, None)


def _locate(text: str, number: str) -> Entity | None:
    pieces = list(_PIECE.finditer(text))
    wanted = normal_number(number)
    for at, piece in enumerate(pieces):
        for end in reversed(list(_ends(pieces, at))):
            start = piece.start()
            if normal_number(text[start:end]) == wanted:
                value = text[start:end]
                start -= text[:start].endswith(("#", "＃"))
                found = text[start:end]
                return Entity(type="order_number", value=value, text=found, start=start, end=end)
    return None


def _overlaps(one: Entity, other: Entity) -> bool:
    return one.start < other.end and other.start < one.end
