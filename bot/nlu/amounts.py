"""Finds amounts of money and numbers of goods."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bot.nlu.finders import Found
from bot.nlu.numerals import Numerals
from bot.nlu.wording import any_of
from intents.lexicon import Lexicon

_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "₹": "INR", "₩": "KRW"}
"""One currency each; "¥" is the price here, as the shops of zh price in it."""
_CODES = "USD|EUR|GBP|CNY|RMB|JPY|AUD|CAD|HKD|NZD|SGD|CHF|INR|TWD|KRW"
_SAME = {"RMB": "CNY"}
_AMOUNT = r"\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,2})?|\d{1,9}(?:\.\d{1,2})?"
_TEN_THOUSAND = "万萬"
_BARE = re.compile(r"\s{0,3}(\d{1,4})\s{0,3}")
_TIMES = re.compile(
    r"(?<![A-Za-z0-9.])(?:[x×] ?(?P<a>\d{1,4})|(?<![/-])(?P<b>\d{1,4}) ?[x×])(?![A-Za-z0-9])"
)


@dataclass(frozen=True, slots=True)
class AmountFinder:
    """Amounts by the words of one lexicon; safe to share."""

    words: Lexicon
    numerals: Numerals
    money: re.Pattern[str]
    elided: re.Pattern[str]
    counted: re.Pattern[str]

    def find_money(self, text: str) -> Iterator[Found]:
        """Find amounts with a currency; values read "49.99 USD"."""
        for match in self.money.finditer(text):
            written = match["before"] or match["code"] or match["after"]
            number = self._amount(match)
            if number is None or match[0] in self.words.numerals.not_money:
                continue
            yield _found(match, "money", f"{number.normalize():f} {self._currency(written)}")
        for match in self.elided.finditer(text):
            price = self.numerals.value(match[0])
            if price and self.numerals.is_elided(match[0]):
                currency = self.words.numerals.elided_currency[0]
                yield _found(match, "money", f"{price} {currency}")

    def find_quantities(self, text: str) -> Iterator[Found]:
        """Find how many of something; values are integers. A number alone is a quantity too."""
        if bare := _BARE.fullmatch(text):
            yield _found(bare, "quantity", bare[1], group=1)
        for match in _TIMES.finditer(text):
            yield _found(match, "quantity", match["a"] or match["b"])
        for match in self.counted.finditer(text):
            number = self.numerals.value((match["n"] or match["n2"]).lower())
            if number is not None and (match["n2"] or self._counts(match, number)):
                group = "n2" if match["n2"] else 0
                yield _found(match, "quantity", str(number), group=group)

    def _amount(self, match: re.Match[str]) -> Decimal | None:
        written = (match["a"] or match["b"]).replace(",", "")
        if written[0].isdecimal():
            return Decimal(written) * (10_000 if match["tenk"] else 1) + self._tenths(match)
        value = self.numerals.value(written.lower())
        return None if value is None else Decimal(value) + self._tenths(match)

    def _tenths(self, match: re.Match[str]) -> Decimal:
        return Decimal(self.numerals.value(match["tenths"] or "0") or 0) / 10

    def _counts(self, match: re.Match[str], number: int) -> bool:
        """Say whether a counter counts: "one" is an article before most of them."""
        singly = self.words.numerals.singly
        return number > 1 or match["n"].isdecimal() or match[0].endswith(singly)

    def _currency(self, written: str) -> str:
        key = written.strip().lower()
        code = _SYMBOLS.get(key) or self.words.currencies.get(key) or key.upper()
        return _SAME.get(code, code)


def amount_finder(words: Lexicon, numerals: Numerals) -> AmountFinder:
    """Compile the expressions of a lexicon."""
    # Neither a counter nor a unit of time may follow: 一百二十天, 三千五百个.
    behind = any_of([*words.counters, *words.not_counted, *words.dates.units])
    elided = rf"{numerals.glued}(?!{behind}|\d)" if words.numerals.elided_currency else "(?!)"
    return AmountFinder(
        words=words,
        numerals=numerals,
        money=_money_regex(words, numerals),
        elided=re.compile(elided),
        counted=_counted_regex(words, numerals),
    )


def _money_regex(words: Lexicon, numerals: Numerals) -> re.Pattern[str]:
    symbols = "".join(map(re.escape, _SYMBOLS))
    glued = any_of(word for word in words.currencies if not word.isascii())
    apart = any_of(word for word in words.currencies if word.isascii())
    spelt = rf"{numerals.spelt}(?= (?:{apart})\b)"
    digit = any_of([*words.numerals.digits, *"0123456789"])
    joints = "".join(words.numerals.tenths_after)
    no_more = any_of([*words.counters, *words.not_counted])
    tenths = rf"(?:(?<=[{joints}])(?P<tenths>{digit})(?!\d|{no_more}|{numerals.signs}))?"
    tenths = tenths if joints else "(?P<tenths>(?!))?"
    return re.compile(
        rf"(?<![A-Za-z0-9])(?<![0-9][.,])(?:"
        rf"(?P<before>[{symbols}]|(?:{_CODES})(?= ?\d)) ?(?P<a>{_AMOUNT})(?![0-9])"
        rf"|(?P<b>{_AMOUNT}|{numerals.glued}|{spelt})(?P<tenk>[{_TEN_THOUSAND}]?) ?"
        rf"(?:(?P<code>{_CODES}|[{symbols}])(?![A-Za-z0-9])"
        rf"|(?P<after>{glued}|(?:{apart})(?![A-Za-z])){tenths}))",
        re.IGNORECASE,
    )


def _counted_regex(words: Lexicon, numerals: Numerals) -> re.Pattern[str]:
    """Match a number with a counter.

    Where words are divided by blanks only the number is the entity, and any plural will do as
    counter ("3 shirts"); elsewhere the counter belongs to it, as in the training phrases.
    """
    signs = any_of(word for word in words.counters if not word.isascii())
    apart = any_of(word for word in words.counters if word.isascii())
    signs_not = any_of(word for word in words.not_counted if not word.isascii())
    apart_not = any_of(word for word in words.not_counted if word.isascii())
    no_ordinal = "".join(f"(?<!{re.escape(mark)})" for mark in words.ordinals)
    plural = rf"(?!(?:{apart_not})\b)[a-z]{{2,20}}s\b"
    return re.compile(
        rf"{no_ordinal}(?P<n>(?<![A-Za-z0-9.,#-])\d{{1,5}}|{numerals.glued})(?:{signs})"
        rf"(?!{signs_not})"
        rf"|(?<![A-Za-z0-9.,#$£€-])(?<!size )(?P<n2>\d{{1,4}}|{numerals.spelt})"
        rf"(?= (?:(?:{apart})\b|{plural}))",
        re.IGNORECASE,
    )


def _found(match: re.Match[str], type_: str, value: str, group: str | int = 0) -> Found:
    return Found(start=match.start(group), end=match.end(group), readings=((type_, value),))
