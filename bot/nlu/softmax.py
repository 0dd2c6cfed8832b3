"""Logistic regression over many classes, for vectors and sparse n-grams side by side.

scikit-learn's LogisticRegression minimises the same sum, but takes one matrix: joined into a
sparse one, 384 dense columns make it many times slower. Used in training only.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]

STEPS = 30
"""More change no held-out answer; fewer leave the logits of rare labels too flat."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """A trained regression: the logits are `dense @ dense + sparse @ sparse + bias`."""

    dense: NDArray[np.float32]
    sparse: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, dense: NDArray[np.float32], sparse: csr_matrix) -> NDArray[np.float32]:
        """Return one row of logits per text."""
        joined: NDArray[np.float32] = dense @ self.dense + sparse @ self.sparse + self.bias
        return joined


def fit(
    dense: NDArray[np.float32],
    sparse: csr_matrix,
    labels: NDArray[np.int64],
    *,
    classes: int,
    strength: float,
    steps: int = STEPS,
) -> Weights:
    """Fit weights; `strength` is scikit-learn's C, a larger one trusts the examples more."""
    width, grams = dense.shape[1], sparse.shape[1]
    turned = sparse.T.tocsr()
    wanted = np.zeros((len(labels), classes), np.float32)
    wanted[np.arange(len(labels)), labels] = 1

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(width + grams + 1, classes).astype(np.float32)
        logits = dense @ weights[:width] + sparse @ weights[width:-1] + weights[-1]
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        error = np.exp(logits) - wanted
        slope = np.concatenate([dense.T @ error, turned @ error, error.sum(0, keepdims=True)])
        slope[:-1] += weights[:-1] / strength
        cost = -float((logits * wanted).sum()) + float((weights[:-1] ** 2).sum()) / (2 * strength)
        return cost, slope.astype(np.float64).ravel()

    start = np.zeros((width + grams + 1) * classes)
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B",
        options={"maxiter": steps, "maxcor": 6, "ftol": 1e-5, "gtol": 1e-3},
    )  # fmt: skip
    weights = found.x.reshape(width + grams + 1, classes).astype(np.float32)
    return Weights(dense=weights[:width], sparse=weights[width:-1], bias=weights[-1])
