"""Choose the next step: a pure function of the conversation and of what was understood."""

from dataclasses import replace

from bot.dialogue.doubt import clarify
from bot.dialogue.meant import (
    about_choice,
    as_chosen,
    beside_entities,
    is_link,
    is_wordless,
    part_of,
    trusted_intent,
)
from bot.dialogue.picks import is_plain_yes, pick, pointed_at
from bot.dialogue.playbook import Playbook
from bot.dialogue.slots import fill
from bot.model import (
    Choose,
    Confirm,
    Conversation,
    Decision,
    Drop,
    HandOver,
    LeaveQueue,
    Meant,
    Owner,
    Say,
    SearchKnowledge,
    Several,
    Silent,
    Task,
    Understanding,
    UseSkill,
    Wait,
    WordedChoice,
)
from escalation.model import Signals

ORDER_TOLD = "order_status."
"""Beginning of the keys of replies that tell an order's state."""

BESIDE_ANSWER = 0.9
"""Least confidence of a wish that stands beside the answer to a question."""

CALL = 0.35
"""Least confidence of a call for a person; below it the person is offered as a choice."""

CALL_BESIDE_ANSWER = 0.97
"""Least confidence of a call for a person in a message that gives what was asked for."""

QUESTIONS = frozenset({"clarify", "knowledge.nothing", "choose.which"})
"""Replies that ask which of the choices is meant, so that a bare yes means the only one."""


def decide(conversation: Conversation, said: Understanding, playbook: Playbook) -> Decision:
    """Choose one next step; whether a person is needed always comes first.

    `conversation` already counts this turn (see `notes.note`): its last emotion is this one.
    """
    if conversation.owner is Owner.AGENT:
        return Silent()
    if conversation.owner is Owner.QUEUE:
        return _in_queue(said, playbook)
    intent = trusted_intent(said)
    if reason := playbook.policy.assess(_signals(conversation, said, intent, playbook)):
        return HandOver(reason=reason)
    answer = _answer_to_task(conversation, said, intent, playbook)
    if answer is None:
        answer = _answer_to_offer(conversation, said, intent, playbook)
    if answer is None:
        answer = _about_the_talk(conversation, said, intent, playbook)
    if answer is not None:
        return answer
    if said.requests:
        return _several(conversation, said, playbook)
    return _by_intent(conversation, said, intent, playbook)


def _in_queue(said: Understanding, playbook: Playbook) -> Decision:
    if said.exact == playbook.back_to_bot:
        return LeaveQueue()
    email = said.first("email")
    return Wait(callback_email=email.value if email else None)


def _signals(
    conversation: Conversation, said: Understanding, intent: str | None, playbook: Playbook
) -> Signals:
    dialogue = conversation.dialogue
    wishes = {intent, *(request.intent for request in said.requests)}
    return Signals(
        asked_for_person=playbook.contact_human in wishes
        and not _hardly_calls(said)
        and not _only_answers(conversation, said, playbook),
        anger=dialogue.anger,
        intent=intent,
    )


def _hardly_calls(said: Understanding) -> bool:
    """Say whether a call for a person is no more than a guess: asking back is better then."""
    return said.exact is None and not said.requests and said.confidence < CALL


def _only_answers(conversation: Conversation, said: Understanding, playbook: Playbook) -> bool:
    """Say whether what looks a little like a call for a person is the phone number asked for."""
    task = _at_work(conversation)
    if task is None or task.asked is None or said.exact is not None or said.requests:
        return False
    if said.confidence >= CALL_BESIDE_ANSWER:
        return False
    return bool(fill(playbook.slots[task.skill], said, asked=task.asked, have=task.slots))


def _at_work(conversation: Conversation) -> Task | None:
    tasks = conversation.dialogue.tasks
    return tasks[-1] if tasks else None


# -- answers to what was asked -----------------------------------------------------------------


def _answer_to_task(
    conversation: Conversation, said: Understanding, intent: str | None, playbook: Playbook
) -> Decision | None:
    """Read the message as an answer to what the task at work asked; None when it isn't one."""
    task = _at_work(conversation)
    if task is None:
        return None
    if task.preview is not None and intent in {playbook.affirm, playbook.deny}:
        return _confirmed(task, said, intent, playbook)
    filled = fill(playbook.slots[task.skill], said, asked=task.asked, have=task.slots)
    if not filled or not _belongs_to(task, intent, playbook):
        return None
    step = UseSkill(task=_with_slots(task, filled))
    others = _other_wishes(conversation, task, said, playbook)
    return Several(parts=(Meant(said=said, decision=step), *others)) if others else step


def _other_wishes(
    conversation: Conversation, task: Task, said: Understanding, playbook: Playbook
) -> list[Meant]:
    """Return what a message asks for beside the answer that it gives."""
    parts = _parts(conversation, said, playbook)
    more = beside_entities(said)
    if not parts and more is not None and said.in_scope and said.confidence >= BESIDE_ANSWER:
        parts = [Meant(said=more, decision=_by_rule(conversation, more, more.intent, playbook))]
    return [
        part
        for part in parts
        if playbook.skill_of(part.said.intent) != task.skill and _is_wish(part.decision)
    ]


def _is_wish(decision: Decision) -> bool:
    return isinstance(decision, UseSkill | SearchKnowledge)


def _confirmed(
    task: Task, said: Understanding, intent: str | None, playbook: Playbook
) -> Decision:
    """Change something on a clear yes only; a likely one is asked about once more."""
    if intent == playbook.affirm and not said.sure:
        return Say(key="clarify.yes_no")
    return Confirm(task=task, yes=intent == playbook.affirm)


def _belongs_to(task: Task, intent: str | None, playbook: Playbook) -> bool:
    """Say whether a message that fills slots goes on with the task, not with a new one."""
    if intent is None or intent not in playbook.intents:
        return True
    if playbook.skill_of(intent) == task.skill:
        return True
    # A bare number or address is often taken for some intent; only one that starts another
    # skill is stronger than an answer to our own question.
    return playbook.skill_of(intent) is None


def _answer_to_offer(
    conversation: Conversation, said: Understanding, intent: str | None, playbook: Playbook
) -> Decision | None:
    """Read the message as an answer to the choices of the last reply; None when it isn't one."""
    offer = conversation.dialogue.offer
    if offer is None:
        return None
    taken = pick(said, offer, playbook.words)
    if taken is None and intent == playbook.affirm:
        taken = _agreed(conversation, said, playbook)
        if taken is None and offer.key in QUESTIONS:
            return Choose()
    if taken is None:
        return _about_offered(conversation, said, intent, playbook)
    if not taken:
        return Say(key="choose.none")
    steps = [_take(choice, conversation, said, playbook) for choice in taken]
    return steps[0] if len(steps) == 1 else Several(parts=tuple(steps))


def _about_offered(
    conversation: Conversation, said: Understanding, intent: str | None, playbook: Playbook
) -> Decision | None:
    """Read a question about one of the choices; None when it points at none of them."""
    meant = None if said.requests else _pointing(conversation, said, intent, playbook)
    return _as_if(meant, conversation, playbook) if meant is not None else None


def _pointing(
    conversation: Conversation, said: Understanding, intent: str | None, playbook: Playbook
) -> Understanding | None:
    """Return a question with the choice that it points at as an entity; None without one.

    Only a wish that such a thing is of use to points at it: "the last question" does not.
    """
    offer, task = conversation.dialogue.offer, _at_work(conversation)
    choice = pointed_at(said, offer, playbook.words) if offer is not None else None
    meant = about_choice(choice, said, task, playbook) if choice is not None else None
    rule = playbook.intents.get(intent or "")
    if meant is None or rule is None:
        return None
    if meant.entities[0].type == "product":
        return meant if rule.answered_by.startswith("products") else None
    skill = playbook.skill_of(intent or "")
    own = task is not None and skill == task.skill
    return meant if own or rule.with_order is not None else None


def _agreed(
    conversation: Conversation, said: Understanding, playbook: Playbook
) -> tuple[WordedChoice, ...] | None:
    """Return what a yes takes: the only thing that was asked about, or the offered person."""
    offer = conversation.dialogue.offer
    if offer is None:
        return None
    person = f"/{playbook.contact_human}"
    things = tuple(choice for choice in offer.choices if choice.value != person)
    if offer.key in QUESTIONS and len(things) == 1:
        return things
    # "Ok" behind an answer is no wish for the colleague that the answer offers, "yes please" is.
    only_person = not things and (offer.key in QUESTIONS or is_plain_yes(said, playbook.words))
    return offer.choices[:1] if only_person else None


def _take(
    choice: WordedChoice, conversation: Conversation, said: Understanding, playbook: Playbook
) -> Meant:
    meant = as_chosen(choice, said, _at_work(conversation), playbook)
    return _as_if(meant, conversation, playbook)


def _as_if(meant: Understanding, conversation: Conversation, playbook: Playbook) -> Meant:
    """Decide as if something else had been said, with nothing offered before."""
    dialogue = replace(conversation.dialogue, offer=None)
    decision = decide(replace(conversation, dialogue=dialogue), meant, playbook)
    return Meant(said=meant, decision=decision)


def _about_the_talk(
    conversation: Conversation, said: Understanding, intent: str | None, playbook: Playbook
) -> Decision | None:
    """Answer what is said about the talk itself, or says nothing at all."""
    asked = _at_work(conversation)
    if intent == playbook.explain or (is_wordless(said) and asked is not None):
        return _explained(conversation)
    if is_wordless(said):
        return Say(key="wordless")
    if is_link(said):  # the digits in it are no order number
        return Say(key="bare_link")
    if intent != playbook.deny:
        return None
    if asked is not None:  # what may be a no and may be not is no reason to drop anything
        return Drop() if said.sure else SearchKnowledge(intent=None)
    return Say(key="negated") if said.exact is None else None


def _explained(conversation: Conversation) -> Decision:
    """Put the open question in other words; the one with choices offers them once more."""
    offer = conversation.dialogue.offer
    if _at_work(conversation) is not None:
        return Say(key="explain")
    return Choose() if offer is not None and offer.key in QUESTIONS else Say(key="explain.nothing")


# -- wishes ------------------------------------------------------------------------------------


def _several(conversation: Conversation, said: Understanding, playbook: Playbook) -> Decision:
    return Several(parts=tuple(_parts(conversation, said, playbook)))


def _parts(conversation: Conversation, said: Understanding, playbook: Playbook) -> list[Meant]:
    """Return what to do about each wish of a message with several."""
    parts = [part_of(said, request) for request in said.requests]
    parts = [_pointing(conversation, one, one.intent, playbook) or one for one in parts]
    return [
        Meant(said=part, decision=_by_rule(conversation, part, part.intent, playbook))
        for part in parts
    ]


def _by_intent(
    conversation: Conversation, said: Understanding, intent: str | None, playbook: Playbook
) -> Decision:
    return clarify(conversation, said, playbook) or _by_rule(conversation, said, intent, playbook)


def _by_rule(
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
