"""Finds dates: 2026-05-03, 3/5/2026, 5月3日, May 3rd, 3 May 2026, and words like yesterday."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from bot.nlu.finders import HEAD, TAIL, Found
from intents.lexicon import Lexicon

_YEAR_FIRST = re.compile(
    HEAD + r"(?P<y>20\d{2})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})" + TAIL
)
_YEAR_LAST = re.compile(
    HEAD + r"(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<y>20\d{2})" + TAIL
)
# The signs of the East Asian calendar are the date's form, like the dashes of ISO 8601.
_WITH_SIGNS = re.compile(r"(?<!\d)(?:(?P<y>20\d{2})年)?(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号號]")


def find_dates(text: str, words: Lexicon, now: datetime | None) -> Iterator[Found]:
    """Find dates; values are ISO 8601, without the year where neither text nor `now` tells it."""
    for match in _YEAR_FIRST.finditer(text):
        yield from _dated(match, match["m"], match["d"], now)
    for match in _YEAR_LAST.finditer(text):
        day_first = int(match["a"]) > 12 or match["s"] == "."  # noqa: PLR2004 - months
        month, day = (match["b"], match["a"]) if day_first else (match["a"], match["b"])
        yield from _dated(match, month, day, now)
    for match in _WITH_SIGNS.finditer(text):
        yield from _dated(match, match["m"], match["d"], now)
    if words.months:
        for match in _month_regex(tuple(words.months)).finditer(text):
            month = str(words.months[(match["m"] or match["m2"]).lower()])
            yield from _dated(match, month, match["d"] or match["d2"], now)
    if now is not None and words.days:
        for match in _day_regex(tuple(words.days)).finditer(text):
            day_meant = now.date() + timedelta(days=words.days[match[0].lower()])
            yield _found(match, day_meant.isoformat())


def _dated(match: re.Match[str], month: str, day: str, now: datetime | None) -> Iterator[Found]:
    year = match["y"]
    try:
        if year:
            value = date(int(year), int(month), int(day)).isoformat()
        else:
            value = _nearest(int(month), int(day), now)
    except ValueError:
        return  # 31/02, or a version number
    yield _found(match, value)


def _nearest(month: int, day: int, now: datetime | None) -> str:
    """Return the date of the year that brings it nearest: shoppers speak of recent and coming."""
    leap = date(2024, month, day)  # raises ValueError for what no year has
    if now is None:
        return f"--{leap:%m-%d}"
    if (month, day) == (2, 29):
        raise ValueError("29 February needs its year")
    today = now.date()
    years = (today.year - 1, today.year, today.year + 1)
    return min(
        (date(year, month, day) for year in years), key=lambda d: abs(d - today)
    ).isoformat()


def _found(match: re.Match[str], value: str) -> Found:
    return Found(start=match.start(), end=match.end(), readings=(("date", value),))


@lru_cache(maxsize=16)
def _month_regex(months: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(sorted(months, key=len, reverse=True))
    year = r"(?:,? (?P<y>20\d{2}))?"
    return re.compile(
        rf"(?<![A-Za-z0-9])(?:(?P<m>{names})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?"
        rf"|(?P<d2>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<m2>{names})){year}(?![A-Za-z0-9])",
        re.IGNORECASE,
    )


@lru_cache(maxsize=16)
def _day_regex(days: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted(days, key=len, reverse=True)))
    return re.compile(rf"(?<![A-Za-z])(?:{names})(?![A-Za-z])", re.IGNORECASE)
