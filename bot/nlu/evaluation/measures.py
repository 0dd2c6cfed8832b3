"""What is measured, as functions of arrays; they know no text and no intent.

Checked against scikit-learn in the tests. Serving has no scikit-learn, so neither has this.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

BINS = 10
_Z = 1.959964
"""Of the normal distribution's middle 95 %."""


# -- classes ------------------------------------------------------------


def confusion(wanted: Ints, said: Ints, classes: int) -> Ints:
    """Count how often each class (row) was taken for each class (column)."""
    counts = np.bincount(wanted * classes + said, minlength=classes * classes)
    matrix: Ints = counts.reshape(classes, classes)
    return matrix


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PerClass:
    """One number per class; a share of nothing is 0, as in scikit-learn."""

    precision: Floats
    recall: Floats
    f1: Floats
    support: Ints

    @property
    def macro_f1(self) -> float:
        """Return the mean F1 of the classes that were asked for."""
        asked = self.support > 0
        return float(self.f1[asked].mean()) if asked.any() else 0.0


def per_class(matrix: Ints) -> PerClass:
    """Return precision, recall and F1 of each class of a confusion matrix."""
    hits, said, wanted = matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)
    return PerClass(
        precision=_share(hits, said),
        recall=_share(hits, wanted),
        f1=_share(2 * hits, said + wanted),
        support=wanted,
    )


def _share(part: Ints, whole: Ints) -> Floats:
    shares: Floats = part / np.maximum(whole, 1)
    return shares


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927), which also holds for few and for all."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, _Z**2 / of
    middle = (share + square / 2) / (1 + square)
    half = _Z * sqrt(share * (1 - share) / of + square / (4 * of)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


# -- confidence ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Answers whose confidence is from `low` to `high`; `confidence` is their mean."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


def reliability(confidence: Floats, right: Flags, bins: int = BINS) -> tuple[Bin, ...]:
    """Sort answers into bins of equal width by how sure they were."""
    places = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    return tuple(
        Bin(
            low=place / bins,
            high=(place + 1) / bins,
            count=int((here := places == place).sum()),
            confidence=float(confidence[here].mean()) if here.any() else None,
            accuracy=float(right[here].mean()) if here.any() else None,
        )
        for place in range(bins)
    )


def calibration_error(bins: tuple[Bin, ...]) -> float | None:
    """Return the expected calibration error (Naeini et al. 2015): 0 is honest, 1 is always wrong.

    The mean distance of confidence and share right, weighed by how many answers a bin has.
    """
    full = [(b.count, b.confidence, b.accuracy) for b in bins]
    gaps = [n * abs(c - a) for n, c, a in full if c is not None and a is not None]
    total = sum(n for n, _, _ in full)
    return sum(gaps) / total if total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What comes of answering all that is at least as sure as `threshold`."""

    threshold: float
    answered: float
    """Share of all messages."""
    error: float
    """Share of wrong ones among the answered."""


def risk_coverage(confidence: Floats, wrong: Flags, answerable: Flags) -> tuple[Point, ...]:
    """Answer the surest first, then ever more (El-Yaniv and Wiener 2010).

    What is not answerable (taken for out of scope) is never answered, but counts as a message.
    Equal confidences are answered together: no threshold can tell them apart.
    """
    chosen = confidence[answerable]
    order = np.argsort(-chosen, kind="stable")
    sure, failed = chosen[order], np.cumsum(wrong[answerable][order])
    last = np.flatnonzero(np.append(sure[1:] != sure[:-1], np.ones(min(1, len(sure)), bool)))
    return tuple(
        Point(
            threshold=float(sure[i]),
            answered=float((i + 1) / len(confidence)),
            error=float(failed[i] / (i + 1)),
        )
        for i in last
    )


def widest(curve: tuple[Point, ...], accepted: float) -> Point | None:
    """Return the point that answers most with no more than the accepted error."""
    within = [point for point in curve if point.error <= accepted]
    return within[-1] if within else None


def thinned(curve: tuple[Point, ...], most: int) -> tuple[Point, ...]:
    """Return points for drawing, the first and the last among them, evenly by what they answer."""
    if len(curve) <= most:
        return curve
    answered = np.array([point.answered for point in curve])
    wanted = np.linspace(answered[0], answered[-1], most)
    places = np.unique(np.searchsorted(answered, wanted).clip(0, len(curve) - 1))
    return tuple(curve[i] for i in places)


# -- two groups ------------------------------------------------------------


def auroc(inside: Floats, outside: Floats) -> float | None:
    """Return how likely a score of `inside` is above one of `outside`; equal ones count half."""
    if not len(inside) or not len(outside):
        return None
    below = np.sort(outside)
    lower = np.searchsorted(below, inside, side="left")
    equal = np.searchsorted(below, inside, side="right") - lower
    return float((lower + equal / 2).sum() / (len(inside) * len(outside)))


def shares(values: Floats, edges: Floats) -> Iterator[float]:
    """Give the share of values in each stretch between two edges."""
    counts, _ = np.histogram(values, edges)
    yield from (float(count / max(1, len(values))) for count in counts)
