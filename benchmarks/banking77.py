"""BANKING77: Shopbell, its frozen baseline, NLP.js and Rasa on the very same phrases.

    python -m benchmarks.banking77 [--runs full,10-shot] [--seeds 5]
        [--candidates shopbell,frozen,nlpjs,rasa] [--json FILE]

Needs `banking77/train.csv` and `test.csv` (text,category) in the folder SHOPBELL_EVALUATION. By
default without Rasa, which takes half an hour and more. With --json, results are kept in a file
run by run, and those of earlier calls are shown beside the new ones.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.peers.ask_frozen import frozen
from benchmarks.peers.ask_nlpjs import nlpjs
from benchmarks.peers.ask_rasa import rasa
from benchmarks.peers.ask_shopbell import shopbell
from benchmarks.peers.outcome import MissingPeerError, Outcome
from benchmarks.peers.splits import RUNS, Split, make_splits
from bot.settings import read_settings

Candidate: TypeAlias = Callable[[Split, Path], Outcome]
Result: TypeAlias = dict[str, Any]
DATA = (
    "Skipped: expected SHOPBELL_EVALUATION to name a folder with banking77/train.csv and test.csv "
    "(text,category). Put there the public data set BANKING77 by PolyAI (CC BY 4.0), "
    "github.com/PolyAI-LDN/task-specific-datasets, folder banking_data"
)
EPOCHS = {"full": 10, "10-shot": 100}
"""Rasa's. 100 is its default; of all phrases, 100 take hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command was asked for."""

    runs: Sequence[str]
    seeds: int
    candidates: Sequence[str]
    epochs: int | None
    limit: float
    file: Path | None


def main() -> None:
    """Run what was asked for, and print the table."""
    options = read_options()
    folder = read_settings().evaluation
    if folder is None or not (folder / "banking77" / "train.csv").is_file():
        print(DATA)
        return
    results = kept(options.file)
    for split in make_splits(folder / "banking77", options.runs, options.seeds):
        for name in options.candidates:
            if result := run_one(name, split, options):
                results[key(result)] = result
                keep(options.file, results)
    show(results.values())


def read_options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", default=",".join(RUNS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--candidates", default="shopbell,frozen,nlpjs")
    parser.add_argument("--epochs", type=int, help=f"Rasa's; by default {EPOCHS}")
    parser.add_argument("--limit", type=float, default=7200, help="seconds for a peer's one run")
    parser.add_argument("--json", type=Path, help="keep results here")
    given = parser.parse_args()
    options = Options(
        runs=given.runs.split(","), seeds=given.seeds, candidates=given.candidates.split(","),
        epochs=given.epochs, limit=given.limit, file=given.json,
    )  # fmt: skip
    for asked, known in ((options.runs, RUNS), (options.candidates, candidates(options, "full"))):
        if wrong := set(asked) - set(known):
            parser.error(f"expected some of {', '.join(known)}, but got {', '.join(wrong)}")
    return options


def candidates(options: Options, run: str) -> Mapping[str, Candidate]:
    """Return every candidate by its name."""
    return {
        "shopbell": shopbell,
        "frozen": frozen,
        "nlpjs": partial(nlpjs, limit=options.limit),
        "rasa": partial(rasa, limit=options.limit, epochs=options.epochs or EPOCHS[run]),
    }


def run_one(name: str, split: Split, options: Options) -> Result | None:
    """Run a candidate on a split; None, with the reason on stderr, where it is missing."""
    print(f"{name}, {split.run}, seed {split.seed} ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="shopbell-bench-") as folder:
        try:
            outcome = candidates(options, split.run)[name](split, Path(folder))
        except MissingPeerError as missing:
            print(f"{name} is skipped: {missing}", file=sys.stderr)
            return None
    result = measured(name, split, outcome)
    print(json.dumps(result), file=sys.stderr, flush=True)
    return result


def measured(name: str, split: Split, outcome: Outcome) -> Result:
    """Count what was right."""
    pairs = zip(outcome.labels, split.test, strict=True)
    return {
        "candidate": name,
        "run": split.run,
        "seed": split.seed,
        "accuracy": round(statistics.fmean(label == one.label for label, one in pairs), 5),
        "train_seconds": round(outcome.train_seconds, 2),
        "messages_per_second": round(len(split.test) / outcome.test_seconds, 1),
        **{k: round(v, 2) if isinstance(v, float) else v for k, v in outcome.notes.items()},
        "measured": datetime.now(UTC).isoformat(timespec="minutes"),
    }


def key(result: Result) -> tuple[str, str, int]:
    """Return what a newer result replaces."""
    return (result["run"], result["candidate"], result["seed"])


def kept(file: Path | None) -> dict[tuple[str, str, int], Result]:
    """Read earlier results."""
    if file is None or not file.exists():
        return {}
    return {key(one): one for one in json.loads(file.read_text(encoding="utf-8"))}


def keep(file: Path | None, results: Mapping[tuple[str, str, int], Result]) -> None:
    """Write all results, in an order of their own."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = ",\n".join(json.dumps(results[one]) for one in sorted(results))
        file.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def show(results: Iterable[Result]) -> None:
    """Print a table with the mean and the spread over the seeds."""
    print("| | | seeds | accuracy | training, s | vectors known, s | messages/s |")
    print("|---|---|---:|---:|---:|---:|---:|")
    groups: dict[tuple[str, str], list[Result]] = {}
    for one in results:
        groups.setdefault((one["run"], one["candidate"]), []).append(one)
    for (run, candidate), group in sorted(groups.items(), reverse=True):
        shares = [100 * one["accuracy"] for one in group]
        spread = f" ± {statistics.stdev(shares):.1f}" if len(group) > 1 else ""
        figures = [
            middle(group, "train_seconds", 1),
            middle(group, "train_seconds_with_known_vectors", 1),
            middle(group, "messages_per_second", 0),
        ]
        print(
            f"| {run} | {candidate} | {len(group)} | {statistics.fmean(shares):.1f} %{spread} | "
            f"{' | '.join(figures)} |"
        )


def middle(group: Sequence[Result], name: str, digits: int) -> str:
    """Return the median of a figure, or nothing where a candidate has none."""
    values = [one[name] for one in group if name in one]
    return f"{statistics.median(values):.{digits}f}" if values else ""


if __name__ == "__main__":
    main()
