"""Which stretch of a message fills which slot."""

from bot.dialogue.slots import fill, number_candidates, with_order_numbers
from bot.model import Entity, Understanding
from tests.unit.dialogue.build import SLOTS, entity, said

SPEC = SLOTS["order_status"]


def ambiguous(text: str) -> Understanding:
    """Five digits that could be either: the recogniser gives both on one span."""
    both = (entity(text, "order_number", text), entity(text, "zip", text))
    base = said(text)
    return Understanding(
        text=text,
        language=base.language,
        ranking=base.ranking,
        in_scope=True,
        emotion=base.emotion,
        entities=both,
    )


def test_digits_are_an_order_number_when_that_is_asked_for() -> None:
    assert fill(SPEC, ambiguous("10115"), asked="order_number") == {"order_number": "10115"}


def test_digits_are_a_zip_when_the_number_is_known() -> None:
    filled = fill(SPEC, ambiguous("10115"), asked="proof", have={"order_number": "SB-1"})
    assert filled == {"zip": "10115"}


def test_one_stretch_fills_one_slot_only() -> None:
    assert len(fill(SPEC, ambiguous("10115"))) == 1


def test_candidates_have_a_digit_and_are_few() -> None:
    assert number_candidates("is #W2378156 or SB-9, and hello") == ["#W2378156", "SB-9"]
    assert len(number_candidates(" ".join(f"a{n}" for n in range(1000)))) == 20


def test_a_known_number_replaces_what_overlapped_it() -> None:
    text = "my order w-2378 156 please"
    phone = Entity(type="phone", value="2378156", text="2378 156", start=11, end=19)
    base = said(text)
    understood = Understanding(
        text=text,
        language=base.language,
        ranking=base.ranking,
        in_scope=True,
        emotion=base.emotion,
        entities=(phone,),
    )
    found = with_order_numbers(understood, ["#W2378156"])
    assert [(e.type, e.value, e.text) for e in found] == [
        ("order_number", "#W2378156", "w-2378 156")
    ]
