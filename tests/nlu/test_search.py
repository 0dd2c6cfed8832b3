"""The held-out questions, asked of the demo shop with the real encoder."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bot.nlu.encoder import open_encoder
from bot.nlu.vectors import CachedEncoder
from bot.ports import Encoder
from bot.settings import read_settings
from bot.shop.demo.load import load_demo
from bot.shop.documents import product_documents
from bot.shop.sql import SqlShop
from bot.store.engine import migrate, open_engine
from knowledge_base.articles import demo_articles
from knowledge_base.index import Index, build
from knowledge_base.model import Document, Kind, SearchResult
from tests.contract.store_values import START

pytestmark = pytest.mark.model
HERE = Path(__file__).parent
ARTICLES, EVERYTHING = (Kind.ARTICLE,), (Kind.ARTICLE, Kind.PRODUCT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question, the documents that answer it, and what was found."""

    answers: frozenset[str]
    result: SearchResult

    @property
    def place(self) -> float:
        """Return the place of the first right hit, counted from 1."""
        ids = [hit.id for hit in self.result.hits]
        return next((i for i, id_ in enumerate(ids, 1) if id_ in self.answers), float("inf"))


@pytest.fixture(scope="module")
def encoder() -> Iterator[Encoder]:
    cache = read_settings().cache
    encoder = CachedEncoder(open_encoder(None, cache), cache / "vectors")
    yield encoder
    encoder.close()


@pytest.fixture(scope="module")
def index(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("search")
    documents = [*demo_articles(), *asyncio.run(demo_products(folder / "shop.db"))]
    return build(documents, encoder.encode, encoder_name=encoder.name, folder=folder / "index")


async def demo_products(path: Path) -> list[Document]:
    url = f"sqlite+aiosqlite:///{path}"
    await asyncio.to_thread(migrate, url)
    engine = open_engine(url)
    try:
        await load_demo(engine, START)
        return product_documents(await SqlShop(engine).products(), ["en", "zh"])
    finally:
        await engine.dispose()


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def questions(language: str) -> Any:
    return yaml.safe_load((HERE / f"search_{language}.yml").read_text(encoding="utf-8"))


@pytest.fixture
def limits(language: str) -> Mapping[str, float]:
    limits = yaml.safe_load((HERE / "thresholds_search.yml").read_text(encoding="utf-8"))
    chosen: Mapping[str, float] = limits[language]
    return chosen


class Search:
    """The index with its encoder, for one language."""

    def __init__(self, index: Index, encoder: Encoder, language: str) -> None:
        self.index = index
        self.encoder = encoder
        self.language = language

    def ask(self, text: str, kinds: tuple[Kind, ...] = EVERYTHING) -> SearchResult:
        vector = self.encoder.encode([text], "query")[0]
        return self.index.search(text, vector, language=self.language, top=10, kinds=kinds)

    def ask_all(
        self, group: Mapping[str, list[Any]], kinds: tuple[Kind, ...] = EVERYTHING
    ) -> list[Asked]:
        asked = []
        for id_, lines in group.items():
            for line in lines:
                text, also = (line, ()) if isinstance(line, str) else (line["text"], line["also"])
                answers = frozenset({id_, *also})
                asked.append(Asked(answers=answers, result=self.ask(text, kinds)))
        return asked


@pytest.fixture
def search(index: Index, encoder: Encoder, language: str) -> Search:
    return Search(index, encoder, language)


def test_every_article_is_asked_for(questions: Any, language: str) -> None:
    ids = {document.id for document in demo_articles() if document.language == language}
    assert set(questions["questions"]) == ids
    assert min(len(lines) for lines in questions["questions"].values()) >= 3
    assert len(questions["off_topic"]) >= 40


def test_articles_are_found(search: Search, questions: Any, limits: Mapping[str, float]) -> None:
    places = np.array([a.place for a in search.ask_all(questions["questions"], ARTICLES)])
    assert (places <= 1).mean() >= limits["recall_1"]
    assert (places <= 3).mean() >= limits["recall_3"]
    assert (1 / places).mean() >= limits["mrr"]


def test_products_are_found(search: Search, questions: Any, limits: Mapping[str, float]) -> None:
    places = np.array([a.place for a in search.ask_all(questions["products"])])
    assert (places <= 1).mean() >= limits["products_1"]


def test_sure_is_right(search: Search, questions: Any, limits: Mapping[str, float]) -> None:
    asked = search.ask_all(questions["questions"], ARTICLES)
    right = np.array([a.place == 1 for a in asked])
    sure = np.array([a.result.sure for a in asked])
    assert right[sure].mean() >= limits["sure_right"]
    assert sure[right].mean() >= limits["sure_found"]


def test_everyday_questions_are_not_answered(
    search: Search, questions: Any, limits: Mapping[str, float]
) -> None:
    sure = [text for text in questions["off_topic"] if search.ask(text).sure]
    assert len(sure) / len(questions["off_topic"]) <= limits["everyday"], sure


def test_one_article_alone_is_known_from_everyday_talk(
    encoder: Encoder, language: str, questions: Any, tmp_path: Path
) -> None:
    """A shop with a single article: nothing in the index says what is usual."""
    (returns,) = [d for d in demo_articles() if (d.id, d.language) == ("returns-policy", language)]
    index = build([returns], encoder.encode, encoder_name=encoder.name, folder=tmp_path)
    search = Search(index, encoder, language)
    sure = [search.ask(text).sure for text in questions["questions"]["returns-policy"]]
    assert sum(sure) >= 4
    everyday = [text for text in questions["off_topic"] if search.ask(text).sure]
    assert len(everyday) <= 4, everyday


def test_the_topic_helps(search: Search, questions: Any) -> None:
    """Given the question's topic, more articles come first than without it."""
    topics = {d.id: d.topics[0] for d in demo_articles()}
    plain = helped = 0
    for id_, lines in questions["questions"].items():
        for line in lines:
            text = line if isinstance(line, str) else line["text"]
            vector = search.encoder.encode([text], "query")[0]
            for topic in (None, topics[id_]):
                hits = search.index.search(
                    text, vector, language=search.language, kinds=ARTICLES, topic=topic
                ).hits
                plain += topic is None and hits[0].id == id_
                helped += topic is not None and hits[0].id == id_
    assert helped > plain
