"""Finds amounts of money and numbers of goods."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from bot.nlu.finders import Found
from intents.lexicon import Lexicon

_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "₹": "INR", "₩": "KRW"}
"""One currency each; "¥" is the yuan here, as the shops of zh price in it."""
_CODES = "USD|EUR|GBP|CNY|RMB|JPY|AUD|CAD|HKD|NZD|SGD|CHF|INR|TWD|KRW"
_SAME = {"RMB": "CNY"}
_AMOUNT = r"\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,2})?|\d{1,9}(?:\.\d{1,2})?"
_TEN_THOUSAND = "万萬"
_BARE = re.compile(r"\s{0,3}(\d{1,4})\s{0,3}")
_TIMES = re.compile(
    r"(?<![A-Za-z0-9.])(?:[x×] ?(?P<a>\d{1,4})|(?<![/-])(?P<b>\d{1,4}) ?[x×])(?![A-Za-z0-9])"
)


def find_money(text: str, words: Lexicon) -> Iterator[Found]:
    """Find amounts with a currency; values read "49.99 USD"."""
    for match in _money_regex(tuple(words.currencies)).finditer(text):
        written = match["before"] or match["code"] or match["after"]
        number = Decimal((match["a"] or match["b"]).replace(",", ""))
        if match["tenk"]:
            number *= 10_000
        yield _found(match, "money", f"{number.normalize():f} {_currency(written, words)}")


def find_quantities(text: str, words: Lexicon) -> Iterator[Found]:
    """Find how many of something; values are plain integers. A number alone is a quantity too."""
    if bare := _BARE.fullmatch(text):
        yield _found(bare, "quantity", bare[1], group=1)
    for match in _TIMES.finditer(text):
        yield _found(match, "quantity", match["a"] or match["b"])
    if not words.counters:
        return
    for match in _counted_regex(
        words.counters, words.not_counted, words.ordinals, tuple(words.numbers)
    ).finditer(text):
        number = match["n"] or match["n2"]
        value = number if number.isdecimal() else str(words.numbers[number.lower()])
        group = "n2" if match["n2"] else 0
        yield _found(match, "quantity", str(int(value)), group=group)


def _currency(written: str, words: Lexicon) -> str:
    key = written.strip().lower()
    code = _SYMBOLS.get(key) or words.currencies.get(key) or key.upper()
    return _SAME.get(code, code)


def _found(match: re.Match[str], type_: str, value: str, group: str | int = 0) -> Found:
    return Found(start=match.start(group), end=match.end(group), readings=((type_, value),))


@lru_cache(maxsize=16)
def _money_regex(currencies: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(map(re.escape, sorted(currencies, key=len, reverse=True)))
    symbols = "".join(map(re.escape, _SYMBOLS))
    return re.compile(
        rf"(?<![A-Za-z0-9])(?<![0-9][.,])(?:"
        rf"(?P<before>[{symbols}]|(?:{_CODES})(?= ?\d)) ?(?P<a>{_AMOUNT})(?![0-9])"
        rf"|(?P<b>{_AMOUNT})(?P<tenk>[{_TEN_THOUSAND}]?) ?"
        rf"(?:(?P<code>{_CODES}|[{symbols}])(?![A-Za-z0-9])|(?P<after>{words})(?![A-Za-z])))",
        re.IGNORECASE,
    )


@lru_cache(maxsize=16)
def _counted_regex(
    counters: tuple[str, ...],
    not_counted: tuple[str, ...],
    ordinals: tuple[str, ...],
    numbers: tuple[str, ...],
) -> re.Pattern[str]:
    """Match a number with a counter.

    Where words are divided by blanks only the number is the entity, and any plural will do as
    counter ("3 shirts"); elsewhere the counter belongs to it, as in the training phrases.
    """
    latin = {word for word in (*counters, *not_counted, *numbers) if word.isascii()}
    signs = _any_of(set(counters) - latin)
    signs_not = _any_of(set(not_counted) - latin)
    spelt = _any_of(set(numbers) & latin)
    spelt_signs = _any_of(set(numbers) - latin)
    no_ordinal = "".join(f"(?<!{re.escape(mark)})" for mark in ordinals)
    plural = rf"(?!(?:{_any_of(set(not_counted) & latin)})\b)[a-z]{{2,20}}s\b"
    return re.compile(
        rf"{no_ordinal}(?P<n>(?<![A-Za-z0-9.,#-])\d{{1,5}}|{spelt_signs})(?:{signs})(?!{signs_not})"
        rf"|(?<![A-Za-z0-9.,#$£€-])(?<!size )(?P<n2>\d{{1,4}}|\b(?:{spelt})\b)"
        rf"(?= (?:(?:{_any_of(set(counters) & latin)})\b|{plural}))",
        re.IGNORECASE,
    )


def _any_of(words: set[str]) -> str:
    """Return an expression for any of these words; one that never matches for none."""
    return "|".join(map(re.escape, sorted(words, key=lambda w: (-len(w), w)))) or r"(?!)"
