"""The conversations of those who come by Rasa's protocols: one per sender, kept across calls."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.contract import Limiter, check_limit
from bot.model import (
    Address,
    Conversation,
    ConversationId,
    Inbound,
    Language,
    Message,
    Speaker,
    Turn,
)
from bot.ports import Handle, Now, Store

CHANNEL = "rasa"

_PAGE = 500
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who speaks: the name that a client gave, behind one of the doors of this channel.

    Whoever knows the token of the settings is a program of the shop and is believed. Anybody else
    gives a name that is no secret: there the network address they come from belongs to it, so
    that a name guessed elsewhere opens nobody's conversation.
    """

    door: str
    name: str
    network: str | None
    """The client's address; None for a program of the shop."""

    @property
    def address(self) -> Address:
        """Return where the store knows them; hashed, as names may be numbers of phones."""
        parts = repr((self.door, self.name, self.network)).encode("utf-8", "backslashreplace")
        return Address(channel=CHANNEL, user=hashlib.sha256(parts).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a sender is told: first what came since the last time, then the turn's replies."""

    messages: tuple[Message, ...] = ()
    turn: Turn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Talks:
    """Takes messages of senders to turns. They are guests: nobody signs in here."""

    handle: Handle
    store: Store
    message_limit: Limiter
    """Per conversation."""
    start_limit: Limiter
    """Per network address of those who aren't programs of the shop."""
    languages: Sequence[str]
    default_language: str
    now: Now
    new_id: Callable[[], str]
    _told: OrderedDict[ConversationId, int] = field(default_factory=OrderedDict)
    """Up to which `seq` senders heard all. Nothing is lost with it, see `_missed`."""

    async def say(
        self,
        sender: Sender,
        text: str,
        *,
        delivery: str | None = None,
        language: str | None = None,
    ) -> Said:
        """Take one message through its turn; `delivery` names it, if the client may send again.

        Raises:
            ApiError: too many messages, or too many new conversations (429).
        """
        conversation = await self._conversation(sender, language)
        await check_limit(self.message_limit, conversation.id)
        told = self._told.get(conversation.id, 0)
        turn = await self.handle(
            Inbound(
                conversation=conversation.id,
                client_id=delivery or self.new_id(),
                text=text,
                received_at=self.now(),
            )
        )
        seq = turn.message.seq
        missed = await self._missed(conversation.id, told if told < seq else 0, before=seq)
        self._note(conversation.id, (turn.message, *turn.replies))
        return Said(messages=(*missed, *turn.replies), turn=turn)

    async def hear(self, sender: Sender) -> Said:
        """Return what was said since, without a turn: agents can't be pushed to these clients."""
        conversation = await self.store.find(sender.address)
        if conversation is None:
            return Said()
        await check_limit(self.message_limit, conversation.id)
        told = self._told.get(conversation.id, 0)
        missed = await self._missed(conversation.id, told)
        self._note(conversation.id, missed)
        return Said(messages=missed)

    async def _conversation(self, sender: Sender, language: str | None) -> Conversation:
        address = sender.address
        found = await self.store.find(address)
        if found is not None:
            return found
        if sender.network is not None:
            await check_limit(self.start_limit, sender.network)
        known = language if language in self.languages else None
        return await self.store.start(
            Conversation(
                id=ConversationId(self.new_id()),
                address=address,
                language=Language(known or self.default_language),
                started_at=self.now(),
            )
        )

    async def _missed(
        self, conversation: ConversationId, told: int, *, before: int | None = None
    ) -> tuple[Message, ...]:
        """Return what the shopper wasn't told yet: all that came after their last turn.

        The replies of a turn were the answer of its own call. So what is due follows from the
        messages themselves; `told` only spares reading them from the start, and what was heard
        without a turn (that may come twice after a restart).
        """
        rows = await self._rows(conversation, told, before)
        last = next((row for row in reversed(rows) if row.speaker is Speaker.SHOPPER), None)
        if last is not None:
            told = await self._end_of_turn(conversation, last)
        return tuple(row for row in rows if row.seq > told)

    async def _rows(
        self, conversation: ConversationId, after: int, before: int | None
    ) -> list[Message]:
        rows: list[Message] = []
        while page := await self.store.messages(conversation, after=after, limit=_PAGE):
            rows += (row for row in page if before is None or row.seq < before)
            after = page[-1].seq
            if len(page) < _PAGE or (before is not None and after >= before):
                break
        return rows

    async def _end_of_turn(self, conversation: ConversationId, message: Message) -> int:
        _, turn = await self.store.take(conversation, message.client_id or message.id)
        replies = () if turn is None else turn.replies
        return max([message.seq, *(reply.seq for reply in replies)])

    def _note(self, conversation: ConversationId, messages: Sequence[Message]) -> None:
        seqs = [message.seq for message in messages]
        self._told[conversation] = max([self._told.get(conversation, 0), *seqs])
        self._told.move_to_end(conversation)
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
