"""The baseline: scikit-learn's logistic regression on the same encoder's vectors, as they are."""

import time
from pathlib import Path

from sklearn.linear_model import LogisticRegression

from benchmarks.peers.outcome import Outcome
from benchmarks.peers.splits import Split
from bot.nlu.encoder import open_encoder
from bot.settings import read_settings

STRENGTH = 100.0
"""scikit-learn's C. 1 and 10 are 10 and 3 points worse on 10-shot, 1,000 is as good."""


def frozen(split: Split, _folder: Path) -> Outcome:
    """Encode, fit, encode, predict."""
    encoder = open_encoder(None, read_settings().cache)
    try:
        began = time.perf_counter()
        vectors = encoder.encode([one.text for one in split.train], "query")
        encoded = time.perf_counter()
        model = LogisticRegression(C=STRENGTH, max_iter=1000)
        model.fit(vectors, [one.label for one in split.train])
        trained = time.perf_counter()
        asked = encoder.encode([one.text for one in split.test], "query")
        labels = [str(label) for label in model.predict(asked)]
        ended = time.perf_counter()
    finally:
        encoder.close()
    return Outcome(
        labels=labels,
        train_seconds=trained - began,
        test_seconds=ended - trained,
        notes={"train_seconds_with_known_vectors": trained - encoded},
    )
