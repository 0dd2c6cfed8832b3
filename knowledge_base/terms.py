"""Texts as the terms of a lexical index: words of alphabets, pairs of Han characters."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate

_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_RUN = re.compile(rf"[{_HAN}]")
_TOKEN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:[-./_][^\W_{_HAN}]+)*")
_SHORTEST_CODE = 4
_PART = re.compile(r"[-./_]")


def terms(text: str) -> list[str]:
    """Return the terms of a text, in order, with repeats.

    A Han run gives its pairs, as Chinese has no blanks between words. A code such as `TEA-01-RED`
    gives its parts and, joined, itself, so that it is found however it is typed.
    """
    return list(_terms(_plain(text)))


def codes(text: str) -> set[str]:
    """Return what may be a code in a text, or the start of one: parts joined, with a digit.

    `LL-1001-RED` gives ll1001 and ll1001red, so that a variant's number finds its product too.
    """
    found: set[str] = set()
    for token in _TOKEN.findall(_plain(text)):
        joined = accumulate(() if _HAN_RUN.match(token) else _PART.split(token))
        found.update(code for code in joined if _is_code(code))
    return found


def whole(code: str) -> set[str]:
    """Return a document's number as `codes` finds it; empty for a mere word."""
    joined = "".join(_TOKEN.findall(_plain(code)))
    joined = "".join(_PART.split(joined))
    return {joined} if _is_code(joined) else set()


def _is_code(text: str) -> bool:
    return len(text) >= _SHORTEST_CODE and any(ch.isdigit() for ch in text)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _terms(text: str) -> Iterator[str]:
    for token in _TOKEN.findall(text):
        if _HAN_RUN.match(token):
            yield from _pairs(token)
            continue
        parts = _PART.split(token)
        yield from (_stem(part) for part in parts)
        if len(parts) > 1:
            yield "".join(parts)


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    yield from (run[i : i + 2] for i in range(len(run) - 1))


def _stem(word: str) -> str:
    """Fold an English plural (Harman 1991, "How effective is suffixing?", the S stemmer)."""
    if not word.isascii() or not word.isalpha() or len(word) < 4:  # noqa: PLR2004 -- "gas", "bus"
        return word
    if word.endswith("ies") and word[-4] not in "ea":
        return f"{word[:-3]}y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    if word.endswith("s") and word[-2] not in "us":
        return word[:-1]
    return word
