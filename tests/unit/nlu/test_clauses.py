"""Where a message is cut into clauses."""

import pytest

from bot.model import Entity
from bot.nlu.clauses import MOST_CLAUSES, ClauseSplitter, clause_splitter
from intents.loader import load_languages

SPLITTER: ClauseSplitter = clause_splitter(load_languages())


def clauses(text: str) -> list[tuple[str, bool]]:
    return [(text[one.start : one.end], one.joined) for one in SPLITTER.split(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("where is it and also is it blue", ["where is it", "is it blue"]),
        ("Where is SB-20417? Also, is it blue?", ["Where is SB-20417?", "is it blue?"]),
        ("where is it and how long is it", ["where is it", "how long is it"]),
        ("where is it btw is it blue", ["where is it", "is it blue"]),
        ("我的订单到哪了，另外退货政策是什么", ["我的订单到哪了", "退货政策是什么"]),
        ("到哪了顺便问一下有券吗", ["到哪了", "有券吗"]),
        ("where is it，另外能开发票吗", ["where is it", "能开发票吗"]),
    ],
)
def test_joining_words_cut_and_are_left_out(text: str, parts: list[str]) -> None:
    assert clauses(text) == [(part, True) for part in parts]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It came. It is broken!", ["It came", "It is broken!"]),
        ("到货了。是坏的", ["到货了", "是坏的"]),
        ("it came\nit is broken", ["it came", "it is broken"]),
        ("Hi! where is it now? thanks", ["Hi! where is it now? thanks"]),
        ("it came, it is broken", ["it came", "it is broken"]),
        ("it came and it is broken", ["it came", "and it is broken"]),
        ("charged me twice AND it never came", ["charged me twice", "AND it never came"]),
        ("到货了，是坏的", ["到货了", "是坏的"]),
        ("包邮不 几天到", ["包邮不", "几天到"]),
        ("少了螺丝还有柜门是裂的", ["少了螺丝", "还有柜门是裂的"]),
        ("几天到?能开票吗?", ["几天到?", "能开票吗?"]),
    ],
)
def test_a_clause_ends_wherever_it_may(text: str, parts: list[str]) -> None:
    found = clauses(text)
    assert found == ([(part, False) for part in parts] if len(parts) > 1 else [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "where is my order",
        "by the way, is it blue",
        "顺便问一下多少钱",
        "push it to next thursday please",
        "version 2.5 of https://example.com/a.b?c=d,e",
        "1,299.50",
        "x. " * 400,
    ],
)
def test_a_message_of_one_clause_is_read_once(text: str) -> None:
    assert clauses(text) == []


def test_many_sentences_become_few_clauses() -> None:
    text = ". ".join(f"this is sentence number {n}" for n in range(MOST_CLAUSES + 5))
    found = clauses(text)
    assert len(found) == MOST_CLAUSES
    assert text.startswith(found[0][0])
    assert text.endswith(found[-1][0])


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("it is broken, can you send one", [False, True]),
        ("it is broken, I want my money back", [False, True]),
        ("it came, in blue?", [False, True]),
        ("what's the price, it is blue", [True, False]),
        ("杯子碎了，能换吗", [False, True]),
        ("杯子碎了，发货没", [False, True]),
        ("我没收到，在家等的", [False, False]),
    ],
)
def test_questions_and_bids_are_told_from_stories(text: str, asks: list[bool]) -> None:
    assert [clause.asks for clause in SPLITTER.split(text)] == asks


def entity(text: str, type_: str, value: str) -> Entity:
    start = text.index(value)
    return Entity(type=type_, value=value, text=value, start=start, end=start + len(value))


@pytest.mark.parametrize(
    ("text", "type_", "value", "parts"),
    [
        ("invoice please, order number SB-20391", "order_number", "SB-20391", []),
        ("改一下地址，单号 SB-20391", "order_number", "SB-20391", []),
        (
            "do you ship, and where is SB-20391",
            "order_number",
            "SB-20391",
            ["do you ship", "and where is SB-20391"],
        ),
        (
            "cancel it from June 3, 2026, and how do I pay",
            "date",
            "June 3, 2026",
            ["cancel it from June 3, 2026", "and how do I pay"],
        ),
        (
            "see https://a.example/?b=1,c and tell me",
            "quantity",
            "1",
            ["see https://a.example/?b=1,c", "and tell me"],
        ),
    ],
)
def test_what_is_named_is_not_cut_and_a_number_goes_with_its_wish(
    text: str, type_: str, value: str, parts: list[str]
) -> None:
    found = SPLITTER.split(text, [entity(text, type_, value)])

    assert [text[one.start : one.end].removeprefix("and ") for one in found] == [
        part.removeprefix("and ") for part in parts
    ]


def test_what_is_light_before_a_joining_word_goes_with_what_it_follows() -> None:
    text = "where is my parcel? thanks! by the way do you ship to canada"
    first, second = SPLITTER.split(text)

    assert text[first.start : first.end] == "where is my parcel? thanks!"
    assert text[second.start : second.end] == "do you ship to canada"
    assert second.opens
