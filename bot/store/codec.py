"""Values to JSON and back, equal to what they were.

pydantic knows the dataclasses' own fields. Three of them hold anything (`Preview.change`,
`Card.data`, `Fact.values`): there a Decimal or a Money would come back as a string or a dict, so
what JSON can't say is packed as `{"$money": ...}` before and unpacked after.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from bot.commerce import (
    Coupon,
    Money,
    Order,
    OrderLine,
    OrderNumber,
    OrderStatus,
    Payment,
    PaymentMethod,
    PostalAddress,
    Shipment,
    TrackingEvent,
    Variant,
)
from bot.model import Card, Dialogue, Localized, Message, Phrase, Task, Turn
from escalation.model import Handoff

T = TypeVar("T")

_CLASSES: Mapping[str, Any] = {
    f"${cls.__name__}": cls
    for cls in (
        Coupon,
        Localized,
        Money,
        Order,
        OrderLine,
        Payment,
        PaymentMethod,
        Phrase,
        PostalAddress,
        Shipment,
        TrackingEvent,
        Variant,
    )
}
"""The dataclasses that may stand where anything may."""

_ENUMS: Mapping[str, Any] = {"$OrderStatus": OrderStatus}

_PLAIN: Mapping[str, Callable[[str], Any]] = {
    "$decimal": Decimal,
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    **_ENUMS,
}

_COLLECTIONS: Mapping[str, Callable[[Iterable[Any]], Any]] = {
    "$tuple": tuple,
    "$frozenset": frozenset,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The part of a conversation that no query asks for."""

    dialogue: Dialogue = field(default_factory=Dialogue)
    proven: frozenset[OrderNumber] = frozenset()


# -- one pair of functions per kind of row ------------------------------------------------------


def dump_state(state: State) -> str:
    """Write a conversation's state as JSON."""
    tasks = tuple(_task(task, pack) for task in state.dialogue.tasks)
    return _adapter(State).dump(replace(state, dialogue=replace(state.dialogue, tasks=tasks)))


def load_state(text: str) -> State:
    """Read what `dump_state` wrote."""
    state: State = _adapter(State).load(text)
    tasks = tuple(_task(task, unpack) for task in state.dialogue.tasks)
    return replace(state, dialogue=replace(state.dialogue, tasks=tasks))


def dump_message(message: Message) -> str:
    """Write a message as JSON."""
    return _adapter(Message).dump(_message(message, pack))


def load_message(text: str) -> Message:
    """Read what `dump_message` wrote."""
    return _message(_adapter(Message).load(text), unpack)


def dump_turn(turn: Turn) -> str:
    """Write a turn as JSON."""
    return _adapter(Turn).dump(_turn(turn, pack))


def load_turn(text: str) -> Turn:
    """Read what `dump_turn` wrote."""
    return _turn(_adapter(Turn).load(text), unpack)


def dump_handoff(handoff: Handoff) -> str:
    """Write a handoff as JSON."""
    return _adapter(Handoff).dump(_handoff(handoff, pack))


def load_handoff(text: str) -> Handoff:
    """Read what `dump_handoff` wrote."""
    return _handoff(_adapter(Handoff).load(text), unpack)


# -- the fields that hold anything ------------------------------------------------------------

_Convert = Callable[[Any], Any]


def _task(task: Task, convert: _Convert) -> Task:
    if task.preview is None:
        return task
    return replace(task, preview=replace(task.preview, change=_each(task.preview.change, convert)))


def _message(message: Message, convert: _Convert) -> Message:
    if not message.cards:
        return message
    cards = tuple(Card(type=card.type, data=_each(card.data, convert)) for card in message.cards)
    return replace(message, cards=cards)


def _turn(turn: Turn, convert: _Convert) -> Turn:
    replies = tuple(_message(reply, convert) for reply in turn.replies)
    return replace(turn, message=_message(turn.message, convert), replies=replies)


def _handoff(handoff: Handoff, convert: _Convert) -> Handoff:
    if not handoff.summary.facts:
        return handoff
    facts = tuple(
        replace(fact, values=_each(fact.values, convert)) for fact in handoff.summary.facts
    )
    return replace(handoff, summary=replace(handoff.summary, facts=facts))


def _each(values: Mapping[str, Any], convert: _Convert) -> Mapping[str, Any]:
    return {key: convert(value) for key, value in values.items()}


def pack(value: Any) -> Any:
    """Say in JSON's terms what JSON has no word for; raises TypeError for strangers."""
    if isinstance(value, Enum):
        return _pack_enum(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list):
        return [pack(item) for item in value]
    if isinstance(value, Mapping):
        return _pack_mapping(value)
    return _pack_other(value)


def unpack(value: Any) -> Any:
    """Undo `pack`."""
    if isinstance(value, list):
        return [unpack(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag = next(iter(value), "")
    if len(value) == 1 and tag.startswith("$"):
        return _unpack_tagged(tag, value[tag])
    return {key: unpack(item) for key, item in value.items()}


def _pack_enum(value: Enum) -> Any:
    tag = f"${type(value).__name__}"
    if tag in _ENUMS:
        return {tag: value.value}
    if isinstance(value, str):  # a StrEnum equals its text, so nothing is lost
        return str(value)
    raise TypeError(f"Expected an enum of {sorted(_ENUMS)}, but got {type(value).__name__}")


def _pack_mapping(value: Mapping[Any, Any]) -> Any:
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {key: pack(item) for key, item in value.items()}
    return {"$dict": [[pack(key), pack(item)] for key, item in value.items()]}


def _pack_other(value: Any) -> Any:
    match value:
        case Decimal():
            return {"$decimal": str(value)}
        case datetime():
            return {"$datetime": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case tuple():
            return {"$tuple": [pack(item) for item in value]}
        case frozenset():
            return {"$frozenset": sorted((pack(item) for item in value), key=str)}
        case _:
            return _pack_dataclass(value)


def _pack_dataclass(value: Any) -> Any:
    tag = f"${type(value).__name__}"
    if tag in _CLASSES and is_dataclass(value):
        return {tag: {part.name: pack(getattr(value, part.name)) for part in fields(value)}}
    raise TypeError(f"Expected a value of {sorted(_CLASSES)}, but got {type(value).__name__}")


def _unpack_tagged(tag: str, inner: Any) -> Any:
    if tag in _CLASSES:
        return _unpack_dataclass(_CLASSES[tag], inner)
    if tag in _PLAIN:
        return _PLAIN[tag](inner)
    if tag == "$dict":
        return {unpack(key): unpack(item) for key, item in inner}
    if tag in _COLLECTIONS:
        return _COLLECTIONS[tag](unpack(item) for item in inner)
    raise ValueError(f"Expected a tag that `pack` writes, but got {tag}")


def _unpack_dataclass(cls: Any, inner: Mapping[str, Any]) -> Any:
    """Build the value again; fields that the class has lost since are left out."""
    known = {part.name for part in fields(cls)}
    return cls(**{name: unpack(item) for name, item in inner.items() if name in known})


class _Adapter(Generic[T]):
    def __init__(self, type_: type[T]) -> None:
        self._pydantic = TypeAdapter(type_)

    def dump(self, value: T) -> str:
        # Defaults all mean "none", so leaving them out halves the rows and stays true.
        return self._pydantic.dump_json(value, exclude_defaults=True).decode()

    def load(self, text: str) -> T:
        return self._pydantic.validate_json(text)


@cache
def _adapter(type_: type[T]) -> _Adapter[T]:
    """Build a type's adapter at its first use: that takes milliseconds."""
    return _Adapter(type_)
