"""Reports, from phrases whose understanding is given."""

import pytest

from bot.nlu.evaluation.assess import Tuning, assess
from bot.nlu.evaluation.measures import Point
from bot.nlu.evaluation.observe import Observations, Seen
from bot.nlu.evaluation.report import Confusion, Section, Share
from tests.unit.nlu.evaluation.seen import seen

TUNING = Tuning(
    accepted_error=0.05, sure_from={"": 0.5, "en": 0.6}, in_scope_from={"": -1.0}, wanted_error=0.3
)


def _section(*intents: Seen, emotions: tuple[Seen, ...] = ()) -> Section:
    overall, _ = assess(Observations(intents=intents, emotions=emotions), TUNING)
    return overall


def test_near_equivalents_are_right_beside_the_strict_share() -> None:
    section = _section(
        seen("a", "a"), seen("a", "b", also=("b",)), seen("a", "c", also=("b",)), seen("b", "b")
    )

    assert section.intents is not None
    assert section.intents.strict == Share(hits=2, of=4)
    assert section.intents.near == Share(hits=3, of=4)
    assert section.intents.columns == ("a", "b", "c")
    assert section.intents.matrix == ((1, 1, 1), (0, 1, 0), (0, 0, 0))
    assert section.intents.macro_f1 == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_confusions_are_listed_with_their_phrases_the_frequent_first() -> None:
    section = _section(
        seen("b", "a", text="once"),
        seen("a", "b", text="accepted", also=("b",)),
        *(seen("a", "b", text=f"wrong {i}") for i in range(3)),
    )

    assert section.intents is not None
    assert section.intents.confusions == (
        Confusion(
            wanted="a", said="b", count=4, accepted=1, examples=("wrong 0", "wrong 1", "wrong 2")
        ),
        Confusion(wanted="b", said="a", count=1, accepted=0, examples=("once",)),
    )


def test_the_dial_answers_what_is_sure_and_in_scope() -> None:
    section = _section(
        seen("a", "a"),
        seen("a", "b"),
        seen("a", "a", sure=False),
        seen("a", "a", sure=False, in_scope=False),
        seen("out_of_scope", "a"),
    )

    assert section.doubt is not None
    dial = section.doubt.dial
    assert (dial.answered, dial.wrong) == (Share(hits=2, of=4), Share(hits=1, of=2))
    assert (dial.accepted_error, dial.threshold) == (0.05, 0.6)


def test_automation_is_what_each_accepted_error_buys() -> None:
    section = _section(
        *(seen("a", "a", 0.9) for _ in range(8)),
        seen("a", "b", 0.7),
        seen("a", "a", 0.65, also=("b",)),
        seen("a", "b", 0.6),
    )

    assert section.doubt is not None
    bought = {row.accepted_error: row for row in section.doubt.automation}
    assert sorted(bought) == [0.01, 0.02, 0.05, 0.1, 0.3]
    assert [error for error, row in bought.items() if row.asked_for] == [0.05, 0.3]
    assert (bought[0.05].threshold, bought[0.05].answered) == (0.9, Share(hits=8, of=11))
    assert (bought[0.1].threshold, bought[0.1].wrong) == (0.65, Share(hits=1, of=10))
    assert bought[0.3].answered == Share(hits=11, of=11)


def test_nothing_is_bought_where_the_surest_answers_are_wrong() -> None:
    section = _section(seen("a", "b", 0.99), seen("a", "a", 0.5))

    assert section.doubt is not None
    least = section.doubt.automation[0]
    assert (least.threshold, least.answered, least.wrong.value) == (
        None,
        Share(hits=0, of=2),
        None,
    )


def test_each_answer_to_an_out_of_scope_phrase_is_an_error() -> None:
    section = _section(seen("a", "a", 0.9), seen("out_of_scope", "a", 0.95))

    assert section.doubt is not None
    assert section.doubt.curve == (Point(threshold=0.9, answered=1, error=0),)
    assert section.doubt.with_out_of_scope == (
        Point(threshold=0.95, answered=0.5, error=1),
        Point(threshold=0.9, answered=1, error=0.5),
    )


def test_scope_by_hand() -> None:
    section = _section(
        seen("a", "a", evidence=2.0),
        seen("a", "b", 0.4, text="lost", in_scope=False, evidence=-1.5),
        seen("out_of_scope", "a", 0.8, text="strange", evidence=1.0),
        seen("out_of_scope", "a", in_scope=False, evidence=-2.0),
        seen("out_of_scope", "b", in_scope=False, evidence=-3.0),
    )

    assert section.scope is not None
    # 2.0 is above all three, -1.5 above two of them
    assert section.scope.auroc == pytest.approx(5 / 6)
    assert section.scope.refused == Share(hits=2, of=3)
    assert section.scope.kept == Share(hits=1, of=2)
    assert [(one.text, one.intent) for one in section.scope.let_in] == [("strange", "a")]
    assert [(one.text, one.intent) for one in section.scope.turned_away] == [("lost", "a")]
    histogram = section.scope.histogram
    assert histogram is not None
    assert (histogram.edges[0], histogram.edges[-1], histogram.threshold) == (-3, 2, -1)
    assert sum(histogram.inside) == pytest.approx(1)
    assert sum(histogram.outside) == pytest.approx(1)


def test_without_vectors_there_is_no_score_of_scope() -> None:
    section = _section(seen("a", "a", evidence=None), seen("out_of_scope", "a", evidence=None))

    assert section.scope is not None
    assert (section.scope.auroc, section.scope.histogram) == (None, None)
    assert section.scope.refused == Share(hits=0, of=1)


def test_emotions_are_told_apart_by_themselves() -> None:
    section = _section(
        emotions=(
            seen("angry", "a", emotion="angry"),
            seen("sad", "a", emotion="angry", also=("angry",)),
        )
    )

    assert section.emotions is not None
    assert (section.emotions.strict.hits, section.emotions.near.hits) == (1, 2)
    assert section.emotions.columns == ("angry", "sad")
    assert (section.intents, section.calibration, section.doubt, section.scope) == (None,) * 4


def test_languages_stand_apart_and_together() -> None:
    overall, languages = assess(
        Observations(
            intents=(
                seen("a", "a", milliseconds=1.0),
                seen("a", "b", language="zh", milliseconds=3.0),
            ),
            emotions=(),
        ),
        TUNING,
    )

    assert list(languages) == ["en", "zh"]
    found = {name: one.intents.strict.hits for name, one in languages.items() if one.intents}
    assert found == {"en": 1, "zh": 0}
    assert overall.intents is not None
    assert overall.intents.strict == Share(hits=1, of=2)
    assert (overall.latency.p50, overall.latency.count) == (2.0, 2)
    thresholds = [one.doubt.dial.threshold for one in (*languages.values(), overall) if one.doubt]
    assert thresholds == [0.6, 0.5, None]
