"""Everyday texts of no shop: what a question is compared with, to see if an article is near.

Similarities of a model have no meaning of their own (those of e5 lie in 0.73-0.88), and a small
index can't say what is usual. So each search is read against texts that answer nothing, as
speaker verification reads scores against a cohort (Auckenthaler and others 2000, "Score
normalization for text-independent speaker verification systems").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from knowledge_base.model import Encode, Vector

_NEAREST = 3
_FILE = "background.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How near a query comes to texts that answer nothing."""

    mean: float
    deviation: float
    nearest: float
    """Mean similarity of the three nearest ones."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Background:
    """Vectors of the background texts by language."""

    vectors: Mapping[str, NDArray[np.float32]]

    @classmethod
    def encoded(cls, encode: Encode) -> Self:
        """Encode the texts that ship."""
        texts = background_texts()
        return cls(vectors={name: encode(lines, "passage") for name, lines in texts.items()})

    @classmethod
    def opened(cls, folder: Path) -> Self:
        """Open what `save` wrote."""
        with np.load(folder / _FILE, allow_pickle=False) as file:
            return cls(vectors={language: file[language] for language in file.files})

    def save(self, folder: Path) -> None:
        """Write the vectors to one file."""
        np.savez(folder / _FILE, allow_pickle=False, **self.vectors)

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return int(next(iter(self.vectors.values())).shape[1])

    def pull(
        self, languages: Sequence[str], vectors: NDArray[np.float32], encode: Encode
    ) -> NDArray[np.float32]:
        """Return how much nearer each vector is to any question than everyday texts are.

        Some passages come near to everything ("hubs": Radovanovic and others 2010); what they
        gain by that says nothing, and is taken off when they are ranked.
        """
        texts = background_texts()
        questions = {name: encode(lines, "query").mean(axis=0) for name, lines in texts.items()}
        every = np.mean(list(questions.values()), axis=0)
        usual = {name: float((self._of(name) @ mean).mean()) for name, mean in questions.items()}
        found = [
            float(vector @ questions.get(language, every))
            - usual.get(language, float(np.mean(list(usual.values()))))
            for language, vector in zip(languages, vectors, strict=True)
        ]
        return np.array(found, dtype=np.float32)

    def _of(self, language: str) -> NDArray[np.float32]:
        vectors = self.vectors.get(language)
        return np.concatenate(list(self.vectors.values())) if vectors is None else vectors

    def read(self, query: Vector, language: str) -> Reading:
        """Compare a query with the texts of a language; with all when it has none."""
        scores = self._of(language) @ query
        nearest = np.partition(scores, -_NEAREST)[-_NEAREST:]
        return Reading(
            mean=float(scores.mean()),
            deviation=max(float(scores.std()), 1e-4),
            nearest=float(nearest.mean()),
        )


def background_texts() -> dict[str, list[str]]:
    """Read the texts that ship, by language."""
    folder = files("knowledge_base") / "background"
    found = {
        file.name.removesuffix(".txt"): file.read_text(encoding="utf-8").splitlines()
        for file in folder.iterdir()
        if file.name.endswith(".txt")
    }
    return dict(sorted(found.items()))
