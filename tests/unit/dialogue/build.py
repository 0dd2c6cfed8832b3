"""Small builders of the values that dialogue tests speak in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.dialogue.playbook import Playbook
from bot.model import (
    Address,
    Conversation,
    ConversationId,
    Dialogue,
    Emotion,
    Entity,
    Guess,
    Language,
    Understanding,
)
from escalation.model import Handoff
from intents.answers import load_answers

EN = Language("en")
AT = datetime(2026, 5, 4, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An intent's rule, as the catalogue would hold it."""

    answered_by: str
    person_helps: bool = False
    acknowledge: bool = False
    with_order: str | None = None


RULES: Mapping[str, Rule] = {
    "order_status": Rule(answered_by="skill:order_status"),
    "refund_policy": Rule(answered_by="articles"),
    "delivery_time": Rule(answered_by="articles", with_order="order_status"),
    "complaint": Rule(answered_by="articles", acknowledge=True, person_helps=True),
    "product_question": Rule(answered_by="products"),
    "contact_human": Rule(answered_by="person"),
    "greeting": Rule(answered_by="reply"),
    "thanks": Rule(answered_by="reply"),
    "bot_identity": Rule(answered_by="reply"),
    "wait": Rule(answered_by="reply"),
    "affirm": Rule(answered_by="context"),
    "deny": Rule(answered_by="context"),
}

SLOTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "order_status": {
        "order_number": ("order_number",),
        "email": ("email",),
        "phone": ("phone",),
        "zip": ("zip",),
        "name": (),
    }
}

PLAYBOOK = Playbook(
    intents=RULES, slots=SLOTS, for_entity={"order_number": "order_status"}, words=load_answers()
)


def conversation(dialogue: Dialogue | None = None, handoff: Handoff | None = None) -> Conversation:
    """Make a conversation."""
    return Conversation(
        id=ConversationId("c1"),
        address=Address(channel="web", user="c1"),
        language=EN,
        started_at=AT,
        dialogue=dialogue or Dialogue(),
        handoff=handoff,
    )


def said(
    text: str = "hello there",
    intent: str = "greeting",
    *,
    in_scope: bool = True,
    emotion: tuple[str, float] = ("neutral", 0.0),
    exact: str | None = None,
    **entities: str,
) -> Understanding:
    """Make an understanding; entities are given as type=text and found in the text."""
    return Understanding(
        text=text,
        language=EN,
        ranking=(Guess(intent=intent, confidence=0.9),),
        in_scope=in_scope,
        emotion=Emotion(name=emotion[0], confidence=0.9, intensity=emotion[1]),
        entities=tuple(entity(text, type_, value) for type_, value in entities.items()),
        exact=exact,
    )


def entity(text: str, type_: str, value: str) -> Entity:
    """Find a value in a text."""
    start = text.index(value)
    return Entity(type=type_, value=value, text=value, start=start, end=start + len(value))
