"""What agents do with a handoff: accept, say, note, end.

No lock is taken: a takeover must not wait for a turn that is still running. The version check
of the commit protects instead, and whoever loses decides again on what is stored now.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from bot.model import (
    Agent,
    Audience,
    Change,
    Conversation,
    Delivery,
    Message,
    MessageId,
    Owner,
    Phrase,
    Role,
    Speaker,
)
from bot.ports import ConflictError, Event, Live, Now, Store, Words
from escalation.model import Handoff, HandoffId, NotOpenError, NotYoursError

QUEUE_TOPIC: Final = "desk"
"""The topic of everything that open desk pages want to know and shoppers must not."""

OUTBOX_TOPIC: Final = "outbox"
"""Whoever hears it sends what waits for a push channel at once, instead of at the next look."""

_TRIES: Final = 20
"""A conversation moves on with each message, so a change rarely has to be tried a third time."""

Step: TypeAlias = Callable[[Conversation, Handoff], Change]
"""What to do with a handoff as it is stored now; raises EscalationError when it may not be."""


def may_supervise(agent: Agent) -> bool:
    """Return whether an agent may take over, and end, what others have accepted."""
    return agent.role in {Role.SUPERVISOR, Role.ADMIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The desk's use cases. Each returns what was committed and tells open pages of it.

    All raise UnknownConversationError for an unknown handoff, ConflictError when the conversation
    moved on under every try, and NotOpenError where a handoff has ended.
    """

    store: Store
    live: Live
    words: Words
    now: Now
    new_id: Callable[[], str]

    async def accept(
        self, handoff: HandoffId, agent: Agent, *, take_over: bool = False
    ) -> Conversation:
        """Give a handoff to an agent; doing so twice changes nothing.

        Args:
            handoff: Which one.
            agent: Who wants it.
            take_over: Take it from a colleague, which supervisors may.

        Raises:
            AlreadyTakenError: somebody else was first.
            NotYoursError: `take_over` without the right to.
        """
        if take_over and not may_supervise(agent):
            raise NotYoursError(f"Expected a supervisor to take over, but got {agent.role.value}")

        def step(conversation: Conversation, current: Handoff) -> Change:
            at = self.now()
            give = current.hand_to if take_over else current.accept
            taken = give(agent.id, at)
            if taken is current:
                return Change(before=conversation, after=conversation)
            joined = self._told("handoff.joined", conversation, at, agent=agent)
            after = replace(conversation, handoff=taken)
            return Change(before=conversation, after=after, messages=(joined,))

        return (await self._commit(handoff, step)).after

    async def say(self, handoff: HandoffId, agent: Agent, text: str) -> Message:
        """Answer the shopper; raises NotYoursError unless this agent has the handoff."""

        def step(conversation: Conversation, current: Handoff) -> Change:
            _check_open(current)
            if current.agent != agent.id:
                raise NotYoursError(f"Expected {current.id} to be accepted by {agent.id} first")
            message = self._written(agent, text, Audience.EVERYONE)
            return Change(before=conversation, after=conversation, messages=(message,))

        return (await self._commit(handoff, step)).messages[0]

    async def note(self, handoff: HandoffId, agent: Agent, text: str) -> Message:
        """Leave a note that colleagues read and the shopper never does; anybody may, always."""

        def step(conversation: Conversation, _: Handoff) -> Change:
            message = self._written(agent, text, Audience.STAFF)
            return Change(before=conversation, after=conversation, messages=(message,))

        return (await self._commit(handoff, step)).messages[0]

    async def end(
        self, handoff: HandoffId, agent: Agent, *, return_to_bot: bool, resolution: str | None
    ) -> Conversation:
        """End a handoff; raises NotYoursError unless the agent has it or supervises."""

        def step(conversation: Conversation, current: Handoff) -> Change:
            _check_open(current)
            if current.agent != agent.id and not may_supervise(agent):
                raise NotYoursError(f"Expected {current.id} to be accepted by {agent.id} first")
            at = self.now()
            ended = current.end(at, return_to_bot=return_to_bot, resolution=resolution)
            key = "handoff.ended" if return_to_bot else "handoff.closed"
            after = replace(_without_trouble(conversation), handoff=ended)
            told = self._told(key, conversation, at, agent=agent)
            return Change(before=conversation, after=after, messages=(told,))

        return (await self._commit(handoff, step)).after

    # -- the way of every change ------------------------------------------------------------

    async def _commit(self, handoff: HandoffId, step: Step) -> Change:
        for _ in range(_TRIES):
            conversation, current = await self.store.by_handoff(handoff)
            change = step(conversation, _newest(conversation, current))
            if not change.messages and change.after == change.before:
                return change
            try:
                committed = await self.store.commit(change)
            except ConflictError:
                continue
            await self._publish(committed)
            return committed
        raise ConflictError(f"Expected a quiet moment of {handoff}, but it changed {_TRIES} times")

    async def _publish(self, change: Change) -> None:
        before, after = change.before, change.after
        if any(message.delivery is Delivery.PENDING for message in change.messages):
            await self.live.publish(Event(topic=OUTBOX_TOPIC, type="message"))
        for message in change.messages:
            if message.audience is Audience.EVERYONE:
                seq = {"seq": message.seq}
                await self.live.publish(Event(topic=after.id, type="message", data=seq))
            else:
                # Not on the conversation's topic: shoppers listen there.
                note = Event(topic=QUEUE_TOPIC, type="note", data={"conversation": after.id})
                await self.live.publish(note)
        if after.handoff == before.handoff:
            return
        owner = {"owner": after.owner.value}
        await self.live.publish(Event(topic=after.id, type="owner", data=owner))
        queue = Event(topic=QUEUE_TOPIC, type="queue", data={"conversation": after.id})
        await self.live.publish(queue)

    # -- messages ------------------------------------------------------------

    def _written(self, agent: Agent, text: str, audience: Audience) -> Message:
        return Message(
            id=MessageId(self.new_id()),
            speaker=Speaker.AGENT,
            text=text,
            sent_at=self.now(),
            audience=audience,
            agent=agent.id,
        )

    def _told(
        self, key: str, conversation: Conversation, at: datetime, *, agent: Agent
    ) -> Message:
        """Return a system message in the shopper's language."""
        phrase = Phrase(key=key, values={"agent": agent.name})
        return Message(
            id=MessageId(self.new_id()),
            speaker=Speaker.SYSTEM,
            text=self.words.say(phrase, conversation.language),
            sent_at=at,
            key=key,
            agent=agent.id,
        )


def owner_of(conversation: Conversation, handoff: Handoff) -> Owner:
    """Return who speaks next as seen from one handoff; an older one is no longer at work."""
    newest = conversation.handoff is not None and conversation.handoff.id == handoff.id
    return conversation.owner if newest else Owner.BOT


def _newest(conversation: Conversation, handoff: Handoff) -> Handoff:
    """Return the handoff as the conversation has it; an older one has ended by design."""
    current = conversation.handoff
    return current if current is not None and current.id == handoff.id else handoff


def _check_open(handoff: Handoff) -> None:
    if not handoff.is_open:
        raise NotOpenError(f"Expected an open handoff, but {handoff.id} has ended")


def _without_trouble(conversation: Conversation) -> Conversation:
    """Forget what was felt and missed while a person was there: it asks for no second one."""
    calm = replace(conversation.dialogue, tasks=(), misses=0, anger=(), wait_notes=0)
    return replace(conversation, dialogue=calm)
