"""The `Articles` port on SQLAlchemy: articles, every version of them, and a generation number."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.store import engine as database
from bot.store.engine import fetch, transact
from bot.store.tables import article_versions, articles, generations
from knowledge_base.model import Document, Kind

_NAME = "articles"

_NEWEST = select(article_versions, articles.c.published).join(
    article_versions,
    (article_versions.c.id == articles.c.id)
    & (article_versions.c.language == articles.c.language)
    & (article_versions.c.version == articles.c.version),
)
_PUBLISHED = _NEWEST.where(articles.c.published).order_by(articles.c.id, articles.c.language)
_GENERATION = select(generations.c.value).where(generations.c.name == _NAME)
_ONE = _NEWEST.where(articles.c.id == bindparam("a"), articles.c.language == bindparam("l"))
_ADVANCE = update(articles).where(
    articles.c.id == bindparam("a"), articles.c.language == bindparam("l")
)
_REMOVE = (
    update(articles)
    .where(articles.c.id == bindparam("a"), articles.c.published)
    .values(published=False)
    .returning(articles.c.language)
)


class SqlArticles:
    """Keeps articles in SQLite or PostgreSQL; removed ones keep their versions."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def published(self) -> Sequence[Document]:
        """Return the newest published version of every article and language."""
        return [_document(row) for row in await fetch(self._engine, _PUBLISHED)]

    async def generation(self) -> int:
        """Return a number that grows with every change of the published articles."""
        found = await fetch(self._engine, _GENERATION)
        return int(found[0].value) if found else 0

    async def put(self, documents: Sequence[Document], at: datetime) -> Sequence[Document]:
        """Publish documents all together; an unchanged one keeps its version."""
        _check(documents)

        def work(connection: Connection) -> list[Document]:
            # First, because it also locks out another `put` on PostgreSQL.
            self._grow(connection, 0)
            kept = [_put(connection, document, at) for document in documents]
            if any(changed for _, changed in kept):
                self._grow(connection, 1)
            return [document for document, _ in kept]

        return await transact(self._engine, work)

    async def remove(self, article: str, at: datetime) -> bool:  # noqa: ARG002 -- the port's
        """Take an article out in all its languages; False when there is none."""

        def work(connection: Connection) -> bool:
            self._grow(connection, 0)
            removed = connection.execute(_REMOVE, {"a": article}).all()
            if removed:
                self._grow(connection, 1)
            return bool(removed)

        return await transact(self._engine, work)

    def _grow(self, connection: Connection, by: int) -> None:
        statement = database.insert(self._engine, generations).values(name=_NAME, value=by)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["name"], set_={"value": generations.c.value + by}
            )
        )


def _check(documents: Sequence[Document]) -> None:
    if wrong := [d.id for d in documents if d.kind is not Kind.ARTICLE]:
        raise ValueError(f"Expected articles, but got products {wrong}")
    keys = [(document.id, document.language) for document in documents]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise ValueError(f"Expected each article once per language, but got {sorted(twice)} twice")


def _put(connection: Connection, document: Document, at: datetime) -> tuple[Document, bool]:
    """Keep one document; says whether what is published changed."""
    row = connection.execute(_ONE, {"a": document.id, "l": document.language}).first()
    if row is None:
        return _first(connection, replace(document, version=1), at), True
    document = replace(document, version=row.version)
    if _document(row) == document:
        if not row.published:
            _point(connection, document)
        return document, not row.published
    document = replace(document, version=row.version + 1)
    connection.execute(insert(article_versions), _version(document, at))
    _point(connection, document)
    return document, True


def _first(connection: Connection, document: Document, at: datetime) -> Document:
    key = {"id": document.id, "language": document.language}
    connection.execute(insert(articles), {**key, "version": 1, "published": True})
    connection.execute(insert(article_versions), _version(document, at))
    return document


def _point(connection: Connection, document: Document) -> None:
    connection.execute(
        _ADVANCE.values(version=document.version, published=True),
        {"a": document.id, "l": document.language},
    )


def _version(document: Document, at: datetime) -> dict[str, Any]:
    return {
        "id": document.id,
        "language": document.language,
        "version": document.version,
        "title": document.title,
        "text": document.text,
        "source": document.source,
        "topics": json.dumps(document.topics),
        "url": document.url,
        "published_at": at,
    }


def _document(row: Row[Any]) -> Document:
    return Document(
        id=row.id,
        kind=Kind.ARTICLE,
        language=row.language,
        title=row.title,
        text=row.text,
        source=row.source,
        version=row.version,
        topics=tuple(json.loads(row.topics)),
        url=row.url,
    )
