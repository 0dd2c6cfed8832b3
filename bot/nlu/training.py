"""Trains a model folder from phrases, and knows when an existing one still fits."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from bot.nlu.language import LanguageDetector
from bot.nlu.model_folder import FORMAT, TrainedModel, is_sound, write_model
from bot.ports import Encoder, Progress
from bot.settings import Settings, ShopRules
from intents.loader import load_catalog, load_emotions, load_phrases
from intents.model import OUT_OF_SCOPE, BadPhrasesError, Example

RECIPE = 7
"""Counts the changes of features, heads and scope: a higher number makes everybody train anew."""
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_LIBRARIES = ("numpy", "scipy")


def fingerprint(
    encoder: str, examples: Sequence[Example], emotions: Sequence[Example], *, reject: float
) -> str:
    """Return what a model depends on, as 16 hex digits: data, encoder, settings and recipe."""
    facts = {
        "examples": [[e.text, e.intent, e.language] for e in examples],
        "emotions": [[e.text, e.intent, e.intensity] for e in emotions],
        "encoder": encoder,
        "settings": [reject],
        "recipe": [RECIPE, FORMAT],
        "libraries": [version(name) for name in _LIBRARIES],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def train(
    encoder: Encoder,
    examples: Sequence[Example],
    emotions: Sequence[Example],
    *,
    reject: float,
    out: Path,
    progress: Progress | None = None,
) -> Path:
    """Train on phrases and write the model folder `out` at once; returns it.

    Phrases of unknown language get the one they are written in. Without `emotions` the model
    has no emotion heads, and a recognizer takes them from another folder. The encoder is never
    changed.

    Raises:
        BadPhrasesError: there is nothing to learn.
        ModelError: `out` holds something else than a model.
    """
    # scipy takes 0.3 s and 40 MB that serving has better uses for.
    from bot.nlu.fitting import fit_emotions, fit_intents  # noqa: PLC0415

    told = progress or _silent
    mark = fingerprint(encoder.name, examples, emotions, reject=reject)
    usable = _usable(examples)
    if not usable:
        raise BadPhrasesError("Expected phrases to train on, but there are none")
    names = _names(usable)
    vectors = encoder.encode([one.text for one in (*usable, *names)], "query", told)
    intents = fit_intents(
        [*usable, *names], vectors, names=len(names), reject=reject, progress=told
    )
    moods = None
    if felt := _usable(emotions):
        vectors = encoder.encode([example.text for example in felt], "query", told)
        moods = fit_emotions(felt, vectors, progress=told)
    model = TrainedModel(encoder=encoder.name, fingerprint=mark, intents=intents, emotions=moods)
    return write_model(out, model)


def ensure_model(
    encoder: Encoder, settings: Settings, rules: ShopRules, progress: Progress | None = None
) -> Path:
    """Return the shop's model, trained now if it is missing, damaged or out of date.

    Trained on the shipped phrases and on `intents/<language>/*.yml` of the home. Several
    processes may ask at once: one trains, the others wait.

    Raises:
        BadPhrasesError: the shop's phrases are wrong, or name an intent that the catalogue lacks.
    """
    examples, emotions = load_phrases(extra=settings.home / "intents"), load_emotions()
    _check_intents(examples)
    reject = rules.understand.reject
    mark = fingerprint(encoder.name, examples, emotions, reject=reject)
    folder = settings.cache / "heads" / mark
    if is_sound(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{mark}.lock"):
        if not is_sound(folder):
            train(encoder, examples, emotions, reject=reject, out=folder, progress=progress)
    return folder


def _usable(examples: Sequence[Example]) -> list[Example]:
    """Drop repeated and empty phrases and fill in languages."""
    detector = LanguageDetector()
    once = {(e.text, e.intent): e for e in examples if e.text.strip()}
    return [
        example if example.language else replace(example, language=detector.detect(example.text))
        for example in once.values()
    ]


def _names(examples: Sequence[Example]) -> list[Example]:
    """Return each intent's name as one more example: where there are few, it tells much."""
    return [
        Example(text=words, intent=intent, file=Path(), line=0)
        for intent in sorted({example.intent for example in examples} - {OUT_OF_SCOPE})
        if (words := _BETWEEN_WORDS.sub(" ", intent).strip())
    ]


def _check_intents(examples: Sequence[Example]) -> None:
    known = {*load_catalog().intents, OUT_OF_SCOPE}
    for example in examples:
        if example.intent not in known:
            where = f"{example.file}:{example.line}"
            raise BadPhrasesError(
                f"{where}: expected an intent of the catalogue, got {example.intent!r}"
            )


def _silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""
