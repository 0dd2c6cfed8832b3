"""Finds the things that a text names: numbers, money, dates, sizes, colours, products.

Finders (one file each beside this one) propose spans. Where spans overlap, the
finder that stands first in `_find` wins: what has the more telling shape comes first. Within one
finder the earlier and longer match wins.

A plain number can mean several things. A cue before it ("zip 90210") decides; where there is none
and the text is short, as answers are, the span is returned twice: first as what it likelier is,
then as the other (five or six digits: order_number, then zip; ten digits that are a phone number
too: phone, then order_number). No other spans overlap.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.commerce import Product
from bot.model import Entity, Language
from bot.nlu.amounts import AmountFinder, amount_finder
from bot.nlu.catalogue import ProductNames
from bot.nlu.colours import ColourFinder, colour_finder
from bot.nlu.dates import DateFinder, date_finder
from bot.nlu.finders import (
    Found,
    find_emails,
    find_phones,
    find_plain_numbers,
    find_tracking_numbers,
    find_zips,
    order_regex,
)
from bot.nlu.numerals import Numerals
from bot.nlu.sizes import SizeFinder, size_finder
from bot.settings import ShopRules
from intents.lexicon import Lexicon, words_of

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
    zone: tzinfo | None = None
    """Where the shop's day begins; without it `now` is read as it comes."""
    products: ProductNames | None = None
    """The shop's catalogue, where there is one; bootstrap keeps it up to date."""

    def extract(
        self, text: str, language: Language, *, now: datetime | None = None
    ) -> tuple[Entity, ...]:
        """Return what the text names, in the order of the text.

        `now` is the present: with it dates without a year get the nearest one and words
        such as "yesterday" become dates; without it the first are written --MM-DD (ISO 8601)
        and the others are left out.
        """
        plain = text[:LONGEST].translate(_FOLD)
        if now is not None and self.zone is not None:
            now = now.astimezone(self.zone)
        found = sorted(_without_overlaps(self._find(plain, language, now)), key=_position)
        return tuple(
            Entity(type=type_, value=value, text=text[one.start : one.end], start=one.start,
                   end=one.end)
            for one in found
            for type_, value in one.readings
        )  # fmt: skip

    def learn(self, products: Sequence[Product]) -> Sequence[Product]:
        """Know a catalogue's products from now on, and give them back; again costs nothing."""
        if self.products is not None:
            self.products.put(products)
        return products

    def _find(self, plain: str, language: Language, now: datetime | None) -> Iterator[Found]:
        finders, order = _finders(language), order_regex(self.order_pattern)
        digits = any(map(str.isdecimal, plain))
        yield from find_emails(plain)
        if digits:
            yield from find_tracking_numbers(plain)
        if self.products is not None:
            yield from self.products.find(plain)
        yield from finders.dates.find(plain, now)
        yield from finders.amounts.find_money(plain)
        if digits:
            yield from find_phones(plain, finders.words, order)
            yield from find_zips(plain)
        yield from finders.sizes.find(plain)
        if digits:
            yield from find_plain_numbers(plain, finders.words, order)
        yield from finders.amounts.find_quantities(plain)
        yield from finders.colours.find(plain)


def open_extractor(rules: ShopRules) -> EntityExtractor:
    """Return the extractor of a shop; it knows no products until it is told."""
    return EntityExtractor(
        order_pattern=rules.order_number,
        zone=ZoneInfo(rules.time_zone),
        products=ProductNames(words_of(rules.language).products),
    )


def extract(
    text: str, language: Language, *, order_pattern: str, now: datetime | None = None
) -> tuple[Entity, ...]:
    """Return what a text names; see EntityExtractor.extract."""
    return EntityExtractor(order_pattern=order_pattern).extract(text, language, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finders:
    """What finds by words, for one language first and the others after it."""

    words: Lexicon
    dates: DateFinder
    amounts: AmountFinder
    sizes: SizeFinder
    colours: ColourFinder


@lru_cache(maxsize=16)
def _finders(language: str) -> _Finders:
    words = words_of(language)
    plain = {word: n for word, n in words.numbers.items() if word.isascii()}
    numerals = Numerals(words.numerals, {**words.numerals.words, **plain})
    return _Finders(
        words=words,
        dates=date_finder(words, numerals),
        amounts=amount_finder(words, numerals),
        sizes=size_finder(words.sizes, numerals),
        colours=colour_finder(words.colors),
    )


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
