"""Terms and numbers of texts, and BM25 over them."""

from pathlib import Path

import numpy as np
import pytest

from knowledge_base.lexical import index_terms, open_lexicon
from knowledge_base.terms import codes, terms, whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where's my Refunds?", ["where", "s", "my", "refund"]),
        ("退货政策", ["退货", "货政", "政策"]),
        ("茶", ["茶"]),
        ("买A款", ["买", "a", "款"]),
        ("TEA-01-RED", ["tea", "01", "red", "tea01red"]),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", ["full", "width"]),
        ("glass bus policies boxes shoes", ["glass", "bus", "policy", "boxe", "shoe"]),
        ("", []),
        ("🙂 !!! ...", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is LL-1001-RED there", {"ll1001", "ll1001red"}),
        ("ll1001有白色吗", {"ll1001"}),
        ("a well-known shop", set()),
        ("in 14 days", set()),
    ],
)
def test_codes(text: str, expected: set[str]) -> None:
    assert codes(text) == expected


def test_a_number_is_found_however_it_is_typed() -> None:
    assert whole("LL-1001") == whole("ll1001") == {"ll1001"}
    assert whole("returns-policy") == set()


TEXTS = [terms(text) for text in ("free delivery by courier", "free gift card", "refund by card")]


def test_rare_words_count_more() -> None:
    scores = index_terms(TEXTS, []).scores(terms("free courier"))
    assert scores[0] > scores[1] > scores[2] == 0


def test_a_word_that_nobody_has_lowers_the_share() -> None:
    lexicon = index_terms(TEXTS, [])
    assert lexicon.scores(["courier", "dragon"])[0] < lexicon.scores(["courier"])[0]


def test_everyday_words_count_little() -> None:
    everyday = [terms("what is the weather"), terms("what is free"), terms("free time")]
    lexicon = index_terms(TEXTS, everyday)
    assert lexicon.scores(["free"])[0] == pytest.approx(lexicon.scores(["courier"])[0], rel=0.2)
    assert lexicon.idf[lexicon.numbers["free"]] < lexicon.idf[lexicon.numbers["courier"]]


def test_scores_lie_between_0_and_1() -> None:
    scores = index_terms(TEXTS, []).scores(TEXTS[0])
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_an_empty_query_and_an_empty_index_score_nothing() -> None:
    assert index_terms(TEXTS, []).scores([]).tolist() == [0, 0, 0]
    assert index_terms([], []).scores(["free"]).tolist() == []


def test_a_saved_lexicon_scores_the_same(tmp_path: Path) -> None:
    lexicon = index_terms(TEXTS, [])
    lexicon.save(tmp_path)
    query = terms("free courier dragon")
    assert np.array_equal(open_lexicon(tmp_path).scores(query), lexicon.scores(query))
