"""What is stored reloads equal, whatever stands where anything may stand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commerce import Money, OrderLine, OrderStatus, PostalAddress, Shipment, TrackingEvent
from bot.model import Card, Localized, Phrase, Speaker
from bot.store import codec
from tests.contract import store_values as values

MONEY = Money(amount=Decimal("1E+2"), currency="CNY")
ADDRESS = PostalAddress(line1="南京西路 1", city="上海", country="CN", zip="200040")
LINE = OrderLine(
    sku="s", product_id="p", title="Tea", quantity=2, unit_price=MONEY, options={"size": "L"}
)
SCAN = TrackingEvent(at=values.START, text="出库")

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
    | st.sampled_from(OrderStatus)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(TEXT | st.just("$decimal"), inner)
        | st.builds(Phrase, key=TEXT, values=st.dictionaries(TEXT, inner))
    ),
    max_leaves=12,
)


@settings(deadline=None, derandomize=True, database=None)
@given(value=ANYTHING)
def test_anything_comes_back_as_it_was(value: Any) -> None:
    message = replace(values.bot_says("m"), cards=(Card(type="x", data={"value": value}),))
    loaded = codec.load_message(codec.dump_message(message))
    assert loaded == message
    assert _types(loaded.cards[0].data["value"]) == _types(value)


def _types(value: Any) -> Any:
    """Return the types inside too: 1 == True == Decimal(1), and (1,) in a dict hides in it."""
    if isinstance(value, dict):
        return {key: _types(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [_types(item) for item in value]
    return type(value)


@pytest.mark.parametrize(
    "value",
    [
        MONEY,
        ADDRESS,
        LINE,
        Shipment(tracking_number="T1", items=(0, 1), events=(SCAN,)),
        Localized(texts={"": "Tea", "zh": "茶"}),
        (LINE, {"to": ADDRESS}),
        frozenset({"a", "b"}),
        {1: "one", ("a", 2): "pair"},
        {"$Money": "not money"},
        datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8))),
        date(1, 1, 1),
    ],
)
def test_values_of_the_shop_come_back(value: Any) -> None:
    assert codec.unpack(codec.pack(value)) == value


def test_a_rich_conversation_comes_back() -> None:
    conversation = values.rich(values.conversation())
    state = codec.State(dialogue=conversation.dialogue, proven=conversation.proven)
    assert codec.load_state(codec.dump_state(state)) == state
    assert codec.load_handoff(codec.dump_handoff(values.handoff())) == values.handoff()
    closed = values.ended(values.accepted(values.handoff()))
    assert codec.load_handoff(codec.dump_handoff(closed)) == closed


def test_a_turn_comes_back() -> None:
    turn = values.turn(values.shopper_says("k"), values.bot_says("r"))
    assert codec.load_turn(codec.dump_turn(turn)) == turn


def test_another_enum_of_text_stays_its_text() -> None:
    assert codec.unpack(codec.pack(Speaker.BOT)) == Speaker.BOT


class _Number(Enum):
    ONE = 1


@pytest.mark.parametrize("stranger", [object(), _Number.ONE, {1, 2}, b"bytes", Money])
def test_strangers_are_refused_by_name(stranger: object) -> None:
    with pytest.raises(TypeError, match="Expected"):
        codec.pack(stranger)


def test_an_unknown_tag_is_refused() -> None:
    with pytest.raises(ValueError, match="surprise"):
        codec.unpack({"$surprise": 1})


def test_fields_that_a_value_has_lost_are_left_out() -> None:
    """Rows outlive the code that wrote them."""
    packed = codec.pack(MONEY)
    packed["$Money"]["symbol"] = "¥"
    assert codec.unpack(packed) == MONEY
    state = '{"dialogue": {"turns": 3, "forgotten": 1}, "other": 2}'
    assert codec.load_state(state).dialogue.turns == 3
