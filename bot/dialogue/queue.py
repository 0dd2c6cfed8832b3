"""Handoffs as the shopper sees them: opening one, waiting in the queue, leaving it.

While a person is awaited only `system` messages are said: place, hours, call-back and the way
back to the bot. Words are counted so that waiting shoppers don't read the same line over again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.dialogue.choices import topic_choice
from bot.dialogue.notes import forget_trouble
from bot.dialogue.outcome import Outcome
from bot.model import Conversation, Reply, Speaker, Value, Wait
from bot.ports import Now, Store
from escalation.model import Handoff, HandoffId, Reason, State, Summary
from escalation.routing import priority
from escalation.summary import summarize

BACK_TO_BOT = "back_to_bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Opens handoffs and answers those who wait."""

    store: Store
    now: Now
    new_id: Callable[[], str]
    is_open: Callable[[datetime], bool]
    next_opening: Callable[[datetime], datetime | None]

    async def open(self, reason: Reason, conversation: Conversation, last_message: str) -> Outcome:
        """Open a handoff with the whole story, and tell the shopper where they stand."""
        at = self.now()
        handoff = Handoff(
            id=HandoffId(self.new_id()),
            reason=reason,
            summary=_summary(reason, conversation, last_message),
            opened_at=at,
            priority=priority(reason, conversation.dialogue.emotions),
        )
        position = 1 + await self._ahead(handoff.priority)
        after = replace(forget_trouble(conversation), handoff=handoff)
        replies = (Reply(key=f"handoff.{reason.value}"), self._place(position, at))
        return Outcome(decision="hand_over", after=after, replies=replies, position=position)

    async def wait(self, decision: Wait, conversation: Conversation) -> Outcome:
        """Answer somebody who waits: note a call-back address, or tell the place."""
        handoff = conversation.handoff
        assert handoff is not None  # noqa: S101 - the queue owns it, so there is one
        position = await self.store.position(handoff.id) or 1
        dialogue = conversation.dialogue
        if decision.callback_email is not None:
            after = replace(conversation, handoff=handoff.call_back(decision.callback_email))
            reply = _system("queue.callback_noted", {"email": decision.callback_email})
        else:
            after = replace(
                conversation, dialogue=replace(dialogue, wait_notes=dialogue.wait_notes + 1)
            )
            told = dialogue.wait_notes > 0
            noted = _system("queue.noted", {"position": position})
            reply = noted if told else self._place(position, self.now())
        return Outcome(decision="wait", after=after, replies=(reply,), position=position)

    def leave(self, conversation: Conversation) -> Outcome:
        """Give the conversation back to the bot because the shopper doesn't want to wait."""
        handoff = conversation.handoff
        assert handoff is not None  # noqa: S101 - the queue owns it, so there is one
        ended = handoff.end(self.now(), return_to_bot=True, resolution="left_queue")
        after = replace(forget_trouble(conversation), handoff=ended)
        return Outcome(decision="leave_queue", after=after, replies=(_system("queue.left"),))

    async def _ahead(self, mine: int) -> int:
        waiting = await self.store.handoffs(State.WAITING)
        return sum(1 for c in waiting if c.handoff is not None and c.handoff.priority >= mine)

    def _place(self, position: int, at: datetime) -> Reply:
        if self.is_open(at):
            return _system("queue.place", {"position": position})
        opening = self.next_opening(at)
        if opening is None:
            return _system("queue.closed", {})
        return _system("queue.closed_until", {"opening": opening})


def _system(key: str, values: dict[str, Value] | None = None) -> Reply:
    back = topic_choice(BACK_TO_BOT)
    choices = () if key == "queue.left" else (back,)
    return Reply(key=key, values=values or {}, speaker=Speaker.SYSTEM, choices=choices)


def _summary(reason: Reason, conversation: Conversation, last_message: str) -> Summary:
    dialogue = conversation.dialogue
    return summarize(
        reason=reason,
        intents=dialogue.intents,
        emotions=dialogue.emotions,
        orders=dialogue.orders,
        language=conversation.language,
        last_message=last_message,
        turns=dialogue.turns,
        tried=dialogue.tried,
        signed_in=conversation.customer is not None,
        proven=tuple(sorted(conversation.proven)),
    )
