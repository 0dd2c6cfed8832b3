"""Clauses of a message, and which of them are wishes of their own."""

from dataclasses import replace

import pytest

from bot.model import Guess
from bot.nlu.requests import (
    MOST_CLAUSES,
    MOST_SEGMENTS,
    Clause,
    Reading,
    RequestFinder,
    Weights,
    find_requests,
    signs,
)
from intents.loader import load_languages

SHIPPED: RequestFinder = find_requests(load_languages(), {"greeting", "thanks", "deny"})
PLAIN = Weights(signs={"confidence": 1.0, "joined": 2.0}, least=2.0)
"""A wish is what is read with log-odds of 2 (0.88), or 0 (0.5) beside a joining word."""
FINDER = replace(SHIPPED, seems=PLAIN, counts=PLAIN)


def clauses(text: str) -> list[tuple[str, bool]]:
    return [(text[one.start : one.end], one.joined) for one in FINDER.clauses(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("where is it and also is it blue", ["where is it", "is it blue"]),
        ("Where is SB-20417? Also, is it blue?", ["Where is SB-20417?", "is it blue?"]),
        ("where is it and how long is it", ["where is it", "how long is it"]),
        ("where is it btw is it blue", ["where is it", "is it blue"]),
        ("我的订单到哪了，另外退货政策是什么", ["我的订单到哪了", "退货政策是什么"]),
        ("到哪了 还有优惠券吗", ["到哪了", "优惠券吗"]),
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
    assert [clause.asks for clause in FINDER.clauses(text)] == asks


# -- which are wishes --------------------------------------------------------------------------


def reading(intent: str, confidence: float, at: int = 0, **how: bool) -> Reading:
    joined, opens = how.get("joined", False), how.get("opens", False)
    clause = Clause(start=at, end=at + 5, joined=joined, opens=opens)
    guess = Guess(intent=intent, confidence=confidence)
    return Reading(clause=clause, guess=guess, in_scope=how.get("in_scope", True))


def ranking(**shares: float) -> list[Guess]:
    guesses = [Guess(intent=intent, confidence=share) for intent, share in shares.items()]
    return sorted(guesses, key=lambda guess: -guess.confidence)


def found(whole: list[Guess], *readings: Reading) -> list[str]:
    return [request.intent for request in FINDER.requests(whole, readings)]


def segments(whole: list[Guess], *readings: Reading) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in FINDER.segments(whole, readings)]


def test_a_story_is_not_cut() -> None:
    whole = ranking(refunds=0.9, damaged=0.1)
    story = [reading("damaged", 0.6), reading("refunds", 0.9, 9)]
    assert segments(whole, *story) == []


def test_a_message_is_cut_behind_each_clause_that_seems_a_wish() -> None:
    whole = ranking(refunds=0.9)
    told = [reading("refunds", 0.9), reading("order", 0.3, 9), reading("order", 0.95, 18)]
    assert segments(whole, *told) == [(0, 5), (9, 23)]


def test_a_message_is_cut_at_a_joining_word_whatever_its_clauses_seem() -> None:
    whole = ranking(refunds=0.9)
    told = [reading("refunds", 0.2), reading("refunds", 0.1, 9, opens=True)]
    assert segments(whole, *told) == [(0, 5), (9, 14)]


def test_few_segments_are_read_alone() -> None:
    whole = ranking(refunds=0.9)
    told = [reading("refunds", 0.2, 9 * n, opens=n > 0) for n in range(MOST_SEGMENTS + 3)]
    assert len(segments(whole, *told)) == MOST_SEGMENTS


def test_two_joined_wishes_are_found_in_their_order() -> None:
    whole = ranking(refunds=0.9, order=0.0)
    both = [reading("order", 0.6, joined=True), reading("refunds", 0.9, 9, joined=True)]
    assert found(whole, *both) == ["order", "refunds"]


def test_a_wish_apart_has_to_be_clearer_than_a_joined_one() -> None:
    whole = ranking(refunds=0.8, damaged=0.2)
    main = reading("refunds", 0.95, 9)
    assert found(whole, reading("damaged", 0.6), main) == []
    assert found(whole, reading("damaged", 0.6, joined=True), main) == ["damaged", "refunds"]


def test_greetings_and_strange_sentences_are_no_wishes() -> None:
    whole = ranking(order=0.9, greeting=0.1)
    main = reading("order", 0.9, 9)
    assert found(whole, reading("greeting", 0.99, joined=True), main) == []
    assert found(whole, reading("refunds", 0.99, joined=True, in_scope=False), main) == []


def test_one_wish_twice_is_one() -> None:
    whole = ranking(order=0.9)
    assert found(whole, reading("order", 0.9, joined=True), reading("order", 0.8, 9)) == []


def test_a_person_is_found_anywhere() -> None:
    whole = ranking(order=0.999, contact_human=0.0)
    asks = reading("contact_human", 0.7, 9)
    assert found(whole, reading("order", 0.9), asks) == ["order", "contact_human"]


def test_no_more_than_three_wishes_are_taken_but_always_a_person() -> None:
    names = ["a", "b", "c", "d"]
    readings = [reading(name, 0.9, 9 * n, joined=True) for n, name in enumerate(names)]
    whole = ranking(a=0.4, b=0.2, c=0.2, d=0.2)
    assert found(whole, *readings) == ["a", "b", "c"]
    person = reading("contact_human", 0.9, 50)
    assert found(whole, *readings, person) == ["a", "b", "c", "contact_human"]


def test_what_is_told_before_a_wish_belongs_to_it_and_the_rest_to_the_last() -> None:
    whole = ranking(order=0.9)
    told = [
        reading("damaged", 0.2), reading("order", 0.9, 9), reading("damaged", 0.3, 18),
        reading("refunds", 0.95, 27), reading("thanks", 0.9, 36),
    ]  # fmt: skip

    requests = FINDER.requests(whole, told)

    assert [(one.intent, one.start, one.end) for one in requests] == [
        ("order", 0, 14),
        ("refunds", 18, 41),
    ]


def test_the_shipped_weights_weigh_every_sign() -> None:
    told = [reading("order", 0.9), reading("refunds", 0.9, 9)]
    names = signs(told[1], ranking(order=0.9), told).keys()

    for weights in (SHIPPED.seems, SHIPPED.counts):
        assert weights.signs.keys() == names
    assert SHIPPED.seems.signs["confidence"] > 0
