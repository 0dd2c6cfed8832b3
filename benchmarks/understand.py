"""What understanding takes: one message, many, memory, and training; beside its encoder alone.

    python -m benchmarks.understand [--parts latency,batch,training]

The messages are those of tests/nlu/chat_*.yml. Training is on BANKING77's 10,003 phrases
(SHOPBELL_EVALUATION), with an empty cache of vectors. On a busy machine the time on the clock says
little: "CPU" is what the process itself used, of all its threads.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from benchmarks.banking77 import DATA
from benchmarks.peers.ask_shopbell import write_phrases
from benchmarks.peers.splits import make_splits
from bot.bootstrap import open_cached_encoder, open_nlu
from bot.nlu.encoder import open_encoder
from bot.ports import Encoder
from bot.settings import read_rules, read_settings

ROOT = Path(__file__).parents[1]
LANGUAGES = ("en", "zh")
MESSAGES, WARM_UP = 400, 30
LINES = 3_000
PARTS = ("latency", "batch", "training")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Milliseconds of each message."""

    wall: Sequence[float]
    cpu: Sequence[float]


def main() -> None:
    """Print one JSON line per figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default=",".join(PARTS))
    parts = parser.parse_args().parts.split(",")
    if "latency" in parts:
        latency()
    if "batch" in parts:
        batch()
    if "training" in parts:
        training()


def messages(language: str) -> list[str]:
    """Return different messages in a fixed, mixed order."""
    path = ROOT / "tests" / "nlu" / f"chat_{language}.yml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    lines = [line for block in _lists(data) for line in block]
    texts = sorted({line if isinstance(line, str) else line["text"] for line in lines})
    random.Random(5).shuffle(texts)
    return texts


def _lists(data: Any) -> list[list[Any]]:
    if isinstance(data, list):
        return [data]
    return [found for value in data.values() for found in _lists(value)]


class Counted:
    """An encoder that counts what it encodes."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder, self.encodings = encoder, 0
        self.name, self.dimensions = encoder.name, encoder.dimensions
        self.encode, self.close = encoder.encode, encoder.close

    async def encode_query(self, text: str) -> NDArray[np.float32]:
        """Encode one query."""
        self.encodings += 1
        return await self.encoder.encode_query(text)

    async def encode_parts(
        self, text: str, parts: Sequence[tuple[int, int]]
    ) -> NDArray[np.float32]:
        """Encode one query and its parts, at once."""
        self.encodings += 1
        return await self.encoder.encode_parts(text, parts)


def latency() -> None:
    """Understand one message after another, and encode the same ones."""
    settings = read_settings()
    encoder = open_cached_encoder(settings)
    recognizer = open_nlu(settings, read_rules(settings.home), encoder)
    with asyncio.Runner() as runner:
        for language in LANGUAGES:
            texts = messages(language)[:MESSAGES]
            ours = spent(lambda text: runner.run(recognizer.recognize(text)), texts)
            alone = spent(lambda text: runner.run(encoder.encode_query(text)), texts)
            counted = Counted(encoder)
            counting = replace(recognizer, encoder=counted)
            for text in texts:
                runner.run(counting.recognize(text))
            put(
                f"one message, {language}",
                messages=len(texts),
                **percentiles(ours),
                **{f"encoder_{name}": value for name, value in percentiles(alone).items()},
                times_encoder=float(np.median(ours.cpu) / np.median(alone.cpu)),
                encodings_a_message=counted.encodings / len(texts),
            )
    encoder.close()


def spent(work: Callable[[str], object], texts: Sequence[str]) -> Spent:
    """Time each text, on the clock and of the processor."""
    for text in texts[:WARM_UP]:
        work(text)
    wall, cpu = [], []
    for text in texts:
        began, used = time.perf_counter(), time.process_time()
        work(text)
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - used))
    return Spent(wall=wall, cpu=cpu)


def percentiles(times: Spent) -> dict[str, float]:
    """Return the middle and the nearly worst."""
    return {
        f"{name}_p{part}_ms": float(np.percentile(values, part))
        for name, values in (("cpu", times.cpu), ("wall", times.wall))
        for part in (50, 95)
    }


def batch() -> None:
    """Pipe many lines through the command, and encode the same texts on as many threads."""
    every = [text for language in LANGUAGES for text in messages(language)]
    texts = (every * (LINES // len(every) + 1))[:LINES]
    random.Random(6).shuffle(texts)
    alone = encoding(texts)
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    ours = command(["understand"], lines, {})
    put(
        "shopbell understand, many lines, start included",
        lines=len(texts),
        lines_per_second=len(texts) / ours["wall"],
        lines_per_cpu_second=len(texts) / ours["cpu"],
        encoder_per_second=len(texts) / alone["wall"],
        encoder_per_cpu_second=len(texts) / alone["cpu"],
        times_encoder=ours["cpu"] / alone["cpu"],
        megabytes=ours["megabytes"],
    )


def training() -> None:
    """Train on 10,003 phrases by the command, none known; then again with known vectors."""
    data, cache = read_settings().evaluation, read_settings().cache.expanduser()
    if data is None or not (data / "banking77" / "train.csv").is_file():
        print(DATA)
        return
    (split,) = make_splits(data / "banking77", ["full"], 1)
    with tempfile.TemporaryDirectory(prefix="shopbell-bench-") as name:
        folder = Path(name)
        write_phrases(split.train, folder / "phrases" / "en")
        (folder / "cache").mkdir()
        for made in ("encoder", "heads"):  # as after `make setup`
            (folder / "cache" / made).symlink_to(cache / made)
        words = ["train", "--intents", str(folder / "phrases"), "--out", str(folder / "model")]
        environment = {"SHOPBELL_CACHE": str(folder / "cache"), "SHOPBELL_HOME": name}
        cold, warm = (command(words, "", environment) for _ in range(2))
        alone = encoding([one.text for one in split.train])
    put(
        "shopbell train, emotions taken from the shop's model",
        phrases=len(split.train),
        seconds=cold["wall"],
        cpu_seconds=cold["cpu"],
        seconds_with_known_vectors=warm["wall"],
        cpu_seconds_with_known_vectors=warm["cpu"],
        encoder_seconds=alone["wall"],
        encoder_cpu_seconds=alone["cpu"],
        times_encoder=cold["cpu"] / alone["cpu"],
        megabytes=cold["megabytes"],
    )


def encoding(texts: Sequence[str]) -> dict[str, float]:
    """Encode texts in this process, nothing kept."""
    encoder: Encoder = open_encoder(None, read_settings().cache)
    began, used = time.perf_counter(), time.process_time()
    encoder.encode(texts, "query")
    encoder.close()
    return {"wall": time.perf_counter() - began, "cpu": time.process_time() - used}


def command(words: Sequence[str], lines: str, environment: dict[str, str]) -> dict[str, float]:
    """Run `shopbell ...` and return its seconds, on the clock and of the processor, and memory."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        file.write(lines)
        file.seek(0)
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli.main", *words],
            env=os.environ | environment,
            stdin=file,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"shopbell {' '.join(words)} ended with {process.returncode}")
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "megabytes": _megabytes(used)}


def _megabytes(used: resource.struct_rusage) -> float:
    """Return the most memory that was resident; macOS counts bytes, Linux kilobytes."""
    return used.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def put(figure: str, **values: float) -> None:
    """Print one figure."""
    rounded = {name: round(value, 3) for name, value in values.items()}
    print(json.dumps({"figure": figure, **rounded}), flush=True)


if __name__ == "__main__":
    main()
