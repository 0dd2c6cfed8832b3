"""The port `Retriever` over the index on disk, which follows the shop's articles and products."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import structlog
from filelock import FileLock
from numpy.typing import NDArray

from bot.ports import Articles, Encoder, Progress
from knowledge_base.index import Index, build, fingerprint, open_index, put_aside
from knowledge_base.model import BadIndexError, Document, Hit, Kind, SearchResult

Products: TypeAlias = Callable[[], Awaitable[Sequence[Document]]]
"""Return the catalogue's texts."""

EVERY_SECONDS = 2.0
_PRODUCTS_SHARE = 50
"""Reading the catalogue may take one fiftieth of the time: a large one is read less often."""
_AFTER_FAILURE_SECONDS = 30.0
_NOTHING = SearchResult(hits=(), sure=False)
_log = structlog.get_logger(__name__)


class IndexRetriever:
    """Searches the newest index; builds a new one beside it when articles or products change.

    `ensure` opens the index, built if need be, and follows changes from then on until `close`.
    Several processes may share a folder: one builds, the others open what it made.
    """

    def __init__(
        self,
        encoder: Encoder,
        articles: Articles,
        products: Products,
        folder: Path,
        *,
        every: float = EVERY_SECONDS,
    ) -> None:
        self._encoder = encoder
        self._articles = articles
        self._products = products
        self._folder = folder
        self._every = every
        self._index: Index | None = None
        self._generation: int | None = None
        self._products_due = 0.0
        self._turn = asyncio.Lock()
        self._follower: asyncio.Task[None] | None = None
        self._closed = False

    async def ensure(self, progress: Progress | None = None) -> None:
        """Open the index of what is published now, and start to follow changes.

        Raises what the store, the encoder or the disk raise: without an index there is no start.
        """
        await self._update(progress)
        if self._follower is None:
            self._follower = asyncio.create_task(self._follow(), name="index follower")

    async def refresh(self) -> None:
        """Look for changes now, and open a new index if there are any."""
        if await self._changed():
            await self._update(None)

    async def search(
        self,
        query: str,
        *,
        language: str,
        vector: NDArray[np.float32] | None = None,
        top: int = 5,
        kinds: Sequence[Kind] = (Kind.ARTICLE, Kind.PRODUCT),
        topic: str | None = None,
    ) -> SearchResult:
        """Return documents best first, each once, those of `language` ranked first."""
        index = self._index
        if index is None or not len(index) or not query.strip():
            return _NOTHING
        if vector is None:
            vector = await self._encoder.encode_query(query)
        return await asyncio.to_thread(
            index.search, query, vector, language=language, top=top, kinds=kinds, topic=topic
        )

    async def close(self) -> None:
        """Stop following; a build under way is given up."""
        self._closed = True
        if self._follower is not None:
            self._follower.cancel()
            with suppress(asyncio.CancelledError):
                await self._follower
            self._follower = None

    async def _follow(self) -> None:
        """Look for changes for ever; whatever fails, the present index keeps serving."""
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.refresh()
            except Exception:  # noqa: BLE001 - nobody above this loop could answer it
                _log.exception("index.not_refreshed")
                await asyncio.sleep(_AFTER_FAILURE_SECONDS)

    async def _changed(self) -> bool:
        """Say whether it is worth to read all documents."""
        if await self._articles.generation() != self._generation:
            return True
        return time.monotonic() >= self._products_due

    async def _update(self, progress: Progress | None) -> None:
        async with self._turn:
            # Read before the articles: a change between the two is seen the next time.
            generation = await self._articles.generation()
            documents = [*await self._articles.published(), *await self._catalogue()]
            self._index = await asyncio.to_thread(self._opened, documents, progress)
            self._generation = generation

    async def _catalogue(self) -> Sequence[Document]:
        started = time.monotonic()
        products = await self._products()
        ended = time.monotonic()
        self._products_due = ended + max(self._every, _PRODUCTS_SHARE * (ended - started))
        return products

    def _opened(self, documents: Sequence[Document], progress: Progress | None) -> Index:
        """Return an index of these documents: the one at hand, the one on disk, or a new one."""
        wanted = fingerprint(documents, self._encoder.name)
        if self._index is not None and self._index.fingerprint == wanted:
            return self._index
        # Without the lock, so that a home that can only be read serves too.
        with suppress(BadIndexError):
            index = open_index(self._folder)
            if index.fingerprint == wanted:
                return index
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / ".lock"):
            self._put_aside_if_damaged()
            return self._built(documents, progress)

    def _put_aside_if_damaged(self) -> None:
        try:
            open_index(self._folder)
        except BadIndexError as error:
            if (aside := put_aside(self._folder)) is not None:
                _log.warning("index.damaged", error=str(error), kept_as=str(aside))

    def _built(self, documents: Sequence[Document], progress: Progress | None) -> Index:
        started = time.monotonic()
        index = build(
            documents,
            self._encode,
            encoder_name=self._encoder.name,
            folder=self._folder,
            progress=progress,
        )
        seconds = round(time.monotonic() - started, 3)
        _log.info("index.opened", documents=index.documents, passages=len(index), seconds=seconds)
        return index

    def _encode(
        self, texts: Sequence[str], kind: Literal["query", "passage"]
    ) -> NDArray[np.float32]:
        if self._closed:
            raise RuntimeError("Expected an open retriever, but it was closed during a build")
        return self._encoder.encode(texts, kind)


def results_json(result: SearchResult) -> dict[str, Any]:
    """Return what `shopbell search --json` writes."""
    return {"results": [_hit_json(hit) for hit in result.hits], "sure": result.sure}


def _hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "article_id": hit.id,
        "kind": hit.kind.value,
        "title": hit.title,
        "text": hit.text,
        "score": round(hit.score, 6),
        "language": hit.language,
        "source": hit.source,
        "version": hit.version,
    }
