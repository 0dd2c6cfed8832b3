"""Carry out a decision, and say what came of it, without words yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from bot.dialogue.choices import topic_choice
from bot.dialogue.meant import trusted_intent
from bot.dialogue.notes import note_choice
from bot.dialogue.outcome import Outcome
from bot.dialogue.playbook import Playbook
from bot.dialogue.queue import Queue
from bot.dialogue.search import Searcher
from bot.dialogue.several import Round
from bot.dialogue.tasks import Tasks
from bot.dialogue.tone import opening
from bot.model import (
    Choice,
    Choose,
    Clarify,
    Confirm,
    Conversation,
    Decision,
    Drop,
    HandOver,
    LeaveQueue,
    Meant,
    Phrase,
    Recognition,
    Reply,
    Say,
    SearchKnowledge,
    Several,
    Silent,
    Task,
    UseSkill,
    Wait,
)
from bot.ports import SkillError
from escalation.model import Reason

OFFERED_AT_FIRST = ("order_status", "return_request", "delivery_time", "contact_human")
"""Topics that a greeting offers."""

OFFERS: Mapping[str, tuple[str, ...]] = {
    "greeting": OFFERED_AT_FIRST,
    "bot_identity": OFFERED_AT_FIRST,
    "wordless": OFFERED_AT_FIRST,
    "choose.none": ("contact_human",),
    "explain.nothing": ("contact_human",),
    "bare_link": ("contact_human",),
    "clarify.yes_no": ("affirm", "deny"),
}
"""What fixed replies offer to choose from."""

_LEAVES_QUESTION = frozenset({"thanks", "goodbye", "wait", "choose.none", "clarify.yes_no"})
"""Fixed replies behind which an open question isn't repeated: that would be pushy."""


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
        outcome = await self._try(decision, conversation, recognition)
        if outcome.person is None:
            return outcome
        text = recognition.understanding.text
        opened = await self.queue.open(outcome.person, outcome.after, text)
        answered = outcome.replies if isinstance(decision, Several) else ()
        return replace(opened, replies=(*answered, *opened.replies))

    async def _try(
        self, decision: Decision, conversation: Conversation, recognition: Recognition
    ) -> Outcome:
        try:
            return await self._carry_out(decision, conversation, recognition)
        except SkillError:
            return _failed(conversation)

    async def _carry_out(
        self, decision: Decision, conversation: Conversation, recognition: Recognition
    ) -> Outcome:
        match decision:
            case Several(parts=parts):
                return await self._several(parts, conversation)
            case Meant(said=said, decision=inner):
                meant = Recognition(understanding=said)
                return await self._carry_out(inner, note_choice(conversation, said), meant)
            case _:
                outcome = await self._do(decision, conversation, recognition)
                return await self.tasks.resume(outcome)

    async def _do(  # noqa: C901, PLR0911, PLR0912 - one case per kind of decision, and no more
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
            case Say(key="explain"):
                return await self.tasks.reword(conversation)
            case Say(key=key):
                return self._say(key, conversation)
            case Choose():
                return _offer_again(conversation)
            case Drop():
                return self.tasks.drop(conversation)
            case UseSkill(task=task):
                return await self._use(task, conversation, recognition)
            case Confirm(task=task, yes=yes):
                return await self.tasks.confirm(task, yes=yes, conversation=conversation)
            case SearchKnowledge():
                return await self.searcher.search(decision, conversation, recognition)
            case Clarify():
                return await self.searcher.clarify(decision, conversation, recognition)
            case Several() | Meant():
                return await self._carry_out(decision, conversation, recognition)
            case _:
                assert_never(decision)

    async def _several(self, parts: Sequence[Meant], conversation: Conversation) -> Outcome:
        """Carry out each wish in its order, until one of them needs a person."""
        round_ = Round(after=conversation)
        for part in parts:
            heard = Recognition(understanding=part.said)
            before = note_choice(round_.after, part.said)
            round_ = round_.with_part(await self._try_part(part.decision, before, heard))
            if round_.person is not None:
                break
        outcome = round_.outcome()
        return outcome if round_.question else await self.tasks.resume(outcome)

    async def _try_part(
        self, decision: Decision, conversation: Conversation, recognition: Recognition
    ) -> Outcome:
        """Carry out one wish; the question that was open before comes back after all of them."""
        try:
            return await self._do(decision, conversation, recognition)
        except SkillError:
            return _failed(conversation)

    def _say(self, key: str, conversation: Conversation) -> Outcome:
        feeling = opening(conversation, None, self.playbook) if key == "wordless" else None
        choices = tuple(map(topic_choice, OFFERS.get(key, ())))
        reply = Reply(key=key, choices=choices, opening=feeling)
        return Outcome(
            decision="say",
            after=conversation,
            replies=(reply,),
            leaves_question=key in _LEAVES_QUESTION,
            keeps_offer=key == "wait",
        )

    async def _use(
        self, task: Task, conversation: Conversation, recognition: Recognition
    ) -> Outcome:
        intent = trusted_intent(recognition.understanding)
        feeling = opening(conversation, intent, self.playbook)
        return await self.tasks.step(task, conversation, feeling)


def _failed(conversation: Conversation) -> Outcome:
    """Call a person where a skill could not do its work."""
    return Outcome(decision="hand_over", after=conversation, person=Reason.SKILL_FAILED)


def _offer_again(conversation: Conversation) -> Outcome:
    offer = conversation.dialogue.offer
    choices = tuple(
        Choice(label=Phrase(key="choice.plain", values={"text": one.label}), value=one.value)
        for one in (offer.choices if offer else ())
    )
    reply = Reply(key="choose.which", choices=choices)
    return Outcome(decision="clarify", after=conversation, replies=(reply,))
