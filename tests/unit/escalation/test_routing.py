"""Who is helped first."""

from datetime import UTC, datetime, timedelta

from escalation.model import Reason
from escalation.routing import priority

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_every_reason_has_an_urgency() -> None:
    assert all(priority(reason, ()) > 0 for reason in Reason)


def test_upset_goes_before_a_calm_request() -> None:
    assert priority(Reason.UPSET, ()) > priority(Reason.ASKED_FOR_PERSON, ())


def test_anger_raises_a_plain_request_above_a_calm_skill_failure() -> None:
    angry = priority(Reason.ASKED_FOR_PERSON, (("neutral", 0.1), ("angry", 0.9)))
    assert angry > priority(Reason.SKILL_FAILED, (("neutral", 0.1),))


def test_an_old_outburst_counts_less_than_a_fresh_one() -> None:
    fresh = priority(Reason.UPSET, (("neutral", 0.0), ("angry", 0.9)))
    old = priority(Reason.UPSET, (("angry", 0.9), ("neutral", 0.0), ("happy", 0.5)))
    assert fresh > old > priority(Reason.UPSET, ())


def test_joy_adds_nothing() -> None:
    assert priority(Reason.UPSET, (("happy", 1.0),)) == priority(Reason.UPSET, ())


def test_waiting_long_enough_overtakes_a_graver_reason() -> None:
    patient = priority(Reason.ASKED_FOR_PERSON, (), NOW - timedelta(hours=2), NOW)
    assert patient > priority(Reason.UPSET, (), NOW, NOW)


def test_a_wait_from_the_future_does_not_lower_it() -> None:
    odd = priority(Reason.UPSET, (), NOW + timedelta(hours=2), NOW)
    assert odd == priority(Reason.UPSET, ())
