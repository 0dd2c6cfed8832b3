"""What a button sends: `/intent`, `/intent{"slot": "value"}`, read as Rasa 3.6 reads it.

The shape is that of Rasa's `YAMLStoryReader.unpack_regex_message`: a slash, a name, perhaps `@`
and a confidence, perhaps a JSON object of entities; what follows is passed over.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from bot.model import Entity

LONGEST = 2_000
"""Characters of a payload; a longer text is a text."""
MOST_ENTITIES = 16
LONGEST_VALUE = 200

_SHAPE = re.compile(
    r"\s*/(?P<name>[^{@]{1,100})(?:@[0-9.]{1,20})?(?P<entities>\{.+\})?", re.DOTALL
)
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a button means, and the entities that it carries."""

    name: str
    entities: tuple[Entity, ...]


def write_payload(name: str, **values: str) -> str:
    """Return what a button sends to say something, with the values that are meant."""
    return f"/{name}{json.dumps(values, ensure_ascii=False) if values else ''}"


def read_payload(text: str, known: Collection[str] | None = None) -> Payload | None:
    """Return what a text means as a payload; None when it is none, or names nothing known.

    Without `known` any name will do, as in what the bot itself has offered.

    Entities that can't be read are left out, as Rasa does: JSON that is broken, objects and nulls
    as values, more than a button carries.
    """
    if len(text) > LONGEST or not text.lstrip().startswith("/"):
        return None
    match = _SHAPE.match(text)
    if match is None:
        return None
    name = match["name"].strip()
    if not name or (known is not None and name not in known):
        return None
    start = match.start("entities")
    return Payload(name=name, entities=_entities(text, start, match["entities"] or ""))


def _entities(text: str, start: int, written: str) -> tuple[Entity, ...]:
    found: list[Entity] = []
    for type_, value in _pairs(written):
        at, end = _span(text, start, start + len(written), value)
        found.append(Entity(type=type_, value=value, text=text[at:end], start=at, end=end))
        if len(found) == MOST_ENTITIES:
            break
    return tuple(found)


def _pairs(written: str) -> Iterator[tuple[str, str]]:
    for type_, values in _loaded(written).items():
        for value in values if isinstance(values, list) else [values]:
            text = _plain(value)
            if text is not None and _TYPE.fullmatch(type_):
                yield type_, text


def _loaded(written: str) -> dict[str, Any]:
    try:
        loaded = json.loads(written)
    except (ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _plain(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= LONGEST_VALUE else None


def _span(text: str, start: int, end: int, value: str) -> tuple[int, int]:
    """Return where a value stands, else the whole object: entities of one span fill one slot."""
    at = text.find(value, start, end)
    return (at, at + len(value)) if at >= 0 else (start, end)
