"""The measures, against figures computed by hand and against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

from bot.nlu.evaluation.measures import (
    Point,
    auroc,
    calibration_error,
    confusion,
    per_class,
    reliability,
    risk_coverage,
    shares,
    thinned,
    widest,
    wilson,
)

LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)
SCORES = st.lists(st.sampled_from([0.1, 0.25, 0.5, 0.7, 0.93]), min_size=1, max_size=30)


@given(LABELS)
def test_classes_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    wanted, said = (np.array(column) for column in zip(*pairs, strict=True))
    classes = list(range(5))

    matrix = confusion(wanted, said, 5)
    found = per_class(matrix)

    np.testing.assert_array_equal(matrix, confusion_matrix(wanted, said, labels=classes))
    precision, recall, f1, support = precision_recall_fscore_support(
        wanted, said, labels=classes, zero_division=0
    )
    np.testing.assert_allclose(found.precision, precision)
    np.testing.assert_allclose(found.recall, recall)
    np.testing.assert_allclose(found.f1, f1)
    np.testing.assert_array_equal(found.support, support)


def test_macro_f1_counts_the_classes_that_were_asked_for() -> None:
    # class 0: precision 2/2, recall 2/3, F1 0.8; class 1: 1/1 and 1/1; 2 was said, never asked
    found = per_class(confusion(np.array([0, 0, 0, 1]), np.array([0, 0, 2, 1]), 3))

    assert found.macro_f1 == pytest.approx((0.8 + 1.0) / 2)
    assert per_class(np.zeros((2, 2), np.int64)).macro_f1 == 0


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Newcombe 1998, table I, and both ends
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
     (1, 29, 0.0061, 0.1718), (20, 20, 0.8389, 1), (0, 0, 0, 1)],
)  # fmt: skip
def test_the_interval_is_wilson_s(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=1e-4)


# -- confidence ------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(0.001, 1), st.booleans()), min_size=1, max_size=60))
def test_reliability_is_that_of_scikit_learn(answers: list[tuple[float, bool]]) -> None:
    # scikit-learn puts a confidence that is just on an edge into the other bin: none is here
    confidence = np.array([round(one, 3) + 0.00037 for one, _ in answers]).clip(0, 0.9999)
    right = np.array([one for _, one in answers])

    bins = reliability(confidence, right)

    share, mean = calibration_curve(right, confidence, n_bins=10)
    full = [one for one in bins if one.count]
    assert [one.accuracy for one in full] == pytest.approx(list(share))
    assert [one.confidence for one in full] == pytest.approx(list(mean))
    assert sum(one.count for one in bins) == len(answers)


def test_the_calibration_error_weighs_gaps_by_answers() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.35])
    right = np.array([True, True, False, True])

    bins = reliability(confidence, right)

    # three answers with a gap of 0.95 - 2/3, one with a gap of 1 - 0.35
    assert calibration_error(bins) == pytest.approx((3 * (0.95 - 2 / 3) + 0.65) / 4)
    assert [one.count for one in bins] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 3]
    assert (bins[0].confidence, bins[0].accuracy) == (None, None)


def test_the_ends_of_confidence_have_a_bin() -> None:
    bins = reliability(np.array([0.0, 0.1, 1.0]), np.array([True, True, True]))

    assert [one.count for one in bins] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert calibration_error(reliability(np.zeros(0), np.zeros(0, bool))) is None


def test_a_risk_coverage_curve_by_hand() -> None:
    confidence = np.array([0.9, 0.6, 0.8, 0.6, 0.99])
    wrong = np.array([False, True, True, False, False])
    answerable = np.array([True, True, True, True, False])

    curve = risk_coverage(confidence, wrong, answerable)

    # 0.99 is never answered; the two of 0.6 are answered together
    assert curve == (
        Point(threshold=0.9, answered=0.2, error=0),
        Point(threshold=0.8, answered=0.4, error=0.5),
        Point(threshold=0.6, answered=0.8, error=0.5),
    )
    assert widest(curve, 0.1) == curve[0]
    assert widest(curve, 0.5) == curve[2]
    assert risk_coverage(confidence, wrong, np.zeros(5, bool)) == ()


def test_no_answer_keeps_to_an_error_that_the_surest_breaks() -> None:
    curve = risk_coverage(np.array([0.9, 0.5]), np.array([True, True]), np.array([True, True]))

    assert widest(curve, 0.1) is None


@given(SCORES, st.data())
def test_a_curve_says_what_its_thresholds_do(scores: list[float], data: st.DataObject) -> None:
    size = len(scores)
    flags = st.lists(st.booleans(), min_size=size, max_size=size)
    confidence = np.array(scores)
    wrong, answerable = np.array(data.draw(flags)), np.array(data.draw(flags))

    for point in risk_coverage(confidence, wrong, answerable):
        answered = answerable & (confidence >= point.threshold)
        assert point.answered == pytest.approx(answered.mean())
        assert point.error == pytest.approx(wrong[answered].mean())


def test_a_thinned_curve_keeps_its_ends() -> None:
    curve = tuple(Point(threshold=1 - i / 999, answered=i / 999, error=0) for i in range(1000))

    few = thinned(curve, 50)

    assert len(few) == 50
    assert (few[0], few[-1]) == (curve[0], curve[-1])
    assert thinned(few, 50) is few
    assert thinned((), 50) == ()


# -- two groups ------------------------------------------------------------


@given(SCORES, SCORES)
def test_auroc_is_that_of_scikit_learn(inside: list[float], outside: list[float]) -> None:
    labels = [1] * len(inside) + [0] * len(outside)

    found = auroc(np.array(inside), np.array(outside))

    assert found == pytest.approx(roc_auc_score(labels, inside + outside))


def test_there_is_no_auroc_of_one_group() -> None:
    assert auroc(np.array([1.0]), np.zeros(0)) is None
    assert auroc(np.zeros(0), np.array([1.0])) is None


def test_shares_of_stretches() -> None:
    assert list(shares(np.array([0.0, 0.5, 2.0, 3.0]), np.array([0.0, 1.0, 3.0]))) == [0.5, 0.5]
    assert list(shares(np.zeros(0), np.array([0.0, 1.0, 3.0]))) == [0, 0]
