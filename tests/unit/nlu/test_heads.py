"""What the heads are made of: doubt, the nearest phrases, the signs of scope."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.nlu.heads import Doubt, signs_of
from bot.nlu.neighbours import VOTERS, Near, Neighbours, nearest_of, nearness, vote

RANDOM = np.random.default_rng(7)


def _directions(count: int, width: int = 24) -> NDArray[np.float32]:
    rows = RANDOM.normal(size=(count, width)).astype(np.float32)
    units: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units


@pytest.mark.parametrize(
    ("accepted", "least"),
    [(0.01, 0.6), (0.16, 0.6), (0.17, 0.4), (0.2, 0.4), (0.3, 0.2), (1.0, 0.0)],
)
def test_the_least_confidence_keeps_to_the_accepted_error(accepted: float, least: float) -> None:
    doubt = Doubt(
        confidences={"": np.array([0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], np.float32)},
        right={"": np.array([False, True, False, True, True, True, True])},
    )

    assert doubt.thresholds(accepted)[""] == pytest.approx(least)


def test_where_every_answer_was_wrong_none_is_trusted() -> None:
    doubt = Doubt(
        confidences={"": np.array([0.5, 0.9], np.float32)}, right={"": np.array([False, False])}
    )

    assert doubt.thresholds(0.1)[""] > 1


def test_the_index_finds_what_numpy_finds() -> None:
    directions, labels = _directions(500), RANDOM.integers(0, 9, 500)
    one = _directions(1)[0]

    near = Neighbours.of(directions, labels).nearest(one)
    exact = nearest_of(directions @ one, labels)

    assert len(near.cosines) == VOTERS
    assert np.sort(near.cosines) == pytest.approx(np.sort(exact.cosines), abs=1e-3)
    assert vote(near, 9) == pytest.approx(vote(exact, 9), abs=0.1)


def test_of_many_phrases_nearly_the_same_are_found() -> None:
    themes = _directions(60, 64)
    rows = np.repeat(themes, 100, axis=0) + 0.5 * _directions(6_000, 64)
    directions = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    labels = np.repeat(np.arange(60), 100)
    neighbours = Neighbours.of(directions, labels)

    for theme in (0, 17, 59):
        near = neighbours.nearest(themes[theme])
        exact = nearest_of(directions @ themes[theme], labels)

        assert len(near.cosines) == VOTERS
        assert near.cosines.mean() == pytest.approx(exact.cosines.mean(), abs=0.005)
        assert vote(near, 60).argmax() == theme


@pytest.mark.parametrize("count", [40, 5_000])
def test_phrases_are_kept_and_restored(count: int) -> None:
    labels = RANDOM.integers(0, 9, count)
    neighbours, one = Neighbours.of(_directions(count), labels), _directions(1)[0]

    restored = Neighbours.restored(neighbours.kept(), labels)

    assert restored.nearest(one).cosines.tobytes() == neighbours.nearest(one).cosines.tobytes()
    assert restored.nearest(one).labels.tobytes() == neighbours.nearest(one).labels.tobytes()


@pytest.mark.parametrize(
    "damage", [lambda kept: kept[:100], lambda kept: kept[:0], lambda kept: kept[::-1].copy()]
)
def test_damaged_phrases_are_no_index(
    damage: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
) -> None:
    kept = Neighbours.of(_directions(40), np.zeros(40, np.int64)).kept()

    with pytest.raises(ValueError, match="damaged"):
        Neighbours.restored(damage(kept), np.zeros(40, np.int64))
    with pytest.raises(ValueError, match="expected 39 phrases in the index, got 40"):
        Neighbours.restored(kept, np.zeros(39, np.int64))


def test_fewer_phrases_than_voters_all_vote() -> None:
    directions = _directions(3)

    near = Neighbours.of(directions, np.array([0, 1, 1])).nearest(directions[0])

    assert len(near.cosines) == 3
    assert vote(near, 3).argmax() == 0


def test_what_is_near_nothing_valid_is_far() -> None:
    near = Near(cosines=np.array([0.9, 0.8], np.float32), labels=np.array([1, 1]))
    logits = np.array([0.0, 3.0], np.float32)

    _, close, odds = signs_of(logits, logits, near, nothing=1)

    assert close == nearness(np.zeros(0, np.float32)) < 0
    assert odds == pytest.approx(-3)


def test_without_taught_nothing_there_are_no_odds() -> None:
    near = Near(cosines=np.array([0.9], np.float32), labels=np.array([0]))

    assert signs_of(np.zeros(2, np.float32), np.zeros(2, np.float32), near, None)[2] == 0
