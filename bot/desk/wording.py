"""The desk's words in one agent's language: labels, facts, the story, times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, reduce
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_percent

from bot.model import Language, Phrase, Value
from bot.ports import Words
from escalation.model import Fact, Summary

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_CALM: Final = "neutral"


@dataclass(frozen=True)
class Wording:
    """Says things to one agent; names without words (own intents) stand for themselves."""

    words: Words
    language: Language
    zone: str

    def __call__(self, key: str, **values: Value) -> str:
        """Say `desk.<key>`."""
        return self.words.say(Phrase(key=f"desk.{key}", values=values), self.language)

    def label(self, kind: str, name: str | None) -> str:
        """Name an intent, emotion, reason, channel ... in the agent's language."""
        phrase = self._labelled(kind, name or "none")
        return phrase if isinstance(phrase, str) else self.words.say(phrase, self.language)

    def feeling(self, emotion: str, intensity: float) -> str:
        """Name a feeling and how strong it is; calm has no strength."""
        label = self.label("emotion", emotion)
        if emotion == _CALM:
            return label
        return self("case.feels", emotion=label, percent=self.percent(intensity))

    # -- facts ------------------------------------------------------------

    def fact(self, fact: Fact) -> tuple[str, str]:
        """Return the label and the text of a fact, for a list of facts."""
        values = self._values(fact.values)
        again = ".again" if fact.values.get("times", 1) > 1 else ""
        return self(f"fact.{fact.key}.label"), self(f"fact.{fact.key}{again}", **values)

    def story(self, summary: Summary) -> str:
        """Return the summary as one paragraph: why, what for, who, how they feel, what was tried.

        Facts of one kind share a sentence.
        """
        return reduce(
            lambda first, rest: self("story.join", first=first, rest=rest),
            self._sentences(summary),
        )

    def _sentences(self, summary: Summary) -> Iterator[str]:
        yield self(f"why.{summary.reason.value}")
        facts: dict[str, list[Fact]] = {}
        for fact in summary.facts:
            facts.setdefault(fact.key, []).append(fact)
        for key, same in facts.items():
            if self.words.variants(f"desk.story.{key}", self.language):
                yield self(f"story.{key}", **self._values(_merged(same)))

    def _values(self, values: Mapping[str, Any]) -> dict[str, Value]:
        return {name: self._value(name, value) for name, value in values.items()}

    def _value(self, name: str, value: Any) -> Value:
        if isinstance(value, list | tuple):
            return tuple(self._phrase(name, str(item)) for item in value)
        if name in {"intent", "emotion", "answer"}:
            return self._phrase(name, str(value))
        return value if isinstance(value, int) else str(value)

    def _phrase(self, kind: str, name: str) -> Phrase:
        labelled = self._labelled(kind, name)
        if isinstance(labelled, Phrase):
            return labelled
        return Phrase(key="desk.plain", values={"text": labelled})

    def _labelled(self, kind: str, name: str) -> Phrase | str:
        """Find the words of a name, else of its first part (`order_status` of `.found`)."""
        for key in (f"desk.{kind}.{name}", f"desk.{kind}.{name.partition('.')[0]}"):
            if self.words.variants(key, self.language):
                return Phrase(key=key)
        if kind == "answer":
            return self._labelled("intent", name.partition(".")[0])
        return name

    # -- numbers and times ------------------------------------------------------------

    def percent(self, share: float) -> str:
        """Write a share as people of that language do."""
        return str(format_percent(share, locale=self._locale))

    def clock(self, moment: datetime, now: datetime) -> str:
        """Write a moment of today as a time, an older one with its date, in the shop's zone."""
        local, today = moment.astimezone(self._zone), now.astimezone(self._zone)
        time = format_time(local, "short", locale=self._locale)
        if local.date() == today.date():
            return str(time)
        return f"{format_date(local, 'medium', locale=self._locale)} {time}"

    def span(self, long: timedelta) -> str:
        """Write how long something took or takes, as coarsely as people say it."""
        if long < _MINUTE:
            return self("span.now")
        if long < _HOUR:
            return self("span.minutes", n=long // _MINUTE)
        if long < _DAY:
            return self("span.hours", n=long // _HOUR, m=long % _HOUR // _MINUTE)
        return self("span.days", n=long // _DAY)

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(self.language)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


def _merged(same: Sequence[Fact]) -> dict[str, Any]:
    """Return the values of facts of one kind: those that differ become lists."""
    names = same[0].values
    values = {name: tuple(fact.values[name] for fact in same) for name in names}
    return {
        name: each if name in {"intent", "answer"} else each[0] for name, each in values.items()
    }
