"""Finds days that are named from today: last Friday, 3 days ago, 上周五, 本月底, on the 14th.

How they are said stands in the lexicon as forms, such as "{which} {weekday}"; what a form means
follows from the blanks that are in it. A week or a month is its first day.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot.nlu.numerals import Numerals
from bot.nlu.wording import any_of, apart, follows, right_after, whole
from intents.lexicon import DateWords

_RAREST = ("weekday", "weekend", "nth", "end", "first", "unit", "day")
_BLANK = re.compile(r"\\\{(\w+)\\\}")
_WEEK = 7
_SATURDAY = 5
_LONGEST_AGO = 10
"""Years that anybody counts back in a shop."""


@dataclass(frozen=True, slots=True)
class _Form:
    pattern: re.Pattern[str]
    direction: int
    needs: str
    """The blank without which a text can't match: most texts need no form tried."""


@dataclass(frozen=True, slots=True)
class RelativeDates:
    """The forms of a lexicon, compiled; safe to share."""

    words: DateWords
    numerals: Numerals
    forms: tuple[_Form, ...]
    hint: re.Pattern[str]
    """Its groups are named for the blanks that stand in a text."""
    past: re.Pattern[str]
    not_after: re.Pattern[str]
    nothing: re.Pattern[str]

    def find(self, text: str, today: date) -> Iterator[tuple[int, int, date]]:
        """Give spans with their days, the longest first."""
        stand = {match.lastgroup for match in self.hint.finditer(text)}
        if not stand:
            return
        text = self.without_others(text)
        behind = self.past.search(text) is not None
        found = [
            (*_span(match), day)
            for form in self.forms
            if form.needs in stand
            for match in form.pattern.finditer(text)
            if not follows(self.not_after, text, match.start())
            and (day := self._day(match, form.direction, today, behind=behind)) is not None
        ]
        yield from sorted(found, key=lambda one: one[0] - one[1])

    def without_others(self, text: str) -> str:
        """Blank out the phrases that name no day, such as Black Friday; lengths stay."""
        return self.nothing.sub(lambda match: "\0" * len(match[0]), text)

    def _day(
        self, match: re.Match[str], direction: int, today: date, *, behind: bool
    ) -> date | None:
        said = {k: v.lower() for k, v in match.groupdict().items() if v is not None}
        unit = self.words.units.get(said.get("unit", ""), "month")
        which = self.words.which.get(said["which"]) if "which" in said else None
        try:
            return self._meant(said, direction, today, unit, which, behind=behind)
        except (ValueError, OverflowError):
            return None

    def _meant(
        self,
        said: Mapping[str, str],
        direction: int,
        today: date,
        unit: str,
        which: int | str | None,
        *,
        behind: bool,
    ) -> date | None:
        if "n" in said:
            return self._counted(said["n"], unit, direction, today)
        if "weekday" in said:
            which = _steps(which) if which is not None and "unit" in said else which
            return _weekday(self.words.weekdays[said["weekday"]], which, today, behind=behind)
        if "weekend" in said:
            return _weekday(_SATURDAY, which or 0, today, behind=False)
        if "day" in said or "nth" in said:
            return self._day_of_month(said.get("day") or said["nth"], which, today)
        return _span_of_time(said, unit, which, today)

    def _counted(self, written: str, unit: str, direction: int, today: date) -> date | None:
        number = self.words_length(written)
        if number is None or number > _LONGEST_AGO * {"day": 365, "week": 53}.get(unit, 12):
            return None
        if unit == "day":
            return today + timedelta(days=direction * int(number))
        if unit == "week":
            return today + timedelta(days=direction * round(number * _WEEK))
        months = number * 12 if unit == "year" else number
        if months != int(months):
            return today + timedelta(days=direction * round(months * 30))
        return _months_on(today, direction * int(months))

    def words_length(self, written: str) -> float | None:
        """Return how many units a text means: "a couple of", 半, 3, 三."""
        length = self.numerals.words.lengths.get(written)
        return self.numerals.value(written) if length is None else length

    def _day_of_month(self, written: str, which: int | str | None, today: date) -> date | None:
        day = self.numerals.value(written.rstrip("".join(self.words.ordinal_endings)))
        if day is None:
            return None
        if which is not None:
            return _months_on(today.replace(day=1), _steps(which)).replace(day=day)
        months = [_months_on(today.replace(day=1), step) for step in (-1, 0, 1)]
        days = [m.replace(day=day) for m in months if day <= monthrange(m.year, m.month)[1]]
        return min(days, key=lambda d: abs(d - today))


def relative_dates(words: DateWords, numerals: Numerals) -> RelativeDates:
    """Compile a lexicon's forms."""
    pieces = _pieces(words, numerals)
    forms = [
        _Form(_compiled(form, pieces, words), direction, _needs(form))
        for direction, listed in (
            (-1, words.past_forms),
            (1, words.future_forms),
            (0, words.forms),
        )
        for form in listed
    ]
    return RelativeDates(
        words=words,
        numerals=numerals,
        forms=tuple(forms),
        hint=re.compile(_hint(words, pieces), re.IGNORECASE),
        past=re.compile(_any_apart(words.past_cues), re.IGNORECASE),
        not_after=right_after(words.not_after),
        nothing=re.compile(any_of(words.not_dates), re.IGNORECASE),
    )


def _pieces(words: DateWords, numerals: Numerals) -> dict[str, str]:
    """Return what stands for each blank of a form."""
    day = rf"(?:(?<!\d)[0-3]?\d|{numerals.glued})"
    return {
        "n": f"(?:{any_of(numerals.words.lengths)}|{numerals.pattern})",
        "unit": any_of(words.units),
        "which": any_of(words.which),
        "weekday": any_of(words.weekdays),
        "weekend": any_of(words.weekends),
        "day": day,
        "nth": rf"(?<!\d)[0-3]?\d(?:{any_of(words.ordinal_endings)})",
        "first": any_of(words.first),
        "end": any_of(words.end),
    }


def _compiled(form: str, pieces: Mapping[str, str], words: DateWords) -> re.Pattern[str]:
    pattern = _BLANK.sub(lambda m: f"(?P<{m[1]}>{pieces[m[1]]})", re.escape(form))
    pattern = pattern.replace(r"\[", "(?P<span>").replace(r"\]", ")")
    before = rf"(?! ?(?:{any_of(words.not_before)}))"
    numbered = "{day}" in form or "{nth}" in form
    guards = before if numbered else ""
    return re.compile(f"{whole(pattern)}{guards}", re.IGNORECASE)


def _needs(form: str) -> str:
    """Return the rarest blank of a form."""
    return next(blank for blank in _RAREST if f"{{{blank}}}" in form)


def _hint(words: DateWords, pieces: Mapping[str, str]) -> str:
    groups = {
        "weekday": apart(words.weekdays),
        "weekend": apart(words.weekends),
        "end": apart(words.end),
        "first": apart(words.first),
        "nth": pieces["nth"],
        "day": pieces["day"],
        "unit": apart(words.units),
    }
    return "|".join(f"(?P<{name}>{pattern})" for name, pattern in groups.items())


def _any_apart(words: tuple[str, ...]) -> str:
    latin = [word for word in words if word.isascii()]
    return rf"\b(?:{any_of(latin)})\b|{any_of(set(words) - set(latin))}"


def _span(match: re.Match[str]) -> tuple[int, int]:
    return match.span("span") if "span" in match.re.groupindex else match.span()


def _steps(which: int | str) -> int:
    return which if isinstance(which, int) else -1


def _weekday(wanted: int, which: int | str | None, today: date, *, behind: bool) -> date:
    """Return a weekday of a week; without one the last if it lies behind, else the next."""
    if isinstance(which, int):
        return _monday(today) + timedelta(days=which * _WEEK + wanted)
    if which is not None:  # "last Friday" is the one before today
        return today - timedelta(days=(today.weekday() - wanted - 1) % _WEEK + 1)
    if behind:
        return today - timedelta(days=(today.weekday() - wanted) % _WEEK)
    return today + timedelta(days=(wanted - today.weekday()) % _WEEK)


def _span_of_time(
    said: Mapping[str, str], unit: str, which: int | str | None, today: date
) -> date | None:
    """Return the first or the last day of a week or month; this one alone tells no day."""
    if "first" not in said and "end" not in said and not which and not _edge(said):
        return None
    if unit not in {"week", "month"}:
        return None
    steps = _steps(which or 0)
    if unit == "week":
        first = _monday(today) + timedelta(days=steps * _WEEK)
        return first + timedelta(days=_WEEK - 1) if "end" in said else first
    first = _months_on(today.replace(day=1), steps)
    return _months_on(first, 1) - timedelta(days=1) if "end" in said else first


def _edge(said: Mapping[str, str]) -> bool:
    return "first" in said or "end" in said


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _months_on(day: date, months: int) -> date:
    """Return the same day some months on, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
