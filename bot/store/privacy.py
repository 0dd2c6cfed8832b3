"""What is kept of one customer: to be handed to them, and to be erased."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import Audience
from bot.ports import Now
from bot.store.engine import transact
from bot.store.tables import (
    conversations,
    erasures,
    handoffs,
    leases,
    messages,
    ratings,
    turns,
)

_OF_CUSTOMER = or_(
    conversations.c.customer == bindparam("who"), conversations.c.id == bindparam("who")
)
_CONVERSATIONS = (
    select(conversations)
    .where(_OF_CUSTOMER)
    .order_by(conversations.c.started_at, conversations.c.id)
)
_IDS = select(conversations.c.id).where(_OF_CUSTOMER)
_UNLOCK = delete(leases).where(leases.c.conversation.in_(_IDS))
_PARTS = (messages, turns, handoffs, ratings)
"""Tables that an erased conversation takes along; the others cascade without being counted."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def export(engine: AsyncEngine, customer: str, *, notes: bool = False) -> dict[str, Any]:
    """Return all that is kept of a customer's id, or of one conversation's id, as plain JSON.

    `notes` includes what agents wrote for one another. An unknown id gives no conversations.
    """

    def work(connection: Connection) -> list[dict[str, Any]]:
        found = connection.execute(_CONVERSATIONS, {"who": customer}).all()
        return [_conversation(connection, row, notes=notes) for row in found]

    return {"customer": customer, "conversations": await transact(engine, work)}


async def erase(engine: AsyncEngine, customer: str, *, now: Now = _utc_now) -> dict[str, int]:
    """Erase all conversations of a customer's id, or one by its own; returns what went.

    Only these counts stay, so that the shop's figures remain true.
    """

    def work(connection: Connection) -> dict[str, int]:
        counts = {table.name: _count(connection, table, customer) for table in _PARTS}
        connection.execute(
            delete(leases).where(leases.c.conversation.in_(_IDS)), {"who": customer}
        )
        gone = connection.execute(delete(conversations).where(_OF_CUSTOMER), {"who": customer})
        counts = {"conversations": gone.rowcount, **counts}
        if gone.rowcount:
            connection.execute(insert(erasures), {"erased_at": now(), **counts})
        return counts

    return await transact(engine, work)


def _count(connection: Connection, table: Table, customer: str) -> int:
    counted = select(func.count()).select_from(table).where(table.c.conversation.in_(_IDS))
    return connection.execute(counted, {"who": customer}).scalar_one()


def _conversation(connection: Connection, row: Row[Any], *, notes: bool) -> dict[str, Any]:
    heard = list(Audience) if notes else [Audience.EVERYONE]
    said = (
        select(messages.c.seq, messages.c.delivery, messages.c.body)
        .where(messages.c.conversation == row.id, messages.c.audience.in_(heard))
        .order_by(messages.c.seq)
    )
    return {
        "id": row.id,
        "channel": row.channel,
        "user": row.user,
        "language": row.language,
        "customer": row.customer,
        "started_at": row.started_at.isoformat(),
        "state": json.loads(row.state),
        "messages": [
            {**json.loads(m.body), "seq": m.seq, "delivery": m.delivery}
            for m in connection.execute(said)
        ],
        "turns": _bodies(connection, turns, row.id),
        "handoffs": _bodies(connection, handoffs, row.id),
        "rating": _rating(connection, row.id),
    }


def _bodies(connection: Connection, table: Table, conversation: str) -> list[Any]:
    found = connection.scalars(select(table.c.body).where(table.c.conversation == conversation))
    return [json.loads(body) for body in found]


def _rating(connection: Connection, conversation: str) -> dict[str, Any] | None:
    row = connection.execute(select(ratings).where(ratings.c.conversation == conversation)).first()
    if row is None:
        return None
    return {"score": row.score, "comment": row.comment, "rated_at": row.rated_at.isoformat()}
