"""Speed, memory and agreement of the served encoder, beside sentence-transformers on torch.

    .venv/bin/python benchmarks/encoder.py

Both run the same weights in a process of their own: the served one in 8-bit integers by
onnxruntime, one text per call on two threads; the other in fp32 by torch, with batches of 32 for
many texts and as many threads as it likes. Both read 256 tokens of a text.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.nlu.build import build_default, reference_folder
from bot.nlu.encoder import open_encoder
from bot.settings import read_settings

SUBJECTS = {
    "en": ("my parcel", "order A-10293", "the green rain jacket", "a refund for the kettle"),
    "zh": ("我的包裹", "订单 A-10293", "那件墨绿色雨衣", "水壶的退款"),
}
FRAMES = {
    "en": ("Where is {}?", "I have waited a week for {}, what happened?", "{} please", "about {}"),
    "zh": ("{}到哪里了？", "等{}等了一个星期，到底怎么回事", "请帮我查{}", "关于{}的问题"),
}
TEXTS = [
    f"{frame.format(subject)} {number}"
    for number in range(10)
    for language, subjects in SUBJECTS.items()
    for subject in subjects
    for frame in FRAMES[language]
]
WARM_UP = 20


def main() -> None:
    """Measure both in turn, and print a table."""
    build_default(read_settings().cache, lambda what, *_: print(what, file=sys.stderr))
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.npy" for name in ("served", "torch")}
        results = {name: _in_own_process(name, file) for name, file in files.items()}
        ours, theirs = (np.load(file) for file in files.values())
    print(f"{len(TEXTS)} texts, {len(TEXTS[0])}-{max(map(len, TEXTS))} characters, zh and en\n")
    print(f"| {'':24} | {'served':>9} | {'torch':>9} | {'ratio':>6} |\n|---|---:|---:|---:|")
    for what, value in results["served"].items():
        other = results["torch"][what]
        print(f"| {what:24} | {value:9.2f} | {other:9.2f} | {value / other:6.2f} |")
    cosines = np.sum(ours * theirs, axis=1)
    print(f"\nCosine of the two: smallest {cosines.min():.4f}, mean {cosines.mean():.4f}")


def _in_own_process(name: str, vectors: Path) -> dict[str, float]:
    command = [sys.executable, __file__, name, str(vectors)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result: dict[str, float] = json.loads(output)
    return result


def _measure(name: str, vectors: Path) -> dict[str, float]:
    measure = _served if name == "served" else _torch
    return measure(vectors)


def _served(vectors: Path) -> dict[str, float]:
    start = time.perf_counter()
    encoder = open_encoder(None, read_settings().cache)
    encoder.encode(["ready?"], "query")
    ready = time.perf_counter() - start
    with asyncio.Runner() as runner:
        one = _milliseconds(lambda text: runner.run(encoder.encode_query(text)))
    start = time.perf_counter()
    np.save(vectors, encoder.encode(TEXTS, "query"))
    rate = len(TEXTS) / (time.perf_counter() - start)
    long = _milliseconds(lambda text: encoder.encode([text * 1000], "query"), TEXTS[:10])
    return _figures(ready, one, rate, long)


def _torch(vectors: Path) -> dict[str, float]:
    start = time.perf_counter()
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - its import is timed

    model = SentenceTransformer(str(reference_folder(read_settings().cache)), device="cpu")
    model.max_seq_length = 256

    def encode(texts: list[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = model.encode(
            texts, prompt_name="query", batch_size=32, show_progress_bar=False
        )
        return vectors

    encode(["ready?"])
    ready = time.perf_counter() - start
    one = _milliseconds(lambda text: encode([text]))
    start = time.perf_counter()
    np.save(vectors, encode(TEXTS))
    rate = len(TEXTS) / (time.perf_counter() - start)
    return _figures(
        ready, one, rate, _milliseconds(lambda text: encode([text * 1000]), TEXTS[:10])
    )


def _milliseconds(work: Callable[[str], object], texts: list[str] = TEXTS) -> list[float]:
    for text in texts[:WARM_UP]:
        work(text)
    times = []
    for text in texts:
        start = time.perf_counter()
        work(text)
        times.append(1000 * (time.perf_counter() - start))
    return times


def _figures(ready: float, one: list[float], rate: float, long: list[float]) -> dict[str, float]:
    return {
        "ready, s": ready,
        "one query p50, ms": statistics.median(one),
        "one query p95, ms": statistics.quantiles(one, n=20)[-1],
        "10,000+ characters, ms": statistics.median(long),
        "many texts, texts/s": rate,
        "memory, MB": _resident_megabytes(),
    }


def _resident_megabytes() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        print(json.dumps(_measure(sys.argv[1], Path(sys.argv[2]))))
