"""Finds the things that a text names: numbers of orders and parcels, addresses, money, dates.

Finders (bot.nlu.finders, bot.nlu.dates, bot.nlu.amounts) propose spans. Where spans overlap, the
finder that stands first in `_find` wins: what has the more telling shape comes first. Within one
finder the earlier and longer match wins.

A plain number can mean several things. A cue before it ("zip 90210") decides; where there is none
and the text is short, as answers are, the span is returned twice: first as what it likelier is,
then as the other (five or six digits: order_number, then zip; ten digits that are a phone number
too: phone, then order_number). No other spans overlap.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from bot.model import Entity, Language
from bot.nlu.amounts import find_money, find_quantities
from bot.nlu.dates import find_dates
from bot.nlu.finders import (
    Found,
    find_emails,
    find_phones,
    find_plain_numbers,
    find_tracking_numbers,
    find_zips,
    order_regex,
)
from intents.lexicon import Lexicon, joined, load_lexicons

LONGEST = 10_000
"""Characters that are searched; what lies behind in a longer text is not read."""

# Full-width ASCII (U+FF01-FF5E), the ideographic space and the dashes that keyboards make: one
# character each, so that spans stay those of the original text.
_FOLD = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys((0x3000, 0x00A0, 0x2007, 0x202F), ord(" ")),
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212), ord("-")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityExtractor:
    """Extracts entities with one shop's pattern of order numbers; safe to share."""

    order_pattern: str

    def extract(
        self, text: str, language: Language, *, now: datetime | None = None
    ) -> tuple[Entity, ...]:
        """Return what the text names, in the order of the text.

        `now` is the shopper's day: with it dates without a year get the nearest one and words
        such as "yesterday" become dates; without it the first are written --MM-DD (ISO 8601)
        and the others are left out.
        """
        plain = text[:LONGEST].translate(_FOLD)
        found = sorted(_without_overlaps(self._find(plain, language, now)), key=_position)
        return tuple(
            Entity(type=type_, value=value, text=text[one.start : one.end], start=one.start,
                   end=one.end)
            for one in found
            for type_, value in one.readings
        )  # fmt: skip

    def _find(self, plain: str, language: Language, now: datetime | None) -> Iterator[Found]:
        words, order = _words(language), order_regex(self.order_pattern)
        yield from find_emails(plain)
        if any(map(str.isdecimal, plain)):
            yield from find_tracking_numbers(plain)
            yield from find_dates(plain, words, now)
            yield from find_money(plain, words)
            yield from find_phones(plain, words, order)
            yield from find_zips(plain)
            yield from find_plain_numbers(plain, words, order)
        else:
            yield from find_dates(plain, words, now)
        yield from find_quantities(plain, words)


def extract(
    text: str, language: Language, *, order_pattern: str, now: datetime | None = None
) -> tuple[Entity, ...]:
    """Return what a text names; see EntityExtractor.extract."""
    return EntityExtractor(order_pattern=order_pattern).extract(text, language, now=now)


@lru_cache(maxsize=16)
def _words(language: str) -> Lexicon:
    """Return the words of all languages, those of one first: shoppers mix them."""
    return joined(load_lexicons(), language)


def _without_overlaps(found: Iterable[Found]) -> list[Found]:
    kept: list[Found] = []
    taken = bytearray(LONGEST)
    for one in found:
        if not any(taken[one.start : one.end]):
            kept.append(one)
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
    return kept


def _position(found: Found) -> int:
    return found.start
