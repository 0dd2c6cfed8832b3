"""BANKING77 and how it is cut: one set of phrases to learn from, the same for every candidate."""

import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FEW = 10
"""Phrases of each class in a run with few."""
RUNS = ("full", "10-shot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A phrase and its class."""

    text: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What a candidate learns from, and what it is asked."""

    run: str
    seed: int
    train: Sequence[Labelled]
    """Shuffled by the seed: NLP.js learns something else in another order."""
    test: Sequence[Labelled]


def read_labelled(file: Path) -> tuple[Labelled, ...]:
    """Read a file `text,category`; a phrase of several lines becomes one line."""
    with file.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Labelled(text=" ".join(row["text"].split()), label=row["category"])
            for row in csv.DictReader(lines)
        )


def make_splits(folder: Path, runs: Iterable[str], seeds: int) -> Iterator[Split]:
    """Give every split of the runs: one of all phrases, and as many with few as there are seeds.

    Nothing but the data and the seed decides what is in a split, and in which order.
    """
    train, test = (read_labelled(folder / name) for name in ("train.csv", "test.csv"))
    for run in runs:
        for seed in range(1 if run == "full" else seeds):
            chosen = list(train) if run == "full" else few_of_each(train, seed)
            random.Random(seed).shuffle(chosen)
            yield Split(run=run, seed=seed, train=chosen, test=test)


def few_of_each(phrases: Iterable[Labelled], seed: int) -> list[Labelled]:
    """Choose ten phrases of each class."""
    of_class: dict[str, list[Labelled]] = defaultdict(list)
    for phrase in phrases:
        of_class[phrase.label].append(phrase)
    dice = random.Random(seed)
    return [one for label in sorted(of_class) for one in dice.sample(of_class[label], FEW)]
