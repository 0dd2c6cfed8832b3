"""Choose the next step: a pure function of the conversation and of what was understood."""

from dataclasses import replace

from bot.dialogue.playbook import Playbook
from bot.dialogue.slots import fill, is_bare
from bot.model import (
    Confirm,
    Conversation,
    Decision,
    Drop,
    HandOver,
    LeaveQueue,
    Owner,
    Say,
    SearchKnowledge,
    Silent,
    Task,
    Understanding,
    UseSkill,
    Wait,
)
from escalation.model import Signals

ORDER_TOLD = "order_status."
"""Beginning of the keys of replies that tell an order's state."""


def decide(conversation: Conversation, said: Understanding, playbook: Playbook) -> Decision:
    """Choose one next step; whether a person is needed always comes first.

    `conversation` already counts this turn (see `notes.note`): its last emotion is this one.
    """
    if conversation.owner is Owner.AGENT:
        return Silent()
    if conversation.owner is Owner.QUEUE:
        return _in_queue(said, playbook)
    intent = trusted_intent(said)
    if reason := playbook.policy.assess(_signals(conversation, intent, playbook)):
        return HandOver(reason=reason)
    if (task := _at_work(conversation)) is not None:
        step = _answer_to_question(task, said, intent, playbook)
        if step is not None:
            return step
    return _by_intent(conversation, said, intent, playbook)


def trusted_intent(said: Understanding) -> str | None:
    """Return the intent to act on, None when the message is out of scope or names things only."""
    if said.exact is not None:
        return said.exact
    return said.intent if said.in_scope and not is_bare(said) else None


def _in_queue(said: Understanding, playbook: Playbook) -> Decision:
    if said.exact == playbook.back_to_bot:
        return LeaveQueue()
    email = said.first("email")
    return Wait(callback_email=email.value if email else None)


def _signals(conversation: Conversation, intent: str | None, playbook: Playbook) -> Signals:
    dialogue = conversation.dialogue
    return Signals(
        asked_for_person=intent == playbook.contact_human,
        anger=dialogue.anger,
        intent=intent,
    )


def _at_work(conversation: Conversation) -> Task | None:
    tasks = conversation.dialogue.tasks
    return tasks[-1] if tasks else None


def _answer_to_question(
    task: Task, said: Understanding, intent: str | None, playbook: Playbook
) -> Decision | None:
    """Read the message as an answer to what was asked; None when it isn't one."""
    if task.preview is not None and intent in {playbook.affirm, playbook.deny}:
        return Confirm(task=task, yes=intent == playbook.affirm)
    filled = fill(playbook.slots[task.skill], said, asked=task.asked, have=task.slots)
    if filled and _belongs_to(task, intent, playbook):
        return UseSkill(task=_with_slots(task, filled))
    if intent == playbook.deny:
        return Drop()
    return None


def _belongs_to(task: Task, intent: str | None, playbook: Playbook) -> bool:
    """Say whether a message that fills slots goes on with the task, not with a new one."""
    if intent is None or intent not in playbook.intents:
        return True
    if playbook.skill_of(intent) == task.skill:
        return True
    # A bare number or address is often taken for some intent; only one that starts another
    # skill is stronger than an answer to our own question.
    return playbook.skill_of(intent) is None


def _by_intent(
    conversation: Conversation, said: Understanding, intent: str | None, playbook: Playbook
) -> Decision:
    rule = playbook.intents.get(intent) if intent else None
    if intent is None or rule is None:
        return _without_intent(conversation, said, playbook)
    if rule.with_order is not None and (number := _order_meant(conversation, said)):
        task = _start_or_go_on(conversation, rule.with_order, said, playbook)
        return UseSkill(task=replace(task, slots={"order_number": number, **task.slots}))
    kind, _, name = rule.answered_by.partition(":")
    if kind == "skill":
        return UseSkill(task=_start_or_go_on(conversation, name, said, playbook))
    if kind in {"reply", "context"}:
        return Say(key=intent)
    return SearchKnowledge(intent=intent, products=kind == "products")


def _order_meant(conversation: Conversation, said: Understanding) -> str | None:
    """Return the order that the message names, or else the one just spoken of."""
    named = said.first("order_number")
    if named is not None:
        return named.value
    dialogue = conversation.dialogue
    just_told = dialogue.tried[-1:] and dialogue.tried[-1].startswith(ORDER_TOLD)
    return dialogue.orders[-1] if just_told and dialogue.orders else None


def _without_intent(
    conversation: Conversation, said: Understanding, playbook: Playbook
) -> Decision:
    """Who names an order means that order; anything else may still match an article."""
    for kind, skill in playbook.for_entity.items():
        if said.first(kind) is not None:
            return UseSkill(task=_start_or_go_on(conversation, skill, said, playbook))
    return SearchKnowledge(intent=None)


def _start_or_go_on(
    conversation: Conversation, skill: str, said: Understanding, playbook: Playbook
) -> Task:
    filled = fill(playbook.slots[skill], said)
    task = _at_work(conversation)
    if task is not None and task.skill == skill:
        return _with_slots(task, filled)
    return Task(skill=skill, slots=filled)


def _with_slots(task: Task, filled: dict[str, str]) -> Task:
    """Put new values in; a corrected value replaces the old one."""
    return replace(task, slots={**task.slots, **filled})
