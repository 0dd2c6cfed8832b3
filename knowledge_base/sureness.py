"""Whether the first hit answers: a small logistic model over features without a unit.

Its weights ship as data; benchmarks/calibrate_search.py fits them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from importlib.resources import files
from typing import Self


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against the first hit; distances in deviations of the background."""

    nearer: float
    """How much nearer it is than the nearest everyday texts, which answer nothing."""
    everyday: float
    """How near those come, above their mean."""
    shared: float
    """Share of the question's words that its passage has, 0-1, rare words counting more."""
    lead: float
    """How far it is before the next document of its language; 0 when there is none."""
    alone: float
    """1 when no other document of its language was found."""
    agrees: float
    """1 when the question's topic is one of the document's, -1 when it is another one."""
    foreign: float
    """1 when it is in another language than the question."""
    product: float
    """1 for a product."""

    def bounded(self) -> tuple[float, ...]:
        """Return the features within the range that the model was fitted on."""
        limits = (6.0, 5.0, 1.0, 3.0, 1.0, 1.0, 1.0, 1.0)
        values: tuple[float, ...] = astuple(self)
        return tuple(max(-top, min(top, value)) for value, top in zip(values, limits, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """The fitted model."""

    weights: Sequence[float]
    bias: float
    thresholds: Mapping[str, float]
    """By the question's language."""

    @classmethod
    def shipped(cls) -> Self:
        """Read the weights that ship."""
        text = (files("knowledge_base") / "sureness.json").read_text(encoding="utf-8")
        data = json.loads(text)
        names = [field.name for field in fields(Evidence)]
        return cls(
            weights=tuple(data["weights"].get(name, 0.0) for name in names),
            bias=data["bias"],
            thresholds=data["thresholds"],
        )

    def probability(self, evidence: Evidence) -> float:
        """Return how likely the first hit answers, 0-1."""
        pairs = zip(self.weights, evidence.bounded(), strict=True)
        return 1 / (1 + math.exp(-self.bias - sum(weight * value for weight, value in pairs)))

    def is_sure(self, evidence: Evidence, language: str) -> bool:
        """Say whether the first hit may be given as the answer to a question in `language`."""
        strictest = max(self.thresholds.values())
        return self.probability(evidence) >= self.thresholds.get(language, strictest)
