"""The promises of the `Retriever` port, and that its index follows the shop."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from filelock import FileLock
from numpy.typing import NDArray

from bot.ports import Progress, Retriever
from bot.search import IndexRetriever, results_json
from knowledge_base.model import Document, Kind
from tests.unit.knowledge import fakes
from tests.unit.knowledge.fakes import article, product, query

RETURNS = article("returns", "You can send goods back within thirty days.", topics=("return",))
ZH_RETURNS = article("returns", "收货后三十天内可以退货。", language="zh")
DELIVERY = article("delivery", "A courier brings your parcel.", topics=("delivery",))
LAMP = product("LL-1001", "Paper lamp", "White paper.")


class FakeEncoder:
    """Sees words; counts what it is asked."""

    name = "fake"
    dimensions = fakes.DIMENSIONS

    def __init__(self) -> None:
        self.passages: list[str] = []
        self.queries: list[str] = []

    def encode(
        self,
        texts: Sequence[str],
        kind: Literal["query", "passage"],
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        self.passages += texts
        return fakes.encode(texts, kind)

    async def encode_query(self, text: str) -> NDArray[np.float32]:
        self.queries.append(text)
        return query(text)

    async def encode_parts(
        self, text: str, parts: Sequence[tuple[int, int]]
    ) -> NDArray[np.float32]:
        texts = [text, *(text[start:end] for start, end in parts)]
        return np.stack([await self.encode_query(one) for one in texts])

    def close(self) -> None:
        """Nothing to close."""


class FakeArticles:
    """Articles in memory."""

    def __init__(self, *documents: Document) -> None:
        self.documents = list(documents)
        self.number = 1
        self.fails = False

    async def published(self) -> Sequence[Document]:
        return list(self.documents)

    async def generation(self) -> int:
        if self.fails:
            raise OSError("the store is gone")
        return self.number

    async def put(self, documents: Sequence[Document], at: datetime) -> Sequence[Document]:
        raise NotImplementedError

    async def remove(self, article: str, at: datetime) -> bool:
        raise NotImplementedError

    def publish(self, *documents: Document) -> None:
        self.documents = list(documents)
        self.number += 1


class Shelf:
    """What the retriever under test stands on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.encoder = FakeEncoder()
        self.articles = FakeArticles(RETURNS, ZH_RETURNS, DELIVERY)
        self.products: list[Document] = [LAMP]
        self.catalogue_reads = 0
        self.opened: list[IndexRetriever] = []

    def open(self, *, every: float = 3600) -> IndexRetriever:
        async def products() -> Sequence[Document]:
            self.catalogue_reads += 1
            return list(self.products)

        retriever = IndexRetriever(self.encoder, self.articles, products, self.folder, every=every)
        self.opened.append(retriever)
        return retriever


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(tmp_path / "home" / "index")
    yield shelf
    for retriever in shelf.opened:
        await retriever.close()


@pytest.fixture
async def retriever(shelf: Shelf) -> IndexRetriever:
    retriever = shelf.open()
    await retriever.ensure()
    return retriever


async def first(retriever: Retriever, text: str, language: str = "en") -> str:
    return (await retriever.search(text, language=language)).hits[0].id


# -- what the port promises ------------------------------------------------------------


async def test_documents_come_best_first_and_once(retriever: Retriever) -> None:
    result = await retriever.search("send goods back within thirty days", language="en")
    assert result.hits[0].id == "returns"
    assert len({hit.id for hit in result.hits}) == len(result.hits) == 3
    assert result.sure


async def test_the_language_of_the_question_comes_first(retriever: Retriever) -> None:
    result = await retriever.search("三十天内可以退货吗", language="zh")
    assert [hit.language for hit in result.hits] == ["zh", "en", "en"]


async def test_kinds_and_top_limit_what_is_found(retriever: Retriever) -> None:
    result = await retriever.search("paper", language="en", kinds=(Kind.PRODUCT,))
    assert [hit.id for hit in result.hits] == ["LL-1001"]
    assert len((await retriever.search("paper", language="en", top=1)).hits) == 1


async def test_a_given_vector_is_used(retriever: Retriever, shelf: Shelf) -> None:
    text = "courier"
    given = await retriever.search(text, language="en", vector=query(text))
    assert shelf.encoder.queries == []
    assert given == await retriever.search(text, language="en")
    assert shelf.encoder.queries == [text]


@pytest.mark.parametrize("text", ["", "  \n", "\x00", "🙂", "x" * 100_000, "' OR 1=1 --", "<b>"])
async def test_any_text_can_be_asked(retriever: Retriever, text: str) -> None:
    assert not (await retriever.search(text, language="en")).sure


async def test_an_empty_index_gives_nothing(shelf: Shelf) -> None:
    shelf.articles.documents = []
    shelf.products = []
    retriever = shelf.open()
    await retriever.ensure()
    result = await retriever.search("returns", language="en")
    assert (result.hits, result.sure) == ((), False)


async def test_before_the_start_nothing_is_found(shelf: Shelf) -> None:
    assert (await shelf.open().search("returns", language="en")).hits == ()


# -- following the shop ------------------------------------------------------------


async def test_an_edit_shows(retriever: IndexRetriever, shelf: Shelf) -> None:
    edited = replace(RETURNS, text="Forty days, by pigeon.", version=2)
    shelf.articles.publish(edited, DELIVERY)
    await retriever.refresh()
    (hit, *_) = (await retriever.search("pigeon", language="en")).hits
    assert (hit.id, hit.version, hit.text) == ("returns", 2, "Forty days, by pigeon.")


async def test_a_removed_article_is_gone(retriever: IndexRetriever, shelf: Shelf) -> None:
    shelf.articles.publish(DELIVERY)
    await retriever.refresh()
    hits = (await retriever.search("send goods back", language="en")).hits
    assert "returns" not in {hit.id for hit in hits}


async def test_a_new_product_shows(retriever: IndexRetriever, shelf: Shelf) -> None:
    shelf.products.append(product("LL-1002", "Clay teapot", "Brown clay."))
    follower = shelf.open(every=0)
    await follower.ensure()
    shelf.products.append(product("LL-1003", "Oak shelf", "Oak."))
    await asyncio.sleep(0.02)
    await follower.refresh()
    assert await first(follower, "oak shelf") == "LL-1003"


async def test_changes_are_followed_without_being_asked(shelf: Shelf) -> None:
    retriever = shelf.open(every=0.01)
    await retriever.ensure()
    shelf.articles.publish(article("pigeons", "A pigeon brings your parcel."))
    async with asyncio.timeout(20):
        while await first(retriever, "pigeon") != "pigeons":  # noqa: ASYNC110 - it polls too
            await asyncio.sleep(0.01)


async def test_nothing_is_read_again_without_a_change(
    retriever: IndexRetriever, shelf: Shelf
) -> None:
    reads = shelf.catalogue_reads
    await retriever.refresh()
    await retriever.refresh()
    assert shelf.catalogue_reads == reads


async def test_the_old_index_serves_while_a_new_one_is_built(
    retriever: IndexRetriever, shelf: Shelf
) -> None:
    shelf.articles.publish(article("pigeons", "A pigeon brings your parcel."))
    with FileLock(shelf.folder / ".lock"):
        building = asyncio.create_task(retriever.refresh())
        await asyncio.sleep(0.05)
        assert await first(retriever, "courier parcel") == "delivery"
        assert not building.done()
    await building
    assert await first(retriever, "courier parcel") == "pigeons"


async def test_a_store_that_fails_leaves_the_index(shelf: Shelf) -> None:
    retriever = shelf.open(every=0.01)
    await retriever.ensure()
    shelf.articles.fails = True
    await asyncio.sleep(0.05)
    assert await first(retriever, "courier parcel") == "delivery"


# -- the folder ------------------------------------------------------------


async def test_a_restart_encodes_nothing(retriever: IndexRetriever, shelf: Shelf) -> None:
    shelf.encoder.passages.clear()
    again = shelf.open()
    await again.ensure()
    assert shelf.encoder.passages == []
    assert await first(again, "courier parcel") == "delivery"


async def test_several_workers_build_once(shelf: Shelf) -> None:
    workers = [shelf.open() for _ in range(4)]
    await asyncio.gather(*(worker.ensure() for worker in workers))
    searchable = [text for text in shelf.encoder.passages if "brings your parcel" in text]
    assert len(searchable) == 1
    assert [await first(worker, "courier") for worker in workers] == ["delivery"] * 4


async def test_a_damaged_index_is_put_aside_and_built_anew(
    retriever: IndexRetriever, shelf: Shelf
) -> None:
    (vectors,) = shelf.folder.glob("*/vectors.faiss")
    vectors.write_bytes(b"damaged")
    again = shelf.open()
    await again.ensure()
    assert await first(again, "courier parcel") == "delivery"
    assert (shelf.folder / "damaged" / "vectors.faiss").read_bytes() == b"damaged"


async def test_a_home_where_nothing_can_be_locked_serves(
    retriever: IndexRetriever, shelf: Shelf
) -> None:
    again = shelf.open()
    with FileLock(shelf.folder / ".lock"):
        await asyncio.wait_for(again.ensure(), timeout=20)
    assert await first(again, "courier parcel") == "delivery"


async def test_a_build_is_given_up_at_the_end(shelf: Shelf) -> None:
    retriever = shelf.open()
    await retriever.ensure()
    shelf.articles.publish(article("pigeons", "A pigeon."))
    with FileLock(shelf.folder / ".lock"):
        building = asyncio.create_task(retriever.refresh())
        await asyncio.sleep(0.05)
        await retriever.close()
    with pytest.raises(RuntimeError, match="closed"):
        await building


# -- the contract of `shopbell search --json` ------------------------------------------------


async def test_json_is_exactly_the_contracts(retriever: IndexRetriever) -> None:
    result = results_json(await retriever.search("send goods back", language="en", top=2))
    assert set(result) == {"results", "sure"}
    assert isinstance(result["sure"], bool)
    assert len(result["results"]) == 2
    assert result["results"][0] == {
        "article_id": "returns",
        "kind": "article",
        "title": "returns",
        "text": "You can send goods back within thirty days.",
        "score": result["results"][0]["score"],
        "language": "en",
        "source": "returns.md",
        "version": 1,
    }
    assert json.loads(json.dumps(result)) == result
