"""Finds sizes: M, 2XL, EU 42, size 10.5, 32x34, 170/88A, 42码, 大号, king size.

Codes are known by their shape, words are the lexicon's. Values are the same in all languages:
"medium" and 中号 are M, three X stand for 3XL.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.nlu.finders import HEAD, TAIL, Found
from bot.nlu.numerals import Numerals
from bot.nlu.wording import any_of, apart, follows, meanings, right_after, stands_alone
from intents.lexicon import SizeWords

# GB/T 1335 (170/88A: height, girth, build); the class of build may be left out.
_HEIGHT_GIRTH = re.compile(HEAD + r"(?P<v>1[0-9]\d/\d{2,3}[A-CY]?)" + TAIL, re.IGNORECASE)
_WAIST_LENGTH = re.compile(
    HEAD + r"[Ww]?(?P<w>[2-5]\d) ?[x×X/, ]? ?(?<=[ x×X/,])[Ll]?(?P<l>[2-4]\d)" + TAIL
)
_CENTIMETRES = re.compile(r" ?(?:cm|mm|in|inch|px|厘米|毫米)", re.IGNORECASE)
_LETTERS = re.compile(HEAD + r"(?:[2-6]XL|X{1,4}[LS]|[SML])" + TAIL, re.IGNORECASE)
_LISTED = re.compile(HEAD + r"[SML](?:/(?:[SML]|X{1,3}[LS]))+" + TAIL)
_INITIAL = re.compile(r"\.? ?[A-Z]|[&'’.][A-Za-z]")
_NAME_BEFORE = re.compile(r"(?:[A-Z][a-z]+|[A-Z]\.?|[&'’])[ ]?$")
_NUMBER = r"\d{1,3}(?:\.\d)?"
_SHOUT = 12
"""Letters from which a text all in capitals tells nothing by a capital."""
_LEAST_GLUED = 20
"""Smaller numbers in words with 码 count sizes: 大一码 is "one size up"."""
_SIZES = range(1, 63)


@dataclass(frozen=True, slots=True)
class SizeFinder:
    """The sizes of one lexicon; safe to share."""

    words: SizeWords
    numerals: Numerals
    sure: dict[str, str]
    weak: dict[str, str]
    named: re.Pattern[str]
    numbered: tuple[re.Pattern[str], ...]
    inches: re.Pattern[str]
    cues: re.Pattern[str]
    joined: re.Pattern[str]
    """A size in words and what joins another one to it."""
    after: re.Pattern[str]

    def find(self, text: str) -> Iterator[Found]:
        """Find sizes."""
        if any(map(str.isdecimal, text)):
            yield from self._codes(text)
        for pattern in self.numbered:
            yield from self._numbers(pattern, text)
        yield from self._words(text)
        yield from self._letters(text)

    def _codes(self, text: str) -> Iterator[Found]:
        for match in _HEIGHT_GIRTH.finditer(text):
            yield _found(match, match["v"].upper())
        for match in _WAIST_LENGTH.finditer(text):
            written = match[0].lower()
            marked = "x" in written or "×" in written or "w" in written
            if marked and not _CENTIMETRES.match(text, match.end()):
                yield _found(match, f"{match['w']}x{match['l']}")
        for match in self.inches.finditer(text):
            yield _found(match, f"{match['n']} inch", group="span")

    def _numbers(self, pattern: re.Pattern[str], text: str) -> Iterator[Found]:
        for match in pattern.finditer(text):
            written, said = match["n"], match.groupdict()
            shaped = written[0].isdecimal()
            number = float(written) if shaped else self.numerals.value(written)
            if number is None or int(number) not in _SIZES:
                continue
            if not shaped and number < _LEAST_GLUED:
                continue
            size = f"{number + 0.5 * bool(said.get('half')):g}"
            if system := said.get("system"):
                size = f"{self.words.systems[system]} {size}"
            yield _found(match, size, group="span")

    def _words(self, text: str) -> Iterator[Found]:
        for match in self.named.finditer(text):
            if match["name"] is None:
                continue  # a phrase that names no size
            name = match["name"].lower()
            value = self.sure.get(name)
            if value is None and not self._means_size(match):
                continue
            yield _found(match, value or self.weak[name], group="name")

    def _means_size(self, match: re.Match[str]) -> bool:
        if stands_alone(match) or self.after.match(match.string, match.end()):
            return True
        return follows(self.cues, match.string, match.start()) or follows(
            self.joined, match.string, match.start()
        )

    def _letters(self, text: str) -> Iterator[Found]:
        for match in _LISTED.finditer(text):
            for letter in re.finditer(r"\w+", match[0]):
                start = match.start() + letter.start()
                size = _letter_size(letter[0])
                yield Found(start=start, end=start + len(letter[0]), readings=(("size", size),))
        shouted = text.isupper() and sum(map(str.isascii, text)) > _SHOUT
        for match in _LETTERS.finditer(text):
            if self._is_letter_size(match, shouted=shouted):
                yield _found(match, _letter_size(match[0]))

    def _is_letter_size(self, match: re.Match[str], *, shouted: bool) -> bool:
        text, letter = match.string, match[0]
        if len(letter) > 1 or stands_alone(match) or self.after.match(text, match.end()):
            return True
        if follows(self.cues, text, match.start()):
            return True
        if not letter.isupper() or shouted or _INITIAL.match(text, match.end()):
            return False
        return _NAME_BEFORE.search(text, max(0, match.start() - 20), match.start()) is None


def size_finder(words: SizeWords, numerals: Numerals) -> SizeFinder:
    """Compile the expressions of a lexicon."""
    sure, weak = meanings(words.names), meanings(words.weak)
    return SizeFinder(
        words=words,
        numerals=numerals,
        sure=sure,
        weak=weak,
        named=re.compile(
            rf"(?:{apart(words.not_sizes)})|(?P<name>{apart({**sure, **weak})})", re.IGNORECASE
        ),
        numbered=_numbered(words, numerals),
        inches=re.compile(
            rf"(?:{apart(words.cues)})[^\d,.，。]{{0,6}}(?P<span>(?P<n>{_NUMBER})[ -]?"
            rf"(?:{any_of(words.inches)}))",
            re.IGNORECASE,
        ),
        cues=right_after(words.cues),
        joined=re.compile(rf"(?:{apart(weak)}),? ?(?:{apart(words.joints)}) ?$", re.IGNORECASE),
        after=re.compile(
            rf" ?(?:{apart(words.suffixes)})|,? ?(?:{apart(words.joints)}) ?"
            rf"(?:{apart(weak)}|X{{0,3}}[SML](?![a-z]))",
            re.IGNORECASE,
        ),
    )


def _numbered(words: SizeWords, numerals: Numerals) -> tuple[re.Pattern[str], ...]:
    """Match numbers that a system of sizes, a cue before or a suffix makes sizes."""
    half = rf"(?P<half> ?(?:{any_of(words.halves)}))?"
    # In just these letters: "us" is a pronoun.
    names = "|".join(map(re.escape, sorted(words.systems, key=len, reverse=True))) or "(?!)"
    system = rf"(?P<system>(?-i:(?<![A-Za-z])(?:{names})))"
    suffix = rf"(?:{any_of(words.number_suffixes)})"
    cue = apart([*words.cues, *words.number_cues])
    shape = rf"(?P<n>{_NUMBER})(?![\d.]\d|\d)"
    either = rf"(?P<n>(?<![\d.]){_NUMBER}|{numerals.glued})"
    every = (
        rf"(?P<span>{system}[ -]?{shape}{suffix}?{half})",
        rf"(?<![\d.])(?P<span>{shape} ?{system}(?![A-Za-z]))",
        rf"(?:{cue})[ :：]{{0,2}}(?P<span>{shape}{suffix}?{half})(?!\d| ?[/x×]| ?(?:cm|mm|kg))",
        rf"(?P<span>{either}{suffix}{half})",
    )
    return tuple(re.compile(one, re.IGNORECASE) for one in every)


def _letter_size(written: str) -> str:
    """Return S, M, L or what has as many X as is said: 2XL is XXL."""
    size = written.upper()
    return "X" * int(size[0]) + size[2:] if size[0].isdecimal() else size


def _found(match: re.Match[str], value: str, group: str | int = 0) -> Found:
    return Found(start=match.start(group), end=match.end(group), readings=(("size", value),))
