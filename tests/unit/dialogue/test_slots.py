"""Which stretch of a message fills which slot."""

from dataclasses import replace

import pytest

from bot.commerce import normal_number
from bot.dialogue.slots import fill, is_bare, number_candidates, with_order_numbers
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


def test_candidates_are_words_and_a_few_in_a_row_with_a_digit() -> None:
    found = number_candidates("is #W2378156 or SB-9, and hello.")
    assert {"W2378156", "SB-9"} <= set(found)
    assert "hello" not in found  # a word of a long message is no number
    assert "hello" in number_candidates("order hello?")
    assert len(number_candidates(" ".join(f"a{n}" for n in range(1000)))) == 60


@pytest.mark.parametrize(
    ("text", "number", "stands"),
    [
        ("where is W 23 78?", "#W 23-78", "W 23 78"),
        ("＃Ｗ－２３－７８ 到哪了", "#W 23-78", "＃Ｗ－２３－７８"),
        ("订单W2378到哪了", "#W 23-78", "W2378"),
        ("it is LL 10023.", "LL-10023", "LL 10023"),
        ("where is order helloworld?", "HELLOWORLD", "helloworld"),
        ("112-7795 8201 999", "112-77958201", "112-7795 8201"),
    ],
)
def test_a_number_is_a_candidate_and_found_again_however_it_is_written(
    text: str, number: str, stands: str
) -> None:
    wanted = normal_number(number)
    assert wanted in [normal_number(candidate) for candidate in number_candidates(text)]

    found = with_order_numbers(said(text), [number])
    assert [(e.value, e.text) for e in found] == [(stands.lstrip("#＃"), stands)]


def test_a_number_reads_the_same_whether_or_not_there_is_such_an_order() -> None:
    text = "order sb20417"
    entity = Entity(type="order_number", value="SB20417", text="sb20417", start=6, end=13)
    understood = replace(said(text), entities=(entity,))

    assert with_order_numbers(understood, ["SB-20417"]) == [entity]


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
        ("order_number", "w-2378 156", "w-2378 156")
    ]


def test_a_name_is_looked_for_only_where_a_question_asks_for_one() -> None:
    assert fill(SPEC, said("it's Mei Lin"), asked="proof") == {"name": "Mei Lin"}
    assert fill(SPEC, said("it's Mei Lin")) == {}
    assert fill(SPEC, said("mei lin"), asked="proof", have={"zip": "94110"}) == {"name": "mei lin"}


def test_a_colour_may_be_a_name() -> None:
    text = "Rose Brown 94110"
    base = said(text)
    found = (entity(text, "color", "Brown"), entity(text, "zip", "94110"))
    understood = replace(base, entities=found)
    assert fill(SPEC, understood, asked="proof") == {"zip": "94110", "name": "Rose Brown"}


def test_an_address_fills_its_slot_when_it_is_asked_for() -> None:
    spec = {"address": (), "name": ()}
    text = "Mei Lin, 45 Ocean Ave Apt 2, San Francisco"
    assert fill(spec, said(text), asked="address") == {
        "address": "45 Ocean Ave Apt 2, San Francisco"
    }
    assert fill(spec, said(text)) == {}


def test_what_only_describes_a_thing_keeps_its_intent() -> None:
    text = "navy M"
    understood = replace(said(text), entities=(entity(text, "color", "navy"),))
    assert not is_bare(understood)
