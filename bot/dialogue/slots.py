"""Fill a skill's slots from what was understood."""

import re
from collections.abc import Mapping, Sequence

from bot.model import Entity, Understanding

LONGEST_FREE_TEXT = 120
"""Characters of a message that may stand for a free-text slot such as a name."""

_TOKEN = re.compile(r"[^\s,;:!?()\[\]{}<>\"'，。；：！？（）【】《》、]{2,40}")


def fill(
    spec: Mapping[str, tuple[str, ...]],
    understanding: Understanding,
    *,
    asked: str | None = None,
    have: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the slots that a message fills; one stretch of text fills one slot only.

    The slot that was asked for has the first pick, then those still empty: five digits are a ZIP
    code when only that is missing, and an order number when that is. What is left of the message
    may be a name, if a ZIP came with it.
    """
    filled: dict[str, str] = {}
    used: set[tuple[int, int]] = set()
    known = have or {}
    for slot in sorted(spec, key=lambda name: (name != asked, name in known)):
        entity = _pick(understanding.entities, spec[slot], used)
        if entity is not None:
            filled[slot] = entity.value
            used.add((entity.start, entity.end))
    if "name" in spec and "zip" in filled and len(rest := _rest(understanding)) > 1:
        filled["name"] = rest
    return filled


def is_bare(understanding: Understanding) -> bool:
    """Say whether a message is nothing but entities: a number or an address has no intent."""
    if not understanding.entities:
        return False
    return not any(ch.isalnum() for ch in _rest(understanding))


def number_candidates(text: str, *, most: int = 20) -> Sequence[str]:
    """Return the tokens that could be an order number of a shop with numbers of its own.

    A token equal to an order's number is that order's number, whatever the pattern; so each
    token with a digit is worth a look into the shop, and no other.
    """
    tokens = (match.group() for match in _TOKEN.finditer(text[:2000]))
    found = [token for token in tokens if any(ch.isdigit() for ch in token)]
    return list(dict.fromkeys(found))[:most]


def with_order_numbers(understanding: Understanding, numbers: Sequence[str]) -> list[Entity]:
    """Return the entities with known order numbers added, in place of what they overlapped."""
    found = [entity for number in numbers if (entity := _locate(understanding.text, number))]
    kept = [e for e in understanding.entities if not any(_overlaps(e, f) for f in found)]
    return sorted(kept + found, key=lambda entity: entity.start)


def _rest(understanding: Understanding) -> str:
    """Return the message without its entities: what is left may hold a name."""
    text = understanding.text[:LONGEST_FREE_TEXT]
    for entity in sorted(understanding.entities, key=lambda e: -e.start):
        text = text[: entity.start] + " " + text[entity.end :]
    return " ".join(text.split())


def _pick(
    entities: Sequence[Entity], types: tuple[str, ...], used: set[tuple[int, int]]
) -> Entity | None:
    fitting = (e for e in entities if e.type in types and (e.start, e.end) not in used)
    return next(fitting, None)


def _locate(text: str, number: str) -> Entity | None:
    letters = [re.escape(ch) for ch in number if ch.isalnum()]
    match = re.search(r"#?" + r"[#\s\-]*".join(letters), text, re.IGNORECASE)
    if match is None:
        return None
    start, end = match.span()
    return Entity(type="order_number", value=number, text=match.group(), start=start, end=end)


def _overlaps(one: Entity, other: Entity) -> bool:
    return one.start < other.end and other.start < one.end
