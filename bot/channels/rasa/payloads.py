"""Rasa's JSON: messages of its REST channel and NLU in, replies and understandings out.

Formats: https://legacy-docs-oss.rasa.com/docs/rasa/connectors/your-own-website#rest-channels and
https://legacy-docs-oss.rasa.com/docs/rasa/pages/http-api, `POST /model/parse`; where they are
silent, `CollectingOutputChannel` and `FallbackClassifier` of Rasa 3.6.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.rasa.door import bad_request
from bot.channels.rasa.talks import Said
from bot.contract import LONGEST_TEXT, ApiError, clean_text
from bot.model import Entity, Guess, Message, Understanding

FALLBACK = "nlu_fallback"
"""The intent that Rasa's FallbackClassifier puts on top of what can't be trusted."""
NOBODY = "default"
"""What Rasa calls a sender who gave no name."""

_LONGEST_NAME = 256
_RANKED = 10
"""Intents of a ranking, as many as Rasa's classifiers give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestMessage:
    """A message to the REST channel; an empty text only asks what was said since."""

    sender: str | None
    text: str
    language: str | None = None
    custom: bool = False
    """Whether the client can read more than texts and buttons."""


def rest_message(body: Mapping[str, Any]) -> RestMessage:
    """Read a message; raises ApiError (400, or 413 for too long a text)."""
    about = body.get("metadata")
    metadata = about if isinstance(about, dict) else {}
    language = metadata.get("language")
    return RestMessage(
        sender=_name(body.get("sender")),
        text=message_text(body.get("message")),
        language=language if isinstance(language, str) else None,
        custom=metadata.get("custom") is True,
    )


def message_text(value: object) -> str:
    """Return a text as it is kept, "" for none; raises ApiError (400 or 413)."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise bad_request(f"The message is of the type {type(value).__name__}", "a text")
    if len(value) > LONGEST_TEXT:
        raise ApiError(
            413,
            "text_too_long",
            f"The text has {len(value)} characters",
            expected=f"at most {LONGEST_TEXT} characters",
        )
    return clean_text(value).strip()


def _name(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise bad_request(f"The sender is of the type {type(value).__name__}", "a text")
    name = "" if value is None else str(value)
    if len(name) > _LONGEST_NAME:
        raise bad_request(
            f"The sender has {len(name)} characters", f"at most {_LONGEST_NAME} characters"
        )
    return name or None


# -- replies ------------------------------------------------------------


def rest_replies(recipient: str, said: Said, *, custom: bool) -> Iterator[dict[str, Any]]:
    """Return what Rasa's REST channel answers: texts cut at empty lines, or one with buttons.

    `custom` adds one more of Rasa's custom messages, with all that texts and buttons don't say.
    """
    for message in said.messages:
        yield from _items(recipient, message)
    if custom:
        yield {"recipient_id": recipient, "custom": _custom(said)}


def buttons(message: Message) -> list[dict[str, str]]:
    """Return the choices of a message; what a button sends is the text of the next message."""
    return [{"title": choice.label, "payload": choice.value} for choice in message.choices]


def _items(recipient: str, message: Message) -> Iterator[dict[str, Any]]:
    if message.choices:
        yield {"recipient_id": recipient, "text": message.text, "buttons": buttons(message)}
        return
    for part in message.text.strip().split("\n\n"):
        if part.strip():
            yield {"recipient_id": recipient, "text": part}


def _custom(said: Said) -> dict[str, Any]:
    turn = said.turn
    handoff = turn and turn.handoff
    return {
        "owner": turn and turn.owner,
        "language": turn and turn.language,
        "handoff": handoff
        and {"id": handoff.id, "reason": handoff.reason, "position": handoff.position},
        "speakers": [message.speaker for message in said.messages],
        "cards": [{**card.data, "type": card.type} for m in said.messages for card in m.cards],
        "sources": [
            {"title": s.title, "article_id": s.article_id, "version": s.version, "url": s.url}
            for message in said.messages
            for s in message.sources
        ],
    }


# -- understanding ------------------------------------------------------------


def nothing_parsed(text: str) -> dict[str, Any]:
    """Return what Rasa says of an empty text."""
    return {"text": text, "intent": {"name": None, "confidence": 0.0}, "entities": []}


def parsed(said: Understanding) -> dict[str, Any]:
    """Return an understanding as Rasa's server does, and our language and emotion beside it."""
    ranking = [_guess(guess) for guess in _ranking(said)]
    return {
        "text": said.text,
        "intent": ranking[0],
        "entities": [_entity(entity) for entity in said.entities],
        "intent_ranking": ranking,
        "language": said.language,
        "emotion": {
            "name": said.emotion.name,
            "confidence": said.emotion.confidence,
            "intensity": said.emotion.intensity,
        },
    }


def _ranking(said: Understanding) -> Sequence[Guess]:
    if said.exact is not None:
        return [Guess(intent=said.exact, confidence=1.0)]
    if said.in_scope:
        return said.ranking[:_RANKED]
    # At least as sure as the best guess: a client that sorts still has the fallback on top.
    sure = max(1.0 - said.confidence, said.confidence)
    return [Guess(intent=FALLBACK, confidence=round(sure, 6)), *said.ranking[:_RANKED]]


def _guess(guess: Guess) -> dict[str, Any]:
    return {"name": guess.intent, "confidence": guess.confidence}


def _entity(entity: Entity) -> dict[str, Any]:
    return {
        "entity": entity.type,
        "start": entity.start,
        "end": entity.end,
        "confidence_entity": 1.0,
        "value": entity.value,
        "extractor": "Shopbell",
    }
