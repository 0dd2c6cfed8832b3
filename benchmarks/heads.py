"""What each part of the heads gains, on messages that training never saw.

`python -m benchmarks.heads` fits the shipped phrases several times, each time with one part more,
and asks tests/nlu/{en,zh}.yml and tests/nlu/chat_{en,zh}.yml. The baseline is scikit-learn's
logistic regression on the vector alone. What is random is seeded; the folds of training are the
only other choice, and no figure here depends on them.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bot.bootstrap import open_cached_encoder
from bot.nlu.evaluation.measures import auroc
from bot.nlu.features import GramSpace, learn_grams
from bot.nlu.fitting import STRENGTH
from bot.nlu.heads import evidence, joined
from bot.nlu.neighbours import nearest_of, nearness, vote
from bot.nlu.softmax import fit
from bot.ports import Encoder
from bot.settings import read_settings
from intents.loader import load_phrases
from intents.model import OUT_OF_SCOPE, Example

HELD_OUT = ("en", "zh", "chat_en", "chat_zh")
FOLDER = Path(__file__).parents[1] / "tests" / "nlu"
GRAM_WEIGHTS = (0.5, 1.0, 1.5)
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Texts:
    """Texts with their vectors, seen from the centre of the training phrases."""

    texts: Sequence[str]
    directions: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Training:
    """What the variants are fitted to."""

    phrases: Texts
    labels: tuple[str, ...]
    wanted: NDArray[np.int64]
    grams: GramSpace


def main() -> None:
    """Print two tables in Markdown."""
    encoder = open_cached_encoder(read_settings())
    try:
        _run(encoder)
    finally:
        encoder.close()


def _run(encoder: Encoder) -> None:
    examples = load_phrases()
    inside = [example for example in examples if example.intent != OUT_OF_SCOPE]
    centre = encoder.encode([example.text for example in inside], "query").mean(axis=0)
    held = {name: yaml.safe_load((FOLDER / f"{name}.yml").read_text("utf-8")) for name in HELD_OUT}
    asked = {
        name: _texts(encoder, centre, [t for texts in one["intents"].values() for t in texts])
        for name, one in held.items()
    }
    strange = {name: _texts(encoder, centre, one["out_of_scope"]) for name, one in held.items()}
    training = _training(encoder, centre, inside)
    _put("| right intent, % | " + " | ".join(HELD_OUT) + " |")
    _put("|---|" + "---|" * len(HELD_OUT))
    for what, logits in _variants(training, asked):
        shares = [_share(training.labels, logits[name], held[name]) for name in HELD_OUT]
        _put(f"| {what} | " + " | ".join(f"{100 * share:.1f}" for share in shares) + " |")
    _put("\n| AUROC of the scope | " + " | ".join(HELD_OUT) + " |")
    _put("|---|" + "---|" * len(HELD_OUT))
    with_strange = _training(encoder, centre, examples)
    for what, scores in _scopes(training, with_strange):
        areas = [auroc(scores(asked[name]), scores(strange[name])) for name in HELD_OUT]
        _put(f"| {what} | " + " | ".join(f"{area:.3f}" for area in areas) + " |")


def _variants(
    training: Training, asked: Mapping[str, Texts]
) -> Iterator[tuple[str, dict[str, Floats]]]:
    base = LogisticRegression(C=STRENGTH, max_iter=300)
    base.fit(training.phrases.directions, training.wanted)
    plain = {name: base.decision_function(one.directions) for name, one in asked.items()}
    yield "logistic regression on the vector (scikit-learn), the baseline", plain
    votes = {name: _votes(training, one) for name, one in asked.items()}
    yield "the 30 nearest phrases alone", votes
    for weight in GRAM_WEIGHTS:
        regression = _regression(training, weight)
        logits = {name: regression(one) for name, one in asked.items()}
        yield f"vector and n-grams of weight {weight}", logits
        both = {
            name: np.stack([joined(*pair) for pair in zip(logits[name], votes[name], strict=True)])
            for name in asked
        }
        yield f"vector, n-grams of weight {weight} and the nearest", both


def _scopes(training: Training, with_strange: Training) -> Iterator[tuple[str, Any]]:
    inner, outer = _regression(training, 1.0), _regression(with_strange, 1.0)
    nothing = with_strange.labels.index(OUT_OF_SCOPE)
    rest = np.arange(len(with_strange.labels)) != nothing

    def likeliest(texts: Texts) -> Floats:
        return np.array([row.max() - evidence(row) for row in inner(texts)])

    def sums(texts: Texts) -> Floats:
        return np.array([evidence(row) for row in inner(texts)])

    def near(texts: Texts) -> Floats:
        cosines = texts.directions @ training.phrases.directions.T
        return np.array([nearness(row) for row in cosines])

    def odds(texts: Texts) -> Floats:
        rows = zip(outer(texts), _votes(with_strange, texts), strict=True)
        return np.array([evidence((both := joined(*row))[rest]) - both[nothing] for row in rows])

    yield "the likeliest intent's probability, the baseline", likeliest
    yield "log-sum-exp of the logits", sums
    yield "nearness of five phrases", near
    yield "odds against phrases that are out of scope", odds


def _training(encoder: Encoder, centre: Floats, examples: Sequence[Example]) -> Training:
    labels = tuple(sorted({example.intent for example in examples}))
    texts = [example.text for example in examples]
    return Training(
        phrases=_texts(encoder, centre, texts),
        labels=labels,
        wanted=np.array([labels.index(example.intent) for example in examples]),
        grams=learn_grams(texts, ("word", "char")),
    )


def _texts(encoder: Encoder, centre: Floats, texts: Sequence[str]) -> Texts:
    away = encoder.encode(texts, "query") - centre
    return Texts(texts=texts, directions=away / np.linalg.norm(away, axis=1, keepdims=True))


def _regression(training: Training, weight: float) -> Any:
    """Fit vector and n-grams; returns a function from texts to logits."""
    weights = fit(
        training.phrases.directions,
        weight * _sparse(training.grams, training.phrases.texts),
        training.wanted,
        classes=len(training.labels),
        strength=STRENGTH,
    )
    return lambda one: weights.logits(one.directions, weight * _sparse(training.grams, one.texts))


def _votes(training: Training, asked: Texts) -> Floats:
    cosines = asked.directions @ training.phrases.directions.T
    classes = len(training.labels)
    return np.stack([vote(nearest_of(row, training.wanted), classes) for row in cosines])


def _sparse(grams: GramSpace, texts: Sequence[str]) -> csr_matrix:
    rows = [grams.row(text) for text in texts]
    ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns, values = zip(*rows, strict=True)
    shape = (len(rows), len(grams.idf))
    return csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=shape)


def _share(labels: Sequence[str], logits: Floats, held: Mapping[str, Any]) -> float:
    wanted = [intent for intent, texts in held["intents"].items() for _ in texts]
    return float(np.mean([labels[i] == w for i, w in zip(logits.argmax(1), wanted, strict=True)]))


def _put(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
