"""The web channel's JSON: requests in, turns and messages out, with the contract's names."""

import json
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field, StrictInt, StrictStr

from bot.contract import LONGEST_TEXT, ApiError, clean_text, understanding_json
from bot.model import Card, HandoffView, Message, Source, Speaker, Turn, WordedChoice


class StartBody(BaseModel):
    """`POST /conversations`; an empty body starts a guest's conversation."""

    language: StrictStr | None = None
    identity: StrictStr | None = None


class IdentityBody(BaseModel):
    """`POST /conversations/{id}/identity`."""

    identity: StrictStr


class MessageBody(BaseModel):
    """`POST /conversations/{id}/messages`; `client_id` names this message for resending."""

    client_id: Annotated[StrictStr, Field(min_length=1, max_length=128, pattern=r"^\PC+$")]
    text: StrictStr


class RatingBody(BaseModel):
    """`POST /conversations/{id}/rating`."""

    score: Annotated[StrictInt, Field(ge=1, le=5)]
    comment: Annotated[StrictStr, Field(max_length=2_000)] | None = None


def message_text(body: MessageBody) -> str:
    """Return the text of a message as it is kept; raises ApiError when it can't be taken."""
    if len(body.text) > LONGEST_TEXT:
        raise ApiError(
            413,
            "text_too_long",
            f"The text has {len(body.text)} characters",
            expected=f"at most {LONGEST_TEXT} characters",
        )
    text = clean_text(body.text)
    if not text.strip():
        raise ApiError(
            422, "empty_text", "The text is empty", expected="a text that says something"
        )
    return text


def turn_json(turn: Turn) -> dict[str, Any]:
    """Return the answer to one message."""
    decision = {"type": turn.decision}
    if turn.skill is not None:
        decision["skill"] = turn.skill
    return {
        "message_id": turn.message.id,
        "owner": turn.owner,
        "language": turn.language,
        "understanding": understanding_json(turn.understanding),
        "decision": decision,
        "replies": [_reply_json(reply) for reply in turn.replies],
        "handoff": handoff_json(turn.handoff),
    }


def message_json(message: Message) -> dict[str, Any]:
    """Return one message as the history and the socket give it."""
    body = _reply_json(message) | {"sent_at": message.sent_at.isoformat()}
    if message.speaker is Speaker.SHOPPER:
        body["client_id"] = message.client_id
    return body


def handoff_json(handoff: HandoffView | None) -> dict[str, Any] | None:
    """Return what the shopper is told of an open handoff."""
    if handoff is None:
        return None
    return {"id": handoff.id, "reason": handoff.reason, "position": handoff.position}


def dump(body: Any) -> bytes:
    """Write JSON in UTF-8; money and dates inside cards become texts."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()


def _reply_json(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "seq": message.seq,
        "speaker": message.speaker,
        "key": message.key,
        "text": message.text,
        "choices": _choices_json(message.choices),
        "cards": [_card_json(card) for card in message.cards],
        "sources": [_source_json(source) for source in message.sources],
    }


def _choices_json(choices: Sequence[WordedChoice]) -> list[dict[str, str]]:
    return [{"label": choice.label, "value": choice.value} for choice in choices]


def _card_json(card: Card) -> dict[str, Any]:
    return {**card.data, "type": card.type}


def _source_json(source: Source) -> dict[str, Any]:
    return {
        "title": source.title,
        "article_id": source.article_id,
        "version": source.version,
        "url": source.url,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"Expected something that JSON can hold, but got {type(value).__name__}")
