"""Write down what a turn did: the change to commit, and the record that explains it later."""

import time
from dataclasses import replace

from bot.dialogue.outcome import Outcome
from bot.model import (
    Change,
    Conversation,
    Emotion,
    Guess,
    HandoffView,
    Inbound,
    Language,
    Message,
    MessageId,
    Speaker,
    Turn,
    Understanding,
)


class Clock:
    """Milliseconds by station of one turn."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Count the time since the last lap towards a station."""
        now = time.perf_counter()
        self.laps[name] = round(self.laps.get(name, 0.0) + (now - self._last) * 1000, 3)
        self._last = now


def record(
    inbound: Inbound,
    message_id: MessageId,
    before: Conversation,
    said: Understanding,
    outcome: Outcome,
    replies: tuple[Message, ...],
    clock: Clock,
) -> Change:
    """Return everything that the commit of a turn writes."""
    message = Message(
        id=message_id,
        speaker=Speaker.SHOPPER,
        text=inbound.text,
        sent_at=inbound.received_at,
        client_id=inbound.client_id,
    )
    turn = Turn(
        message=message,
        owner=outcome.after.owner,
        language=outcome.after.language,
        understanding=said,
        decision=outcome.decision,
        skill=outcome.skill,
        replies=replies,
        handoff=_view(outcome),
        timings=dict(clock.laps),
    )
    return Change(before=before, after=outcome.after, messages=(message, *replies), turn=turn)


def timed(turn: Turn, clock: Clock) -> Turn:
    """Return the turn with the time of its commit, which its stored record can't know."""
    return replace(turn, timings=dict(clock.laps))


def not_understood(text: str, language: Language, intent: str) -> Understanding:
    """Stand in for the understanding of a message whose recognition broke."""
    return Understanding(
        text=text,
        language=language,
        ranking=(Guess(intent=intent, confidence=0.0),),
        in_scope=False,
        emotion=Emotion(name="neutral", confidence=0.0, intensity=0.0),
    )


def _view(outcome: Outcome) -> HandoffView | None:
    handoff = outcome.after.handoff
    if handoff is None or not handoff.is_open:
        return None
    return HandoffView(id=handoff.id, reason=handoff.reason, position=outcome.position)
