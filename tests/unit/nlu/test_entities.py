"""Entities by their shapes: exact spans, and one meaning where one is plausible."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Language
from bot.nlu.entities import LONGEST, extract
from bot.settings import ShopRules

PATTERN = ShopRules().order_number
NOW = datetime(2026, 11, 22)  # noqa: DTZ001 - the shopper's day needs no zone


def found(text: str, language: str = "en") -> list[tuple[str, str]]:
    entities = extract(text, Language(language), order_pattern=PATTERN, now=NOW)
    assert all(e.text == text[e.start : e.end] for e in entities)
    return [(e.type, e.value) for e in entities]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where is #20417?", [("order_number", "20417")]),
        ("order#sb-20417 pls", [("order_number", "SB-20417")]),
        ("SB 20417 please", [("order_number", "SB-20417")]),
        ("订单SB-20417发了没", [("order_number", "SB-20417")]),
        ("202611051234这单", [("order_number", "202611051234")]),
        ("114-2233445-1234567", [("order_number", "114-2233445-1234567")]),
        ("1Z999AA10123456784", [("tracking_number", "1Z999AA10123456784")]),
        ("RR123456789CN到哪了", [("tracking_number", "RR123456789CN")]),
        ("9400 1000 0000 0000 0000 00", [("tracking_number", "9400100000000000000000")]),
        ("单号SF1402277361908", [("tracking_number", "SF1402277361908")]),
        ("快递单号773012345678901", [("tracking_number", "773012345678901")]),
        ("Mail me: Pat@Example.com.", [("email", "pat@example.com")]),
        ("ａ＠ｂ．ｃｏｍ", [("email", "a@b.com")]),
        ("+44 7700 900118", [("phone", "+447700900118")]),
        ("07700 900461", [("phone", "+447700900461")]),
        ("(415) 555-0132", [("phone", "+14155550132")]),
        ("手机１３８００００１２３４", [("phone", "+8613800001234")]),
        ("SW1A 2AB", [("zip", "SW1A 2AB")]),
        ("v5k 0a1", [("zip", "V5K 0A1")]),
        ("12 Elm St, Portland, ME 04101", [("zip", "04101")]),
        ("my zip is 90210", [("zip", "90210")]),
        ("邮编100081", [("zip", "100081")]),
        ("$49.99 or 45 euros", [("money", "49.99 USD"), ("money", "45 EUR")]),
        ("£1,299.00", [("money", "1299 GBP")]),
        ("3万块，99元", [("money", "30000 CNY"), ("money", "99 CNY")]),
        ("3 pairs and two boxes", [("quantity", "3"), ("quantity", "2")]),
        ("拍了两件，第二个", [("quantity", "2")]),
        ("2", [("quantity", "2")]),
        ("2026-05-03", [("date", "2026-05-03")]),
        ("3/5/2026 or 25.12.2026", [("date", "2026-03-05"), ("date", "2026-12-25")]),
        ("ordered Nov 3rd", [("date", "2026-11-03")]),
        ("due 2 January.", [("date", "2027-01-02")]),
        ("2025年3月8日", [("date", "2025-03-08")]),
        ("10月3号", [("date", "2026-10-03")]),
        ("昨天", [("date", "2026-11-21")]),
        ("tomorrow", [("date", "2026-11-23")]),
    ],
)
def test_things_are_found_with_their_plain_values(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "WELCOME10", "192.168.1.100", "version 1.2.3", "31/02/2026x", "😀",
     "x12345678901234567890123456789", "5 days", "三个月", "@@@", "a@b", "may I", "#"],
)  # fmt: skip
def test_nothing_is_found_where_nothing_is(text: str) -> None:
    assert found(text) == []


def test_plain_digits_are_several_things_in_a_short_answer_only() -> None:
    assert found("90210") == [("order_number", "90210"), ("zip", "90210")]
    assert found("2025550123") == [("phone", "+12025550123"), ("order_number", "2025550123")]
    assert found("order 20417") == [("order_number", "20417")]
    assert found("13800001234") == [("phone", "+8613800001234")]
    story = "i have waited for three long weeks and nobody answers, it is about 20417, please"
    assert ("zip", "20417") not in found(story)


def test_the_shops_own_pattern_is_used() -> None:
    entities = extract("about ord_77 and 90210", Language("en"), order_pattern=r"ord_\d+")

    assert [(e.type, e.value) for e in entities] == [("order_number", "ORD_77"), ("zip", "90210")]


def test_without_a_clock_dates_keep_what_the_text_says() -> None:
    entities = extract("yesterday, or 3 May", Language("en"), order_pattern=PATTERN)

    assert [(e.type, e.value) for e in entities] == [("date", "--05-03")]


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters() | st.sampled_from("0123456789-#@. $元个月SB"), max_size=60))
def test_spans_are_exact_and_only_equal_ones_overlap(text: str) -> None:
    entities = extract(text, Language("zh"), order_pattern=PATTERN, now=NOW)

    spans = sorted({(e.start, e.end) for e in entities})
    assert all(e.text == text[e.start : e.end] and e.text for e in entities)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


HOSTILE = [
    "1", "a@", "SB-", "1 ", "+1-", "9400 ", "May ", "$1,", "a", "(", "1(1)", "12,345", "1.", "两",
    "aa1 ", "+44 7700 900118 ", "a.b", "@", "1-", "１", "20417 ", "x" * 63 + "@",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_texts_end(piece: str) -> None:
    """An expression that backtracks would not come back from 100,000 characters."""
    text = piece * (10 * LONGEST // len(piece))

    entities = extract(text, Language("en"), order_pattern=PATTERN)

    assert all(e.end <= LONGEST and e.text == text[e.start : e.end] for e in entities)
