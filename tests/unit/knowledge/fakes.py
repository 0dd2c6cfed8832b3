"""An encoder that needs no model: texts with the same words get vectors that are alike."""

import hashlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowledge_base.model import Document, Kind, Vector
from knowledge_base.terms import terms

DIMENSIONS = 256


def encode(texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
    """Add up one fixed direction for each term; a little is common to all, as with e5."""
    return np.stack([_one(text) for text in texts]) if texts else _none()


def query(text: str) -> Vector:
    return _one(text)


def article(
    id_: str,
    text: str,
    *,
    title: str = "",
    language: str = "en",
    topics: tuple[str, ...] = (),
    version: int = 1,
) -> Document:
    return Document(
        id=id_,
        kind=Kind.ARTICLE,
        language=language,
        title=title or id_,
        text=text,
        source=f"{id_}.md",
        topics=topics,
        version=version,
    )


def product(
    id_: str, title: str, text: str, *, language: str = "en", codes: tuple[str, ...] = ()
) -> Document:
    return Document(
        id=id_, kind=Kind.PRODUCT, language=language, title=title, text=text, codes=codes
    )


def _one(text: str) -> Vector:
    vector = np.full(DIMENSIONS, 0.2, dtype=np.float32)
    for term in terms(text):
        seed = int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest())
        vector += np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32)
    unit: Vector = vector / np.linalg.norm(vector)
    return unit


def _none() -> NDArray[np.float32]:
    return np.zeros((0, DIMENSIONS), dtype=np.float32)
