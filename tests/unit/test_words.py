"""Values become text the way that a language writes them."""

import zoneinfo
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bot.commerce import Money
from bot.model import Language, Localized, Phrase, Value
from bot.words import ReplyWords
from intents.replies import blanks, differences, languages, load_replies

EN, ZH = Language("en"), Language("zh")
REPLIES = {
    "en": {
        "plain": ("{value}",),
        "lines": ("Items:\n{items:lines}\nEnd",),
        "list": ("{items}",),
        "item": ("- {name}",),
        "list.separator": (", ",),
    },
    "zh": {
        "plain": ("{value}",),
        "list": ("{items}",),
        "item": ("{name}",),
        "list.separator": ("、",),
    },
}


@pytest.fixture
def words() -> ReplyWords:
    return ReplyWords(REPLIES, zone=zoneinfo.ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (Money(amount=Decimal("1234.5"), currency="CNY"), "CN¥1,234.50", "¥1,234.50"),
        (date(2026, 5, 3), "May 3, 2026", "2026年5月3日"),
        (Decimal("1234.50"), "1,234.5", "1,234.5"),
        (Localized(texts={"en": "Lamp", "zh": "灯"}), "Lamp", "灯"),
        (Localized(texts={"en": "Lamp"}), "Lamp", "Lamp"),
        (None, "", ""),
    ],
)
def test_a_value_is_written_in_the_readers_way(
    words: ReplyWords, value: Value, english: str, chinese: str
) -> None:
    phrase = Phrase(key="plain", values={"value": value})
    assert (words.say(phrase, EN), words.say(phrase, ZH)) == (english, chinese)


def test_a_moment_is_told_in_the_shops_time_zone(words: ReplyWords) -> None:
    late = datetime(2026, 5, 3, 20, 30, tzinfo=UTC)
    assert "May 4, 2026" in words.say(Phrase(key="plain", values={"value": late}), EN)


def test_lists_are_joined_by_language_or_by_line(words: ReplyWords) -> None:
    items = tuple(Phrase(key="item", values={"name": name}) for name in "ab")
    assert words.say(Phrase(key="list", values={"items": items}), ZH) == "a、b"
    items_en = tuple(Phrase(key="plain", values={"value": name}) for name in "ab")
    assert words.say(Phrase(key="list", values={"items": items_en}), EN) == "a, b"
    assert words.say(Phrase(key="lines", values={"items": items}), EN) == "Items:\n- a\n- b\nEnd"


def test_a_line_with_nothing_in_it_is_left_out(words: ReplyWords) -> None:
    assert words.say(Phrase(key="lines", values={"items": None}), EN) == "Items:\nEnd"


def test_a_shoppers_braces_are_text(words: ReplyWords) -> None:
    sneaky = "{value.__class__} {0}"
    assert words.say(Phrase(key="plain", values={"value": sneaky}), EN) == sneaky


def test_an_unknown_key_is_an_error(words: ReplyWords) -> None:
    with pytest.raises(KeyError):
        words.say(Phrase(key="nowhere"), EN)
    assert words.variants("nowhere", EN) == 0


def test_the_shipped_words_match_in_all_languages() -> None:
    first, *others = languages()
    assert others
    for other in others:
        assert differences(first, other) == []


def test_shipped_wordings_can_be_parsed() -> None:
    for language in languages():
        for key, wordings in load_replies(language).items():
            for wording in wordings:
                assert isinstance(blanks(wording), frozenset), key
