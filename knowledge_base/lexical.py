"""Lexical search: BM25 over terms, as arrays that open by mmap.

Robertson and Zaragoza (2009), "The Probabilistic Relevance Framework", formula 3.15, with the
never negative idf of Lucene.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_K1 = 1.2
_B = 0.75
_ARRAYS = ("offsets", "postings", "impacts", "idf")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lexicon:
    """Which terms stand in which passages. Term t has postings[offsets[t]:offsets[t + 1]]."""

    passages: int
    unseen_idf: float
    """Weight of a query's term that no passage and no background text has."""
    numbers: Mapping[str, int]
    """Term to its number."""
    offsets: NDArray[np.int64]
    postings: NDArray[np.int32]
    """Numbers of passages."""
    impacts: NDArray[np.float32]
    """How well the term fits the passage, 0-1, without idf."""
    idf: NDArray[np.float32]

    def scores(self, query: Sequence[str]) -> NDArray[np.float32]:
        """Return for each passage how much of the query it says: 0-1, rare terms counting more."""
        found = np.zeros(self.passages, dtype=np.float32)
        total = 0.0
        for term, count in Counter(query).items():
            number = self.numbers.get(term)
            if number is None:
                total += self.unseen_idf * count
                continue
            weight = float(self.idf[number]) * count
            span = slice(int(self.offsets[number]), int(self.offsets[number + 1]))
            found[self.postings[span]] += weight * self.impacts[span]
            total += weight
        return found / np.float32(total) if total else found

    def save(self, folder: Path) -> None:
        """Write one file for each array and one with the terms."""
        for name in _ARRAYS:
            np.save(folder / f"lexical-{name}.npy", getattr(self, name), allow_pickle=False)
        head = {"passages": self.passages, "unseen_idf": self.unseen_idf}
        text = json.dumps({**head, "terms": list(self.numbers)}, ensure_ascii=False)
        (folder / "lexical.json").write_text(text, encoding="utf-8")


def index_terms(texts: Sequence[Sequence[str]], background: Sequence[Sequence[str]]) -> Lexicon:
    """Make a lexicon of passages; `background` tells only how common a term is in any talk."""
    seen = Counter(term for terms in (*texts, *background) for term in set(terms))
    every = len(texts) + len(background)
    by_term: dict[str, list[tuple[int, float]]] = {}
    mean = sum(map(len, texts)) / max(1, len(texts)) or 1.0
    for passage, terms in enumerate(texts):
        norm = _K1 * (1 - _B + _B * len(terms) / mean)
        for term, count in Counter(terms).items():
            by_term.setdefault(term, []).append((passage, count / (count + norm)))
    rows = [pair for pairs in by_term.values() for pair in pairs]
    return Lexicon(
        passages=len(texts),
        unseen_idf=_idf(0, every),
        numbers={term: number for number, term in enumerate(by_term)},
        offsets=np.cumsum([0, *map(len, by_term.values())], dtype=np.int64),
        postings=np.array([passage for passage, _ in rows], dtype=np.int32),
        impacts=np.array([impact for _, impact in rows], dtype=np.float32),
        idf=np.array([_idf(seen[term], every) for term in by_term], dtype=np.float32),
    )


def open_lexicon(folder: Path) -> Lexicon:
    """Open what `save` wrote; raises OSError, ValueError or KeyError when it is damaged."""
    head = json.loads((folder / "lexical.json").read_text(encoding="utf-8"))
    arrays = {
        # A plain view of the mapped file: numpy's own memmap class is slow to slice.
        name: np.asarray(
            np.load(folder / f"lexical-{name}.npy", mmap_mode="r", allow_pickle=False)
        )
        for name in _ARRAYS
    }
    numbers = {term: number for number, term in enumerate(head["terms"])}
    return Lexicon(
        passages=head["passages"], unseen_idf=head["unseen_idf"], numbers=numbers, **arrays
    )


def _idf(seen: int, every: int) -> float:
    return float(np.log1p((every - seen + 0.5) / (seen + 0.5)))
