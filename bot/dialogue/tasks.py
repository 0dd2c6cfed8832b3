"""Skills at work: run a task's next step, ask for what it needs, come back after a digression."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from bot.commerce import CustomerId, OrderNumber
from bot.dialogue.outcome import Outcome, answered, with_tasks
from bot.model import Conversation, Phrase, Reply, Task
from bot.ports import Done, Failed, Need, Now, Propose, Refuse, ShopAccess, Skill, Step
from escalation.model import Reason

OpenShop = Callable[[CustomerId | None, frozenset[OrderNumber]], ShopAccess]

MOST_ATTEMPTS = 3
"""How often one question is asked before a person is called."""

_ANSWERS = frozenset({"use_skill", "search_knowledge", "say", "confirm", "several", "drop"})
"""Decisions behind which there is room for the question that was open before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """Runs the tasks of a conversation; the last one of the stack is at work."""

    skills: Mapping[str, Skill]
    open_shop: OpenShop
    now: Now
    proof_tries: int = 5

    async def step(
        self, task: Task, conversation: Conversation, feeling: Phrase | None
    ) -> Outcome:
        """Take a task as far as its slots allow. Raises SkillError when the shop fails."""
        shop = self.open_shop(conversation.customer, conversation.proven)
        step = await self.skills[task.skill].step(task, shop, self.now())
        conversation = replace(conversation, proven=shop.proven)
        return self._after_step(step, task, conversation, feeling)

    def _after_step(
        self, step: Step, task: Task, conversation: Conversation, feeling: Phrase | None
    ) -> Outcome:
        below = _others(conversation, task)
        match step:
            case Need():
                return self._ask(step, task, conversation, feeling)
            case Propose(preview=preview, reply=reply, task=going):
                shown = replace(going, preview=preview)
                after = answered(with_tasks(conversation, (*below, shown)), reply)
            case Done(reply=reply) | Refuse(reply=reply):
                after = answered(with_tasks(conversation, below), reply)
            case Failed(failed_proof=unproven):
                reason = Reason.IDENTITY_UNPROVEN if unproven else Reason.SKILL_FAILED
                after = with_tasks(conversation, below)
                return Outcome(decision="hand_over", after=after, person=reason, skill=task.skill)
            case _:
                assert_never(step)
        return Outcome(
            decision="use_skill",
            skill=task.skill,
            after=after,
            replies=(replace(reply, opening=reply.opening or feeling),),
        )

    def _ask(
        self, need: Need, task: Task, conversation: Conversation, feeling: Phrase | None
    ) -> Outcome:
        # Wrong proofs are counted by themselves, and five of them are allowed.
        again = task.asked == need.slot and not need.progress and not need.failed_proof
        attempts = task.attempts + 1 if again else 0
        asked = replace(need.task, asked=need.slot, attempts=attempts)
        after = with_tasks(conversation, (*_others(conversation, task), asked))
        failed = after.dialogue.failed_proofs + need.failed_proof
        after = replace(after, dialogue=replace(after.dialogue, failed_proofs=failed))
        reason = self._give_up(failed=failed, attempts=attempts)
        reply = replace(need.reply, opening=need.reply.opening or feeling)
        return Outcome(
            decision="ask", skill=task.skill, after=after, replies=(reply,), person=reason
        )

    def _give_up(self, *, failed: int, attempts: int) -> Reason | None:
        if failed >= self.proof_tries:
            return Reason.IDENTITY_UNPROVEN
        return Reason.NOT_UNDERSTOOD if attempts >= MOST_ATTEMPTS else None

    async def confirm(self, task: Task, *, yes: bool, conversation: Conversation) -> Outcome:
        """Make the previewed change, or drop it."""
        if not yes or task.preview is None:
            return self.drop(conversation)
        shop = self.open_shop(conversation.customer, conversation.proven)
        step = await self.skills[task.skill].apply(task.preview, shop, self.now())
        outcome = self._after_step(step, task, conversation, None)
        return replace(outcome, decision="confirm")

    async def resume(self, outcome: Outcome) -> Outcome:
        """Come back to the question that was open before, or take up what waits behind it."""
        if outcome.leaves_question or outcome.person or outcome.decision not in _ANSWERS:
            return outcome
        tasks = outcome.after.dialogue.tasks
        if not tasks or tasks[-1].preview is not None:
            return outcome
        key = "next_request" if tasks[-1].asked is None else "resume"
        again = await self.step(tasks[-1], outcome.after, Phrase(key=key))
        joined = replace(outcome, after=again.after, replies=(*outcome.replies, *again.replies))
        if again.person is not None:
            return replace(joined, person=again.person)
        return joined if again.decision == "ask" else await self.resume(joined)

    async def reword(self, conversation: Conversation) -> Outcome:
        """Ask the open question once more, in other words."""
        task = conversation.dialogue.tasks[-1]
        return await self.step(task, conversation, Phrase(key="explain"))

    def drop(self, conversation: Conversation) -> Outcome:
        """Let go of the task at work."""
        rest = conversation.dialogue.tasks[:-1]
        after = with_tasks(conversation, rest)
        return Outcome(decision="drop", after=after, replies=(Reply(key="task.dropped"),))


def _others(conversation: Conversation, task: Task) -> tuple[Task, ...]:
    return tuple(t for t in conversation.dialogue.tasks if t.skill != task.skill)
