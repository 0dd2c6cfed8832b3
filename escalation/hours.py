"""When people answer: a shop's opening hours in its own time zone, right across clock changes."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final, TypeAlias

Days: TypeAlias = Mapping[str, tuple[time, time]]
"""Opening and closing wall time by weekday, "mon" to "sun"; a missing day is closed."""

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HORIZON: Final = 15
"""Days to look ahead. Two weeks, because a clock change can swallow one week's only opening."""


def is_open(at: datetime, days: Days, zone: tzinfo) -> bool:
    """Return whether people answer at that moment; the closing minute itself is closed."""
    local = at.astimezone(zone)
    hours = days.get(_WEEKDAYS[local.weekday()])
    return hours is not None and hours[0] <= local.time() < hours[1]


def next_opening(at: datetime, days: Days, zone: tzinfo) -> datetime | None:
    """Return the first moment, `at` or later, when people answer, in UTC; None when never."""
    if is_open(at, days, zone):
        return at.astimezone(UTC)
    later = (moment for moment in _openings(at, days, zone) if moment >= at)
    return next((moment for moment in later if is_open(moment, days, zone)), None)


def _openings(at: datetime, days: Days, zone: tzinfo) -> Iterator[datetime]:
    first = at.astimezone(zone).date()
    for ahead in range(_HORIZON):
        day = first + timedelta(days=ahead)
        if hours := days.get(_WEEKDAYS[day.weekday()]):
            yield from _moments(datetime.combine(day, hours[0], tzinfo=zone))


def _moments(wall: datetime) -> Iterator[datetime]:
    """Return when a clock shows that time: once, twice (clocks go back), or never.

    When clocks jump over it, every minute of the jump is offered: the shop is open as soon as
    the clock shows something within its hours.
    """
    one, two = wall.replace(fold=0).astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    if one <= two:
        yield from (one, two)
        return
    jump = int((one - two) / timedelta(minutes=1))
    yield from (two + timedelta(minutes=minute) for minute in range(jump + 1))
