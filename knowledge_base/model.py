"""Documents, passages and search results; knows nothing of chats, shops or databases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float32]
"""One unit-length embedding, shape (dimensions,)."""

Encode: TypeAlias = Callable[[Sequence[str], Literal["query", "passage"]], NDArray[np.float32]]
"""Turn texts into unit vectors, shape (texts, dimensions); one text per model call inside."""


class KnowledgeError(Exception):
    """Something is wrong with the knowledge base."""


class BadDocumentError(KnowledgeError):
    """An article file can't be read; names the file and what was expected."""


class BadIndexError(KnowledgeError):
    """An index on disk is missing, damaged or made by something else."""


class Kind(StrEnum):
    """What a document is."""

    ARTICLE = "article"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One article or one product's text in one language.

    `id` is shared by the translations of one article; (`id`, `language`) is unique.
    `source` is the file or URL that it came from, `version` counts its published versions.
    """

    id: str
    kind: Kind
    language: str
    title: str
    text: str
    source: str = ""
    version: int = 1
    topics: tuple[str, ...] = ()
    url: str | None = None
    codes: tuple[str, ...] = ()
    """Numbers such as SKUs, beside its id, by which it is found and which are never shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One document found, by its best passage. `score` is comparable within one search only."""

    id: str
    kind: Kind
    language: str
    title: str
    text: str
    score: float
    source: str
    version: int
    heading: str = ""
    more: str = ""
    """The next passage of the same document, if it answers nearly as well."""
    on_topic: bool = False
    """Whether the document is on the topic that the question was said to have."""
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Hits, best first, each document once; `sure` says whether the first one answers."""

    hits: tuple[Hit, ...]
    sure: bool
