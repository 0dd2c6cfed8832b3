"""Which clauses of a message are wishes of their own."""

from dataclasses import replace

from bot.model import Guess
from bot.nlu.clauses import Clause
from bot.nlu.requests import (
    MOST_SEGMENTS,
    Reading,
    RequestFinder,
    Weights,
    find_requests,
    signs,
)

SHIPPED: RequestFinder = find_requests({"greeting", "thanks", "deny"})
PLAIN = Weights(signs={"confidence": 1.0, "joined": 2.0}, least=2.0)
"""A wish is what is read with log-odds of 2 (0.88), or 0 (0.5) beside a joining word."""
FINDER = replace(SHIPPED, seems=PLAIN, counts=PLAIN)


def reading(intent: str, confidence: float, at: int = 0, **how: bool) -> Reading:
    scope = how.pop("in_scope", True)
    clause = Clause(start=at, end=at + 5, **how)
    guess = Guess(intent=intent, confidence=confidence)
    return Reading(clause=clause, guess=guess, in_scope=scope)


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


def test_a_person_is_called_though_nothing_else_is_clear() -> None:
    whole = ranking(complaint=0.4, contact_human=0.1)
    told = [reading("order", 0.3), reading("order", 0.4, 9), reading("contact_human", 0.9, 18)]
    assert found(whole, *told) == ["complaint", "contact_human"]


def test_a_call_for_a_person_is_read_by_itself() -> None:
    whole = ranking(complaint=0.4)
    told = [reading("complaint", 0.9), reading("order", 0.1, 9), reading("contact_human", 0.9, 18)]
    assert segments(whole, *told)[-1] == (18, 23)


def test_what_is_told_between_two_wishes_stays_before_the_word_that_links() -> None:
    whole = ranking(modify=0.9)
    told = [
        reading("modify", 0.9), reading("zip", 0.1, 9),
        reading("time", 0.95, 18, links=True), reading("time", 0.2, 27),
    ]  # fmt: skip
    assert segments(whole, *told) == [(0, 14), (18, 32)]


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
