"""Trains a model folder from phrases, and knows when an existing one still fits."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from bot.nlu.heads import Emotions
from bot.nlu.language import LanguageDetector
from bot.nlu.model_folder import (
    FORMAT,
    ModelError,
    TrainedModel,
    is_sound,
    read_model,
    write_model,
)
from bot.ports import Encoder, Progress
from bot.settings import Settings, ShopRules
from intents.loader import load_catalog, load_emotions, load_phrases
from intents.model import OUT_OF_SCOPE, BadPhrasesError, Example

RECIPE = 8
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
    moods: Emotions | None = None,
    progress: Progress | None = None,
) -> Path:
    """Train on phrases and write the model folder `out` at once; returns it.

    Phrases of unknown language get the one they are written in. Without `emotions` the model
    has no emotion heads, and a recognizer takes them from another folder; `moods` are heads that
    were fitted to these `emotions` before. The encoder is never changed.

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
    if moods is None and (felt := _usable(emotions)):
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
    own = _own_model(encoder, settings, rules)
    if is_sound(own.folder):
        return own.folder
    own.folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(own.folder.parent / f".{own.folder.name}.lock"):
        if not is_sound(own.folder):
            train(
                encoder, own.examples, own.emotions,
                reject=rules.understand.reject, out=own.folder, progress=progress,
            )  # fmt: skip
    return own.folder


def train_folder(
    settings: Settings,
    rules: ShopRules,
    encoder: Encoder,
    folder: Path | None,
    out: Path | None,
    progress: Progress | None = None,
) -> Path:
    """Train on a folder of phrases, or on the shop's own; returns where the model is."""
    if folder is None and out is None:
        return ensure_model(encoder, settings, rules, progress)
    own = None if folder is not None else settings.home / "intents"
    return train(
        encoder,
        load_phrases(folder, own),
        load_emotions(),
        reject=rules.understand.reject,
        out=out or settings.home / "model",
        moods=_known_emotions(encoder, settings, rules),
        progress=progress,
    )


def _known_emotions(encoder: Encoder, settings: Settings, rules: ShopRules) -> Emotions | None:
    """Return the emotion heads of the shop's model, if that is trained and up to date."""
    try:
        return read_model(_own_model(encoder, settings, rules).folder).emotions
    except (ModelError, BadPhrasesError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _OwnModel:
    """What the shop's model is trained on, and where it is, or will be."""

    examples: Sequence[Example]
    emotions: Sequence[Example]
    folder: Path


def _own_model(encoder: Encoder, settings: Settings, rules: ShopRules) -> _OwnModel:
    examples, emotions = load_phrases(extra=settings.home / "intents"), load_emotions()
    _check_intents(examples)
    mark = fingerprint(encoder.name, examples, emotions, reject=rules.understand.reject)
    folder = settings.cache / "heads" / mark
    return _OwnModel(examples=examples, emotions=emotions, folder=folder)


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
