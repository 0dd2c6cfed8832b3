"""Turns a text into the n-grams and signs that stand beside its vector.

The vector knows meanings, n-grams know words: joined they are right more often than either (the
figures are in benchmarks/RESULTS.md). No language is named here: a text is cut into words, and
writing without blanks into single signs.
"""

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from intents.model import normalise

LONGEST = 1_000
"""Characters that are read of a text."""
SURFACE = 6
"""How many numbers `surface` returns."""

_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W\u3400-\u9fff\uf900-\ufaff]+")
_DIGIT = re.compile(r"\d")
_RUN = re.compile(r"(\w)\1\1+")
_SIGN_CATEGORIES = ("So", "Sk", "Sm")


def word_grams(text: str) -> Iterator[str]:
    """Give words (in Chinese: signs) alone and in pairs; every digit counts as 0."""
    words = _words(text)
    yield from words
    yield from (f"{one} {two}" for one, two in pairwise(words))


def char_grams(text: str) -> Iterator[str]:
    """Give pieces of two to four letters, so that a misspelt word keeps most of them."""
    for word in _words(text):
        padded = f" {word} "
        for size in (2, 3, 4):
            yield from (padded[i : i + size] for i in range(len(padded) - size + 1))
    signs = "".join(word for word in _words(text) if len(word) == 1)
    yield from (signs[i : i + 3] for i in range(len(signs) - 2))


def sign_grams(text: str) -> Iterator[str]:
    """Give emoji and punctuation, which say little of the topic and much of the mood."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST])
    for sign in plain:
        if unicodedata.category(sign) in _SIGN_CATEGORIES:
            yield sign
    yield from re.findall(r"[!?.~,…。]{1,4}|:\(|:\)|<3", plain)


def surface(text: str) -> NDArray[np.float32]:
    """Return what a voice would tell: exclamation, questions, capitals, drawn-out letters, length.

    Each number lies in 0-1.
    """
    plain = unicodedata.normalize("NFKC", text[:LONGEST])
    letters = [c for c in plain if c.isalpha()]
    shouted = sum(map(str.isupper, letters)) / len(letters) if len(letters) > SURFACE else 0.0
    return np.array(
        [
            min(plain.count("!"), 4) / 4,
            min(plain.count("?"), 4) / 4,
            shouted,
            min(len(_RUN.findall(plain)), 2) / 2,
            min(sum(unicodedata.category(c) == "So" for c in plain), 3) / 3,
            min(len(plain), 200) / 200,
        ],
        np.float32,
    )


@lru_cache(maxsize=8)
def _words(text: str) -> tuple[str, ...]:
    """Cut a text into words; each kind of gram asks for the same ones, one after another."""
    return tuple(_WORD.findall(_DIGIT.sub("0", normalise(text[:LONGEST]))))


@lru_cache(maxsize=8)
def hashes(text: str, kind: str) -> tuple[int, ...]:
    """Return a text's grams of a kind as numbers, each once; both heads ask for the same ones."""
    salt = zlib.crc32(kind.encode())  # going on from it keeps kinds apart
    grams = _KINDS[kind][0](text)
    return tuple(
        dict.fromkeys(zlib.crc32(gram.encode("utf-8", "replace"), salt) for gram in grams)
    )


_KINDS = {"word": (word_grams, 1.2), "char": (char_grams, 0.8), "sign": (sign_grams, 0.8)}
"""Each kind of gram, and how much it counts beside a vector of length one (measured)."""


@dataclass(frozen=True, slots=True, eq=False)
class GramSpace:
    """The grams that training saw more than once, with how telling each is (their idf)."""

    kinds: tuple[str, ...]
    known: Mapping[int, int]
    """From a gram's hash to its column."""
    idf: NDArray[np.float32]

    def row(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the columns that a text fills, and with what; each kind has its own length."""
        columns, values = [], []
        for kind in self.kinds:
            weight = _KINDS[kind][1]
            found = [self.known[h] for h in hashes(text, kind) if h in self.known]
            idf = self.idf[found]
            columns.append(np.array(found, np.int64))
            values.append(idf * (weight / (float(np.linalg.norm(idf)) or 1.0)))
        return np.concatenate(columns), np.concatenate(values).astype(np.float32)


def learn_grams(texts: Sequence[str], kinds: tuple[str, ...]) -> GramSpace:
    """Find the grams of many texts; one that stands in a single text teaches nothing."""
    seen: Counter[int] = Counter()
    for text in texts:
        for kind in kinds:
            seen.update(hashes(text, kind))
    kept = sorted(gram for gram, times in seen.items() if times > 1)
    idf = np.log((1 + len(texts)) / (1 + np.array([seen[gram] for gram in kept]))) + 1
    return GramSpace(kinds, {gram: i for i, gram in enumerate(kept)}, idf.astype(np.float32))
