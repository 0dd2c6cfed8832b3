"""Rows to values and back."""

from typing import Any

from sqlalchemy import Row, select

from bot.commerce import CustomerId
from bot.model import Address, Conversation, ConversationId, Language, Message
from bot.store.codec import (
    State,
    dump_handoff,
    dump_message,
    dump_state,
    load_handoff,
    load_state,
)
from bot.store.tables import conversations, handoffs
from escalation.model import Handoff

newest = handoffs.alias("newest")
"""The handoff that a conversation's owner follows from."""

SELECT_CONVERSATION = select(conversations, newest.c.body.label("handoff_body")).outerjoin_from(
    conversations, newest, newest.c.id == conversations.c.handoff
)


def plain(text: str) -> str:
    """Replace U+0000, which PostgreSQL can't hold, in the little text that is no JSON."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def conversation(row: Row[Any]) -> Conversation:
    """Build a conversation from a row of SELECT_CONVERSATION."""
    state = load_state(row.state)
    return Conversation(
        id=ConversationId(row.id),
        address=Address(channel=row.channel, user=row.user),
        language=Language(row.language),
        started_at=row.started_at,
        version=row.version,
        customer=None if row.customer is None else CustomerId(row.customer),
        proven=state.proven,
        dialogue=state.dialogue,
        handoff=None if row.handoff_body is None else load_handoff(row.handoff_body),
    )


def new_conversation(value: Conversation) -> dict[str, Any]:
    """Return the columns of a conversation that is not kept yet."""
    return {
        "id": value.id,
        "channel": value.address.channel,
        "user": plain(value.address.user),
        "started_at": value.started_at,
        "version": value.version,
        "last_seq": 0,
        **changing(value),
    }


def changing(value: Conversation) -> dict[str, Any]:
    """Return the columns that a turn may change."""
    return {
        "language": value.language,
        "customer": value.customer,
        "handoff": None if value.handoff is None else value.handoff.id,
        "state": dump_state(State(dialogue=value.dialogue, proven=value.proven)),
    }


def message(conversation: ConversationId, value: Message) -> dict[str, Any]:
    """Return the columns of a message."""
    return {
        "conversation": conversation,
        "seq": value.seq,
        "id": value.id,
        "speaker": value.speaker,
        "audience": value.audience,
        "delivery": value.delivery,
        "sent_at": value.sent_at,
        "body": dump_message(value),
    }


def handoff(conversation: ConversationId, value: Handoff) -> dict[str, Any]:
    """Return the columns of a handoff: its state follows from `agent` and `ended_at`."""
    return {
        "id": value.id,
        "conversation": conversation,
        "priority": value.priority,
        "opened_at": value.opened_at,
        "agent": value.agent,
        "ended_at": value.ended_at,
        "body": dump_handoff(value),
    }
