"""Finds dates: 2026-05-03, 3/5/2026, 5月3日, May 3rd, 3 May 2026, and words like yesterday.

Days that are counted from today (last Friday, 三天前) are found by bot.nlu.relative.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from bot.nlu.finders import HEAD, TAIL, Found
from bot.nlu.numerals import Numerals
from bot.nlu.relative import RelativeDates, relative_dates
from bot.nlu.wording import any_of, whole
from intents.lexicon import Lexicon

_YEAR_FIRST = re.compile(
    HEAD + r"(?P<y>20\d{2})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})" + TAIL
)
_YEAR_LAST = re.compile(
    HEAD + r"(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<y>20\d{2})" + TAIL
)


@dataclass(frozen=True, slots=True)
class DateFinder:
    """The dates of one lexicon; safe to share."""

    words: Lexicon
    numerals: Numerals
    relative: RelativeDates
    signs: re.Pattern[str]
    days: re.Pattern[str]

    def find(self, text: str, now: datetime | None) -> Iterator[Found]:
        """Find dates; values are ISO 8601, without the year where nothing tells it."""
        if any(map(str.isdecimal, text)):
            yield from self._written(text, now)
        for match in self.signs.finditer(text):
            month, day = self.numerals.value(match["m"]), self.numerals.value(match["d"])
            yield from _dated(match, month or 0, day or 0, now)
        if now is not None:
            yield from self._from_today(text, now.date())

    def _written(self, text: str, now: datetime | None) -> Iterator[Found]:
        for match in _YEAR_FIRST.finditer(text):
            yield from _dated(match, int(match["m"]), int(match["d"]), now)
        for match in _YEAR_LAST.finditer(text):
            day_first = int(match["a"]) > 12 or match["s"] == "."  # noqa: PLR2004 - months
            month, day = (match["b"], match["a"]) if day_first else (match["a"], match["b"])
            yield from _dated(match, int(month), int(day), now)
        if self.words.months:
            for match in _month_regex(tuple(self.words.months)).finditer(text):
                month = self.words.months[(match["m"] or match["m2"]).lower()]
                yield from _dated(match, month, int(match["d"] or match["d2"]), now)

    def _from_today(self, text: str, today: date) -> Iterator[Found]:
        for start, end, day in self.relative.find(text, today):
            yield Found(start=start, end=end, readings=(("date", day.isoformat()),))
        days = {**self.words.days, **self.words.dates.days}
        for match in self.days.finditer(self.relative.without_others(text)):
            yield _found(match, (today + timedelta(days=days[match[0].lower()])).isoformat())


def date_finder(words: Lexicon, numerals: Numerals) -> DateFinder:
    """Compile the expressions of a lexicon."""
    number = rf"(?:\d{{1,2}}|{numerals.glued})"
    # The signs of the East Asian calendar are the date's form, like the dashes of ISO 8601.
    signs = rf"(?<!\d)(?:(?P<y>20\d{{2}})年)?(?P<m>{number})月(?P<d>{number})[日号號]"
    days = [*words.days, *words.dates.days]
    return DateFinder(
        words=words,
        numerals=numerals,
        relative=relative_dates(words.dates, numerals),
        signs=re.compile(signs),
        days=re.compile(whole(any_of(days)), re.IGNORECASE),
    )


def _dated(match: re.Match[str], month: int, day: int, now: datetime | None) -> Iterator[Found]:
    year = match["y"]
    try:
        value = date(int(year), month, day).isoformat() if year else _nearest(month, day, now)
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
