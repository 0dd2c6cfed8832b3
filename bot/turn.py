"""The way of one message, top to bottom. docs/message.md walks through it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.dialogue.answers import Answerer
from bot.dialogue.decide import decide
from bot.dialogue.notes import note
from bot.dialogue.outcome import Outcome
from bot.dialogue.playbook import Playbook
from bot.dialogue.record import Clock, not_understood, record, timed
from bot.dialogue.slots import number_candidates, with_order_numbers
from bot.dialogue.speech import Speech
from bot.model import (
    Change,
    Conversation,
    Inbound,
    Message,
    MessageId,
    Owner,
    Phrase,
    Reply,
    Turn,
    Understanding,
)
from bot.model import Recognition as Heard
from bot.ports import ConflictError, Event, Live, Recognizer, Shop, Store
from escalation.model import Reason

MOST_TRIES = 5
"""How often a turn is decided again because the conversation changed under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """Takes messages from their channels to replies, a handoff, or silence."""

    store: Store
    recognizer: Recognizer
    shop: Shop
    answerer: Answerer
    speech: Speech
    playbook: Playbook
    live: Live
    new_id: Callable[[], str]
    disclosure: Phrase | None
    """What a bot says of itself at first contact (EU AI Act, Article 50); None: nothing."""

    async def handle(self, inbound: Inbound) -> Turn:
        """Answer one message; a redelivered one gets its stored turn.

        Raises:
            UnknownConversationError: there is no such conversation.
            StoreUnavailableError: nothing was written; the channel may deliver again.
        """
        return await self._take(inbound, broken=False)

    async def rescue(self, inbound: Inbound) -> Turn:
        """Record a message whose turn broke, and call a person instead of answering it."""
        return await self._take(inbound, broken=True)

    async def _take(self, inbound: Inbound, *, broken: bool) -> Turn:
        async with self.store.lock(inbound.conversation):
            clock = Clock()
            before, stored = await self.store.take(inbound.conversation, inbound.client_id)
            if stored is not None:
                return stored
            heard = await self._hear(inbound, before, broken=broken)
            clock.lap("understand")
            change = await self._commit(inbound, before, heard, clock, broken=broken)
        await self._tell(change)
        assert change.turn is not None  # noqa: S101 - record() always gives one
        return timed(change.turn, clock)

    async def _commit(
        self, inbound: Inbound, before: Conversation, heard: Heard, clock: Clock, *, broken: bool
    ) -> Change:
        """Decide and commit; decide again if somebody changed the conversation meanwhile."""
        message_id = MessageId(self.new_id())
        for _ in range(MOST_TRIES):
            outcome, replies = await self._answer(before, heard, clock, broken=broken)
            said = heard.understanding
            change = record(inbound, message_id, before, said, outcome, replies, clock)
            try:
                change = await self.store.commit(change)
            except ConflictError:
                before = await self.store.get(inbound.conversation)
                continue
            clock.lap("commit")
            return change
        raise ConflictError(f"Expected conversation {inbound.conversation} to hold still")

    async def _answer(
        self, before: Conversation, heard: Heard, clock: Clock, *, broken: bool
    ) -> tuple[Outcome, tuple[Message, ...]]:
        said = heard.understanding
        conversation = note(before, said)
        if broken and before.owner is Owner.BOT:
            reason = Reason.INTERNAL_ERROR
            outcome = await self.answerer.queue.open(reason, conversation, said.text)
        else:
            decision = decide(conversation, said, self.playbook)
            outcome = await self.answerer.carry_out(decision, conversation, heard)
        clock.lap("act")
        outcome, messages = await self._speak(outcome, before, said)
        clock.lap("words")
        return outcome, messages

    async def _speak(
        self, outcome: Outcome, before: Conversation, said: Understanding
    ) -> tuple[Outcome, tuple[Message, ...]]:
        """Put words on; what would be said a third time calls a person instead."""
        spoken = self.speech.put(self._introduced(outcome, before), outcome.after)
        if spoken.stuck and outcome.after.owner is Owner.BOT:
            reason = Reason.GOING_IN_CIRCLES
            outcome = await self.answerer.queue.open(reason, outcome.after, said.text)
            spoken = self.speech.put(outcome.replies, outcome.after)
        offer = before.dialogue.offer if outcome.keeps_offer else spoken.offer
        dialogue = replace(outcome.after.dialogue, recent=spoken.recent, offer=offer)
        return replace(outcome, after=replace(outcome.after, dialogue=dialogue)), spoken.messages

    def _introduced(self, outcome: Outcome, before: Conversation) -> tuple[Reply, ...]:
        if self.disclosure is None or before.dialogue.turns or not outcome.replies:
            return outcome.replies
        first = Reply(key=self.disclosure.key, values=self.disclosure.values)
        return (first, *outcome.replies)

    async def _hear(self, inbound: Inbound, before: Conversation, *, broken: bool) -> Heard:
        """Understand the text; a token equal to an order's number is that number."""
        if broken:  # the model may be what broke
            human = self.playbook.contact_human
            return Heard(understanding=not_understood(inbound.text, before.language, human))
        heard = await self.recognizer.recognize(inbound.text, hint=before.language)
        candidates = number_candidates(inbound.text)
        numbers = await self.shop.order_numbers(candidates) if candidates else ()
        if not numbers:
            return heard
        entities = tuple(with_order_numbers(heard.understanding, numbers))
        return replace(heard, understanding=replace(heard.understanding, entities=entities))

    async def _tell(self, change: Change) -> None:
        """Tell open sockets and the desk; they read the rows themselves."""
        topic, before, after = change.after.id, change.before.owner, change.after.owner
        seq = {"seq": change.messages[-1].seq}
        await self.live.publish(Event(topic=topic, type="message", data=seq))
        if before is not after:
            await self.live.publish(Event(topic=topic, type="owner", data={"owner": after.value}))
        if {before, after} != {Owner.BOT}:
            await self.live.publish(
                Event(topic="desk", type="queue", data={"conversation": topic})
            )
