"""Fits heads to examples whose vectors are known: cross-validated, calibrated. Training only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix

from bot.nlu.features import learn_grams, surface
from bot.nlu.heads import (
    SIGNS,
    Doubt,
    Emotions,
    Head,
    Intents,
    Scope,
    joined,
    signs_of,
    softmax,
)
from bot.nlu.neighbours import Neighbours, nearest_of, vote
from bot.nlu.softmax import Weights, fit
from bot.ports import Progress
from intents.model import Example

FOLDS = 4
_ENOUGH = 5_000
"""So many validated examples settle every threshold; more only take time."""
STRENGTH = 15.0
_OWN_THRESHOLD = 40
"""A language with fewer validated examples than this shares the threshold of all."""
_CLEAR = 0.9
"""So likely has its own label to be for an example that counts for the scope's thresholds."""
_RIDGE = 3.0
_LEAST_OUTSIDE = 30
"""Fewer examples of what is out of scope don't teach how to weigh the signs."""

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Data:
    """Examples as numbers."""

    labels: tuple[str, ...]
    nothing: int | None
    wanted: Ints
    directions: Floats
    dense: Floats
    sparse: csr_matrix


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Validated:
    """What models that had not seen an example said of it."""

    rows: Ints
    signs: Floats
    """Of being in scope, one row each."""
    logits: Floats
    """Of the regression and the nearest phrases together."""


def fit_intents(
    examples: Sequence[Example],
    vectors: Floats,
    *,
    names: int = 0,
    reject: float,
    progress: Progress,
) -> Intents:
    """Fit the intent head, its scope and its doubt.

    The last `names` examples are the labels' own names: they teach, but nobody says them, so that
    nothing is measured on them.

    The scope's thresholds reject the share `reject` of validated examples in each language, of
    those that are clear by themselves. Phrases are written as they stand in mid-dialogue too
    ("and silver?"); counting those, the thresholds let every second strange message through.
    """
    head, data = _prepare(examples, vectors, kinds=("word", "char"), with_surface=False)
    folds = _folds(examples)
    folds[len(examples) - names :] = -1
    seen = _validate(data, folds, "Checking intents", progress)
    head = _finish(head, data, seen)
    inside = data.wanted[seen.rows] != (-1 if head.nothing is None else head.nothing)
    valid = _Validated(
        rows=seen.rows[inside], signs=seen.signs[inside], logits=seen.logits[inside]
    )
    if head.nothing is not None:
        valid.logits[:, head.nothing] = -np.inf
    likely = _likely(valid.logits / head.temperature)
    wanted = data.wanted[valid.rows]
    languages = [examples[row].language for row in valid.rows]
    return Intents(
        head=head,
        scope=_scope(seen, inside, valid, _clear(likely, wanted), languages, reject),
        doubt=_doubt(likely, wanted, languages),
    )


def _scope(
    seen: _Validated,
    inside: NDArray[np.bool_],
    valid: _Validated,
    clear: NDArray[np.bool_],
    languages: Sequence[str | None],
    reject: float,
) -> Scope:
    mean, spread = _mean_and_spread(valid.signs)
    weights = _weights((seen.signs - mean) / spread, inside)
    scores = np.asarray(((valid.signs - mean) / spread) @ weights, np.float32)[clear]
    told = [language for language, one in zip(languages, clear, strict=True) if one]
    thresholds = _thresholds(scores, told, reject)
    return Scope(mean=mean, spread=spread, weights=weights, thresholds=thresholds)


def _weights(signs: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Weigh the signs by a regression of in and out of scope, where enough is known of both."""
    if min(inside.sum(), (~inside).sum()) < _LEAST_OUTSIDE:
        return np.ones(SIGNS, np.float32)
    none = csr_matrix((len(signs), 0), dtype=np.float32)
    fitted = fit(signs, none, inside.astype(np.int64), classes=2, strength=STRENGTH)
    return np.asarray(fitted.dense[:, 1] - fitted.dense[:, 0], np.float32)


def fit_emotions(examples: Sequence[Example], vectors: Floats, *, progress: Progress) -> Emotions:
    """Fit the emotion head and the strength of what is felt."""
    head, data = _prepare(examples, vectors, kinds=("word", "char", "sign"), with_surface=True)
    head = _finish(head, data, _validate(data, _folds(examples), "Checking emotions", progress))
    felt = [i for i, example in enumerate(examples) if example.intensity]
    calm = next((example.intent for example in examples if example.intensity == 0), None)
    return Emotions(head=head, calm=calm, intensity=_intensity(data, examples, felt))


def _prepare(
    examples: Sequence[Example], vectors: Floats, *, kinds: tuple[str, ...], with_surface: bool
) -> tuple[Head, _Data]:
    labels = tuple(sorted({example.intent for example in examples}))
    index = {label: i for i, label in enumerate(labels)}
    grams = learn_grams([example.text for example in examples], kinds)
    nothing = np.zeros((0, len(labels)), np.float32)
    wanted = np.array([index[example.intent] for example in examples])
    centre = vectors.mean(axis=0)
    away = vectors - centre
    directions = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-12)
    head = Head(
        labels=labels, centre=centre, grams=grams, dense=nothing, sparse=nothing,
        bias=np.zeros(len(labels), np.float32), temperature=1.0, surface=with_surface,
        near=Neighbours.of(directions, wanted),
        gram_weight=_gram_weight(len(examples) / len(labels)),
    )  # fmt: skip
    signs = np.stack([surface(example.text) for example in examples])
    data = _Data(
        labels=labels,
        nothing=head.nothing,
        wanted=wanted,
        directions=directions,
        dense=np.concatenate([directions, signs], axis=1) if with_surface else directions,
        sparse=head.gram_weight
        * _sparse([grams.row(example.text) for example in examples], len(grams.idf)),
    )
    return head, data


def _gram_weight(examples_of_a_label: float) -> float:
    """Return how much n-grams count: of ten examples few words are telling, of 300 many."""
    return float(np.clip(0.5 + np.log10(examples_of_a_label / 10), 0.5, 2.0))


def _sparse(rows: Sequence[tuple[Ints, Floats]], width: int) -> csr_matrix:
    ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([columns for columns, _ in rows])
    values = np.concatenate([values for _, values in rows])
    return csr_matrix((values, columns, ends), shape=(len(rows), width), dtype=np.float32)


def _fit(data: _Data, rows: Ints) -> Weights:
    return fit(
        data.dense[rows],
        data.sparse[rows],
        data.wanted[rows],
        classes=len(data.labels),
        strength=STRENGTH,
    )


def _finish(head: Head, data: _Data, seen: _Validated) -> Head:
    weights = _fit(data, np.arange(len(data.wanted)))
    return replace(
        head,
        dense=weights.dense,
        sparse=weights.sparse,
        bias=weights.bias,
        temperature=_temperature(seen.logits, data.wanted[seen.rows]),
    )


# -- validation ------------------------------------------------------------


def _validate(data: _Data, folds: Ints, what: str, progress: Progress) -> _Validated:
    """Ask examples of models trained without them; what is alone in its label is left out.

    Where there are very many, some folds tell enough.
    """
    rows = np.arange(len(folds))
    splits = [(rows[folds == fold], rows[folds != fold]) for fold in range(FOLDS)]
    usable = [(held, rest) for held, rest in splits if len(held) and len(rest)]
    found: list[_Validated] = []
    for done, (held, rest) in enumerate(usable):
        if sum(len(one.rows) for one in found) >= _ENOUGH:
            break
        progress(what, done, len(usable) + 1)
        found.append(_ask(data, _fit(data, rest), held, rest))
    progress(what, len(usable), len(usable) + 1)
    if not found:
        nothing = np.zeros((0, len(data.labels)), np.float32)
        return _Validated(rows=np.zeros(0, np.int64), signs=nothing[:, :0], logits=nothing)
    return _Validated(
        rows=np.concatenate([one.rows for one in found]),
        signs=np.concatenate([one.signs for one in found]),
        logits=np.concatenate([one.logits for one in found]),
    )


def _ask(data: _Data, weights: Weights, held: Ints, rest: Ints) -> _Validated:
    """Ask a model, and the phrases it was fitted to, about those held back."""
    classes, labels = len(data.labels), data.wanted[rest]
    logits = weights.logits(data.dense[held], data.sparse[held])
    cosines = data.directions[held] @ data.directions[rest].T
    near = [nearest_of(row, labels) for row in cosines]
    both = [joined(row, vote(few, classes)) for row, few in zip(logits, near, strict=True)]
    signs = [
        signs_of(row, one, few, data.nothing)
        for row, one, few in zip(logits, both, near, strict=True)
    ]
    return _Validated(rows=held, signs=np.stack(signs), logits=np.stack(both))


def _folds(examples: Sequence[Example]) -> Ints:
    """Deal each label and language out over the folds; -1 keeps a lone example in training."""
    dealt: dict[tuple[str, str | None], int] = {}
    folds = np.full(len(examples), -1)
    shuffled = np.random.default_rng(0).permutation(len(examples))
    of_label: dict[str, int] = {}
    for example in examples:
        of_label[example.intent] = of_label.get(example.intent, 0) + 1
    for row in shuffled:
        example = examples[row]
        if of_label[example.intent] > 1:
            key = (example.intent, example.language)
            dealt[key] = dealt.get(key, -1) + 1
            folds[row] = dealt[key] % FOLDS
    return folds


def _temperature(logits: Floats, wanted: Ints) -> float:
    """Return what logits have to be divided by so that confidence means share right."""
    if not len(wanted):
        return 1.0

    def surprise(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        top = scaled.max(axis=1, keepdims=True)
        sums = top[:, 0] + np.log(np.exp(scaled - top).sum(axis=1))
        return float((sums - scaled[np.arange(len(wanted)), wanted]).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-2.5, 2.5), method="bounded").x))


def _likely(logits: Floats) -> Floats:
    rows = [softmax(row) for row in logits]
    return np.stack(rows) if rows else logits


def _clear(likely: Floats, wanted: Ints) -> NDArray[np.bool_]:
    """Return which examples a model that had not seen them understood surely."""
    sure: NDArray[np.bool_] = likely[np.arange(len(wanted)), wanted] >= _CLEAR
    return sure


def _mean_and_spread(signs: Floats) -> tuple[Floats, Floats]:
    if not len(signs):
        return np.zeros(SIGNS, np.float32), np.ones(SIGNS, np.float32)
    return signs.mean(axis=0), np.maximum(signs.std(axis=0), 1e-6)


def _thresholds(
    scores: Floats, languages: Sequence[str | None], reject: float
) -> dict[str, float]:
    if not len(scores):
        return {"": float("-inf")}
    thresholds = {"": float(np.quantile(scores, reject))}
    for language in sorted({one for one in languages if one}):
        own = scores[[one == language for one in languages]]
        if len(own) >= _OWN_THRESHOLD:
            thresholds[language] = float(np.quantile(own, reject))
    return thresholds


def _doubt(likely: Floats, wanted: Ints, languages: Sequence[str | None]) -> Doubt:
    """Sort what the validated examples were taken for by confidence, per language."""
    right = likely.argmax(axis=1) == wanted if len(likely) else np.zeros(0, bool)
    most = likely.max(axis=1) if len(likely) else np.zeros(0, np.float32)
    confidences: dict[str, Floats] = {}
    were_right: dict[str, NDArray[np.bool_]] = {}
    for language in ["", *sorted({one for one in languages if one})]:
        own = np.array([not language or one == language for one in languages], bool)
        if not language or own.sum() >= _OWN_THRESHOLD:
            order = np.argsort(most[own], kind="stable")
            confidences[language] = most[own][order]
            were_right[language] = right[own][order]
    return Doubt(confidences=confidences, right=were_right)


def _intensity(data: _Data, examples: Sequence[Example], felt: Sequence[int]) -> Floats:
    """Fit the strength of feelings by ridge regression; a constant where nothing is known."""
    width = data.dense.shape[1]
    if not felt:
        return np.array([*([0.0] * width), 0.5], np.float32)
    rows = data.dense[felt]
    strengths = np.array([examples[i].intensity for i in felt], np.float32)
    mean, middle = rows.mean(axis=0), strengths.mean()
    away = rows - mean
    weights = np.linalg.solve(
        away.T @ away + _RIDGE * np.eye(width, dtype=np.float32), away.T @ (strengths - middle)
    )
    return np.array([*weights, middle - mean @ weights], np.float32)
