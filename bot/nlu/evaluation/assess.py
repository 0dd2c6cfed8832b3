"""From what was seen to a report."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.nlu.evaluation.measures import (
    Flags,
    Floats,
    Point,
    auroc,
    calibration_error,
    confusion,
    per_class,
    reliability,
    risk_coverage,
    shares,
    thinned,
    widest,
)
from bot.nlu.evaluation.observe import Observations, Seen, languages_of, of_language
from bot.nlu.evaluation.report import (
    Automation,
    Calibration,
    Classified,
    Confusion,
    Dial,
    Doubt,
    Histogram,
    LabelScore,
    Latency,
    ScopeFound,
    Section,
    Share,
    Stray,
    UnknownLabel,
)
from intents.model import OUT_OF_SCOPE

ACCEPTED_ERRORS = (0.01, 0.02, 0.05, 0.1)
EXAMPLES = 3
"""Example phrases of a confusion."""
STRAYS = 10
"""Listed phrases that were let in or turned away."""
POINTS = 200
"""Points of a curve in the report."""
_STRETCHES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How the recogniser is set, so that the report can mark where that stands."""

    accepted_error: float | None
    sure_from: Mapping[str, float]
    """The least confidence that is acted on, by language; "" for the others; may be empty."""
    in_scope_from: Mapping[str, float]
    """The least score that is in scope, likewise."""
    wanted_error: float | None = None
    """An accepted error that the caller wants to see."""


def assess(observations: Observations, tuning: Tuning) -> tuple[Section, dict[str, Section]]:
    """Return what was found in all, and by language."""
    languages = languages_of(observations)
    by_language = {
        str(language): _section(
            Observations(
                intents=of_language(observations.intents, language),
                emotions=of_language(observations.emotions, language),
            ),
            tuning,
            language,
        )
        for language in languages
    }
    if len(languages) == 1:
        return by_language[str(languages[0])], by_language
    return _section(observations, tuning, None), by_language


def unknown_labels(seen: Sequence[Seen]) -> tuple[UnknownLabel, ...]:
    """Count phrases by label, with the place of each label's first one."""
    found: dict[str, list[Seen]] = defaultdict(list)
    for one in seen:
        found[one.example.intent].append(one)
    return tuple(
        UnknownLabel(
            label=label,
            count=len(every),
            place=f"{every[0].example.file.name}:{every[0].example.line}",
        )
        for label, every in sorted(found.items())
    )


def _section(seen: Observations, tuning: Tuning, language: str | None) -> Section:
    inside = [one for one in seen.intents if one.example.intent != OUT_OF_SCOPE]
    outside = [one for one in seen.intents if one.example.intent == OUT_OF_SCOPE]
    return Section(
        phrases=len(seen.intents) + len(seen.emotions),
        intents=_classified(inside, lambda one: one.understanding.intent),
        calibration=_calibration(inside),
        doubt=_doubt(inside, outside, tuning, language),
        scope=_scope(inside, outside, tuning, language) if seen.intents else None,
        emotions=_classified(seen.emotions, lambda one: one.understanding.emotion.name),
        latency=_latency([*seen.intents, *seen.emotions]),
    )


# -- labels ------------------------------------------------------------


def _classified(seen: Sequence[Seen], said: Callable[[Seen], str]) -> Classified | None:
    if not seen:
        return None
    wanted = [one.example.intent for one in seen]
    answers = [said(one) for one in seen]
    columns = tuple(sorted({*wanted, *answers}))
    place = {label: i for i, label in enumerate(columns)}
    matrix = confusion(
        np.array([place[label] for label in wanted]),
        np.array([place[label] for label in answers]),
        len(columns),
    )
    scores = per_class(matrix)
    labels = [
        LabelScore(
            label=label,
            precision=float(scores.precision[i]),
            recall=float(scores.recall[i]),
            f1=float(scores.f1[i]),
            support=int(scores.support[i]),
        )
        for i, label in enumerate(columns)
    ]
    near = sum(answer in one.accepted for one, answer in zip(seen, answers, strict=True))
    return Classified(
        strict=Share(hits=int(matrix.trace()), of=len(seen)),
        near=Share(hits=near, of=len(seen)),
        macro_f1=scores.macro_f1,
        labels=tuple(labels),
        confusions=_confusions(seen, answers),
        matrix=tuple(tuple(int(count) for count in row) for row in matrix),
        columns=columns,
    )


def _confusions(seen: Sequence[Seen], answers: Sequence[str]) -> tuple[Confusion, ...]:
    """Return what was mistaken for what, the most frequent first, with wrong examples first."""
    pairs: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for one, answer in zip(seen, answers, strict=True):
        if answer != one.example.intent:
            pairs[one.example.intent, answer].append(one)
    found = [
        Confusion(
            wanted=wanted,
            said=answer,
            count=len(every),
            accepted=sum(answer in one.accepted for one in every),
            examples=tuple(
                one.example.text
                for one in sorted(every, key=lambda one: answer in one.accepted)[:EXAMPLES]
            ),
        )
        for (wanted, answer), every in pairs.items()
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.count, pair.wanted, pair.said)))


# -- confidence ------------------------------------------------------------


def _calibration(seen: Sequence[Seen]) -> Calibration | None:
    if not seen:
        return None
    right = np.array([one.understanding.intent == one.example.intent for one in seen])
    bins = reliability(_confidences(seen), right)
    return Calibration(ece=calibration_error(bins), bins=bins)


def _doubt(
    inside: Sequence[Seen], outside: Sequence[Seen], tuning: Tuning, language: str | None
) -> Doubt | None:
    if not inside:
        return None
    curve = _curve(inside)
    errors = {*ACCEPTED_ERRORS, *_own_errors(tuning)}
    return Doubt(
        curve=thinned(curve, POINTS),
        with_out_of_scope=thinned(_curve([*inside, *outside]), POINTS) if outside else (),
        automation=tuple(
            _automation(inside, error, asked_for=error in _own_errors(tuning))
            for error in sorted(errors)
        ),
        dial=_dial(inside, tuning, language),
    )


def _own_errors(tuning: Tuning) -> set[float]:
    return {e for e in (tuning.accepted_error, tuning.wanted_error) if e is not None}


def _curve(seen: Sequence[Seen]) -> tuple[Point, ...]:
    return risk_coverage(_confidences(seen), _wrong(seen), _in_scope(seen))


def _automation(seen: Sequence[Seen], accepted: float, *, asked_for: bool) -> Automation:
    point = widest(_curve(seen), accepted)
    threshold = point.threshold if point else None
    answered = _in_scope(seen) & (_confidences(seen) >= (2.0 if threshold is None else threshold))
    return Automation(
        accepted_error=accepted,
        asked_for=asked_for,
        threshold=threshold,
        answered=Share(hits=int(answered.sum()), of=len(seen)),
        wrong=Share(hits=int((answered & _wrong(seen)).sum()), of=int(answered.sum())),
    )


def _dial(seen: Sequence[Seen], tuning: Tuning, language: str | None) -> Dial:
    answered = np.array([one.understanding.sure for one in seen], bool)
    return Dial(
        accepted_error=tuning.accepted_error,
        threshold=_of(tuning.sure_from, language),
        answered=Share(hits=int(answered.sum()), of=len(seen)),
        wrong=Share(hits=int((answered & _wrong(seen)).sum()), of=int(answered.sum())),
    )


def _of(by_language: Mapping[str, float], language: str | None) -> float | None:
    """Return a language's own number, or that of all others; None for several languages."""
    if language is None:
        return None
    return by_language.get(language, by_language.get(""))


def _confidences(seen: Sequence[Seen]) -> Floats:
    return np.array([one.understanding.confidence for one in seen], np.float64)


def _wrong(seen: Sequence[Seen]) -> Flags:
    return np.array([one.understanding.intent not in one.accepted for one in seen], bool)


def _in_scope(seen: Sequence[Seen]) -> Flags:
    return np.array([one.understanding.in_scope for one in seen], bool)


# -- scope ------------------------------------------------------------


def _scope(
    inside: Sequence[Seen], outside: Sequence[Seen], tuning: Tuning, language: str | None
) -> ScopeFound:
    near, far = _evidence(inside), _evidence(outside)
    let_in = [one for one in outside if one.understanding.in_scope]
    turned_away = [one for one in inside if not one.understanding.in_scope]
    return ScopeFound(
        auroc=auroc(near, far),
        refused=Share(hits=len(outside) - len(let_in), of=len(outside)),
        kept=Share(hits=len(inside) - len(turned_away), of=len(inside)),
        let_in=_strays(let_in, surest=True),
        turned_away=_strays(turned_away, surest=False),
        histogram=_histogram(near, far, _of(tuning.in_scope_from, language)),
    )


def _evidence(seen: Sequence[Seen]) -> Floats:
    return np.array([one.evidence for one in seen if one.evidence is not None], np.float64)


def _strays(seen: Sequence[Seen], *, surest: bool) -> tuple[Stray, ...]:
    worst = sorted(seen, key=lambda one: one.evidence or 0.0, reverse=surest)[:STRAYS]
    return tuple(
        Stray(
            text=one.example.text,
            intent=one.understanding.intent if surest else one.example.intent,
            confidence=one.understanding.confidence,
        )
        for one in worst
    )


def _histogram(near: Floats, far: Floats, threshold: float | None) -> Histogram | None:
    every = np.concatenate([near, far])
    if not len(every):
        return None
    edges = np.histogram_bin_edges(every, _STRETCHES)
    return Histogram(
        edges=tuple(float(edge) for edge in edges),
        inside=tuple(shares(near, edges)),
        outside=tuple(shares(far, edges)),
        threshold=threshold if threshold is not None and np.isfinite(threshold) else None,
    )


# -- time ------------------------------------------------------------


def _latency(seen: Sequence[Seen]) -> Latency:
    p50, p95 = np.percentile([one.milliseconds for one in seen], [50, 95])
    return Latency(p50=float(p50), p95=float(p95), count=len(seen))
