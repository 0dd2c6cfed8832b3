"""Note in the conversation what a turn said, before anything is decided on it."""

from dataclasses import replace

from bot.dialogue.meant import is_link, trusted_intent
from bot.model import Conversation, Emotion, Understanding

REMEMBERED_TURNS = 12
"""How many turns back the emotions, intents and replies of a conversation are looked at."""

SURE_FEELING = 0.6
"""Confidence from which an emotion counts."""

CALM = "neutral"
"""What a shopper feels whose emotion isn't clear."""


def note(conversation: Conversation, said: Understanding) -> Conversation:
    """Return the conversation with this turn's language, feeling, intent and orders noted."""
    dialogue = conversation.dialogue
    name, intensity = _felt(said.emotion)
    anger = intensity if name == "angry" else 0.0
    named = () if is_link(said) else said.entities  # the digits of a link name no order
    numbers = [e.value for e in named if e.type == "order_number"]
    noted = replace(
        dialogue,
        turns=dialogue.turns + 1,
        anger=(*dialogue.anger, anger)[-REMEMBERED_TURNS:],
        emotions=(*dialogue.emotions, (name, intensity))[-REMEMBERED_TURNS:],
        intents=(*dialogue.intents, *_wishes(said))[-REMEMBERED_TURNS:],
        orders=tuple(dict.fromkeys([*dialogue.orders, *numbers]))[-REMEMBERED_TURNS:],
    )
    return replace(conversation, language=said.language, dialogue=noted)


def note_choice(conversation: Conversation, said: Understanding) -> Conversation:
    """Return the conversation with the topic noted that a choice stands for."""
    if said.exact is None:
        return conversation
    dialogue = conversation.dialogue
    intents = (*dialogue.intents, said.exact)[-REMEMBERED_TURNS:]
    return replace(conversation, dialogue=replace(dialogue, intents=intents))


def _wishes(said: Understanding) -> tuple[str, ...]:
    """Return every wish of a message: who takes over reads what was asked beside a person."""
    intent = trusted_intent(said)
    wishes = tuple(request.intent for request in said.requests)
    return wishes or ((intent,) if intent else ())


def _felt(emotion: Emotion) -> tuple[str, float]:
    """Return what to react to: sympathy for a feeling that isn't there is worse than none."""
    if emotion.confidence < SURE_FEELING:
        return CALM, 0.0
    return emotion.name, emotion.intensity


def forget_trouble(conversation: Conversation) -> Conversation:
    """Return the conversation as it goes to a person: old trouble opens no second handoff."""
    calm = replace(conversation.dialogue, tasks=(), misses=0, anger=(), wait_notes=0)
    return replace(conversation, dialogue=calm)
