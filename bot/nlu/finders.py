"""Finds numbers and addresses by their shape. Texts come folded to half width, spans are theirs.

Every expression here starts only where a token starts and has an upper length for each part, so
that its time grows linearly with the text, whatever stands in it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

from intents.lexicon import Lexicon


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A span, and what it may be: (type, value), likeliest first."""

    start: int
    end: int
    readings: tuple[tuple[str, str], ...]


# No part of a longer token. Han characters may touch: Chinese has no blanks between words.
HEAD = r"(?<![A-Za-z0-9])(?<![A-Za-z0-9][-_.@])"
TAIL = r"(?![A-Za-z0-9])(?![-_@][A-Za-z0-9])(?!\.[0-9])"

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@"
    r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
# UPS 1Z; the Universal Postal Union's S10 (RR123456789CN); USPS 20 or 22 digits in groups of four
# or not, which start with 9; Amazon TBA; the prefixes of SF, YTO, ZTO, STO, JD, J&T, Deppon, EMS,
# Yunda, Cainiao, DHL. A carrier's prefix alone is not enough: ten digits have to follow.
_TRACKING = re.compile(
    HEAD + r"(?:1Z[0-9A-Z]{8,16}|[A-Z]{2}\d{9}[A-Z]{2}|9\d{3}(?: ?\d{4}){4}(?: ?\d{2})?"
    r"|(?:SF|YT|ZTO|ZT|STO|JDV|JDVB|JDX|JD|JT|DPK|EMS|YD|LP|TBA|JJD|JVGL|GM)\d{10,20}(?:-\d{1,3}){0,3})"
    + TAIL,
    re.IGNORECASE,
)
_ZIP_PLUS_4 = re.compile(HEAD + r"\d{5}-\d{4}" + TAIL)
_ZIP_AFTER_STATE = re.compile(
    r"(?<![A-Za-z])(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]"
    r"|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]),? (?P<zip>\d{5})" + TAIL
)
# https://en.wikipedia.org/wiki/Postcodes_in_the_United_Kingdom#Validation, and Canada Post's
# letters. Lower case only where a blank divides it: "a1 2ab" may be one, "s10x2xl" is a size.
_ZIP_WITH_LETTERS = re.compile(
    HEAD + r"(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}"
    r"|[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d"
    r"|[a-z]{1,2}\d[a-z\d]? \d[abd-hjlnp-uw-z]{2}"
    r"|[abceghj-nprstvxy]\d[abceghj-nprstv-z] \d[abceghj-nprstv-z]\d)" + TAIL
)
_PHONE = re.compile(
    r"(?<![A-Za-z0-9#+])(?<![A-Za-z0-9][-_.@/])"
    r"(?:\+\d{1,3}[ .-]?|00\d{1,3}[ .-])?(?:\(\d{1,5}\)[ .-]?)?\d{1,11}(?:[ .-]\d{1,8}){0,5}"
    + TAIL
)
_LOCAL_PHONE = re.compile(r"[2-9]\d{2}[ .-]\d{4}")
# "SB 20417"; the words that stand before a number in capitals are none of its prefixes.
_SPACED_ORDER = re.compile(HEAD + r"(?!NO|ID|MY|IS|IT|US|UK)[A-Z]{2,4} \d{4,14}" + TAIL)
_PLAIN_ZIP = re.compile(r"\d{5}|[0-8]\d{5}")
_DIGITS = re.compile(HEAD + r"\d{5,22}" + TAIL)

_SHORT = 60
"""Up to this many characters a text may be the answer to a question, so that readings matter."""
_PHONE_DIGITS = range(7, 16)
_PLAIN_PHONE = (10, 11)
"""North American and Chinese numbers are written without blanks; others hardly."""
_TRACKING_DIGITS = 8
_CUE_REACH = 24
"""So many characters before a number a cue may stand."""
_MANY = 50
"""More numbers than these in one text are noise: the rest is not weighed."""


def find_emails(text: str) -> Iterator[Found]:
    """Find e-mail addresses; values are in lower case."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield _found(match, "email", match[0].lower())


def find_tracking_numbers(text: str) -> Iterator[Found]:
    """Find carriers' numbers by their shapes; values have no blanks."""
    for match in _TRACKING.finditer(text):
        yield _found(match, "tracking_number", match[0].replace(" ", "").upper())


def find_zips(text: str) -> Iterator[Found]:
    """Find postcodes that look like nothing else; five or six plain digits come later."""
    for match in _ZIP_PLUS_4.finditer(text):
        yield _found(match, "zip", match[0])
    for match in _ZIP_AFTER_STATE.finditer(text):
        yield _found(match, "zip", match["zip"], group="zip")
    for match in _ZIP_WITH_LETTERS.finditer(text):
        code = match[0].replace(" ", "").upper()
        yield _found(match, "zip", f"{code[:-3]} {code[-3:]}")


def find_phones(text: str, words: Lexicon, order: re.Pattern[str]) -> Iterator[Found]:
    """Find phone numbers that are written as such: blanks, signs, a prefix, or a leading 0."""
    for match in islice(_PHONE.finditer(text), _MANY):
        written = match[0]
        plain = written.isdecimal() or order.fullmatch(written)
        if sum(map(str.isdecimal, written)) not in _PHONE_DIGITS:
            continue
        if plain and not written.startswith("0"):
            continue  # find_plain_numbers weighs it
        if _LOCAL_PHONE.fullmatch(written):
            yield _found(match, "phone", written[:3] + written[4:])
        elif number := _phone(written, words.phone_regions):
            yield _found(match, "phone", number)


def find_plain_numbers(text: str, words: Lexicon, order: re.Pattern[str]) -> Iterator[Found]:
    """Find order numbers, and what else plain digits may be."""
    cues = _cue_regex(tuple(sorted(words.cues, key=len, reverse=True)))
    matches = chain(_spaced_orders(text, order), order.finditer(text), _DIGITS.finditer(text))
    for match in islice(matches, 2 * _MANY):
        if readings := _readings(match, words, order):
            last = _last_cue(cues, match)
            yield Found(
                start=match.start(),
                end=match.end(),
                readings=_choose(readings, words.cues.get(last, ""), short=len(text) <= _SHORT),
            )


@lru_cache(maxsize=16)
def order_regex(pattern: str) -> re.Pattern[str]:
    """Compile a shop's pattern so that it matches whole tokens only."""
    return re.compile(f"(?<![A-Za-z0-9])(?<![A-Za-z0-9][-_.@])(?:{pattern}){TAIL}", re.IGNORECASE)


def _found(match: re.Match[str], type_: str, value: str, group: str | int = 0) -> Found:
    return Found(start=match.start(group), end=match.end(group), readings=((type_, value),))


# -- phones ------------------------------------------------------------


def _phone(written: str, regions: Sequence[str]) -> str | None:
    """Return the number in E.164, by the first region that knows it; None if none does.

    After a "+", or where the region writes a leading 0, the right length is enough: numbers set
    aside for examples and films are valid nowhere.
    """
    import phonenumbers  # noqa: PLC0415 - 30 ms that a text without a number need not wait for

    marked = written.startswith(("+", "0"))
    for region in regions:
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) or (
            marked and phonenumbers.is_possible_number(number)
        ):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None


# -- plain numbers ------------------------------------------------------------


def _spaced_orders(text: str, order: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Find "SB 20417" for SB-20417 or SB20417, unless everything is in capitals anyway."""
    if text.isupper() and len(text) > _SHORT // 3:
        return
    for match in _SPACED_ORDER.finditer(text):
        if any(order.fullmatch(match[0].replace(" ", joint)) for joint in ("-", "")):
            yield match


def _readings(match: re.Match[str], words: Lexicon, order: re.Pattern[str]) -> dict[str, str]:
    """Return everything that a token may be, likeliest first."""
    written, digits = match[0], match[0].isdecimal()
    readings: dict[str, str] = {}
    if digits and len(written) in _PLAIN_PHONE and (phone := _phone(written, words.phone_regions)):
        readings["phone"] = phone
    if not digits or order.fullmatch(written):
        readings["order_number"] = written.lstrip("#").replace(" ", "-").upper()
    if _PLAIN_ZIP.fullmatch(written):
        readings["zip"] = written
    if sum(map(str.isdecimal, written)) >= _TRACKING_DIGITS:
        readings["tracking_number"] = written.replace(" ", "").upper()
    return readings


def _choose(readings: dict[str, str], cue: str, *, short: bool) -> tuple[tuple[str, str], ...]:
    if cue in readings:
        return ((cue, readings[cue]),)
    if len(readings) > 1:
        readings.pop("tracking_number", None)  # other digits than a carrier's need a cue
    likely = list(readings.items())
    mobile = likely[0][1].startswith("+86")  # eleven digits from 13 to 19 are hardly anything else
    return tuple(likely if short and not mobile else likely[:1])


@lru_cache(maxsize=16)
def _cue_regex(cues: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<![a-z])(?:" + "|".join(map(re.escape, cues)) + r")(?![a-z])")


def _last_cue(cues: re.Pattern[str], match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - _CUE_REACH) : match.start()].lower()
    found = cues.findall(before)
    return found[-1] if found else ""
