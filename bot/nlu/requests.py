"""Finds several wishes in one message: each clause is read by the heads that read the whole.

A story has many clauses and one wish ("I bought a lamp, it came broken, I want my money back"),
so a wish of its own is found in two steps. All clauses are read from the states of the message's
tokens, which costs no encoding; where one seems to want something else than the whole, or a
joining word ("by the way") stands between two, the message is cut. Then each segment is encoded
by itself, and counts as a wish where enough speaks for it: how sure its reading is, what share
the whole message gives to the same intent, whether it asks for anything, what joins it. Both
steps weigh the same signs, by `wishes.json`, which `python -m benchmarks.calibrate_wishes` fits.
"""

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

from bot.model import Guess, Request
from intents.model import HAN, LanguageInfo

MOST_CLAUSES = 12
"""In a longer message the shortest neighbours are joined."""
MOST_SEGMENTS = 4
"""Each costs an encoding."""
MOST_REQUESTS = 3
LONGEST = 800
"""Characters of a message that is split; a longer one is a letter, and has one wish."""

PERSON = 0.6
"""Least confidence of a clause that asks for a person: missing that one is worst."""
MAIN = 0.35
"""Least confidence of a clause with the whole message's own intent."""

_WORDS = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
_STOP = re.compile(
    rf"[.!?](?:[.!?…]*)(?=\s|$|[{HAN}])|[。！？；;…\n]+|[，、]|[,:](?=\s)|[,:](?=[{HAN}])|\s-+\s"
    rf"|(?<=[{HAN}])\s+|\s+(?=[{HAN}])"
)
"""Where a clause may end. Chinese is often written with blanks in place of commas."""
_INNER = re.compile(r"\w(?:.*\w)?[!?！？]*", re.DOTALL)
_SIGN = r"[,.!?;:，。！？；：、…~～—-]"
_PAUSE = rf"(?:^|(?<={_SIGN})|(?<={_SIGN}\s)|(?<=\n))"
_PAUSE_OF_HAN = rf"(?:{_PAUSE}|(?<=\s))"
_QUESTION = re.compile(r"[?？]")
_LEAST_WEIGHT = 2
"""Words, or signs of Chinese, that a clause needs to say anything."""
_LEAST_SHARE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A stretch of a message, `text[start:end]`."""

    start: int
    end: int
    joined: bool = False
    """A joining word stands before it or behind it."""
    opens: bool = False
    """A joining word stands before it."""
    asks: bool = False
    """It has a word or a sign of asking or bidding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the heads say of a clause."""

    clause: Clause
    guess: Guess
    in_scope: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each sign of `signs` counts; a wish is what reaches `least` together."""

    signs: Mapping[str, float]
    least: float

    def hold(self, signs: Mapping[str, float]) -> bool:
        """Say whether enough speaks for a wish."""
        return sum(weight * signs[name] for name, weight in self.signs.items()) >= self.least


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFinder:
    """Splits messages into clauses, and says which of these are wishes."""

    joint: re.Pattern[str]
    link: re.Pattern[str]
    """What may begin another wish, and may as well go on with the same."""
    asking: re.Pattern[str]
    talk: frozenset[str]
    """Intents that want nothing: greetings, thanks, yes and no."""
    seems: Weights
    """From where a clause seems to want something of its own."""
    counts: Weights
    """From where a segment counts as a wish."""
    person: str = "contact_human"

    def clauses(self, text: str) -> tuple[Clause, ...]:
        """Return the clauses of a message that may hold several wishes; else nothing."""
        if len(text) > LONGEST:
            return ()
        parts = _with_weight(text, list(self._parts(text)))
        asking = [replace(one, asks=self._asks(text, one)) for one in _fewer(parts, MOST_CLAUSES)]
        return tuple(asking) if len(asking) > 1 else ()

    def segments(
        self, ranking: Sequence[Guess], readings: Sequence[Reading]
    ) -> tuple[Clause, ...]:
        """Return the stretches of a message that may be a wish each; nothing if it is one.

        `ranking` is that of the whole message, `readings` those of its clauses.
        """
        clauses = [reading.clause for reading in readings]
        cuts = {number for number, clause in enumerate(clauses) if number and clause.opens}
        wishes = self._wishes(ranking, readings, self.seems)
        cuts |= {clauses.index(wish.clause) + 1 for wish in wishes[:-1]}
        if not cuts:
            return ()
        edges = [0, *sorted(cuts), len(clauses)]
        whole = [_joined(clauses[start:end]) for start, end in pairwise(edges)]
        return tuple(_fewer(whole, MOST_SEGMENTS))

    def requests(
        self, ranking: Sequence[Guess], readings: Sequence[Reading]
    ) -> tuple[Request, ...]:
        """Return the wishes of a message in its order, if there are two or more.

        `ranking` is that of the whole message, `readings` those of its segments.
        """
        wishes = self._wishes(ranking, readings, self.counts)
        kept = wishes[:MOST_REQUESTS]
        kept += [one for one in wishes[MOST_REQUESTS:] if one.guess.intent == self.person]
        return tuple(_shared_out(kept, readings)) if len(kept) > 1 else ()

    def candidates(self, readings: Sequence[Reading]) -> list[Reading]:
        """Return the surest clause of each intent that asks for something, in their order."""
        best: dict[str, Reading] = {}
        for reading in readings:
            intent = reading.guess.intent
            if not reading.in_scope or intent in self.talk:
                continue
            known = best.get(intent)
            if known is None or known.guess.confidence < reading.guess.confidence:
                best[intent] = reading
        return sorted(best.values(), key=lambda reading: reading.clause.start)

    def _wishes(
        self, ranking: Sequence[Guess], readings: Sequence[Reading], weights: Weights
    ) -> list[Reading]:
        return [
            reading
            for reading in self.candidates(readings)
            if self._is_wish(reading, ranking, readings, weights)
        ]

    def _is_wish(
        self,
        reading: Reading,
        ranking: Sequence[Guess],
        readings: Sequence[Reading],
        weights: Weights,
    ) -> bool:
        intent, confidence = reading.guess.intent, reading.guess.confidence
        if intent == self.person:
            return confidence >= PERSON
        if intent == ranking[0].intent:
            return confidence >= MAIN
        return weights.hold(signs(reading, ranking, readings))

    def _parts(self, text: str) -> Iterable[Clause]:
        """Cut at joining words, and what lies between them wherever a clause may end."""
        joints = [match.span() for match in self.joint.finditer(text)]
        edges = [(0, 0), *joints, (len(text), len(text))]
        stretches = [
            list(self._pieces(text, start, end)) for (_, start), (end, _) in pairwise(edges)
        ]
        full = [stretch for stretch in stretches if stretch]  # "by the way" may come first of all
        for number, stretch in enumerate(full):
            for place, clause in enumerate(stretch):
                opens = place == 0 and number > 0
                ends = place == len(stretch) - 1 and number < len(full) - 1
                yield replace(clause, opens=opens, joined=opens or ends)

    def _pieces(self, text: str, start: int, end: int) -> Iterable[Clause]:
        stops = [match.end() for match in _STOP.finditer(text, start, end)]
        links = [match.start() for match in self.link.finditer(text, start, end)]
        for one, other in pairwise([start, *sorted({*stops, *links} - {start, end}), end]):
            if clause := _trimmed(text, one, other):
                yield clause

    def _asks(self, text: str, clause: Clause) -> bool:
        said = text[clause.start : clause.end]
        return bool(_QUESTION.search(said) or self.asking.search(said))


def signs(
    reading: Reading, ranking: Sequence[Guess], readings: Sequence[Reading]
) -> dict[str, float]:
    """Return what speaks for and against a clause being a wish beside the message's own.

    Confidences are log-odds, the share that the whole message gives to the intent is a
    logarithm: both spread what lies near 0 and 1.
    """
    shares = {guess.intent: guess.confidence for guess in ranking}
    sure = _odds(reading.guess.confidence)
    main = [r for r in readings if r.in_scope and r.guess.intent == ranking[0].intent]
    first, last = readings[0].clause.start, readings[-1].clause.end
    return {
        "confidence": sure,
        "share": math.log(max(shares.get(reading.guess.intent, 0.0), _LEAST_SHARE)),
        "asks": float(reading.clause.asks),
        "asks, confidence": sure if reading.clause.asks else 0.0,
        "joined": float(reading.clause.joined),
        "clauses": float(len(readings)),
        "length": (reading.clause.end - reading.clause.start) / max(last - first, 1),
        "main": float(bool(main)),
        "main asks": float(any(r.clause.asks for r in main)),
        "main, confidence": max((_odds(r.guess.confidence) for r in main), default=0.0),
        "whole": _odds(ranking[0].confidence),
    }


def _odds(confidence: float) -> float:
    kept = min(max(confidence, 1e-5), 1 - 1e-5)
    return math.log(kept / (1 - kept))


@cache
def load_weights() -> Mapping[str, Weights]:
    """Read the shipped weights of both steps."""
    read = json.loads(Path(__file__).with_name("wishes.json").read_text(encoding="utf-8"))
    return {name: Weights(signs=one["signs"], least=one["least"]) for name, one in read.items()}


def find_requests(languages: Mapping[str, LanguageInfo], talk: Collection[str]) -> RequestFinder:
    """Make a finder that knows the words of all languages: shoppers mix them."""
    infos = languages.values()
    joints = {_joint(word) for info in infos for word in info.joining}
    joints |= {_joint(word, paused=True) for info in infos for word in info.joining_after_pause}
    return RequestFinder(
        joint=_any_of(joints),
        link=_any_of({_link(word) for info in infos for word in info.linking}),
        asking=_any_of({_asking(word) for info in infos for word in info.asking}),
        talk=frozenset(talk),
        seems=load_weights()["seems"],
        counts=load_weights()["counts"],
    )


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(patterns, key=lambda pattern: (-len(pattern), pattern))
    return re.compile("|".join(longest_first) or r"(?!)", re.IGNORECASE)


def _joint(word: str, *, paused: bool = False) -> str:
    """Return a joining word's pattern; what stands behind a bar stays with the new clause."""
    before, bar, after = word.partition("|")
    edge, pause = (r"\b", _PAUSE) if before[:1].isascii() else ("", _PAUSE_OF_HAN)
    ahead = rf"(?=\s*{re.escape(after.strip())}{edge})" if bar else edge
    written = re.escape(before.strip()).replace(r"\ ", r"\s+")
    return (pause if paused else edge) + written + ahead


def _link(word: str) -> str:
    """Return a pattern that is found before a word, which stays with its clause."""
    written = re.escape(word)
    return rf"(?<=\s)(?={written}\s)" if word.isascii() else rf"(?={written})"


def _asking(word: str) -> str:
    """Return a word's pattern; a "$" at its end means the end of the clause."""
    plain = word.removesuffix("$")
    end = r"(?=\W*$)" if plain != word else ""
    written = re.escape(plain).replace(r"\ ", r"\s+").replace("'", "['’]?")
    return (rf"\b{written}\b" if plain.isascii() else written) + end


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
    return _joined([one, other])


def _joined(clauses: Sequence[Clause]) -> Clause:
    """Return the stretch of several clauses in a row."""
    first, last = clauses[0], clauses[-1]
    return Clause(
        start=first.start,
        end=last.end,
        joined=first.joined or last.joined,
        opens=first.opens,
        asks=any(clause.asks for clause in clauses),
    )


def _fewer(clauses: Sequence[Clause], most: int) -> list[Clause]:
    parts = list(clauses)
    while len(parts) > most:
        lengths = [other.end - one.start for one, other in pairwise(parts)]
        at = lengths.index(min(lengths))
        parts[at : at + 2] = [_both(parts[at], parts[at + 1])]
    return parts


def _shared_out(wishes: Sequence[Reading], readings: Sequence[Reading]) -> Iterable[Request]:
    """Give each wish the clauses up to its own: what is told before it belongs to it.

    What is left behind the last belongs to the last.
    """
    start = readings[0].clause.start
    for number, wish in enumerate(wishes):
        is_last = number == len(wishes) - 1
        end = readings[-1].clause.end if is_last else wish.clause.end
        yield Request(
            intent=wish.guess.intent, confidence=wish.guess.confidence, start=start, end=end
        )
        following = (r.clause.start for r in readings if r.clause.start >= end)
        start = next(following, end)
