"""What an agent reads before taking over: facts as keys and values, the most telling first.

Words are put on elsewhere, in the reader's language, so nothing here is a sentence.
"""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from escalation.model import Fact, Reason, Summary

_TALK: Final = frozenset(
    {"affirm", "deny", "wait", "bot_identity", "greeting", "thanks", "goodbye", "contact_human"}
)
"""Intents that steer the talk and say nothing about what the shopper came for."""
_UNPLEASANT: Final = frozenset({"angry", "sad", "anxious", "confused"})
_WINDOW: Final = 6
"""Turns whose shape is judged: what was felt before is another story."""
_SWING: Final = 0.15
"""A smaller change over the window than this is noise of the emotion's intensity."""
_MOST_TRIED: Final = 5


class Shape(StrEnum):
    """How unpleasant feelings went over the last turns."""

    CALM = "calm"
    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


def summarize(
    *,
    reason: Reason,
    intents: tuple[str, ...],
    emotions: tuple[tuple[str, float], ...],
    orders: tuple[str, ...],
    language: str | None,
    last_message: str,
    turns: int,
    tried: tuple[str, ...],
    signed_in: bool,
    proven: tuple[str, ...],
) -> Summary:
    """Sum up a talk. All sequences come oldest first and may repeat themselves.

    Facts have the keys wants, orders, signed_in | proven | unproven | guest, emotion.<shape>,
    tried, untried and length; see `desk.fact.*` in the words for their values.
    """
    wishes = _wishes(intents)
    facts = (
        *_wants(wishes),
        *_orders(orders, proven),
        _identity(orders, proven, signed_in=signed_in),
        *_feelings(emotions),
        *_tried(tried),
        Fact(key="length", values={"turns": turns}),
    )
    return Summary(
        reason=reason,
        intent=wishes[-1] if wishes else None,
        emotion=emotions[-1][0] if emotions else None,
        emotions=emotions,
        order_numbers=_once(orders),
        language=language,
        last_message=last_message,
        turns=turns,
        tried=_once(tried),
        facts=facts,
    )


def shape(emotions: tuple[tuple[str, float], ...]) -> Shape:
    """Return how unpleasant feelings went, by the straight line that fits the last turns best."""
    levels = [level(*emotion) for emotion in emotions[-_WINDOW:]]
    if not any(levels):
        return Shape.CALM
    change = _slope(levels) * (len(levels) - 1)
    if abs(change) < _SWING:
        return Shape.STEADY
    return Shape.RISING if change > 0 else Shape.FALLING


def level(name: str, intensity: float) -> float:
    """Return how unpleasant a feeling is, 0-1; pleasant and neutral ones are 0."""
    return intensity if name in _UNPLEASANT else 0.0


def _wishes(intents: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(intent for intent in intents if intent not in _TALK)


def _wants(wishes: tuple[str, ...]) -> Iterator[Fact]:
    """Yield each wish once, the latest first, with how often it was brought up."""
    times = Counter(wishes)
    for intent in _once(tuple(reversed(wishes))):
        yield Fact(key="wants", values={"intent": intent, "times": times[intent]})


def _orders(orders: tuple[str, ...], proven: tuple[str, ...]) -> Iterator[Fact]:
    if numbers := _once((*orders, *proven)):
        yield Fact(key="orders", values={"numbers": numbers})


def _identity(orders: tuple[str, ...], proven: tuple[str, ...], *, signed_in: bool) -> Fact:
    if signed_in:
        return Fact(key="signed_in")
    if proven:
        return Fact(key="proven", values={"numbers": _once(proven)})
    return Fact(key="unproven" if orders else "guest")


def _feelings(emotions: tuple[tuple[str, float], ...]) -> Iterator[Fact]:
    if not emotions:
        return
    recent = emotions[-_WINDOW:]
    gravest, intensity = max(recent, key=lambda emotion: level(*emotion))
    values = {"emotion": gravest, "percent": round(100 * intensity), "turns": len(recent)}
    yield Fact(key=f"emotion.{shape(emotions)}", values=values)


def _tried(tried: tuple[str, ...]) -> Iterator[Fact]:
    """Yield what the bot answered, the latest first, each once with how often."""
    times = Counter(tried)
    for key in _once(tuple(reversed(tried)))[:_MOST_TRIED]:
        yield Fact(key="tried", values={"answer": key, "times": times[key]})
    if not tried:
        yield Fact(key="untried")


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _slope(levels: list[float]) -> float:
    """Return the least-squares slope per turn; 0 for a single turn."""
    middle, mean = (len(levels) - 1) / 2, sum(levels) / len(levels)
    spread = sum((turn - middle) ** 2 for turn in range(len(levels)))
    rise = sum((turn - middle) * (value - mean) for turn, value in enumerate(levels))
    return rise / spread if spread else 0.0
