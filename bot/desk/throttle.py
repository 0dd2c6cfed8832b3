"""Slows down those who guess passwords."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

_MOST_KEYS: Final = 10_000
"""Keys remembered at once; beyond it, the ones that failed longest ago are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Counts failures per key within a sliding window; kept in this process only."""

    limit: int
    window: timedelta
    _failures: dict[str, deque[datetime]] = field(default_factory=dict, init=False, repr=False)

    def blocked_until(self, key: str, now: datetime) -> datetime | None:
        """Return when a key may try again, None when it may now."""
        times = self._recent(key, now)
        return times[0] + self.window if len(times) >= self.limit else None

    def failed(self, key: str, now: datetime) -> None:
        """Note a failure."""
        times = self._recent(key, now)
        times.append(now)
        while len(times) > self.limit:
            times.popleft()
        self._failures.pop(key, None)  # put at the end: the order is that of the last failure
        self._failures[key] = times
        while len(self._failures) > _MOST_KEYS:
            self._failures.pop(next(iter(self._failures)))

    def forget(self, key: str) -> None:
        """Forget a key's failures after a success."""
        self._failures.pop(key, None)

    def _recent(self, key: str, now: datetime) -> deque[datetime]:
        times = self._failures.get(key, deque())
        while times and times[0] + self.window <= now:
            times.popleft()
        return times


def latest(moments: Iterable[datetime | None]) -> datetime | None:
    """Return the last of some moments, None when there is none."""
    return max((moment for moment in moments if moment is not None), default=None)
