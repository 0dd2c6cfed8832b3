"""Clauses of a message, and which of them are wishes of their own."""

import pytest

from bot.model import Guess
from bot.nlu.requests import MOST_CLAUSES, Clause, Reading, RequestFinder, find_requests
from intents.loader import load_languages

FINDER: RequestFinder = find_requests(load_languages(), {"greeting", "thanks", "deny"})


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
    ],
)
def test_sentences_are_clauses_that_nothing_joins(text: str, parts: list[str]) -> None:
    found = clauses(text)
    assert found == ([(part, False) for part in parts] if len(parts) > 1 else [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "where is my order",
        "I bought a lamp, it came broken, I want my money back",
        "by the way, is it blue",
        "顺便问一下多少钱",
        "push it to next thursday please",
        "version 2.5 or https://example.com/a.b?c=d",
        "大件送货上楼吗，要不要另外给钱",
        "x. " * 400,
    ],
)
def test_a_message_of_one_clause_costs_nothing(text: str) -> None:
    assert clauses(text) == []


def test_many_sentences_become_few_clauses() -> None:
    text = ". ".join(f"this is sentence number {n}" for n in range(9))
    found = clauses(text)
    assert len(found) == MOST_CLAUSES
    assert text.startswith(found[0][0])
    assert text.endswith(found[-1][0])


# -- which are wishes --------------------------------------------------------------------------


def reading(intent: str, confidence: float, at: int = 0, **how: bool) -> Reading:
    clause = Clause(start=at, end=at + 5, joined=how.get("joined", False))
    guess = Guess(intent=intent, confidence=confidence)
    return Reading(clause=clause, guess=guess, in_scope=how.get("in_scope", True))


def ranking(**shares: float) -> list[Guess]:
    guesses = [Guess(intent=intent, confidence=share) for intent, share in shares.items()]
    return sorted(guesses, key=lambda guess: -guess.confidence)


def found(whole: list[Guess], *readings: Reading) -> list[str]:
    return [request.intent for request in FINDER.requests(whole, readings)]


def test_two_joined_wishes_are_found_in_their_order() -> None:
    whole = ranking(refunds=0.9, order=0.0)
    both = [reading("order", 0.6, joined=True), reading("refunds", 0.9, 9, joined=True)]
    assert found(whole, *both) == ["order", "refunds"]


def test_a_sentence_apart_has_to_leave_a_trace_in_the_whole() -> None:
    both = [reading("damaged", 0.95), reading("refunds", 0.95, 9)]
    assert found(ranking(refunds=0.999, damaged=0.001), *both) == []
    assert found(ranking(refunds=0.9, damaged=0.05), *both) == ["damaged", "refunds"]


def test_a_sentence_apart_has_to_be_clearer_than_a_joined_one() -> None:
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
