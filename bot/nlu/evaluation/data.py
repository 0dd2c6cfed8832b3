"""The labelled phrases that an evaluation asks about."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.model import Language
from intents.loader import load_emotions, load_labelled, load_phrases
from intents.model import BadPhrasesError, Example, normalise

HELD_BACK = 0.2
_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Phrases with what they mean, and phrases with what they feel."""

    intents: tuple[Example, ...]
    emotions: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Halves:
    """The shop's own phrases, dealt out: what is learnt, and what is asked."""

    learnt: Labelled
    asked: Labelled


def read_labelled(paths: Sequence[Path], language: Language | None = None) -> Labelled:
    """Read files and folders of Rasa 3.1 NLU data; `language` leaves out phrases of others.

    Raises:
        BadPhrasesError: a phrase can't be read (names file and line), or there is none.
    """
    read = [load_labelled(path) for path in paths]
    labelled = Labelled(
        intents=_of(language, [example for intents, _ in read for example in intents]),
        emotions=_of(language, [example for _, emotions in read for example in emotions]),
    )
    if not labelled.intents and not labelled.emotions:
        places = ", ".join(map(str, paths))
        spoken = f" in {language!r}" if language else ""
        raise BadPhrasesError(
            f"{places}: expected phrases of intents or emotions{spoken}, got none"
        )
    return labelled


def split_phrases(home: Path, language: Language | None = None) -> Halves:
    """Hold a fifth of the shipped and the shop's own phrases back, of each label and language.

    All languages are learnt, as by the shop's own model; only `language` is asked.

    Raises:
        BadPhrasesError: the shop's phrases are wrong, or there are none in the language.
    """
    learnt, asked = split(load_phrases(extra=home / "intents"))
    learnt_moods, asked_moods = split(load_emotions())
    halves = Halves(
        learnt=Labelled(intents=learnt, emotions=learnt_moods),
        asked=Labelled(intents=_of(language, asked), emotions=_of(language, asked_moods)),
    )
    if not halves.asked.intents:
        raise BadPhrasesError(f"Expected phrases in {language!r} to hold back, but there are none")
    return halves


def split(examples: Sequence[Example]) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Return what to learn and what to ask; wordings that differ in signs only stay together."""
    groups: dict[tuple[str, str | None], list[str]] = {}
    keys = [normalise(example.text) or example.text for example in examples]
    first: set[str] = set()
    for key, example in zip(keys, examples, strict=True):
        if key not in first:
            first.add(key)
            groups.setdefault((example.intent, example.language), []).append(key)
    random = np.random.default_rng(_SEED)
    held: set[str] = set()
    for group in groups.values():
        held.update(str(key) for key in random.permutation(group)[: _fifth(len(group))])
    pairs = list(zip(keys, examples, strict=True))
    return (
        tuple(example for key, example in pairs if key not in held),
        tuple({key: example for key, example in pairs if key in held}.values()),
    )


def _fifth(count: int) -> int:
    return min(round(count * HELD_BACK), count - 1)


def _of(language: Language | None, examples: Sequence[Example]) -> tuple[Example, ...]:
    """Keep the phrases of a language, and those whose place tells none."""
    return tuple(
        example for example in examples if language is None or example.language in {None, language}
    )
