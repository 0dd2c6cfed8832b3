"""A question that points at one of the offered things by its place."""

from dataclasses import replace

import pytest

from bot.dialogue.decide import decide
from bot.model import (
    Conversation,
    Dialogue,
    Meant,
    Offer,
    Request,
    Several,
    Task,
    UseSkill,
    WordedChoice,
)
from bot.payloads import write_payload
from tests.unit.dialogue.build import PLAYBOOK, conversation, said

PRODUCTS = Offer(
    key="recommendation.list",
    choices=tuple(
        WordedChoice(label=label, value=write_payload("product_question", product=product))
        for label, product in (("Oak lamp", "LL-1"), ("Paper lamp", "LL-2"), ("Mug", "LL-3"))
    ),
)
ORDERS = Offer(
    key="order_status.which",
    choices=tuple(WordedChoice(label=f"{n} · shipped", value=n) for n in ("SB-1", "SB-2")),
)
AFTER_PRODUCTS = conversation(Dialogue(offer=PRODUCTS))
AFTER_ORDERS = conversation(
    Dialogue(offer=ORDERS, tasks=(Task(skill="order_status", slots={}, asked="order_number"),))
)


def named(before: Conversation, text: str, intent: str, kind: str) -> list[str]:
    decision = decide(before, said(text, intent), PLAYBOOK)
    meant = decision.said if isinstance(decision, Meant) else None
    return [] if meant is None else [one.value for one in meant.entities if one.type == kind]


def test_a_question_about_a_product_of_the_list_names_it() -> None:
    text = "is the second one red"
    assert named(AFTER_PRODUCTS, text, "product_question", "product") == ["LL-2"]


def test_a_question_about_an_order_of_the_list_goes_on_with_it() -> None:
    decision = decide(AFTER_ORDERS, said("第二个什么时候到", "order_status"), PLAYBOOK)

    assert isinstance(decision, Meant)
    assert isinstance(decision.decision, UseSkill)
    assert decision.decision.task.slots["order_number"] == "SB-2"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("the last option was a good one", "complaint"),
        ("how long does the first version take", "delivery_time"),
        ("are you the second one i talk to", "bot_identity"),
    ],
)
def test_a_wish_that_no_product_helps_points_at_none(text: str, intent: str) -> None:
    assert named(AFTER_PRODUCTS, text, intent, "product") == []


@pytest.mark.parametrize("text", ["not the second one though", "我不想要第二个，太旧了"])
def test_a_denied_thing_is_not_taken(text: str) -> None:
    assert named(AFTER_ORDERS, text, "deny", "order_number") == []


def test_only_the_wish_that_points_at_a_thing_names_it() -> None:
    text = "does the second one come in purple, and where is my parcel."
    cut = text.index(", and")
    wishes = (
        Request(intent="product_question", confidence=0.9, start=0, end=cut),
        Request(intent="order_status", confidence=0.9, start=cut + 6, end=len(text) - 1),
    )

    both = replace(said(text, "product_question"), requests=wishes)
    decision = decide(AFTER_PRODUCTS, both, PLAYBOOK)

    assert isinstance(decision, Several)
    assert [[one.value for one in part.said.entities] for part in decision.parts] == [
        ["LL-2"],
        [],
    ]
