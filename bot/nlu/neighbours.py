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
_MANY = 4_000
"""From so many phrases on not all are compared in full."""
_PART = 4
"""Numbers of a direction that one code of four bits stands for."""
_CANDIDATES = 8
"""So many times the voters are compared in full."""
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

    labels: NDArray[np.int64]
    index: Any
    """FAISS over the phrases' directions; see `of`."""

    @classmethod
    def of(cls, directions: Floats, labels: NDArray[np.int64]) -> "Neighbours":
        """Make phrases ready to be asked; one row each, of length one.

        Few are all compared, as 16-bit numbers, exact to 1e-3. Of many the likely ones are found
        by product quantization held in registers (4-bit fast scan: André, Kermarrec and Le
        Scouarnec, VLDB 2015) and then compared in full: of 16,500 phrases the same nearest five,
        99.6 % of the nearest thirty, in a sixth of the time, of which reading memory is most.
        """
        import faiss  # noqa: PLC0415 - nothing heavy at import

        width = directions.shape[1]
        exact = faiss.IndexScalarQuantizer(
            width, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        index: Any = exact
        if len(labels) >= _MANY and width % _PART == 0:
            fast = faiss.IndexPQFastScan(width, width // _PART, 4, faiss.METRIC_INNER_PRODUCT)
            index = faiss.IndexRefine(fast, exact)
            index.k_factor = _CANDIDATES
            index.train(np.ascontiguousarray(directions, np.float32))
        index.add(np.ascontiguousarray(directions, np.float32))
        return cls(labels=labels, index=index)

    @classmethod
    def restored(cls, kept: NDArray[np.uint8], labels: NDArray[np.int64]) -> "Neighbours":
        """Return what `kept` was made of; raises ValueError on anything else."""
        import faiss  # noqa: PLC0415 - as above

        try:
            index = faiss.deserialize_index(kept)
        except RuntimeError as error:  # of C++, with a stack of its own
            raise ValueError("expected an index of phrases, but it is damaged") from error
        if index.ntotal != len(labels):
            raise ValueError(f"expected {len(labels)} phrases in the index, got {index.ntotal}")
        return cls(labels=labels, index=index)

    def kept(self) -> NDArray[np.uint8]:
        """Return the index as bytes for a file."""
        import faiss  # noqa: PLC0415 - as above

        kept: NDArray[np.uint8] = faiss.serialize_index(self.index)
        return kept

    def nearest(self, direction: Floats) -> Near:
        """Return the nearest phrases."""
        import faiss  # noqa: PLC0415 - as above

        # OpenMP's setting belongs to each thread; its own would wait for each other and for the
        # encoders'.
        faiss.omp_set_num_threads(1)
        few = min(VOTERS, len(self.labels))
        cosines, rows = self.index.search(direction[None].astype(np.float32), few)
        found = rows[0] >= 0  # a fast scan may find fewer
        return Near(cosines=cosines[0][found], labels=self.labels[rows[0][found]])


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
