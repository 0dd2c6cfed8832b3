"""Candidates of the BANKING77 benchmark learn from the same phrases, in the same order."""

import csv
import random
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.peers.ask_shopbell import write_phrases
from benchmarks.peers.splits import FEW, Split, make_splits
from intents.loader import load_phrases

CLASSES = {"card_arrival": 25, "top_up": 14, "reverted_payment?": 40}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder like BANKING77's, its classes of different sizes."""
    rows = [
        (f"{label}: phrase\n{i}", label) for label, size in CLASSES.items() for i in range(size)
    ]
    for name, some in (("train.csv", rows), ("test.csv", rows[:7])):
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "category"), *some])
    return tmp_path


def few(data: Path, seeds: int) -> list[Split]:
    return list(make_splits(data, ["10-shot"], seeds))


def test_whoever_asks_gets_the_same_phrases_in_the_same_order(data: Path) -> None:
    first = list(make_splits(data, ["full", "10-shot"], 3))
    random.seed(99)  # what other code does with the common generator changes nothing
    assert list(make_splits(data, ["full", "10-shot"], 3)) == first


def test_a_run_by_itself_is_what_it_is_beside_others(data: Path) -> None:
    both = list(make_splits(data, ["full", "10-shot"], 3))
    assert [split for split in both if split.run == "10-shot"] == few(data, 3)
    assert few(data, 5)[:3] == few(data, 3)


def test_few_means_ten_different_phrases_of_each_class(data: Path) -> None:
    for split in few(data, 5):
        assert Counter(one.label for one in split.train) == dict.fromkeys(CLASSES, FEW)
        assert len({one.text for one in split.train}) == len(split.train)


def test_seeds_choose_different_phrases(data: Path) -> None:
    chosen = [frozenset(split.train) for split in few(data, 5)]
    assert len(set(chosen)) == 5


def test_classes_are_mixed(data: Path) -> None:
    for split in make_splits(data, ["full", "10-shot"], 1):
        labels = [one.label for one in split.train]
        assert labels != sorted(labels)
        assert len(set(labels[:FEW])) > 1


def test_the_full_run_has_every_phrase_once_and_the_whole_test_set_is_asked(data: Path) -> None:
    (split,) = make_splits(data, ["full"], 5)
    assert Counter(one.label for one in split.train) == CLASSES
    assert len(set(split.train)) == len(split.train)
    assert len(split.test) == 7
    assert all("\n" not in one.text for one in (*split.train, *split.test))


def test_shopbell_reads_exactly_the_phrases_of_the_split(data: Path, tmp_path: Path) -> None:
    (split,) = few(data, 1)
    write_phrases(split.train, tmp_path / "phrases" / "en")
    read = {(one.text, one.intent, one.language) for one in load_phrases(tmp_path / "phrases")}
    assert read == {(one.text, one.label, "en") for one in split.train}
