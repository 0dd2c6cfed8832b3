"""Answers in the light of the question, several wishes at once, questions asked in doubt."""

from dataclasses import replace

import pytest

from bot.dialogue.decide import decide
from bot.dialogue.notes import note
from bot.model import (
    Choose,
    Clarify,
    Confirm,
    Conversation,
    Decision,
    Dialogue,
    Drop,
    Guess,
    HandOver,
    Meant,
    Offer,
    Preview,
    Request,
    Say,
    SearchKnowledge,
    Several,
    Task,
    Understanding,
    UseSkill,
    WordedChoice,
)
from escalation.model import Reason
from tests.unit.dialogue.build import PLAYBOOK, conversation, said

WHICH = Task(skill="order_status", asked="order_number")
PROOF = Task(skill="order_status", slots={"order_number": "SB-1"}, asked="proof")
PERSON = WordedChoice(label="Talk to a person", value="/contact_human")
STATUS = WordedChoice(label="Where is my order?", value="/order_status")
REFUNDS = WordedChoice(label="Return and refund rules", value="/refund_policy")
ORDERS = Offer(
    key="order_status.which",
    choices=(
        WordedChoice(label="SB-1 · Blue mug", value="SB-1"),
        WordedChoice(label="SB-2 · Oak lamp", value="SB-2"),
    ),
)


def step(before: Conversation, what: Understanding) -> Decision:
    return decide(note(before, what), what, PLAYBOOK)


def after(key: str, *choices: WordedChoice, task: Task | None = None) -> Conversation:
    """Return a talk in which a reply has just offered choices."""
    tasks = (task,) if task else ()
    return conversation(Dialogue(tasks=tasks, offer=Offer(key=key, choices=choices)))


def asked_which() -> Conversation:
    return after(ORDERS.key, *ORDERS.choices, task=WHICH)


def unsure(text: str, intent: str, *others: str, number: str = "") -> Understanding:
    """Make an understanding whose best guess is not to be acted on; `number` is an order's."""
    guesses = [Guess(intent=intent, confidence=0.4)]
    guesses += [Guess(intent=other, confidence=0.2) for other in others]
    base = said(text, intent, order_number=number) if number else said(text, intent)
    return replace(base, ranking=tuple(guesses), sure=False)


def wishes(text: str, *parts: tuple[str, str], intent: str | None = None) -> Understanding:
    """Make a message of several wishes; parts are (intent, its words)."""
    requests = tuple(
        Request(intent=name, confidence=0.9, start=text.index(words),
                end=text.index(words) + len(words))
        for name, words in parts
    )  # fmt: skip
    return replace(said(text, intent or parts[0][0]), requests=requests)


REFUND = "how long do refunds take"


# -- choices -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["the second one", "2", "the oak one", "第二个"])
def test_a_chosen_order_fills_the_slot_that_was_asked_for(text: str) -> None:
    decision = step(asked_which(), said(text, "affirm"))
    assert isinstance(decision, Meant)
    slots = {"order_number": "SB-2"}
    assert decision.decision == UseSkill(task=replace(WHICH, slots=slots))


def test_a_chosen_topic_is_its_button() -> None:
    decision = step(after("clarify", STATUS, REFUNDS, PERSON), said("the second", "affirm"))
    assert isinstance(decision, Meant)
    assert decision.said.exact == "refund_policy"
    assert decision.decision == SearchKnowledge(intent="refund_policy")


def test_a_chosen_title_is_searched_for() -> None:
    title = WordedChoice(label="How to pay later", value="How to pay later")
    decision = step(after("knowledge.nothing", title, PERSON), said("1", "greeting"))
    assert isinstance(decision, Meant)
    assert decision.said.text == "How to pay later"
    assert decision.decision == SearchKnowledge(intent=None)


def test_both_are_answered_in_their_order() -> None:
    decision = step(asked_which(), said("both", "affirm"))
    assert isinstance(decision, Several)
    assert [part.said.text for part in decision.parts] == ["SB-1", "SB-2"]


@pytest.mark.parametrize("text", ["none of these", "都不是", "不是这个"])
def test_none_of_them_drops_nothing(text: str) -> None:
    assert step(asked_which(), said(text, "deny", exact="deny")) == Say(key="choose.none")


def test_a_number_that_is_an_order_is_that_order_not_a_place() -> None:
    given = said("2", "affirm", order_number="2")
    decision = step(asked_which(), given)
    assert decision == UseSkill(task=replace(WHICH, slots={"order_number": "2"}))


def test_choosing_a_person_hands_over() -> None:
    decision = step(after("clarify", STATUS, PERSON), said("the second one", "affirm"))
    assert isinstance(decision, Meant)
    assert decision.decision == HandOver(reason=Reason.ASKED_FOR_PERSON)


# -- yes and no --------------------------------------------------------------------------------


def test_yes_takes_the_only_thing_that_was_asked_about() -> None:
    decision = step(after("clarify", STATUS, PERSON), said("yes", "affirm", exact="affirm"))
    assert isinstance(decision, Meant)
    assert decision.said.exact == "order_status"


def test_yes_to_several_things_is_asked_about_again() -> None:
    before = after("clarify", STATUS, REFUNDS, PERSON)
    assert step(before, said("yes", "affirm", exact="affirm")) == Choose()


@pytest.mark.parametrize("text", ["yes please", "要", "please do"])
def test_yes_to_an_offered_person_hands_over(text: str) -> None:
    decision = step(after("knowledge.answer", PERSON), said(text, "affirm", exact="affirm"))
    assert isinstance(decision, Meant)
    assert decision.decision == HandOver(reason=Reason.ASKED_FOR_PERSON)


@pytest.mark.parametrize("text", ["ok", "好的", "👍"])
def test_ok_behind_an_answer_calls_nobody(text: str) -> None:
    decision = step(after("knowledge.answer", PERSON), said(text, "affirm", exact="affirm"))
    assert decision == Say(key="affirm")


def test_ok_to_the_question_whether_to_call_a_person_calls_one() -> None:
    decision = step(after("knowledge.nothing", PERSON), said("ok", "affirm", exact="affirm"))
    assert isinstance(decision, Meant)
    assert decision.decision == HandOver(reason=Reason.ASKED_FOR_PERSON)


@pytest.mark.parametrize("intent", ["affirm", "deny"])
def test_yes_and_no_to_nothing_get_a_reply(intent: str) -> None:
    assert step(conversation(), said("well", intent, exact=intent)) == Say(key=intent)


def test_a_likely_yes_changes_nothing_yet() -> None:
    shown = replace(PROOF, preview=Preview(id="p", skill="order_status", change={}))
    before = conversation(Dialogue(tasks=(shown,)))
    assert step(before, unsure("hm fine maybe", "affirm")) == Say(key="clarify.yes_no")
    assert step(before, unsure("rather not", "deny")) == Confirm(task=shown, yes=False)


def test_taking_a_wish_back_changes_nothing() -> None:
    taken_back = said("don't cancel it after all", "deny")
    assert step(conversation(), taken_back) == Say(key="negated")
    assert step(conversation(Dialogue(tasks=(PROOF,))), taken_back) == Drop()


def test_what_may_be_a_no_drops_nothing() -> None:
    before = conversation(Dialogue(tasks=(PROOF,)))
    assert step(before, unsure("hm dunno", "deny")) == SearchKnowledge(intent=None)


# -- about the talk ----------------------------------------------------------------------------


def test_a_moment_is_waited() -> None:
    before = conversation(Dialogue(tasks=(PROOF,)))
    assert step(before, said("hang on", "wait")) == Say(key="wait")


@pytest.mark.parametrize(
    "what",
    [said("what?", "deny", exact="explain"), said("???", "deny", in_scope=False)],
)
def test_a_question_that_was_not_understood_is_put_in_other_words(what: Understanding) -> None:
    assert step(conversation(Dialogue(tasks=(PROOF,))), what) == Say(key="explain")


def test_what_is_unclear_about_an_answer_is_asked() -> None:
    what = said("什么意思", "complaint", in_scope=False, exact="explain")
    assert step(conversation(), what) == Say(key="explain.nothing")
    assert step(after("clarify", STATUS, PERSON), what) == Choose()


def test_signs_alone_get_a_reply_and_are_no_miss() -> None:
    assert step(conversation(), said("???", "deny", in_scope=False)) == Say(key="wordless")


def test_the_digits_of_a_bare_link_are_no_order() -> None:
    link = said("https://shop.example/p/1234567", "invoice_request", order_number="1234567")
    assert step(conversation(), link) == Say(key="bare_link")
    assert note(conversation(), link).dialogue.orders == ()


def test_who_asks_what_answers_is_told_and_stays() -> None:
    asks = said("are you a robot", "bot_identity")
    assert step(conversation(), asks) == Say(key="bot_identity")


# -- several wishes ----------------------------------------------------------------------------


def test_two_wishes_become_two_parts_in_their_order() -> None:
    text = f"where is SB-7? also, {REFUND}"
    both = wishes(text, ("order_status", "where is SB-7?"), ("refund_policy", REFUND))
    both = replace(both, entities=said(text, order_number="SB-7").entities)
    decision = step(conversation(), both)
    assert isinstance(decision, Several)
    first, second = decision.parts
    slots = {"order_number": "SB-7"}
    assert first.decision == UseSkill(task=Task(skill="order_status", slots=slots))
    assert second.decision == SearchKnowledge(intent="refund_policy")
    assert second.said.text == REFUND
    assert second.said.entities == ()


def test_an_entity_goes_with_its_own_part() -> None:
    text = f"{REFUND}? also, where is SB-7"
    both = wishes(text, ("refund_policy", f"{REFUND}?"), ("order_status", "where is SB-7"))
    both = replace(both, entities=said(text, order_number="SB-7").entities)
    decision = step(conversation(), both)
    assert isinstance(decision, Several)
    entity = decision.parts[1].said.entities[0]
    assert decision.parts[1].said.text[entity.start : entity.end] == "SB-7"


def test_both_wishes_are_noted() -> None:
    both = wishes("a? b", ("order_status", "a?"), ("refund_policy", "b"))
    assert note(conversation(), both).dialogue.intents == ("order_status", "refund_policy")


def test_a_person_wins_over_everything_and_the_wish_is_kept() -> None:
    both = wishes("how long? and a person", ("refund_policy", "how long?"),
                  ("contact_human", "a person"))  # fmt: skip
    assert step(conversation(), both) == HandOver(reason=Reason.ASKED_FOR_PERSON)
    assert note(conversation(), both).dialogue.intents[0] == "refund_policy"


def test_an_answer_with_another_wish_goes_on_and_answers_both() -> None:
    text = f"it's SB-7. also, {REFUND}"
    both = wishes(text, ("order_status", "it's SB-7."), ("refund_policy", REFUND))
    both = replace(both, entities=said(text, order_number="SB-7").entities)
    decision = step(conversation(Dialogue(tasks=(WHICH,))), both)
    assert isinstance(decision, Several)
    slots = {"order_number": "SB-7"}
    assert decision.parts[0].decision == UseSkill(task=replace(WHICH, slots=slots))
    assert decision.parts[1].decision == SearchKnowledge(intent="refund_policy")


def test_a_question_beside_a_proof_is_answered_too() -> None:
    given = said(f"a@example.com and {REFUND}", "refund_policy", email="a@example.com")
    decision = step(conversation(Dialogue(tasks=(PROOF,))), given)
    assert isinstance(decision, Several)
    proof, refunds = decision.parts
    assert isinstance(proof.decision, UseSkill)
    assert refunds.decision == SearchKnowledge(intent="refund_policy")
    assert refunds.said.text == f"and {REFUND}"


@pytest.mark.parametrize("text", ["my e-mail is a@example.com", "我的邮箱是 a@example.com"])
def test_words_around_a_proof_are_no_question(text: str) -> None:
    given = said(text, "refund_policy", email="a@example.com")
    assert isinstance(step(conversation(Dialogue(tasks=(PROOF,))), given), UseSkill)


# -- doubt -------------------------------------------------------------------------------------


def test_a_guess_that_is_not_sure_is_asked_about() -> None:
    decision = step(conversation(), unsure("the thing", "order_status", "refund_policy", "thanks"))
    assert decision == Clarify(topics=("order_status", "refund_policy"))


def test_an_answer_is_looked_for_before_asking_back() -> None:
    decision = step(conversation(), unsure("money?", "refund_policy", "order_status"))
    topics = ("refund_policy", "order_status")
    assert decision == Clarify(topics=topics, search=SearchKnowledge(intent="refund_policy"))


def test_no_more_than_three_topics_are_offered() -> None:
    many = unsure("it", "order_status", "refund_policy", "delivery_time", "complaint")
    decision = step(conversation(), many)
    assert isinstance(decision, Clarify)
    assert len(decision.topics) == 3


@pytest.mark.parametrize("key", ["clarify", "choose.none", "knowledge.nothing"])
def test_nobody_is_asked_back_twice_in_a_row(key: str) -> None:
    decision = step(after(key, STATUS, PERSON), unsure("the money thing", "refund_policy"))
    assert decision == SearchKnowledge(intent="refund_policy")


def test_in_an_open_question_the_search_answers_or_the_question_comes_back() -> None:
    before = conversation(Dialogue(tasks=(PROOF,)))
    decision = step(before, unsure("money thing", "refund_policy"))
    assert decision == SearchKnowledge(intent="refund_policy")


def test_an_order_number_bears_the_guess_out() -> None:
    named = unsure("hm SB-7 or so", "order_status", "refund_policy", number="SB-7")
    assert isinstance(step(conversation(), named), UseSkill)


def test_a_product_just_told_bears_the_guess_out() -> None:
    before = conversation(Dialogue(tried=("product.details",)))
    decision = step(before, unsure("and in sky blue?", "product_question", "order_status"))
    assert decision == SearchKnowledge(intent="product_question", products=True)


@pytest.mark.parametrize("intent", ["greeting", "affirm", "bot_identity"])
def test_a_likely_greeting_needs_no_question(intent: str) -> None:
    assert step(conversation(), unsure("heyo thing", intent, "order_status")) == Say(key=intent)


def test_a_likely_wish_for_a_person_is_granted() -> None:
    decision = step(conversation(), unsure("someone there maybe", "contact_human"))
    assert decision == HandOver(reason=Reason.ASKED_FOR_PERSON)
