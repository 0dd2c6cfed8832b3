"""The training phrases themselves: the nearest ones vote for their labels.

The regression knows what a label's phrases share; the nearest know the odd ones, which a shop's
talk is full of. Together they are right more often (benchmarks/RESULTS.md).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

VOTERS = 30
"""So many of the nearest phrases vote."""
_SHARPNESS = 0.04
"""A phrase whose cosine is lower by this counts e times less (measured, as the number above)."""
_FEW = 5
_FAR = -1.0
"""The cosine of nothing near at all."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Near:
    """The nearest phrases of one text, in no order: how near each is, and its label."""

    cosines: Floats
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbours:
    """All phrases, to be asked for the nearest."""

    directions: NDArray[np.floating[Any]]
    """One row each, of length one."""
    labels: NDArray[np.int64]
    index: Any
    """FAISS over 16-bit numbers: exact to 1e-3, and six times faster than numpy over 15,000
    phrases of 32 bits, of which reading the memory takes most of the time."""

    @classmethod
    def of(cls, directions: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> "Neighbours":
        """Make phrases ready to be asked."""
        import faiss  # noqa: PLC0415 - nothing heavy at import

        index = faiss.IndexScalarQuantizer(
            directions.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        index.add(np.ascontiguousarray(directions, np.float32))
        return cls(directions=directions, labels=labels, index=index)

    def nearest(self, direction: Floats) -> Near:
        """Return the nearest phrases."""
        import faiss  # noqa: PLC0415 - as above

        # OpenMP's setting belongs to each thread; its own would wait for each other and for the
        # encoders'.
        faiss.omp_set_num_threads(1)
        few = min(VOTERS, len(self.labels))
        cosines, rows = self.index.search(direction[None].astype(np.float32), few)
        return Near(cosines=cosines[0], labels=self.labels[rows[0]])


def nearest_of(cosines: Floats, labels: NDArray[np.int64]) -> Near:
    """Return the nearest of phrases whose cosines are all known."""
    few = min(VOTERS, len(cosines))
    rows = np.argpartition(cosines, len(cosines) - few)[-few:]
    return Near(cosines=cosines[rows], labels=labels[rows])


def vote(near: Near, classes: int) -> Floats:
    """Return logarithms of what the nearest give each label; one without any gets the last's."""
    weights = np.exp((near.cosines - 1) / _SHARPNESS)
    sums = np.bincount(near.labels, weights, minlength=classes)
    logarithms: Floats = np.log(sums + weights.min()).astype(np.float32)
    return logarithms


def nearness(cosines: Floats) -> float:
    """Return the mean of the few nearest phrases' cosines."""
    if not len(cosines):
        return _FAR
    few = min(_FEW, len(cosines))
    return float(np.partition(cosines, len(cosines) - few)[-few:].mean())
