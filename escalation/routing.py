"""Who is helped first."""

from datetime import datetime, timedelta
from typing import Final

from escalation.model import Reason

_URGENCY: Final = {
    Reason.INTERNAL_ERROR: 45,  # our own fault, and the shopper could not even be answered
    Reason.UPSET: 40,
    Reason.SENSITIVE_TOPIC: 40,
    Reason.SKILL_FAILED: 30,
    Reason.IDENTITY_UNPROVEN: 20,
    Reason.GOING_IN_CIRCLES: 20,
    Reason.NOT_UNDERSTOOD: 15,
    Reason.ASKED_FOR_PERSON: 10,
}
_WEIGHTS: Final = {"angry": 40, "sad": 25, "anxious": 25, "confused": 10}
"""How much each emotion at full intensity adds; anger weighs as much as the gravest reason."""
_MEMORY: Final = 0.5
"""An emotion counts half with every turn that has passed since: a talk that calmed down waits."""
_PATIENCE: Final = timedelta(minutes=2)
"""Each such span of waiting adds one, so that nobody waits for ever behind graver cases."""


def priority(
    reason: Reason,
    emotions: tuple[tuple[str, float], ...] = (),
    waiting_since: datetime | None = None,
    now: datetime | None = None,
) -> int:
    """Return how urgent a handoff is, higher first: 10 for a calm request, above 80 for rage.

    Args:
        reason: Why a person is needed.
        emotions: Name and intensity (0-1) over the last turns, oldest first.
        waiting_since: When the shopper began to wait; counts only together with `now`.
        now: The present moment.
    """
    waited = now - waiting_since if now and waiting_since else timedelta()
    return _URGENCY[reason] + round(_distress(emotions)) + max(0, waited // _PATIENCE)


def _distress(emotions: tuple[tuple[str, float], ...]) -> float:
    """Return the gravest feeling, with older turns counting less."""
    weighed = (
        _WEIGHTS.get(name, 0) * intensity * _MEMORY**age
        for age, (name, intensity) in enumerate(reversed(emotions))
    )
    return max(weighed, default=0.0)
