"""Compare what people write about themselves with what the shop knows: pure functions."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

import phonenumbers
from phonenumbers import MatchType

SHORTEST_PHONE = 7
"""Fewer digits than this are no telephone number that proves anything."""

WORDS_AROUND_A_NAME = 6
"""How many more words, or characters where a script has no blanks, may stand around a name."""


def folded_email(email: str) -> str:
    """Fold the ways of writing one e-mail address: case, blanks around it, full-width forms."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def folded_phone(phone: str | None) -> str | None:
    """Return a telephone number's digits, with its `+` if it has one; None without digits."""
    if phone is None:
        return None
    text = unicodedata.normalize("NFKC", phone).strip()
    digits = "".join(ch for ch in text if ch.isdecimal())
    return (("+" if text.startswith("+") else "") + digits) or None


def same_email(one: str, other: str) -> bool:
    """Say whether two e-mail addresses are one; empty ones never are."""
    return folded_email(one) == folded_email(other) != ""


def same_phone(one: str, other: str) -> bool:
    """Say whether two telephone numbers are one, written nationally or internationally.

    Local numbers without an area code don't count: too many people share them.
    """
    first, second = folded_phone(one), folded_phone(other)
    if not first or not second or min(len(first), len(second)) < SHORTEST_PHONE:
        return False
    match = phonenumbers.is_number_match(first, second)
    return first == second or match in {MatchType.EXACT_MATCH, MatchType.NSN_MATCH}


def same_name(said: str, known: str) -> bool:
    """Say whether what was said holds a name, whatever the case, accents and order of parts.

    "My name is Ana Roe" holds it; so few other words may stand around that nobody can try a
    list of names at once. Names without blanks between their parts count as one piece.
    """
    first, second = _name_parts(said), _name_parts(known)
    if not first or not second or len(first) > len(second) + WORDS_AROUND_A_NAME:
        return False
    if not Counter(second) - Counter(first):
        return True
    glued, name = "".join(first), "".join(second)
    return glued == name or (
        not name.isascii() and name in glued and len(glued) <= len(name) + WORDS_AROUND_A_NAME
    )


def same_zip(one: str | None, others: Iterable[str | None]) -> bool:
    """Say whether a postcode is one of the others, whatever the case, blanks and hyphens."""
    folded = _folded_zip(one)
    return folded != "" and folded in {_folded_zip(other) for other in others}


def _name_parts(name: str) -> list[str]:
    bare = "".join(
        ch for ch in unicodedata.normalize("NFKD", name) if not unicodedata.combining(ch)
    )
    return re.findall(r"[^\W_]+", bare.casefold())


def _folded_zip(code: str | None) -> str:
    text = unicodedata.normalize("NFKC", code or "").casefold()
    return "".join(ch for ch in text if ch.isalnum())
