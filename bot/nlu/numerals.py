"""Reads numbers that are written in words: thirty-five, 三十五, 一百二."""

import re
from dataclasses import dataclass

from bot.nlu.wording import any_of
from intents.lexicon import NumeralWords

_LONGEST = 12
"""Signs of one glued number, as in 九千九百九十九万."""


@dataclass(frozen=True, slots=True)
class Numerals:
    """The numerals of a lexicon; `pattern` matches digits too, and is made for other patterns."""

    words: NumeralWords
    plain: dict[str, int]
    """Number words that are divided by blanks, in lower case."""

    @property
    def signs(self) -> str:
        """Return a class of the signs of glued numbers, which never matches where none exist."""
        signs = "".join({**self.words.digits, **self.words.multipliers})
        return f"[{signs}]" if signs else "(?!)"

    @property
    def glued(self) -> str:
        """Return a pattern of a whole glued number."""
        behind = f"(?<!{self.signs})" if self.words.digits else ""
        return f"{behind}{self.signs}{{1,{_LONGEST}}}(?!{self.signs})"

    @property
    def spelt(self) -> str:
        """Return a pattern of a number in words that stand apart."""
        one = any_of(self.plain)
        return rf"\b(?:{one})(?:[ -](?:{one})){{0,3}}\b"

    @property
    def pattern(self) -> str:
        """Return a pattern of a number in words or digits."""
        return rf"(?:(?<![\d.])\d{{1,5}}|{self.glued}|{self.spelt})"

    def value(self, written: str) -> int | None:
        """Return the number, None for what is none: 两三 is "two or three"."""
        if written.isdecimal():
            return int(written)
        if written[:1] in self.words.digits or written[:1] in self.words.multipliers:
            return self._glued_value(written)
        return self._spelt_value(written)

    def is_elided(self, written: str) -> bool:
        """Say whether the last unit is left out, as in 一百二: people do so with prices."""
        if len(written) < 3 or written[-1] not in self.words.digits:  # noqa: PLR2004
            return False
        unit = self.words.multipliers.get(written[-2], 0)
        return unit > 10 and self.words.digits[written[-1]] > 0  # noqa: PLR2004

    def _glued_value(self, written: str) -> int | None:
        total, section, digit = 0, 0, None
        for sign in written:
            if (number := self.words.digits.get(sign)) is not None:
                if digit:
                    return None
                digit = number
                continue
            times = self.words.multipliers[sign]
            if times >= 10_000:  # noqa: PLR2004 - it counts all that stands before it
                total, section, digit = (total + section + (digit or 0)) * times, 0, None
            else:
                section, digit = section + (1 if digit is None else digit) * times, None
        if self.is_elided(written):
            return total + section + (digit or 0) * self.words.multipliers[written[-2]] // 10
        return total + section + (digit or 0)

    def _spelt_value(self, written: str) -> int | None:
        total = 0
        for match in re.finditer(any_of(self.plain), written.lower()):
            number = self.plain[match[0]]
            total = total * number if 0 < total < number else total + number
        return total or None
