"""How a reply opens: it answers what the shopper feels before it answers the question."""

from bot.dialogue.playbook import Playbook
from bot.model import Conversation, Phrase

FELT = 0.5
"""Intensity from which a feeling is answered; weaker ones are passed over in silence."""

_ANSWERED = frozenset({"angry", "sad", "anxious", "confused"})


def opening(conversation: Conversation, intent: str | None, playbook: Playbook) -> Phrase | None:
    """Return the sentence to open with: for what happened, else for the feeling, else none."""
    rule = playbook.intents.get(intent) if intent else None
    if rule is not None and rule.acknowledge and not _said_before(conversation, intent):
        return Phrase(key=f"acknowledge.{intent}")
    emotions = conversation.dialogue.emotions
    if not emotions:
        return None
    name, intensity = emotions[-1]
    if name not in _ANSWERED or intensity < FELT or name in {n for n, _ in emotions[-2:-1]}:
        return None  # the same sympathy twice in a row sounds like a machine
    return Phrase(key=f"opening.{name}")


def _said_before(conversation: Conversation, intent: str | None) -> bool:
    return conversation.dialogue.intents[:-1][-1:] == (intent,)
