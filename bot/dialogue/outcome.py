"""What came of carrying out a decision."""

from dataclasses import dataclass, replace

from bot.model import Conversation, Reply, Task
from escalation.model import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Replies without words, and the conversation as it will be.

    `decision` is the contract's word for what was done in the end: a search that found nothing
    is a "clarify". With `person` set a handoff is to be opened, whatever else is here.
    """

    decision: str
    after: Conversation
    replies: tuple[Reply, ...] = ()
    skill: str | None = None
    person: Reason | None = None
    position: int | None = None
    """The shopper's place in the queue, if they wait."""
    leaves_question: bool = False
    """An open question isn't repeated behind this."""
    keeps_offer: bool = False
    """What was offered before stands: the shopper asked for a moment."""


def with_tasks(conversation: Conversation, tasks: tuple[Task, ...]) -> Conversation:
    """Return the conversation with another stack of tasks."""
    return replace(conversation, dialogue=replace(conversation.dialogue, tasks=tasks))


def answered(conversation: Conversation, reply: Reply) -> Conversation:
    """Return the conversation after a real answer: what was missed before counts no more."""
    dialogue = conversation.dialogue
    tried = (*dialogue.tried, reply.key)[-12:]
    return replace(conversation, dialogue=replace(dialogue, misses=0, tried=tried))
