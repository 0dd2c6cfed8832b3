"""Asks the recogniser, one phrase after the other, as shoppers' messages come in."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from time import perf_counter

from bot.model import Language, Recognition, Understanding
from bot.nlu.evaluation.data import Labelled
from bot.nlu.recognizer import NluRecognizer
from bot.ports import Progress
from intents.model import Example

WARM_UP = 5
"""Phrases that are asked once before the clock runs: the first ones fill caches."""
_SAME = 1 - 3e-4
"""So near is a training phrase to itself, its vector having been rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One labelled phrase and what the recogniser made of it."""

    example: Example
    language: Language
    """The data's, or the one that was found where the data names none."""
    understanding: Understanding
    evidence: float | None
    """The scope's score: higher is surer that the phrase is in scope."""
    trained_on: bool
    """The model was trained on this very phrase."""
    milliseconds: float

    @property
    def accepted(self) -> frozenset[str]:
        """Return the labels that count as right, near-equivalents among them."""
        return frozenset({self.example.intent, *self.example.also})


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """What was seen of both kinds of phrases."""

    intents: tuple[Seen, ...]
    emotions: tuple[Seen, ...]


def observe(
    recognizer: NluRecognizer,
    labelled: Labelled,
    progress: Progress,
    language: Language | None = None,
) -> Observations:
    """Ask about every phrase; `language` is that of phrases whose place tells none."""
    return asyncio.run(_observe(recognizer, labelled, progress, language))


async def _observe(
    recognizer: NluRecognizer, labelled: Labelled, progress: Progress, language: Language | None
) -> Observations:
    every = [*labelled.intents, *labelled.emotions]
    for example in every[:WARM_UP]:
        await recognizer.recognize(example.text)
    seen = []
    for done, example in enumerate(every, start=1):
        seen.append(await _ask(recognizer, example, language))
        progress("Asking about the phrases", done, len(every))
    count = len(labelled.intents)
    return Observations(intents=tuple(seen[:count]), emotions=tuple(seen[count:]))


async def _ask(recognizer: NluRecognizer, example: Example, language: Language | None) -> Seen:
    told = Language(example.language) if example.language else language
    start = perf_counter()
    recognition = await recognizer.recognize(example.text, hint=told)
    milliseconds = (perf_counter() - start) * 1000
    evidence, trained_on = _evidence(recognizer, recognition)
    return Seen(
        example=example,
        language=told or recognition.understanding.language,
        understanding=recognition.understanding,
        evidence=evidence,
        trained_on=trained_on,
        milliseconds=milliseconds,
    )


def _evidence(recognizer: NluRecognizer, recognition: Recognition) -> tuple[float | None, bool]:
    """Return the scope's score, and whether a training phrase has the same vector."""
    if recognition.vector is None:
        return None, False
    head, scope = recognizer.intents.head, recognizer.intents.scope
    read = head.read(recognition.vector, recognition.understanding.text)
    return scope.score(read), read.nearest >= _SAME


def languages_of(observations: Observations) -> tuple[Language, ...]:
    """Return every language that a phrase is in."""
    every = chain(observations.intents, observations.emotions)
    return tuple(sorted({seen.language for seen in every}))


def of_language(seen: Sequence[Seen], language: Language) -> tuple[Seen, ...]:
    """Return what was seen in one language."""
    return tuple(one for one in seen if one.language == language)
