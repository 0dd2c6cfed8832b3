"""When a person is needed: a pure look at signals, most pressing reason first."""

from dataclasses import dataclass

from escalation.model import Reason, Signals

TREND_TURNS = 3
"""How many turns the anger trend looks back: a swing over a few messages tells more than one, and
is what JD's service desk hands over on (itbear.com.cn/html/2017-11/244992.html)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The shop's thresholds; see `escalate` in docs/configuration.md."""

    misses: int = 2
    anger: float = 0.85
    anger_trend: float = 1.2
    sensitive: frozenset[str] = frozenset()

    def assess(self, signals: Signals) -> Reason | None:
        """Return why a person is needed now, None when the bot may go on."""
        if signals.asked_for_person:
            return Reason.ASKED_FOR_PERSON
        if signals.sensitive or signals.intent in self.sensitive:
            return Reason.SENSITIVE_TOPIC
        if signals.skill_failed:
            return Reason.SKILL_FAILED
        if self._is_upset(signals.anger):
            return Reason.UPSET
        if signals.misses >= self.misses:
            return Reason.NOT_UNDERSTOOD
        return None

    def _is_upset(self, anger: tuple[float, ...]) -> bool:
        if not anger or anger[-1] == 0:
            return False  # upset before, calm now: no reason to take the talk away
        return anger[-1] >= self.anger or sum(anger[-TREND_TURNS:]) >= self.anger_trend
