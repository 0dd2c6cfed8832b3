"""The trained heads: from one vector and its text to intent, scope and emotion. No training."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.nlu.features import GramSpace, surface
from bot.nlu.neighbours import Near, Neighbours, nearness, vote
from intents.model import OUT_OF_SCOPE

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Read:
    """What a head finds in one text."""

    direction: Floats
    """Where its vector points, seen from the centre; of length one."""
    logits: Floats
    """The regression's own."""
    both: Floats
    """The logits with the votes of the nearest phrases added."""
    near: Near
    nothing: int | None
    """The place of the label for what no label covers."""
    likely: Floats
    """How likely each label is, by the regression and by the nearest phrases."""

    @property
    def nearest(self) -> float:
        """Cosine of the nearest training phrase."""
        return float(self.near.cosines.max(initial=0.0))

    def signs(self) -> Floats:
        """Return what speaks for a text of the head's kind at all; see `signs_of`."""
        return signs_of(self.logits, self.both, self.near, self.nothing)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Head:
    """A calibrated classifier over labels."""

    labels: tuple[str, ...]
    centre: Floats
    """Mean of the training vectors: what all texts share says nothing."""
    grams: GramSpace
    dense: Floats
    sparse: Floats
    bias: Floats
    temperature: float
    near: Neighbours
    surface: bool = False
    """Whether `surface` of the text stands behind the vector."""
    gram_weight: float = 1.0
    """How much n-grams count: the more examples a label has, the more they tell."""

    def read(self, vector: Floats, text: str) -> Read:
        """Read a text and its vector."""
        away = vector - self.centre
        direction: Floats = away / (np.linalg.norm(away) or 1.0)
        logits = self._logits(direction, text)
        near = self.near.nearest(direction)
        both = joined(logits, vote(near, len(self.labels)))
        return Read(
            direction=direction,
            logits=logits,
            both=both,
            near=near,
            nothing=self.nothing,
            likely=softmax(both / self.temperature),
        )

    def ranking(self, likely: Floats) -> list[tuple[str, float]]:
        """Return the labels with their shares, likeliest first, without the one for nothing."""
        nothing = self.nothing
        shares = {
            label: share
            for place, (label, share) in enumerate(zip(self.labels, likely.tolist(), strict=True))
            if place != nothing
        }
        whole = sum(shares.values()) or 1.0
        return sorted(((one, share / whole) for one, share in shares.items()), key=_by_share)

    @property
    def nothing(self) -> int | None:
        """Return the place of the label for what no label covers, where phrases taught it."""
        return self.labels.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in self.labels else None

    def _logits(self, direction: Floats, text: str) -> Floats:
        columns, values = self.grams.row(text)
        dense = np.concatenate([direction, surface(text)]) if self.surface else direction
        logits: Floats = (
            dense @ self.dense + self.gram_weight * (values @ self.sparse[columns]) + self.bias
        )
        return logits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scope:
    """Says whether a text is one of those that the head was trained for at all.

    The signs (`signs_of`) are added, each measured in its spread over valid texts and weighed.
    """

    mean: Floats
    spread: Floats
    weights: Floats
    """Ones, or fitted where phrases taught what is out of scope."""
    thresholds: Mapping[str, float]
    """The least score that is in scope, by language; "" for a language without its own."""

    def score(self, read: Read) -> float:
        """Return how sure it is that a text is in scope; higher is surer."""
        return float(((read.signs() - self.mean) / self.spread) @ self.weights)

    def holds(self, score: float, language: str) -> bool:
        """Return whether a score is good enough in a language."""
        return score >= self.thresholds.get(language, self.thresholds[""])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Doubt:
    """How often a confidence was right on phrases kept aside, to decide when to ask back.

    A selective classifier (El-Yaniv and Wiener 2010): of all confidences the least is taken from
    which on the share of wrong answers stays within the accepted error.
    """

    confidences: Mapping[str, Floats]
    """By language, "" for all together; ascending."""
    right: Mapping[str, NDArray[np.bool_]]

    def thresholds(self, accepted_error: float) -> dict[str, float]:
        """Return by language the confidence from which answers keep to an accepted error."""
        return {one: self._threshold(one, accepted_error) for one in self.confidences}

    def _threshold(self, language: str, accepted_error: float) -> float:
        right = self.right[language][::-1]
        if not len(right) or accepted_error >= 1:
            return 0.0
        errors = np.cumsum(~right) / np.arange(1, len(right) + 1)
        kept = np.flatnonzero(errors <= accepted_error)
        return float(self.confidences[language][::-1][kept[-1]]) if len(kept) else _NEVER


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Intents:
    """What the folder's intents.npz holds."""

    head: Head
    scope: Scope
    doubt: Doubt


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Emotions:
    """What the folder's emotions.npz holds; `intensity` weighs direction, surface and one."""

    head: Head
    calm: str | None
    """The label without a feeling."""
    intensity: Floats

    def read(self, vector: Floats, text: str) -> tuple[str, float, float]:
        """Return the likeliest emotion, its confidence, and how strong it is, 0-1."""
        read = self.head.read(vector, text)
        best = int(read.likely.argmax())
        row = np.concatenate([read.direction, surface(text), [1.0]])
        strength = min(max(float(row @ self.intensity), 0.0), 1.0)
        if self.head.labels[best] == self.calm:
            strength *= 1 - float(read.likely[best])
        return self.head.labels[best], float(read.likely[best]), strength


_NEVER = 1.01
"""A confidence that none reaches."""


def _by_share(guess: tuple[str, float]) -> float:
    return -guess[1]


SIGNS = 3
"""How many numbers `signs_of` returns."""
_FARTHEST = 12.0


def signs_of(
    logits: Floats,
    both: Floats,
    near: Near,
    nothing: int | None,
) -> Floats:
    """Return what speaks for a text being in scope.

    How much speaks for any label at all (the logits' log-sum-exp: unlike the likeliest label's
    probability it is not high for a text of which one word fits one label); how near the nearest
    training phrases are; and by how much the labels together are likelier than none of them, 0
    where no phrases taught that.
    """
    if nothing is None:
        return np.array([evidence(logits), nearness(near.cosines), 0.0], np.float32)
    inside = np.arange(len(logits)) != nothing
    odds = evidence(both[inside]) - float(both[nothing])
    close = nearness(near.cosines[near.labels != nothing])
    kept = min(max(odds, -_FARTHEST), _FARTHEST)
    return np.array([evidence(logits[inside]), close, kept], np.float32)


_VOTE_WEIGHT = 0.6
"""How much the votes count beside the regression (measured)."""


def joined(logits: Floats, votes: Floats) -> Floats:
    """Return the logits with the votes of the nearest phrases added."""
    both: Floats = logits - evidence(logits) + _VOTE_WEIGHT * votes
    return both


def evidence(logits: Floats) -> float:
    """Return the logits' log-sum-exp."""
    top = float(logits.max())
    return top + float(np.log(np.exp(logits - top).sum()))


def softmax(logits: Floats) -> Floats:
    """Return probabilities that sum to one."""
    raised = np.exp(logits - logits.max())
    likely: Floats = raised / raised.sum()
    return likely


# -- files ------------------------------------------------------------


def save_intents(path: Path, intents: Intents) -> None:
    """Write everything to one .npz."""
    scope = intents.scope
    languages = sorted(intents.doubt.confidences)
    _save(
        path,
        intents.head,
        {"thresholds": dict(scope.thresholds), "doubt": languages},
        {
            "mean": scope.mean,
            "spread": scope.spread,
            "weights": scope.weights,
            **{f"confidences {one}": intents.doubt.confidences[one] for one in languages},
            **{f"right {one}": intents.doubt.right[one] for one in languages},
        },
    )


def load_intents(path: Path) -> Intents:
    """Read what `save_intents` wrote; raises ValueError, KeyError or OSError on anything else."""
    head, more, arrays = _load(path)
    scope = Scope(
        mean=arrays["mean"],
        spread=arrays["spread"],
        weights=arrays["weights"],
        thresholds=more["thresholds"],
    )
    doubt = Doubt(
        confidences={one: arrays[f"confidences {one}"] for one in more["doubt"]},
        right={one: arrays[f"right {one}"].astype(bool) for one in more["doubt"]},
    )
    return Intents(head=head, scope=scope, doubt=doubt)


def save_emotions(path: Path, emotions: Emotions) -> None:
    """Write everything to one .npz."""
    _save(path, emotions.head, {"calm": emotions.calm}, {"intensity": emotions.intensity})


def load_emotions(path: Path) -> Emotions:
    """Read what `save_emotions` wrote; raises ValueError, KeyError or OSError on anything else."""
    head, more, arrays = _load(path)
    return Emotions(head=head, calm=more["calm"], intensity=arrays["intensity"])


def _save(path: Path, head: Head, more: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    facts = {
        "labels": head.labels,
        "kinds": head.grams.kinds,
        "temperature": head.temperature,
        "surface": head.surface,
        "gram_weight": head.gram_weight,
        **more,
    }
    named: dict[str, Any] = {
        "facts": np.array(json.dumps(facts)),
        "centre": head.centre,
        "known": np.array(list(head.grams.known), np.uint32),
        "idf": head.grams.idf,
        "dense": head.dense,
        "sparse": head.sparse,
        "bias": head.bias,
        "near": head.near.kept(),
        "near labels": head.near.labels,
        **arrays,
    }
    np.savez(path, **named)


def _load(path: Path) -> tuple[Head, dict[str, Any], dict[str, Any]]:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    facts: dict[str, Any] = json.loads(str(arrays.pop("facts")))
    known = {int(gram): column for column, gram in enumerate(arrays["known"])}
    head = Head(
        labels=tuple(facts["labels"]),
        centre=arrays["centre"],
        grams=GramSpace(tuple(facts["kinds"]), known, arrays["idf"]),
        dense=arrays["dense"],
        sparse=arrays["sparse"],
        bias=arrays["bias"],
        temperature=float(facts["temperature"]),
        near=Neighbours.restored(arrays["near"], arrays["near labels"]),
        surface=bool(facts["surface"]),
        gram_weight=float(facts["gram_weight"]),
    )
    return head, facts, arrays
