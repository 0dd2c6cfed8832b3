"""Reads the words of short answers: <language>/answers.yml. What each list is for stands there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from intents.model import BadCatalogError, command_key


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWords:
    """How choices are picked in words; every word is normalised."""

    ordinals: Mapping[str, int] = field(default_factory=dict)
    """Word to its place: 1 is the first, -1 the last."""
    none: frozenset[str] = frozenset()
    every: frozenset[str] = frozenset()
    either: frozenset[str] = frozenset()
    noted: frozenset[str] = frozenset()
    """A yes that only says: I have read it."""
    before: tuple[str, ...] = ()
    """What stands before the telling word of an answer and says nothing; longest first."""
    behind: tuple[str, ...] = ()
    things: frozenset[str] = frozenset()
    """What an ordinal counts where it stands within a sentence: the second *one*."""
    not_things: frozenset[str] = frozenset()
    """What stands behind an ordinal that counts none of the choices: 第一个*月*."""


def load_answers(folder: Path | None = None) -> AnswerWords:
    """Read the words of all languages together: shoppers mix them. Raises BadCatalogError."""
    root = folder or Path(__file__).parent
    return joined(_read(file) for file in sorted(root.glob("*/answers.yml")))


def joined(every: Iterable[AnswerWords]) -> AnswerWords:
    """Put the words of several languages together."""
    words = list(every)
    return AnswerWords(
        ordinals={word: place for one in words for word, place in one.ordinals.items()},
        none=frozenset().union(*(one.none for one in words)),
        every=frozenset().union(*(one.every for one in words)),
        either=frozenset().union(*(one.either for one in words)),
        noted=frozenset().union(*(one.noted for one in words)),
        before=_longest_first(word for one in words for word in one.before),
        behind=_longest_first(word for one in words for word in one.behind),
        things=frozenset().union(*(one.things for one in words)),
        not_things=frozenset().union(*(one.not_things for one in words)),
    )


def _read(file: Path) -> AnswerWords:
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    try:
        return AnswerWords(
            ordinals={
                word: int(place)
                for place, words in data["ordinals"].items()
                for word in _normal(words)
            },
            none=frozenset(_normal(data["none"])),
            every=frozenset(_normal(data["every"])),
            either=frozenset(_normal(data["either"])),
            noted=frozenset(_normal(data["noted"])),
            before=_longest_first(_normal(data["before"])),
            behind=_longest_first(_normal(data["behind"])),
            things=frozenset(_normal(data["things"])),
            not_things=frozenset(_normal(data["not_things"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadCatalogError(
            f"{file}: expected ordinals, none, every, either, noted, before, behind, "
            f"things and not_things as its head describes, but {error} is wrong or missing"
        ) from error


def _normal(words: Iterable[Any]) -> list[str]:
    return [command_key(str(word)) for word in words]


def _longest_first(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words), key=lambda word: (-len(word), word)))
