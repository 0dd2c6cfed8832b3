"""The handoff's state machine."""

from datetime import UTC, datetime, timedelta

import pytest

from escalation.model import (
    AgentId,
    AlreadyTakenError,
    Handoff,
    HandoffId,
    NotOpenError,
    Reason,
    State,
    Summary,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ANN, BOB = AgentId("ann"), AgentId("bob")


@pytest.fixture
def waiting() -> Handoff:
    reason = Reason.UPSET
    return Handoff(
        id=HandoffId("h1"), reason=reason, summary=Summary(reason=reason), opened_at=NOW
    )


def test_waiting_then_active_then_ended(waiting: Handoff) -> None:
    active = waiting.accept(ANN, LATER)
    ended = active.end(LATER, return_to_bot=True, resolution="refunded")
    assert [h.state for h in (waiting, active, ended)] == [
        State.WAITING,
        State.ACTIVE,
        State.ENDED,
    ]
    assert (active.agent, active.accepted_at) == (ANN, LATER)
    assert (ended.returned_to_bot, ended.resolution) == (True, "refunded")


def test_the_first_agent_keeps_it(waiting: Handoff) -> None:
    taken = waiting.accept(ANN, NOW)
    with pytest.raises(AlreadyTakenError):
        taken.accept(BOB, LATER)


def test_accepting_again_changes_nothing(waiting: Handoff) -> None:
    taken = waiting.accept(ANN, NOW)
    assert taken.accept(ANN, LATER) is taken


def test_nothing_happens_after_the_end(waiting: Handoff) -> None:
    ended = waiting.end(NOW, return_to_bot=False)
    with pytest.raises(NotOpenError):
        ended.accept(ANN, LATER)
    with pytest.raises(NotOpenError):
        ended.end(LATER, return_to_bot=True)
    with pytest.raises(NotOpenError):
        ended.hand_to(BOB, LATER)


def test_a_takeover_gives_it_to_somebody_else(waiting: Handoff) -> None:
    taken = waiting.accept(ANN, NOW).hand_to(BOB, LATER)
    assert (taken.agent, taken.accepted_at) == (BOB, LATER)
    assert taken.hand_to(BOB, LATER + timedelta(minutes=1)) is taken


def test_a_call_back_address_is_kept(waiting: Handoff) -> None:
    assert waiting.call_back("a@example.com").callback_email == "a@example.com"
