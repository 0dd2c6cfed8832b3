"""The `Store` port on SQLAlchemy: conversations, their messages, turns and handoffs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    exc,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import (
    Address,
    Audience,
    Change,
    Conversation,
    ConversationId,
    Delivery,
    Message,
    Speaker,
    Turn,
)
from bot.ports import ConflictError, Now, UnknownConversationError
from bot.store import engine as database
from bot.store import queue, rows
from bot.store.codec import dump_turn, load_message, load_turn
from bot.store.engine import fetch, transact
from bot.store.locks import Leases, LocalLocks
from bot.store.tables import conversations, handoffs, messages, outbox, ratings, turns
from escalation.model import Handoff, HandoffId

_BY_ID = rows.SELECT_CONVERSATION.where(conversations.c.id == bindparam("id"))
_BY_ADDRESS = rows.SELECT_CONVERSATION.where(
    conversations.c.channel == bindparam("channel"), conversations.c.user == bindparam("user")
)
_ADVANCE = (
    update(conversations)
    .where(conversations.c.id == bindparam("c"), conversations.c.version == bindparam("v"))
    .values(
        version=conversations.c.version + 1,
        last_seq=conversations.c.last_seq + bindparam("n"),
    )
    .returning(conversations.c.last_seq)
)
_EXISTS = select(conversations.c.id).where(conversations.c.id == bindparam("c"))
_TAKE = _BY_ID.add_columns(turns.c.body.label("turn_body")).outerjoin(
    turns,
    (turns.c.conversation == conversations.c.id) & (turns.c.client_id == bindparam("client_id")),
)
_TURNS = select(turns.c.body).where(turns.c.conversation == bindparam("c")).order_by(turns.c.seq)
_MESSAGES = (
    select(messages.c.seq, messages.c.delivery, messages.c.body)
    .where(
        messages.c.conversation == bindparam("c"),
        messages.c.seq > bindparam("after"),
        messages.c.audience.in_(bindparam("audiences", expanding=True)),
    )
    .order_by(messages.c.seq)
    .limit(bindparam("limit"))
)
_UPDATE_HANDOFF = update(handoffs).where(handoffs.c.id == bindparam("h"))


class SqlStore:
    """Keeps conversations in SQLite or PostgreSQL.

    `push_channels` are those whose shoppers must be sent their messages; `shared` says that
    other processes serve from the same database.
    """

    def __init__(
        self, engine: AsyncEngine, *, push_channels: frozenset[str], shared: bool, now: Now
    ) -> None:
        self._engine = engine
        self._push_channels = push_channels
        self._locks = LocalLocks()
        self._leases = Leases(engine, now) if shared else None
        self._now = now

    async def start(self, conversation: Conversation) -> Conversation:
        """Keep a new conversation; if its address has one already, return that one."""
        statement = (
            database.insert(self._engine, conversations)
            .values(rows.new_conversation(conversation))
            .on_conflict_do_nothing(index_elements=["channel", "user"])
            .returning(conversations.c.id)
        )

        def work(connection: Connection) -> Conversation:
            if connection.scalar(statement) is not None:
                _keep_handoff(connection, conversation.id, None, conversation.handoff)
                return conversation
            row = connection.execute(_BY_ADDRESS, _address(conversation.address)).one()
            return rows.conversation(row)

        return await transact(self._engine, work)

    async def get(self, conversation: ConversationId) -> Conversation:
        """Return a conversation; raises UnknownConversationError."""
        found = await fetch(self._engine, _BY_ID, {"id": conversation})
        if not found:
            raise _unknown(conversation)
        return rows.conversation(found[0])

    async def take(
        self, conversation: ConversationId, client_id: str
    ) -> tuple[Conversation, Turn | None]:
        """Return a conversation, and the stored turn if that message was answered before."""
        key = {"id": conversation, "client_id": rows.plain(client_id)}
        found = await fetch(self._engine, _TAKE, key)
        if not found:
            raise _unknown(conversation)
        body = found[0].turn_body
        return rows.conversation(found[0]), None if body is None else load_turn(body)

    async def find(self, address: Address) -> Conversation | None:
        """Return the conversation of an address."""
        found = await fetch(self._engine, _BY_ADDRESS, _address(address))
        return rows.conversation(found[0]) if found else None

    def lock(self, conversation: ConversationId) -> AbstractAsyncContextManager[None]:
        """Hold a conversation for one turn, against other turns only."""
        if self._leases is None:
            return self._locks.hold(conversation)
        return self._lock_everywhere(conversation, self._leases)

    @asynccontextmanager
    async def _lock_everywhere(
        self, conversation: ConversationId, leases: Leases
    ) -> AsyncIterator[None]:
        # This process's own turns queue in order first: only one of them polls the lease.
        async with self._locks.hold(conversation), leases.hold(conversation):
            yield

    # -- the commit ------------------------------------------------------------

    async def commit(self, change: Change) -> Change:
        """Write all of a change in one short transaction, or nothing."""
        before = change.before
        moved = {
            **rows.changing(change.after),
            "c": before.id,
            "v": before.version,
            "n": len(change.messages),
        }

        def work(connection: Connection) -> Change:
            last = connection.scalar(_ADVANCE, moved)
            if last is None:
                raise _refusal(connection, before)
            numbered = self._number(change, last - len(change.messages))
            self._write(connection, numbered)
            return numbered

        return await transact(self._engine, work)

    def _number(self, change: Change, last: int) -> Change:
        """Give messages their seq, and say which of them must be sent."""
        push = change.after.address.channel in self._push_channels
        numbered = {
            message.id: replace(
                message,
                seq=last + index,
                delivery=Delivery.PENDING if push and _is_sent(message) else Delivery.DONE,
            )
            for index, message in enumerate(change.messages, start=1)
        }
        turn = change.turn and replace(
            change.turn,
            message=numbered.get(change.turn.message.id, change.turn.message),
            replies=tuple(numbered.get(reply.id, reply) for reply in change.turn.replies),
        )
        after = replace(change.after, version=change.before.version + 1)
        return replace(change, after=after, messages=tuple(numbered.values()), turn=turn)

    def _write(self, connection: Connection, change: Change) -> None:
        id_ = change.after.id
        _keep_handoff(connection, id_, change.before.handoff, change.after.handoff)
        if change.messages:
            kept = [rows.message(id_, message) for message in change.messages]
            connection.execute(insert(messages), kept)
        if change.turn is not None:
            _keep_turn(connection, id_, change.turn)
        if pending := [m for m in change.messages if m.delivery is Delivery.PENDING]:
            due = self._now()
            parcels = [{"conversation": id_, "seq": m.seq, "due_at": due} for m in pending]
            connection.execute(insert(outbox), parcels)

    # -- reading back ------------------------------------------------------------

    async def messages(
        self,
        conversation: ConversationId,
        *,
        after: int = 0,
        audience: Audience = Audience.EVERYONE,
        limit: int = 500,
    ) -> Sequence[Message]:
        """Return messages with seq > `after`, in order; STAFF includes internal notes."""
        audiences = list(Audience) if audience is Audience.STAFF else [audience]
        wanted = {"c": conversation, "after": after, "audiences": audiences, "limit": limit}
        found = await fetch(self._engine, _MESSAGES, wanted)
        return [
            replace(load_message(row.body), seq=row.seq, delivery=Delivery(row.delivery))
            for row in found
        ]

    async def turns(self, conversation: ConversationId) -> Sequence[Turn]:
        """Return the recorded turns in order; their replies as they were when committed."""
        found = await fetch(self._engine, _TURNS, {"c": conversation})
        return [load_turn(row.body) for row in found]

    async def position(self, handoff: HandoffId) -> int | None:
        """Return the place in the queue, 1 for the next; None when it isn't waiting."""
        return await queue.position(self._engine, handoff)

    async def handoffs(self, state: str, *, limit: int = 200) -> Sequence[Conversation]:
        """Return conversations whose newest handoff is waiting, active or ended."""
        return await queue.conversations_in(self._engine, state, limit)

    async def by_handoff(self, handoff: HandoffId) -> tuple[Conversation, Handoff]:
        """Return a handoff and its conversation; raises UnknownConversationError."""
        return await queue.by_handoff(self._engine, handoff)

    async def rate(
        self, conversation: ConversationId, score: int, comment: str | None, at: datetime
    ) -> None:
        """Keep a rating (1-5); a second one replaces the first."""
        if not 1 <= score <= 5:  # noqa: PLR2004 -- the contract's scale
            raise ValueError(f"Expected a score from 1 to 5, but got {score}")
        values = {"score": score, "comment": comment and rows.plain(comment), "rated_at": at}
        statement = (
            database.insert(self._engine, ratings)
            .values(conversation=conversation, **values)
            .on_conflict_do_update(index_elements=["conversation"], set_=values)
        )
        try:
            await transact(self._engine, lambda connection: connection.execute(statement))
        except exc.IntegrityError as error:
            raise _unknown(conversation) from error


def _keep_handoff(
    connection: Connection,
    conversation: ConversationId,
    before: Handoff | None,
    after: Handoff | None,
) -> None:
    if after is None or after == before:
        return
    values = rows.handoff(conversation, after)
    if before is not None and before.id == after.id:
        connection.execute(_UPDATE_HANDOFF.values(values), {"h": after.id})
    else:
        connection.execute(insert(handoffs), values)


def _keep_turn(connection: Connection, id_: ConversationId, turn: Turn) -> None:
    values = {
        "conversation": id_,
        "client_id": rows.plain(turn.message.client_id or turn.message.id),
        "seq": turn.message.seq,
        "body": dump_turn(turn),
    }
    try:
        connection.execute(insert(turns), values)
    except exc.IntegrityError as error:
        raise ConflictError(
            f"Expected a new message in {id_}, but it has had its turn: replay that one"
        ) from error


def _refusal(connection: Connection, before: Conversation) -> Exception:
    if connection.scalar(_EXISTS, {"c": before.id}) is None:
        return _unknown(before.id)
    return ConflictError(f"Expected {before.id} at version {before.version}, but it has moved on")


def _is_sent(message: Message) -> bool:
    return message.audience is Audience.EVERYONE and message.speaker is not Speaker.SHOPPER


def _address(address: Address) -> dict[str, Any]:
    return {"channel": address.channel, "user": rows.plain(address.user)}


def _unknown(conversation: ConversationId) -> UnknownConversationError:
    return UnknownConversationError(f"Expected a known conversation, but got {conversation!r}")
