"""Put words on keys: the only place where a reply's values become text in a language."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from bot.commerce import Money, localized
from bot.model import Language, Localized, Phrase, Value


class ReplyWords:
    """The words of every language, formatted the way that its readers write.

    A tuple of phrases fills `{blank}` joined by the language's list separator, and
    `{blank:lines}` one a line. Values are filled in once and never read as templates.
    """

    def __init__(
        self, replies: Mapping[str, Mapping[str, tuple[str, ...]]], *, zone: tzinfo
    ) -> None:
        self.replies = replies
        self._zone = zone
        self._locales = {language: Locale.parse(language) for language in replies}

    def say(self, phrase: Phrase, language: Language, *, variant: int = 0) -> str:
        """Render a phrase; raises KeyError when the language has no words for it.

        A line of the wording whose blanks are all empty is left out.
        """
        wordings = self.replies[language][phrase.key]
        wording = wordings[variant % len(wordings)]
        blanks = {name: _Blank(self, value, language) for name, value in phrase.values.items()}
        lines = (line.format_map(blanks).rstrip() for line in wording.split("\n"))
        return "\n".join(line for line in lines if line)

    def variants(self, key: str, language: Language) -> int:
        """Return how many wordings a key has in a language; 0 when it has none."""
        return len(self.replies.get(language, {}).get(key, ()))

    def text(  # noqa: C901, PLR0911 - one case per kind of value
        self, value: Value, language: Language, *, lines: bool = False
    ) -> str:
        """Write one value as people of that language write it; None is nothing."""
        locale = self._locales[language]
        match value:
            case None:
                return ""
            case Phrase():
                return self.say(value, language)
            case tuple():
                separator = "\n" if lines else self.replies[language]["list.separator"][0]
                return separator.join(self.say(part, language) for part in value)
            case Localized(texts=texts):
                return localized(texts, language)
            case Money(amount=amount, currency=currency):
                return format_currency(amount, currency, locale=locale)
            case datetime():
                local = value.astimezone(self._zone)
                return format_datetime(local, "medium", tzinfo=self._zone, locale=locale)
            case date():
                return format_date(value, "medium", locale=locale)
            case Decimal():
                return format_decimal(value, locale=locale)
            case _:
                return str(value)


class _Blank:
    """One value on its way into a wording; the format spec says how to lay out a list."""

    def __init__(self, words: ReplyWords, value: Value, language: Language) -> None:
        self._words, self._value, self._language = words, value, language

    def __format__(self, spec: str) -> str:
        return self._words.text(self._value, self._language, lines=spec == "lines")
