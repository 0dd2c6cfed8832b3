"""Finds several wishes in one message: each clause is read by the heads that read the whole.

A story has many clauses and one wish ("I bought a lamp, it came broken, I want my money back"),
so a wish of its own is found in two steps. All clauses are read from the states of the message's
tokens, which costs no encoding; where two seem to want different things, or a joining word ("by
the way") stands between them, the message is cut. Then each segment is encoded
by itself, and counts as a wish where enough speaks for it: how sure its reading is, what share
the whole message gives to the same intent, whether it asks for anything, what joins it. Both
steps weigh the same signs, by `wishes.json`, which `python -m benchmarks.calibrate_wishes` fits.
"""

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

from bot.model import Guess, Request
from bot.nlu.clauses import Clause, fewer, in_a_row

MOST_SEGMENTS = 4
"""Each costs an encoding."""
MOST_REQUESTS = 3
PERSON = 0.6
"""Least confidence of a clause that asks for a person: missing that one is worst."""
MAIN = 0.35
"""Least confidence of a clause with the whole message's own intent."""

_LEAST_SHARE = 1e-6


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
    """Says which clauses of a message are wishes."""

    talk: frozenset[str]
    """Intents that want nothing: greetings, thanks, yes and no."""
    seems: Weights
    """From where a clause seems to want something of its own."""
    counts: Weights
    """From where a segment counts as a wish."""
    person: str = "contact_human"

    def segments(
        self, ranking: Sequence[Guess], readings: Sequence[Reading]
    ) -> tuple[Clause, ...]:
        """Return the stretches of a message that may be a wish each; nothing if it is one.

        `ranking` is that of the whole message, `readings` those of its clauses.
        """
        clauses = [reading.clause for reading in readings]
        cuts = {number for number, clause in enumerate(clauses) if number and clause.opens}
        wishes = self._wishes(ranking, readings, self.seems)
        places = [clauses.index(wish.clause) for wish in wishes]
        cuts |= {_between(clauses, one, other) for one, other in pairwise(places)}
        # A call for a person is read by itself: a complaint before it would drown it.
        calls = {
            at for at, wish in zip(places, wishes, strict=True) if wish.guess.intent == self.person
        }
        cuts |= {edge for at in calls for edge in (at, at + 1) if 0 < edge < len(clauses)}
        if not cuts:
            return ()
        edges = [0, *sorted(cuts), len(clauses)]
        whole = [in_a_row(clauses[start:end]) for start, end in pairwise(edges)]
        return tuple(fewer(whole, MOST_SEGMENTS))

    def requests(
        self, ranking: Sequence[Guess], readings: Sequence[Reading]
    ) -> tuple[Request, ...]:
        """Return the wishes of a message in its order, if there are two or more.

        `ranking` is that of the whole message, `readings` those of its segments.
        """
        wishes = self._wishes(ranking, readings, self.counts)
        kept = wishes[:MOST_REQUESTS]
        kept += [one for one in wishes[MOST_REQUESTS:] if one.guess.intent == self.person]
        if [one.guess.intent for one in kept] == [self.person]:
            kept = self._beside_person(kept[0], ranking[0], readings)
        return tuple(_shared_out(kept, readings)) if len(kept) > 1 else ()

    def _beside_person(
        self, person: Reading, main: Guess, readings: Sequence[Reading]
    ) -> list[Reading]:
        """Put the whole message's own intent beside a call for a person, which is never lost."""
        others = [reading for reading in readings if reading is not person]
        if not others or main.intent in {self.person, *self.talk}:
            return [person]
        own = replace(max(others, key=_length), guess=main)
        return sorted([own, person], key=lambda reading: reading.clause.start)

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


def find_requests(talk: Collection[str]) -> RequestFinder:
    """Make a finder with the shipped weights."""
    weights = load_weights()
    return RequestFinder(talk=frozenset(talk), seems=weights["seems"], counts=weights["counts"])


def _between(clauses: Sequence[Clause], one: int, other: int) -> int:
    """Return where to cut between two wishes: at the last "and", else behind the first.

    What is told between them belongs to the second wish only if such a word puts it there.
    """
    linked = [at for at in range(one + 1, other + 1) if clauses[at].links]
    return linked[-1] if linked else one + 1


def _length(reading: Reading) -> int:
    return reading.clause.end - reading.clause.start


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
