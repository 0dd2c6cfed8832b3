"""What an agent reads first."""

from typing import Any

import pytest

from escalation.model import Fact, Reason
from escalation.summary import Shape, shape, summarize


def summary_of(**changes: Any) -> tuple[Any, dict[str, list[Fact]]]:
    given: dict[str, Any] = {
        "reason": Reason.UPSET,
        "intents": ("greeting", "order_status", "refund_status", "order_status"),
        "emotions": (("neutral", 0.1), ("angry", 0.5), ("angry", 0.9)),
        "orders": ("A-1", "A-2", "A-1"),
        "language": "en",
        "last_message": "Where is it?",
        "turns": 4,
        "tried": ("order_status.found", "clarify", "order_status.found"),
        "signed_in": False,
        "proven": (),
    }
    summary = summarize(**{**given, **changes})
    facts: dict[str, list[Fact]] = {}
    for fact in summary.facts:
        facts.setdefault(fact.key, []).append(fact)
    return summary, facts


def test_wishes_are_folded_and_the_latest_comes_first() -> None:
    summary, facts = summary_of()
    assert [dict(fact.values) for fact in facts["wants"]] == [
        {"intent": "order_status", "times": 2},
        {"intent": "refund_status", "times": 1},
    ]
    assert summary.intent == "order_status"
    assert summary.facts[0].key == "wants"


def test_asking_for_a_person_is_not_what_they_came_for() -> None:
    summary, facts = summary_of(intents=("refund_status", "contact_human"))
    assert summary.intent == "refund_status"
    assert len(facts["wants"]) == 1


def test_nothing_but_small_talk_leaves_the_wish_open() -> None:
    summary, facts = summary_of(intents=("greeting", "contact_human"))
    assert summary.intent is None
    assert "wants" not in facts


def test_order_numbers_stand_once() -> None:
    summary, facts = summary_of()
    assert summary.order_numbers == ("A-1", "A-2")
    assert facts["orders"][0].values == {"numbers": ("A-1", "A-2")}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"signed_in": True}, "signed_in"),
        ({"proven": ("A-1",)}, "proven"),
        ({}, "unproven"),
        ({"orders": ()}, "guest"),
    ],
)
def test_it_says_who_the_shopper_is(changes: dict[str, Any], key: str) -> None:
    _, facts = summary_of(**changes)
    found = [name for name in facts if name in {"signed_in", "proven", "unproven", "guest"}]
    assert found == [key]


def test_what_was_tried_is_folded_with_the_latest_first() -> None:
    _, facts = summary_of()
    assert [dict(fact.values) for fact in facts["tried"]] == [
        {"answer": "order_status.found", "times": 2},
        {"answer": "clarify", "times": 1},
    ]


def test_nothing_tried_is_said() -> None:
    _, facts = summary_of(tried=())
    assert "untried" in facts
    assert "tried" not in facts


def test_emotion_has_a_shape_and_its_peak() -> None:
    summary, facts = summary_of()
    assert facts["emotion.rising"][0].values == {"emotion": "angry", "percent": 90, "turns": 3}
    assert summary.emotion == "angry"


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((0.0, 0.0), Shape.CALM),
        ((0.8,), Shape.STEADY),
        ((0.5, 0.55, 0.5), Shape.STEADY),
        ((0.1, 0.4, 0.8), Shape.RISING),
        ((0.9, 0.5, 0.2), Shape.FALLING),
        # Only the last six turns tell: the quiet beginning is forgotten.
        ((0.0, 0.0, 0.0, 0.9, 0.8, 0.6, 0.4, 0.3, 0.1), Shape.FALLING),
    ],
)
def test_shape(levels: tuple[float, ...], expected: Shape) -> None:
    assert shape(tuple(("angry", level) for level in levels)) is expected


def test_joy_is_not_an_unpleasant_feeling() -> None:
    assert shape((("happy", 0.1), ("happy", 0.9))) is Shape.CALM
