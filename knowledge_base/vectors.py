"""The one place that knows FAISS."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_base.model import BadIndexError, Vector

with warnings.catch_warnings():
    # SWIG's own types, made while FAISS is imported on Python 3.12 and later.
    warnings.filterwarnings(
        "ignore", r"builtin type \w+ has no __module__ attribute", DeprecationWarning
    )
    import faiss as _faiss

faiss: Any = _faiss
"""Its generated types know neither selectors nor search parameters."""

_LINKS = 32
_EF_CONSTRUCTION = 80
_EF_SEARCH = 128


class Vectors:
    """Unit vectors by number, searched by cosine."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return int(self._index.d)

    def nearest(self, query: Vector, *, start: int, end: int, count: int) -> NDArray[np.int64]:
        """Return the numbers in [start, end) that are nearest to a query, best first."""
        _one_thread()
        selector = faiss.IDSelectorRange(start, end)
        if isinstance(self._index, faiss.IndexHNSW):
            parameters = faiss.SearchParametersHNSW(
                sel=selector, efSearch=max(_EF_SEARCH, 2 * count)
            )
        else:
            parameters = faiss.SearchParameters(sel=selector)
        _, found = self._index.search(
            query[np.newaxis], min(count, end - start), params=parameters
        )
        numbers: NDArray[np.int64] = found[0][found[0] >= 0]
        return numbers

    def take(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return vectors by number."""
        taken: NDArray[np.float32] = self._index.reconstruct_batch(numbers)
        return taken

    def save(self, path: Path) -> None:
        """Write the index to a file."""
        faiss.write_index(self._index, str(path))


def index_vectors(vectors: NDArray[np.float32], *, flat_up_to: int) -> Vectors:
    """Make an exact index, or for more than `flat_up_to` vectors a graph (HNSW)."""
    _one_thread()
    count, dimensions = vectors.shape
    if count <= flat_up_to:
        index = faiss.IndexFlatIP(dimensions)
    else:
        index = faiss.IndexHNSWFlat(dimensions, _LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = _EF_CONSTRUCTION
    if count:
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
    return Vectors(index)


def open_vectors(path: Path) -> Vectors:
    """Open a saved index without reading it into memory; raises BadIndexError."""
    try:
        return Vectors(faiss.read_index(str(path), _flags()))
    except RuntimeError as error:
        raise BadIndexError(f"{path}: expected a FAISS index, but it can't be read") from error


def _flags() -> int:
    """Ask for mmap; IO_FLAG_MMAP alone maps inverted lists only, the newer one flat ones too."""
    return int(getattr(faiss, "IO_FLAG_MMAP_IFC", faiss.IO_FLAG_MMAP))


def _one_thread() -> None:
    """Keep OpenMP to the calling thread: its setting belongs to each thread."""
    faiss.omp_set_num_threads(1)
