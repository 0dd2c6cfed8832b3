"""Shopbell itself: its training on a folder of Rasa NLU files, and `shopbell understand`."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from benchmarks.peers.outcome import Outcome
from benchmarks.peers.splits import Labelled, Split
from bot.nlu.build import build_default
from bot.nlu.encoder import open_encoder
from bot.nlu.training import train
from bot.nlu.vectors import CachedEncoder
from bot.ports import Encoder, Progress
from bot.settings import ShopRules, read_settings
from intents.loader import load_phrases

PATIENCE = 600.0
"""Seconds for all answers together."""


class Timed:
    """An encoder that adds up how long it encodes."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.dimensions = encoder.name, encoder.dimensions
        self.seconds = 0.0

    def encode(
        self,
        texts: Sequence[str],
        kind: Literal["query", "passage"],
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        """Encode, and add the time to `seconds`."""
        began = time.perf_counter()
        vectors = self._encoder.encode(texts, kind, progress)
        self.seconds += time.perf_counter() - began
        return vectors

    async def encode_query(self, text: str) -> NDArray[np.float32]:
        """Encode one query; training asks for none."""
        return await self._encoder.encode_query(text)

    async def encode_parts(
        self, text: str, parts: Sequence[tuple[int, int]]
    ) -> NDArray[np.float32]:
        """Encode one query and its parts; training asks for none."""
        return await self._encoder.encode_parts(text, parts)

    def close(self) -> None:
        """Close the encoder behind."""
        self._encoder.close()


def shopbell(split: Split, folder: Path) -> Outcome:
    """Train as `shopbell train --intents` does, vectors unknown, and ask `shopbell understand`.

    Emotion heads are left out: they know nothing of the folder's intents, and are the same for
    every folder.
    """
    phrases, model = folder / "phrases", folder / "model"
    write_phrases(split.train, phrases / "en")
    encoder = Timed(open_encoder(read_settings().encoder, read_settings().cache))
    try:
        began = time.perf_counter()
        cold = CachedEncoder(encoder, folder / "vectors")
        train(cold, load_phrases(phrases), (), reject=ShopRules().understand.reject, out=model)
        seconds = time.perf_counter() - began
    finally:
        encoder.close()
    labels, test_seconds = understand([one.text for one in split.test], model, folder)
    return Outcome(
        labels=labels,
        train_seconds=seconds,
        test_seconds=test_seconds,
        notes={"train_seconds_with_known_vectors": seconds - encoder.seconds},
    )


def write_phrases(phrases: Iterable[Labelled], folder: Path) -> None:
    """Write a folder of Rasa 3.1 NLU files, as any shop has it."""
    of_class: dict[str, list[str]] = defaultdict(list)
    for one in phrases:
        of_class[one.label].append(one.text)
    blocks = [
        {"intent": label, "examples": "".join(f"- {text}\n" for text in texts)}
        for label, texts in of_class.items()
    ]
    folder.mkdir(parents=True)
    data = {"version": "3.1", "nlu": blocks}
    (folder / "nlu.yml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


def understand(texts: Sequence[str], model: Path, home: Path) -> tuple[list[str], float]:
    """Ask the command; the seconds begin with its first answer, which start-up precedes."""
    asked = "".join(json.dumps({"text": text}) + "\n" for text in (texts[0], *texts))
    (home / "asked.jsonl").write_text(asked, encoding="utf-8")
    command = [sys.executable, "-m", "bot.cli.main", "understand", "--model", str(model)]
    environment = os.environ | {
        "SHOPBELL_HOME": str(home),
        "SHOPBELL_CACHE": str(read_settings().cache),
    }
    build_default(read_settings().cache)
    with (
        (home / "asked.jsonl").open("rb") as lines,
        subprocess.Popen(
            command, stdin=lines, stdout=subprocess.PIPE, env=environment, text=True
        ) as process,
    ):
        assert process.stdout is not None
        watch = threading.Timer(PATIENCE, process.kill)
        watch.start()
        process.stdout.readline()
        began = time.perf_counter()
        answers = [json.loads(line) for line in process.stdout]
        seconds = time.perf_counter() - began
        watch.cancel()
    if process.returncode or len(answers) != len(texts):
        raise RuntimeError(f"shopbell understand: {process.returncode}, {len(answers)} answers")
    return [answer["intent"] for answer in answers], seconds
