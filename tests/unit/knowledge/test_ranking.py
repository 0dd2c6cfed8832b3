"""What comes first, and when that is sure; the encoder is a fake that sees words."""

from pathlib import Path

import pytest

from knowledge_base.index import Index, build
from knowledge_base.model import Document, Kind, SearchResult
from knowledge_base.sureness import Evidence, Sureness
from tests.unit.knowledge.fakes import article, encode, product, query

RETURNS = article(
    "returns",
    "## How long\n\nYou can send goods back within thirty days after delivery, unused and with "
    "all their tags on, wherever you bought them from us.\n\n## Postage\n\nYou pay the postage of "
    "the return, unless the mistake was ours: then we pay it and send you a label by e-mail.",
    title="Returns",
    topics=("return_request",),
)
DELIVERY = article(
    "delivery",
    "A courier brings your parcel in three days.",
    title="Delivery",
    topics=("delivery",),
)
ZH_RETURNS = article("returns", "收货后三十天内可以退货。", title="退货", language="zh")
ZH_ONLY = article("invoices", "电子发票会发到您的邮箱。", title="发票", language="zh")
LAMP = product("LL-1001", "Paper lamp", "White paper.", codes=("LL-1001-RED", "QX77"))
TEAPOT = product("LL-1002", "Clay teapot", "Brown clay.")
ALL = [RETURNS, DELIVERY, ZH_RETURNS, ZH_ONLY, LAMP, TEAPOT]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return made(tmp_path_factory.mktemp("index"), ALL)


def made(folder: Path, documents: list[Document]) -> Index:
    return build(documents, encode, encoder_name="fake", folder=folder)


def ask(
    index: Index,
    text: str,
    *,
    language: str = "en",
    top: int = 5,
    kinds: tuple[Kind, ...] = (Kind.ARTICLE, Kind.PRODUCT),
    topic: str | None = None,
) -> SearchResult:
    return index.search(text, query(text), language=language, top=top, kinds=kinds, topic=topic)


def test_the_best_passage_is_quoted(index: Index) -> None:
    first = ask(index, "who pays the postage of a return").hits[0]
    assert (first.id, first.heading) == ("returns", "Postage")
    assert first.text.startswith("You pay the postage")


def test_each_document_comes_once(index: Index) -> None:
    hits = ask(index, "return goods postage", top=10).hits
    assert len({(hit.kind, hit.id) for hit in hits}) == len(hits) == 5


def test_the_questions_language_comes_first(index: Index) -> None:
    hits = ask(index, "发票 postage return courier", language="en", top=10).hits
    languages = [hit.language for hit in hits]
    assert languages == sorted(languages)
    assert [hit.id for hit in hits if hit.language == "zh"] == ["invoices"]


def test_a_translation_stands_for_its_article(index: Index) -> None:
    hits = ask(index, "退货", language="zh", top=10).hits
    assert [hit.language for hit in hits if hit.id == "returns"] == ["zh"]


def test_an_unknown_language_finds_something(index: Index) -> None:
    assert ask(index, "courier parcel", language="fr").hits[0].id == "delivery"


def test_scores_fall_and_lie_between_0_and_1(index: Index) -> None:
    for language in ("en", "zh", "fr"):
        scores = [hit.score for hit in ask(index, "courier 发票", language=language, top=9).hits]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score < 1 for score in scores)


@pytest.mark.parametrize("top", [1, 2, 3])
def test_no_more_than_asked(index: Index, top: int) -> None:
    assert len(ask(index, "postage", top=top).hits) == top


def test_only_the_wanted_kind(index: Index) -> None:
    assert {hit.kind for hit in ask(index, "paper", kinds=(Kind.ARTICLE,)).hits} == {Kind.ARTICLE}
    assert {hit.kind for hit in ask(index, "return", kinds=(Kind.PRODUCT,)).hits} == {Kind.PRODUCT}
    assert ask(index, "return", kinds=()).hits == ()


@pytest.mark.parametrize(
    "text",
    ["LL-1001", "ll1001?", "is LL-1001-RED there", "qx77", "有LL-1001吗", "how about ll_1001"],
)
def test_a_product_number_is_found(index: Index, text: str) -> None:
    assert ask(index, text).hits[0].id == "LL-1001"


def test_the_topic_lifts_its_articles(index: Index) -> None:
    text = "days"
    plain = ask(index, text, kinds=(Kind.ARTICLE,)).hits
    other = {"returns": "delivery", "delivery": "return_request"}[plain[0].id]
    lifted = ask(index, text, kinds=(Kind.ARTICLE,), topic=other).hits
    scores = {hit.id: hit.score for hit in plain}
    assert any(hit.score > scores[hit.id] for hit in lifted)
    assert ask(index, text, topic="unheard of").hits == ask(index, text).hits


def test_a_question_to_the_point_is_sure(index: Index) -> None:
    assert ask(index, "can I send goods back within thirty days after delivery").sure


def test_a_question_to_nothing_is_not(index: Index) -> None:
    assert not ask(index, "what will the weather be like tomorrow").sure
    assert not ask(index, "🙂").sure


@pytest.mark.parametrize("count", [2, 3])
def test_a_tiny_index_knows_what_it_does_not_know(tmp_path: Path, count: int) -> None:
    index = made(tmp_path, [RETURNS, DELIVERY, TEAPOT][:count])
    assert ask(index, "send goods back within thirty days").sure
    assert not ask(index, "who won the football match yesterday").sure


def test_more_evidence_makes_surer() -> None:
    model = Sureness.shipped()
    weak = Evidence(
        nearer=0.0,
        everyday=2.0,
        shared=0.0,
        lead=0.0,
        alone=0.0,
        agrees=0.0,
        foreign=0.0,
        product=0.0,
    )
    strong = Evidence(
        nearer=3.0,
        everyday=1.0,
        shared=0.6,
        lead=2.0,
        alone=0.0,
        agrees=1.0,
        foreign=0.0,
        product=0.0,
    )
    assert not model.is_sure(weak, "en")
    assert model.is_sure(strong, "en")
    assert 0 <= model.probability(weak) < model.probability(strong) <= 1


def test_a_language_without_a_threshold_gets_the_strictest() -> None:
    model = Sureness(weights=(0.0,) * 8, bias=0.0, thresholds={"en": 0.4, "zh": 0.6})
    evidence = Evidence(
        nearer=0.0,
        everyday=0.0,
        shared=0.0,
        lead=0.0,
        alone=0.0,
        agrees=0.0,
        foreign=0.0,
        product=0.0,
    )
    assert model.is_sure(evidence, "en")
    assert not model.is_sure(evidence, "zh")
    assert not model.is_sure(evidence, "fr")
