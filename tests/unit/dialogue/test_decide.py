"""The next step, as a pure function of a conversation and an understanding."""

from dataclasses import replace

import pytest

from bot.dialogue.decide import decide
from bot.dialogue.notes import note
from bot.model import (
    Confirm,
    Conversation,
    Decision,
    Dialogue,
    Drop,
    Emotion,
    Guess,
    HandOver,
    LeaveQueue,
    Preview,
    Say,
    SearchKnowledge,
    Silent,
    Task,
    Understanding,
    UseSkill,
    Wait,
)
from escalation.model import AgentId, Handoff, HandoffId, Reason, Summary
from tests.unit.dialogue.build import AT, PLAYBOOK, conversation, said

ASKED_PROOF = Task(skill="order_status", slots={"order_number": "SB-1"}, asked="proof")
HANDOFF = Handoff(
    id=HandoffId("h1"),
    reason=Reason.ASKED_FOR_PERSON,
    summary=Summary(reason=Reason.ASKED_FOR_PERSON),
    opened_at=AT,
)


def step(before: Conversation, what: Understanding) -> Decision:
    return decide(note(before, what), what, PLAYBOOK)


def with_task(task: Task) -> Conversation:
    return conversation(Dialogue(tasks=(task,)))


def test_an_agent_who_owns_the_talk_silences_the_bot() -> None:
    owned = conversation(handoff=HANDOFF.accept(AgentId("a1"), AT))
    assert step(owned, said(intent="contact_human")) == Silent()


def test_the_queue_tells_the_place_whatever_is_said() -> None:
    waiting = conversation(handoff=HANDOFF)
    assert step(waiting, said("where is SB-1", "order_status", order_number="SB-1")) == Wait()


def test_the_queue_takes_an_address_for_a_call_back() -> None:
    waiting = conversation(handoff=HANDOFF)
    given = said("write to me@example.com", email="me@example.com")
    assert step(waiting, given) == Wait(callback_email="me@example.com")


def test_the_queue_gives_the_talk_back_when_told_to() -> None:
    waiting = conversation(handoff=HANDOFF)
    assert step(waiting, said("back to the bot", exact="back_to_bot")) == LeaveQueue()


def test_an_ended_handoff_is_no_new_one() -> None:
    ended = HANDOFF.accept(AgentId("a1"), AT).end(AT, return_to_bot=True)
    assert step(conversation(handoff=ended), said()) == Say(key="greeting")


@pytest.mark.parametrize("before", [conversation(), with_task(ASKED_PROOF)])
def test_a_person_is_reached_in_any_state(before: Conversation) -> None:
    decision = step(before, said("a person please", "contact_human"))
    assert decision == HandOver(reason=Reason.ASKED_FOR_PERSON)


def test_a_mere_guess_at_a_call_for_a_person_calls_nobody() -> None:
    guess = replace(
        said("give me another", "contact_human"),
        ranking=(Guess(intent="contact_human", confidence=0.3),),
    )

    assert not isinstance(decide(conversation(), guess, PLAYBOOK), HandOver)


def test_the_phone_number_asked_for_is_no_call_for_a_person() -> None:
    before = conversation(Dialogue(tasks=(ASKED_PROOF,)))
    number = said("phone number is 415-555-0142", "contact_human", phone="415-555-0142")

    step = decide(before, number, PLAYBOOK)

    assert isinstance(step, UseSkill)
    assert isinstance(decide(before, said("get me a person", "contact_human"), PLAYBOOK), HandOver)


def test_great_anger_calls_a_person() -> None:
    decision = step(conversation(), said("!!", "complaint", emotion=("angry", 0.95)))
    assert decision == HandOver(reason=Reason.UPSET)


def test_growing_anger_calls_a_person_though_no_message_is_extreme() -> None:
    before = conversation(Dialogue(anger=(0.3, 0.4)))
    decision = step(before, said("again?", "order_status", emotion=("angry", 0.6)))
    assert decision == HandOver(reason=Reason.UPSET)


def test_past_anger_of_somebody_calm_now_calls_nobody() -> None:
    before = conversation(Dialogue(anger=(0.8, 0.8)))
    assert step(before, said("ok, and refunds?", "refund_policy")) == SearchKnowledge(
        intent="refund_policy"
    )


def test_a_skill_starts_with_what_the_message_holds() -> None:
    decision = step(
        conversation(),
        said(
            "where is SB-7, a@example.com",
            "order_status",
            order_number="SB-7",
            email="a@example.com",
        ),
    )
    slots = {"order_number": "SB-7", "email": "a@example.com"}
    assert decision == UseSkill(task=Task(skill="order_status", slots=slots))


def test_an_answer_fills_the_open_slot_whatever_intent_it_looks_like() -> None:
    decision = step(
        with_task(ASKED_PROOF), said("a@example.com", "refund_policy", email="a@example.com")
    )
    expected = replace(ASKED_PROOF, slots={"order_number": "SB-1", "email": "a@example.com"})
    assert decision == UseSkill(task=expected)


def test_a_correction_replaces_the_slot() -> None:
    decision = step(
        with_task(ASKED_PROOF), said("no, SB-2", "deny", in_scope=False, order_number="SB-2")
    )
    assert decision == UseSkill(task=replace(ASKED_PROOF, slots={"order_number": "SB-2"}))


def test_name_and_zip_come_from_one_message() -> None:
    decision = step(
        with_task(ASKED_PROOF), said("Ana Roe, 10115", "greeting", in_scope=False, zip="10115")
    )
    assert isinstance(decision, UseSkill)
    assert decision.task.slots["zip"] == "10115"
    assert "Ana Roe" in decision.task.slots["name"]


def test_another_question_is_a_digression_and_leaves_the_task() -> None:
    decision = step(with_task(ASKED_PROOF), said("how long do refunds take", "refund_policy"))
    assert decision == SearchKnowledge(intent="refund_policy")


def test_no_drops_the_open_task() -> None:
    assert step(with_task(ASKED_PROOF), said("leave it", "deny")) == Drop()


@pytest.mark.parametrize(("intent", "yes"), [("affirm", True), ("deny", False)])
def test_a_preview_is_confirmed_or_refused(intent: str, yes: bool) -> None:  # noqa: FBT001
    shown = replace(ASKED_PROOF, preview=Preview(id="p", skill="order_status", change={}))
    assert step(with_task(shown), said("well", intent)) == Confirm(task=shown, yes=yes)


def test_what_is_out_of_scope_is_searched_for_without_an_intent() -> None:
    assert step(conversation(), said("hm", "refund_policy", in_scope=False)) == SearchKnowledge(
        intent=None
    )


def test_products_are_looked_up_in_the_catalogue() -> None:
    assert step(conversation(), said("in red?", "product_question")) == SearchKnowledge(
        intent="product_question", products=True
    )


def test_a_button_says_its_intent_whatever_the_text_looks_like() -> None:
    decision = step(conversation(), said("/thanks", "greeting", in_scope=False, exact="thanks"))
    assert decision == Say(key="thanks")


def test_a_bare_address_has_no_intent_whatever_it_looks_like() -> None:
    given = said("a@example.com", "contact_human", email="a@example.com")
    assert step(conversation(), given) == SearchKnowledge(intent=None)


def test_a_bare_order_number_asks_for_that_order() -> None:
    given = said("SB-7", "contact_human", order_number="SB-7")
    assert step(conversation(), given) == UseSkill(
        task=Task(skill="order_status", slots={"order_number": "SB-7"})
    )


def test_who_names_an_order_is_in_scope() -> None:
    odd = said("track SB-7 pls thx", "order_status", in_scope=False, order_number="SB-7")
    assert isinstance(step(conversation(), odd), UseSkill)


def test_an_emotion_that_is_not_clear_changes_nothing() -> None:
    unclear = replace(
        said("refunds?", "refund_policy"),
        emotion=Emotion(name="angry", confidence=0.4, intensity=0.95),
    )
    assert step(conversation(), unclear) == SearchKnowledge(intent="refund_policy")
    assert note(conversation(), unclear).dialogue.emotions == (("neutral", 0.0),)


def test_when_it_arrives_is_looked_up_for_an_order_that_is_named() -> None:
    named = said("when does SB-7 get here", "delivery_time", order_number="SB-7")
    assert isinstance(step(conversation(), named), UseSkill)
    general = said("how long to france", "delivery_time")
    assert step(conversation(), general) == SearchKnowledge(intent="delivery_time")


def test_when_it_arrives_means_the_order_just_told() -> None:
    told = Dialogue(orders=("SB-7",), tried=("order_status.shipped",))
    decision = step(conversation(told), said("and when does it come", "delivery_time"))
    assert decision == UseSkill(task=Task(skill="order_status", slots={"order_number": "SB-7"}))
    earlier = Dialogue(orders=("SB-7",), tried=("order_status.shipped", "knowledge.answer"))
    assert step(conversation(earlier), said("how long to rome", "delivery_time")) == (
        SearchKnowledge(intent="delivery_time")
    )
