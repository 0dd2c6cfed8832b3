"""Carry out a decision, and say what came of it, without words yet."""

from dataclasses import dataclass
from typing import assert_never

from bot.dialogue.choices import topic_choice
from bot.dialogue.decide import trusted_intent
from bot.dialogue.outcome import Outcome
from bot.dialogue.playbook import Playbook
from bot.dialogue.queue import Queue
from bot.dialogue.search import Searcher
from bot.dialogue.tasks import Tasks
from bot.dialogue.tone import opening
from bot.model import (
    Confirm,
    Conversation,
    Decision,
    Drop,
    HandOver,
    LeaveQueue,
    Recognition,
    Reply,
    Say,
    SearchKnowledge,
    Silent,
    Task,
    UseSkill,
    Wait,
)
from bot.ports import SkillError
from escalation.model import Reason

OFFERED_AT_FIRST = ("order_status", "return_request", "delivery_time", "contact_human")
"""Topics that a greeting offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Does what was decided, through the ports."""

    tasks: Tasks
    searcher: Searcher
    queue: Queue
    playbook: Playbook

    async def carry_out(
        self, decision: Decision, conversation: Conversation, recognition: Recognition
    ) -> Outcome:
        """Return what came of a decision; what needs a person has opened its handoff.

        A failing shop is a reason for a person, not an error.
        """
        try:
            outcome = await self._carry_out(decision, conversation, recognition)
        except SkillError:
            reason = Reason.SKILL_FAILED
            outcome = Outcome(decision="hand_over", after=conversation, person=reason)
        if outcome.person is None:
            return outcome
        text = recognition.understanding.text
        return await self.queue.open(outcome.person, outcome.after, text)

    async def _carry_out(  # noqa: C901, PLR0911 - one case per kind of decision, and no more
        self, decision: Decision, conversation: Conversation, recognition: Recognition
    ) -> Outcome:
        match decision:
            case Silent():
                return Outcome(decision="silent", after=conversation)
            case Wait():
                return await self.queue.wait(decision, conversation)
            case LeaveQueue():
                return self.queue.leave(conversation)
            case HandOver(reason=reason):
                return Outcome(decision="hand_over", after=conversation, person=reason)
            case Say(key=key):
                return await self._say(key, conversation)
            case Drop():
                return self.tasks.drop(conversation)
            case UseSkill(task=task):
                return await self._use(task, conversation, recognition)
            case Confirm(task=task, yes=yes):
                return await self.tasks.confirm(task, yes=yes, conversation=conversation)
            case SearchKnowledge():
                return await self.searcher.search(decision, conversation, recognition)
            case _:
                assert_never(decision)

    async def _say(self, key: str, conversation: Conversation) -> Outcome:
        offered = OFFERED_AT_FIRST if key == "greeting" else ()
        reply = Reply(key=key, choices=tuple(topic_choice(intent) for intent in offered))
        outcome = Outcome(decision="say", after=conversation, replies=(reply,))
        if key in {"thanks", "goodbye"}:
            return outcome  # asking again for a number after "thanks, bye" would be pushy
        return await self.tasks.resume(outcome)

    async def _use(
        self, task: Task, conversation: Conversation, recognition: Recognition
    ) -> Outcome:
        intent = trusted_intent(recognition.understanding)
        feeling = opening(conversation, intent, self.playbook)
        return await self.tasks.step(task, conversation, feeling)
