"""Several wishes in one turn: answers in their order, what has to be asked at the end."""

from dataclasses import dataclass, replace

from bot.dialogue.outcome import Outcome, with_tasks
from bot.model import Conversation, Reply
from escalation.model import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What came of the wishes so far.

    One question is asked in a turn, and it stands last, where the answer is expected. A second
    wish that has to ask waits below the first on the stack of tasks.
    """

    after: Conversation
    answers: tuple[Reply, ...] = ()
    question: tuple[Reply, ...] = ()
    skill: str | None = None
    person: Reason | None = None

    def with_part(self, part: Outcome) -> "Round":
        """Add what came of the next wish."""
        joined = replace(self, after=part.after, skill=self.skill or part.skill)
        if part.person is not None:
            return replace(joined, person=part.person)
        if part.decision != "ask":
            return replace(joined, answers=(*self.answers, *part.replies))
        if self.question:
            return replace(joined, after=_wait_below(part.after))
        return replace(joined, question=part.replies)

    def outcome(self) -> Outcome:
        """Return the whole turn's outcome."""
        return Outcome(
            decision="several",
            after=self.after,
            replies=(*self.answers, *self.question),
            skill=self.skill,
            person=self.person,
        )


def _wait_below(conversation: Conversation) -> Conversation:
    """Put the task on top, which has just asked, below the one that asked before it."""
    *rest, first, last = conversation.dialogue.tasks
    waiting = replace(last, asked=None)
    return with_tasks(conversation, (*rest, waiting, first))
