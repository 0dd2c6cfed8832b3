"""Note in the conversation what a turn said, before anything is decided on it."""

from dataclasses import replace

from bot.dialogue.decide import trusted_intent
from bot.model import Conversation, Owner, Understanding

REMEMBERED_TURNS = 12
"""How many turns back the emotions, intents and replies of a conversation are looked at."""


def note(conversation: Conversation, said: Understanding) -> Conversation:
    """Return the conversation with this turn's language, feeling, intent and orders noted."""
    dialogue = conversation.dialogue
    emotion = said.emotion
    anger = emotion.intensity if emotion.name == "angry" else 0.0
    intent = trusted_intent(said)
    numbers = [e.value for e in said.entities if e.type == "order_number"]
    noted = replace(
        dialogue,
        turns=dialogue.turns + 1,
        anger=(*dialogue.anger, anger)[-REMEMBERED_TURNS:],
        emotions=(*dialogue.emotions, (emotion.name, emotion.intensity))[-REMEMBERED_TURNS:],
        intents=(*dialogue.intents, *([intent] if intent else []))[-REMEMBERED_TURNS:],
        orders=tuple(dict.fromkeys([*dialogue.orders, *numbers]))[-REMEMBERED_TURNS:],
    )
    return replace(conversation, language=said.language, dialogue=noted)


def forget_trouble(conversation: Conversation) -> Conversation:
    """Return the conversation as it goes to a person: old trouble opens no second handoff."""
    calm = replace(conversation.dialogue, tasks=(), misses=0, anger=(), wait_notes=0)
    return replace(conversation, dialogue=calm)


def is_waiting(conversation: Conversation) -> bool:
    """Return whether the shopper waits for a person."""
    return conversation.owner is Owner.QUEUE
