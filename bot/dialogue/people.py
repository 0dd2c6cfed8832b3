"""Finds names and addresses of people: only where a skill has asked for one.

Anywhere else a name is a word like others ("Rose", 高兴), so nothing is looked for. What people
put before a name or an address, and what can't be one, stands in the lexicon.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from intents.lexicon import NameWords, words_of
from intents.model import HAN

_LONGEST = 200
_LONGEST_NAME = 60
_STOPS = " \t\r\n.,:;!?，。：；！？、-"
_BREAK = re.compile(r"[,;，；、。！!？?\n]+")
_LATIN_NAME = re.compile(r"[^\W\d_]['’.\-\w]*(?: [^\W\d_]['’.\-\w]*){0,4}")
_MOST_PARTS = 4
_FULL = range(2, _MOST_PARTS + 1)
"""Parts of a name that is known by its capitals alone."""
_FOREIGN = re.compile(rf"[{HAN}]{{1,8}}[·•][{HAN}·•]{{1,12}}")
_LEVELS = 2
"""Parts of an address that make it one: 西湖区 and 文三路."""
_SHORTEST_ADDRESS = 6


@dataclass(frozen=True, slots=True)
class _Patterns:
    before: re.Pattern[str]
    address_before: re.Pattern[str]
    joints: re.Pattern[str]
    surname: re.Pattern[str]
    not_han: re.Pattern[str]
    not_latin: frozenset[str]
    signs: re.Pattern[str]
    han_signs: re.Pattern[str]


def person_name(text: str, *, asked: bool) -> str | None:
    """Return the name in an answer, as written; None where none is clear.

    Args:
        text: The answer without its numbers and e-mail addresses.
        asked: The name alone was asked for, so that "mei" is enough; otherwise it has to be
            introduced ("my name is"), be written with capitals, or have a common surname.
    """
    cued = False
    for piece in _pieces(text[:_LONGEST]):
        plain = _patterns().before.sub("", piece).strip(_STOPS)
        cued = cued or plain != piece
        if 0 < len(plain) <= _LONGEST_NAME and _is_name(plain, asked=asked or cued):
            return plain
    return None


def postal_address(text: str, without: Iterable[str] = ()) -> str | None:
    """Return the address in an answer to the question for one, in one line; None if it is none.

    `without` is left out: phone numbers and addresses of mail that came with it.
    """
    for other in without:
        text = text.replace(other, " ")
    name = person_name(text, asked=False)
    if name is not None and not _has_levels(name):
        text = text.replace(name, " ", 1)
    patterns = _patterns()
    line = " ".join(text.split()).strip(_STOPS)
    line = patterns.before.sub("", line).strip(_STOPS)
    line = patterns.address_before.sub("", line).strip(_STOPS)
    line = re.sub(r"\s*([,，])(?:\s*[,，])*", r"\1", line)
    return line if len(line) >= _SHORTEST_ADDRESS and _has_levels(line) else None


def _pieces(text: str) -> Iterator[str]:
    """Give the parts of an answer; between Chinese ones a blank divides too."""
    for part in _BREAK.split(text):
        for clause in _patterns().joints.split(part):
            divided = clause.split() if re.search(f"[{HAN}]", clause) else [clause]
            yield from (piece.strip(_STOPS) for piece in divided if piece.strip(_STOPS))


def _is_name(plain: str, *, asked: bool) -> bool:
    patterns = _patterns()
    if re.search(f"[{HAN}]", plain):
        if patterns.not_han.search(plain):
            return False
        loose = asked and re.fullmatch(f"[{HAN}]{{2,4}}", plain)
        return bool(patterns.surname.fullmatch(plain) or _FOREIGN.fullmatch(plain) or loose)
    words = plain.lower().replace("’", "'").split()
    if not _LATIN_NAME.fullmatch(plain) or not patterns.not_latin.isdisjoint(words):
        return False
    capitals = len(words) in _FULL and all(word[0].isupper() for word in plain.split())
    return len(words) <= _MOST_PARTS and (asked or capitals)


def _has_levels(line: str) -> bool:
    """Say whether a line is built as addresses are: a house number and a street, or 区 and 路."""
    patterns = _patterns()
    levels = {match[0].lower() for match in patterns.han_signs.finditer(line)}
    if len(levels) >= _LEVELS:
        return True
    return any(map(str.isdecimal, line)) and patterns.signs.search(line) is not None


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    words: NameWords = words_of("").people
    han = [sign for sign in words.address_signs if not sign.isascii()]
    latin = [sign for sign in words.address_signs if sign.isascii()]
    not_han = [word for word in words.not_names if not word.isascii()]
    given = f"[{HAN}]{{1,2}}"
    return _Patterns(
        before=_opening(words.before),
        address_before=_opening(words.address_before),
        joints=re.compile(rf"\b(?:{_any(words.joints)})\b", re.IGNORECASE),
        surname=re.compile(f"(?:{_any(words.surnames)}){given}"),
        not_han=re.compile(_any(not_han)),
        not_latin=frozenset(word for word in words.not_names if word.isascii()),
        signs=re.compile(rf"(?<![A-Za-z])(?:{_any(latin)})(?![A-Za-z])", re.IGNORECASE),
        han_signs=re.compile(rf"(?<=[{HAN}0-9A-Za-z])(?:{_any(han)})"),
    )


def _opening(words: Sequence[str]) -> re.Pattern[str]:
    """Match what may stand before the thing itself, more than once."""
    latin = _any(word for word in words if word.isascii())
    other = _any(word for word in words if not word.isascii())
    return re.compile(rf"^(?:(?:(?:{latin})(?![A-Za-z'’])|{other})[\s,:：，]*)+", re.IGNORECASE)


def _any(words: Iterable[str]) -> str:
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return "|".join(map(re.escape, ordered)) or "(?!)"
