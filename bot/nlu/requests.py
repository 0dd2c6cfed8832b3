"""Finds several wishes in one message: each clause is read by the heads that read the whole.

A story has many clauses and one wish ("I bought a lamp. It came broken. I want my money back."),
so a clause counts as a wish of its own only where much speaks for it: a joining word beside it
("by the way"), or a high confidence together with a trace of the same wish in the whole message.
The thresholds are chosen on tests/nlu/requests_*.yml; tests/nlu/test_requests.py holds them.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.model import Guess, Request
from intents.model import LanguageInfo

MOST_CLAUSES = 4
"""Each clause costs an encoding; in a longer message the shortest neighbours are joined."""
MOST_REQUESTS = 3
LONGEST = 800
"""Characters of a message that is split; a longer one is a letter, and has one wish."""

JOINED = 0.5
"""Least confidence of a clause beside a joining word."""
APART = 0.7
"""Least confidence of a clause that only a full stop or a line end sets apart."""
TRACE = 0.01
"""Least share that the whole message gives to the wish of such a clause."""
PERSON = 0.6
"""Least confidence of a clause that asks for a person: missing that one is worst."""
MAIN = 0.35
"""Least confidence of a clause with the whole message's own intent."""

_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")
_STOP = re.compile(r"[.!?…]+(?=\s|$)|[。！？；;…\n]+")
_INNER = re.compile(r"\w(?:.*\w)?[!?！？]*", re.DOTALL)
_SIGN = r"[,.!?;:，。！？；：、…~～—-]"
_PAUSE = rf"(?:^|(?<={_SIGN})|(?<={_SIGN}\s)|(?<=\n))"
_PAUSE_OF_HAN = rf"(?:{_PAUSE}|(?<=\s))"
"""Chinese is often written with blanks in place of commas."""
_LEAST_WEIGHT = 2
"""Words, or signs of Chinese, that a clause needs to say anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A stretch of a message, `text[start:end]`."""

    start: int
    end: int
    joined: bool = False
    """A joining word stands before it or behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the heads say of a clause."""

    clause: Clause
    guess: Guess
    in_scope: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFinder:
    """Splits messages into clauses, and says which of these are wishes."""

    joint: re.Pattern[str]
    talk: frozenset[str]
    """Intents that want nothing: greetings, thanks, yes and no."""
    person: str = "contact_human"

    def clauses(self, text: str) -> tuple[Clause, ...]:
        """Return the clauses of a message that may hold several wishes; else nothing."""
        if len(text) > LONGEST:
            return ()
        parts = _with_weight(text, list(_parts(text, self.joint)))
        return tuple(_fewer(parts)) if len(parts) > 1 else ()

    def requests(
        self, ranking: Sequence[Guess], readings: Sequence[Reading]
    ) -> tuple[Request, ...]:
        """Return the wishes of a message in its order, if there are two or more.

        `ranking` is that of the whole message.
        """
        shares = {guess.intent: guess.confidence for guess in ranking}
        wishes = [r for r in readings if self._is_wish(r, ranking[0].intent, shares)]
        found = list(_once(wishes))
        kept = found[:MOST_REQUESTS]
        kept += [one for one in found[MOST_REQUESTS:] if one.intent == self.person]
        return tuple(kept) if len(kept) > 1 else ()

    def _is_wish(self, reading: Reading, main: str, shares: Mapping[str, float]) -> bool:
        intent, confidence = reading.guess.intent, reading.guess.confidence
        if not reading.in_scope or intent in self.talk:
            return False
        if intent == self.person:
            return confidence >= PERSON
        if intent == main and confidence >= MAIN:
            return True
        if reading.clause.joined:
            return confidence >= JOINED
        return confidence >= APART and shares.get(intent, 0.0) >= TRACE


def find_requests(languages: Mapping[str, LanguageInfo], talk: Collection[str]) -> RequestFinder:
    """Make a finder that knows the joining words of all languages: shoppers mix them."""
    infos = languages.values()
    joints = {_joint(word) for info in infos for word in info.joining}
    joints |= {_joint(word, paused=True) for info in infos for word in info.joining_after_pause}
    longest_first = sorted(joints, key=lambda joint: (-len(joint), joint))
    pattern = "|".join(longest_first) or r"(?!)"
    return RequestFinder(joint=re.compile(pattern, re.IGNORECASE), talk=frozenset(talk))


def _joint(word: str, *, paused: bool = False) -> str:
    """Return a joining word's pattern; what stands behind a bar stays with the new clause."""
    before, bar, after = word.partition("|")
    edge, pause = (r"\b", _PAUSE) if before[:1].isascii() else ("", _PAUSE_OF_HAN)
    ahead = rf"(?=\s*{re.escape(after.strip())}{edge})" if bar else edge
    written = re.escape(before.strip()).replace(r"\ ", r"\s+")
    return (pause if paused else edge) + written + ahead


def _parts(text: str, joint: re.Pattern[str]) -> Iterable[Clause]:
    """Cut at joining words, and what lies between them at the ends of sentences."""
    joints = [match.span() for match in joint.finditer(text)]
    edges = [(0, 0), *joints, (len(text), len(text))]
    stretches = [list(_sentences(text, start, end)) for (_, start), (end, _) in pairwise(edges)]
    full = [stretch for stretch in stretches if stretch]  # "by the way" may come first of all
    for number, stretch in enumerate(full):
        for place, clause in enumerate(stretch):
            after_joint = place == 0 and number > 0
            before_joint = place == len(stretch) - 1 and number < len(full) - 1
            yield replace(clause, joined=after_joint or before_joint)


def _sentences(text: str, start: int, end: int) -> Iterable[Clause]:
    ends = [match.end() for match in _STOP.finditer(text, start, end)]
    for one, other in pairwise([start, *ends, end]):
        if clause := _trimmed(text, one, other):
            yield clause


def _trimmed(text: str, start: int, end: int) -> Clause | None:
    """Return a stretch without the signs around it; None when nothing is left."""
    inner = _INNER.search(text, start, end)
    return Clause(start=inner.start(), end=inner.end()) if inner else None


def _with_weight(text: str, parts: list[Clause]) -> list[Clause]:
    """Join what is too short to say anything to what follows, the last to what stands before."""
    kept: list[Clause] = []
    for part in parts:
        if kept and _weight(text, kept[-1]) < _LEAST_WEIGHT:
            kept[-1] = _both(kept[-1], part)
        else:
            kept.append(part)
    if len(kept) > 1 and _weight(text, kept[-1]) < _LEAST_WEIGHT:
        kept[-2:] = [_both(kept[-2], kept[-1])]
    return kept


def _weight(text: str, clause: Clause) -> int:
    return len(_WORDS.findall(text, clause.start, clause.end))


def _both(one: Clause, other: Clause) -> Clause:
    return Clause(start=one.start, end=other.end, joined=one.joined or other.joined)


def _fewer(parts: list[Clause]) -> list[Clause]:
    while len(parts) > MOST_CLAUSES:
        lengths = [other.end - one.start for one, other in pairwise(parts)]
        at = lengths.index(min(lengths))
        parts[at : at + 2] = [_both(parts[at], parts[at + 1])]
    return parts


def _once(wishes: Iterable[Reading]) -> Iterable[Request]:
    """Give each wish once, from its surest clause, in the order of the message."""
    best: dict[str, Reading] = {}
    for wish in wishes:
        known = best.get(wish.guess.intent)
        if known is None or known.guess.confidence < wish.guess.confidence:
            best[wish.guess.intent] = wish
    for intent, wish in best.items():
        yield Request(
            intent=intent,
            confidence=wish.guess.confidence,
            start=wish.clause.start,
            end=wish.clause.end,
        )
