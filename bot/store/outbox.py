"""The `Outbox` port on SQLAlchemy: committed messages on their way to push channels.

A claim counts the attempt, and that number fences: a worker whose lease ran out can't undo what
the next one did.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import Address, ConversationId, Delivery, Speaker
from bot.ports import Now, Parcel
from bot.store.codec import load_message
from bot.store.engine import fetch, transact
from bot.store.tables import conversations, handoffs, messages, outbox

_LEASE = timedelta(seconds=60)

_older = outbox.alias("older")

_DUE = (
    select(
        outbox.c.id,
        outbox.c.conversation,
        outbox.c.seq,
        outbox.c.attempts,
        conversations.c.channel,
        conversations.c.user,
        messages.c.speaker,
        messages.c.body,
        (handoffs.c.agent.is_not(None) & handoffs.c.ended_at.is_(None)).label("taken_over"),
    )
    .join(conversations, conversations.c.id == outbox.c.conversation)
    .join(
        messages,
        (messages.c.conversation == outbox.c.conversation) & (messages.c.seq == outbox.c.seq),
    )
    .outerjoin(handoffs, handoffs.c.id == conversations.c.handoff)
    .where(
        outbox.c.due_at <= bindparam("now"),
        or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= bindparam("now")),
        ~exists().where(
            _older.c.conversation == outbox.c.conversation, _older.c.seq < outbox.c.seq
        ),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(of=outbox, skip_locked=True)  # SQLite has one writer and ignores it
)
_TAKE = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(
        attempts=outbox.c.attempts + 1,
        holder=bindparam("by"),
        lease_until=bindparam("lease"),
    )
)
_DROP = delete(outbox).where(outbox.c.id == bindparam("row"))
_DROP_CLAIMED = (
    delete(outbox)
    .where(outbox.c.id == bindparam("row"), outbox.c.attempts == bindparam("tried"))
    .returning(outbox.c.seq)
)
_RETRY = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"), outbox.c.attempts == bindparam("tried"))
    .values(due_at=bindparam("due"), lease_until=None, holder=None, error=bindparam("why"))
)
_MARK = (
    update(messages)
    .where(messages.c.conversation == bindparam("c"), messages.c.seq == bindparam("s"))
    .values(delivery=bindparam("became"), error=bindparam("why"))
)


class SqlOutbox:
    """Hands out messages to send; safe for several workers on one database."""

    def __init__(self, engine: AsyncEngine, now: Now) -> None:  # noqa: ARG002 -- callers say when
        self._engine = engine

    async def claim(self, *, holder: str, now: datetime, limit: int = 16) -> Sequence[Parcel]:
        """Take the oldest due message of each conversation, each under a lease.

        A bot's message whose conversation a person owns by now is marked WITHHELD instead.
        """
        lease = {"by": holder, "lease": now + _LEASE}

        def work(connection: Connection) -> list[Parcel]:
            parcels: list[Parcel] = []
            while len(parcels) < limit:
                due = connection.execute(_DUE, {"now": now, "limit": limit - len(parcels)}).all()
                withheld = [row for row in due if _is_withheld(row)]
                taken = [row for row in due if not _is_withheld(row)]
                for row in withheld:
                    _finish(connection, row, Delivery.WITHHELD)
                if taken:
                    connection.execute(_TAKE, [{"row": row.id, **lease} for row in taken])
                parcels += [_parcel(row) for row in taken]
                if not withheld:  # else the next message of that conversation is due now
                    break
            return parcels

        return await transact(self._engine, work)

    async def sent(self, parcel: Parcel, now: datetime) -> None:  # noqa: ARG002 -- the port's
        """Note that the channel took it, whoever holds the lease by now."""

        def work(connection: Connection) -> None:
            connection.execute(_DROP, {"row": parcel.id})
            _mark(connection, parcel, Delivery.DONE)

        await transact(self._engine, work)

    async def failed(self, parcel: Parcel, *, error: str, retry_at: datetime | None) -> None:
        """Note a failure; without `retry_at` the message is given up and shown as FAILED."""
        claimed = {"row": parcel.id, "tried": parcel.attempts}

        def work(connection: Connection) -> None:
            if retry_at is not None:
                connection.execute(_RETRY, {**claimed, "due": retry_at, "why": error})
            elif connection.scalar(_DROP_CLAIMED, claimed) is not None:
                _mark(connection, parcel, Delivery.FAILED, error)

        await transact(self._engine, work)

    async def waiting(self) -> int:
        """Return how many messages are not sent yet."""
        found = await fetch(self._engine, select(func.count()).select_from(outbox))
        return int(found[0][0])


def _is_withheld(row: Row[Any]) -> bool:
    return bool(row.taken_over) and row.speaker == Speaker.BOT


def _finish(connection: Connection, row: Row[Any], became: Delivery) -> None:
    connection.execute(_DROP, {"row": row.id})
    connection.execute(_MARK, {"c": row.conversation, "s": row.seq, "became": became, "why": None})


def _mark(
    connection: Connection, parcel: Parcel, became: Delivery, error: str | None = None
) -> None:
    key = {"c": parcel.conversation, "s": parcel.message.seq}
    connection.execute(_MARK, {**key, "became": became, "why": error})


def _parcel(row: Row[Any]) -> Parcel:
    message = replace(load_message(row.body), seq=row.seq, delivery=Delivery.PENDING)
    return Parcel(
        id=row.id,
        conversation=ConversationId(row.conversation),
        address=Address(channel=row.channel, user=row.user),
        message=message,
        attempts=row.attempts + 1,
    )
