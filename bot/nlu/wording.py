"""Puts lists of words into regular expressions, and looks at what stands beside a match."""

import re
from collections.abc import Iterable, Mapping, Sequence

_LONGEST_CUE = 24
_NOTHING_ELSE = re.compile(r"[\s.!?,;。！？，；~～]*")


def any_of(words: Iterable[str]) -> str:
    """Return an expression for any of these words, longest first; for none, one that fails."""
    ordered = sorted({word.lower() for word in words}, key=lambda word: (-len(word), word))
    return "|".join(map(re.escape, ordered)) or "(?!)"


def whole(expression: str) -> str:
    """Return an expression that begins and ends where Latin words do; Han may touch it."""
    return rf"(?<![A-Za-z])(?:{expression})(?![A-Za-z])"


def apart(words: Iterable[str]) -> str:
    """Return an expression for any of these words: Latin ones whole, others anywhere."""
    every = set(words)
    latin = {word for word in every if word[0].isascii() and word[-1].isascii()}
    return f"{any_of(every - latin)}|{whole(any_of(latin))}"


def meanings(variants: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Turn lists of words around: from each word, in lower case, to its value."""
    return {word.lower(): value for value, words in variants.items() for word in words}


def follows(cues: re.Pattern[str], text: str, start: int) -> bool:
    """Say whether a cue stands right before a place; `cues` ends with `$`."""
    return cues.search(text[max(0, start - _LONGEST_CUE) : start]) is not None


def right_after(words: Iterable[str]) -> re.Pattern[str]:
    """Compile what `follows` takes: one of these words, and at most a blank behind it."""
    return re.compile(rf"(?:{apart(words)}) ?$", re.IGNORECASE)


def stands_alone(match: re.Match[str]) -> bool:
    """Say whether nothing but blanks and stops stands around a match."""
    text = match.string
    around = (_NOTHING_ELSE.fullmatch(text, 0, match.start()), match.end())
    return around[0] is not None and _NOTHING_ELSE.fullmatch(text, around[1]) is not None
