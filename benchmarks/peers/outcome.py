"""What a candidate answers with, and how a program outside of our environment is asked."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.splits import Split


class MissingPeerError(Exception):
    """A peer is not installed here; the message says how to get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The classes that a candidate gave to the test's messages, and what that took."""

    labels: Sequence[str]
    train_seconds: float
    test_seconds: float
    notes: Mapping[str, float | str] = field(default_factory=dict)
    """More figures, and versions."""


def ask_program(command: Sequence[str], split: Split, *, limit: float, **more: object) -> Outcome:
    """Ask a program that reads one JSON file and writes another: `command IN.json OUT.json`.

    In: `{"train": [{"text", "label"}], "test": ["..."], "seed", ...more}`. Out: `{"labels",
    "train_seconds", "test_seconds", "notes"}`. Raises MissingPeerError with the end of what it
    wrote when it fails, or runs longer than `limit` seconds.
    """
    with tempfile.TemporaryDirectory(prefix="shopbell-bench-") as folder:
        asked, answered = Path(folder) / "in.json", Path(folder) / "out.json"
        asked.write_text(json.dumps(_question(split) | more), encoding="utf-8")
        _run([*command, str(asked), str(answered)], Path(folder), limit)
        return Outcome(**json.loads(answered.read_text(encoding="utf-8")))


def _question(split: Split) -> dict[str, object]:
    return {
        "train": [{"text": one.text, "label": one.label} for one in split.train],
        "test": [one.text for one in split.test],
        "seed": split.seed,
    }


def _run(command: Sequence[str], folder: Path, limit: float) -> None:
    try:
        ended = subprocess.run(
            command, cwd=folder, timeout=limit, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        message = f"{command[0]}: expected an answer within {limit:.0f} s; see --limit"
        raise MissingPeerError(message) from error
    if ended.returncode:
        raise MissingPeerError(f"{command[0]} failed:\n{ended.stdout[-2000:]}")
