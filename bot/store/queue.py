"""Questions about handoffs: who waits, in which order, and whose handoff it is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import Conversation
from bot.ports import UnknownConversationError
from bot.store import rows
from bot.store.codec import load_handoff
from bot.store.engine import fetch
from bot.store.rows import newest
from bot.store.tables import conversations, handoffs
from escalation.model import Handoff, HandoffId, State

_ahead = handoffs.alias("ahead")


def _waits(table: Any) -> ColumnElement[bool]:
    return and_(table.c.ended_at.is_(None), table.c.agent.is_(None))


# Said twice on purpose: the handoff names its conversation too, so that the few open handoffs are
# looked up first, and not all conversations.
_QUEUED = rows.SELECT_CONVERSATION.where(newest.c.conversation == conversations.c.id)

_IN_STATE: dict[State, Select[Any]] = {
    State.WAITING: _QUEUED.where(_waits(newest)).order_by(
        newest.c.priority.desc(), newest.c.opened_at, newest.c.id
    ),
    State.ACTIVE: _QUEUED.where(newest.c.ended_at.is_(None), newest.c.agent.is_not(None)).order_by(
        newest.c.opened_at.desc(), newest.c.id
    ),
    State.ENDED: _QUEUED.where(newest.c.ended_at.is_not(None)).order_by(
        newest.c.ended_at.desc(), newest.c.id
    ),
}

_POSITION = (
    select(func.count(_ahead.c.id))
    .select_from(handoffs)
    .outerjoin(
        _ahead,
        and_(
            _waits(_ahead),
            or_(
                _ahead.c.priority > handoffs.c.priority,
                and_(
                    _ahead.c.priority == handoffs.c.priority,
                    or_(
                        _ahead.c.opened_at < handoffs.c.opened_at,
                        and_(
                            _ahead.c.opened_at == handoffs.c.opened_at,
                            _ahead.c.id <= handoffs.c.id,
                        ),
                    ),
                ),
            ),
        ),
    )
    .where(handoffs.c.id == bindparam("h"), _waits(handoffs))
    .group_by(handoffs.c.id)
)
"""Counts the handoff itself too: the next in line has place 1."""

_BY_HANDOFF = (
    rows.SELECT_CONVERSATION.add_columns(handoffs.c.body.label("asked_body"))
    .join(handoffs, handoffs.c.conversation == conversations.c.id)
    .where(handoffs.c.id == bindparam("h"))
)


async def position(engine: AsyncEngine, handoff: HandoffId) -> int | None:
    """Return the place in the queue, 1 for the next; None when it isn't waiting."""
    found = await fetch(engine, _POSITION, {"h": handoff})
    return int(found[0][0]) if found else None


async def conversations_in(engine: AsyncEngine, state: str, limit: int) -> Sequence[Conversation]:
    """Return conversations whose newest handoff is in a state; raises ValueError on others."""
    statement = _IN_STATE[State(state)].limit(limit)
    found = await fetch(engine, statement)
    return [rows.conversation(row) for row in found]


async def by_handoff(engine: AsyncEngine, handoff: HandoffId) -> tuple[Conversation, Handoff]:
    """Return a handoff and its conversation; raises UnknownConversationError."""
    found = await fetch(engine, _BY_HANDOFF, {"h": handoff})
    if not found:
        raise UnknownConversationError(f"Expected a known handoff, but got {handoff!r}")
    return rows.conversation(found[0]), load_handoff(found[0].asked_body)
