"""The desk's words: every name has some, in every language, and the story reads well."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import pytest

from bot.desk.curve import draw
from bot.desk.wording import Wording
from bot.model import Delivery, Language, Speaker
from bot.words import ReplyWords
from escalation.model import Reason, State
from escalation.summary import Shape, summarize
from intents.loader import load_catalog
from intents.replies import languages, load_replies

CATALOG = load_catalog()


@pytest.fixture(scope="module")
def replies() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    return {language: load_replies(language) for language in languages()}


@pytest.fixture
def english(replies: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Wording:
    words = ReplyWords(replies, zone=ZoneInfo("Asia/Shanghai"))
    return Wording(words, Language("en"), "Asia/Shanghai")


@pytest.fixture
def chinese(replies: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Wording:
    words = ReplyWords(replies, zone=ZoneInfo("Asia/Shanghai"))
    return Wording(words, Language("zh"), "Asia/Shanghai")


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("reason", Reason),
        ("why", Reason),
        ("state", State),
        ("emotion", CATALOG.emotions),
        ("intent", CATALOG.intents),
        ("language", languages()),
        ("tongue", languages()),
        ("speaker", Speaker),
    ],
)
def test_every_name_has_words(
    replies: Mapping[str, Mapping[str, tuple[str, ...]]],
    language: str,
    kind: str,
    names: type[StrEnum] | tuple[str, ...],
) -> None:
    assert [name for name in names if f"desk.{kind}.{name}" not in replies[language]] == []


@pytest.mark.parametrize("language", languages())
def test_every_shape_and_every_delivery_has_words(
    replies: Mapping[str, Mapping[str, tuple[str, ...]]], language: str
) -> None:
    known = replies[language]
    for shape in Shape:
        keys = {f"desk.fact.emotion.{shape}", f"desk.fact.emotion.{shape}.label"}
        assert keys | {f"desk.story.emotion.{shape}"} <= known.keys()
    failed = {f"desk.delivery.{state}" for state in Delivery if state is not Delivery.DONE}
    assert failed <= known.keys()


def test_the_story_in_both_languages(english: Wording, chinese: Wording) -> None:
    summary = summarize(
        reason=Reason.NOT_UNDERSTOOD,
        intents=("order_status", "refund_status", "order_status"),
        emotions=(("neutral", 0.0), ("anxious", 0.6)),
        orders=("A-1",),
        language="en",
        last_message="Where?",
        turns=3,
        tried=("knowledge.answer", "knowledge.answer"),
        signed_in=False,
        proven=("A-1",),
    )
    story = english.story(summary)
    assert story.startswith(
        "The bot did not understand the shopper. They came about: Order status"
    )
    assert "They proved that A-1 is theirs." in story
    assert "anxious" in story.casefold()
    assert story.endswith("The bot has answered with: Articles.")
    told = chinese.story(summary)
    assert told.startswith("机器人没有听懂顾客的意思。顾客咨询：订单状态、退款进度。")
    assert "着急" in told
    facts = [english.fact(fact) for fact in summary.facts]
    assert ("Wants", "Order status, 2 times") in facts
    assert ("Bot answered", "Articles, 2 times") in facts


def test_nothing_known_still_makes_a_story(english: Wording) -> None:
    summary = summarize(
        reason=Reason.ASKED_FOR_PERSON,
        intents=(),
        emotions=(),
        orders=(),
        language=None,
        last_message="",
        turns=1,
        tried=(),
        signed_in=False,
        proven=(),
    )
    expected = "The shopper asked for a person. The bot has answered nothing yet."
    assert english.story(summary) == expected


def test_names_without_words_stand_for_themselves(english: Wording) -> None:
    assert english.label("intent", "gift_wrapping") == "gift_wrapping"
    assert english.label("channel", "{secret}") == "{secret}"


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h 0 min"),
        (timedelta(hours=23, minutes=59), "23 h 59 min"),
        (timedelta(days=2, hours=5), "2 d"),
    ],
)
def test_spans(english: Wording, span: timedelta, expected: str) -> None:
    assert english.span(span) == expected


def test_times_are_the_shops(english: Wording, chinese: Wording) -> None:
    moment = datetime(2026, 11, 20, 17, 5, tzinfo=UTC)  # 01:05 of the 21st in Shanghai
    assert chinese.clock(moment, moment) == "01:05"
    assert english.clock(moment, moment + timedelta(days=1)).startswith("Nov 21, 2026 1:05")


def test_the_curve_goes_down_with_the_mood() -> None:
    curve = draw((("happy", 0.5), ("neutral", 0.3), ("angry", 0.9)))
    assert curve is not None
    heights = [dot.y for dot in curve.dots]
    assert heights == sorted(heights)
    assert heights[1] == curve.middle == curve.height / 2
    assert all(0 <= dot.x <= curve.width and 0 <= dot.y <= curve.height for dot in curve.dots)


def test_without_joy_the_whole_height_shows_the_trouble() -> None:
    curve = draw((("neutral", 0.0), ("angry", 1.0)))
    assert curve is not None
    assert [dot.y for dot in curve.dots] == [8, 64]


def test_one_feeling_is_a_dot_and_none_is_nothing() -> None:
    one = draw((("sad", 0.4),))
    assert one is not None
    assert len(one.dots) == 1
    assert draw(()) is None
