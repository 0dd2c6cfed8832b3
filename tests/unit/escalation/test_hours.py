"""Opening hours, across time zones and clock changes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.hours import Days, is_open, next_opening

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
START = datetime(2026, 1, 1, tzinfo=UTC)
OFFICE: Days = dict.fromkeys(WEEKDAYS[:5], (time(9), time(18)))


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-11-20T08:59", False),  # a Friday
        ("2026-11-20T09:00", True),
        ("2026-11-20T17:59", True),
        ("2026-11-20T18:00", False),
        ("2026-11-21T12:00", False),
    ],
)
def test_open_from_the_first_minute_to_the_last(*, wall: str, expected: bool) -> None:
    at = datetime.fromisoformat(wall).replace(tzinfo=SHANGHAI)
    assert is_open(at, OFFICE, SHANGHAI) is expected


def test_the_shops_zone_counts_not_the_clocks() -> None:
    evening_in_utc = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
    assert is_open(evening_in_utc, OFFICE, SHANGHAI)
    assert not is_open(evening_in_utc, OFFICE, UTC)


def test_next_opening_after_the_weekend() -> None:
    saturday = datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)
    monday = datetime(2026, 11, 23, 9, tzinfo=SHANGHAI)
    assert next_opening(saturday, OFFICE, SHANGHAI) == monday


def test_next_opening_earlier_the_same_day() -> None:
    early = datetime(2026, 11, 20, 6, tzinfo=SHANGHAI)
    assert next_opening(early, OFFICE, SHANGHAI) == early.replace(hour=9)


def test_open_now_means_now_in_utc() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=SHANGHAI)
    found = next_opening(noon, OFFICE, SHANGHAI)
    assert found == noon
    assert found.tzinfo is UTC


def test_a_shop_without_hours_never_opens() -> None:
    assert next_opening(datetime(2026, 11, 20, tzinfo=UTC), {}, SHANGHAI) is None


def test_opening_time_that_the_clock_jumps_over() -> None:
    """On 8 March 2026 New York goes from 02:00 straight to 03:00."""
    days: Days = {"sun": (time(2, 30), time(5))}
    found = next_opening(datetime(2026, 3, 8, 0, tzinfo=NEW_YORK), days, NEW_YORK)
    assert found == datetime(2026, 3, 8, 7, tzinfo=UTC)  # the moment of the jump
    assert is_open(found, days, NEW_YORK)


def test_opening_that_a_jump_swallows_comes_a_week_later() -> None:
    days: Days = {"sun": (time(2, 10), time(2, 50))}
    found = next_opening(datetime(2026, 3, 8, 0, tzinfo=NEW_YORK), days, NEW_YORK)
    assert found == datetime(2026, 3, 15, 2, 10, tzinfo=NEW_YORK).astimezone(UTC)


def test_opening_time_that_comes_twice() -> None:
    """On 1 November 2026 New York has 01:30 at 05:30 UTC and again at 06:30 UTC."""
    days: Days = {"sun": (time(1, 30), time(5))}
    between = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)  # 01:10 for the second time: closed again
    assert not is_open(between, days, NEW_YORK)
    assert next_opening(between, days, NEW_YORK) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


@given(
    at=st.integers(0, 365 * 24 * 60).map(lambda m: START + timedelta(minutes=m)),
    zone=st.sampled_from(
        [SHANGHAI, NEW_YORK, ZoneInfo("Europe/London"), ZoneInfo("Asia/Kolkata")]
    ),
    day=st.sampled_from(WEEKDAYS),
    start=st.integers(0, 22),
)
def test_people_answer_at_every_next_opening(
    at: datetime, zone: ZoneInfo, day: str, start: int
) -> None:
    days: Days = {day: (time(start), time(start + 1, 30))}
    found = next_opening(at, days, zone)
    assert found is not None
    assert at <= found <= at + timedelta(days=8)
    assert is_open(found, days, zone)
