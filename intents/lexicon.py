"""Reads the words by which entities are recognised: <language>/entities.yml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from intents.model import BadCatalogError

_T = TypeVar("_T")
Words = tuple[str, ...]
Variants = Mapping[str, Words]
"""From a value to the words that mean it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumeralWords:
    """How numbers are written in words."""

    words: Mapping[str, int] = field(default_factory=dict)
    digits: Mapping[str, int] = field(default_factory=dict)
    multipliers: Mapping[str, int] = field(default_factory=dict)
    lengths: Mapping[str, float] = field(default_factory=dict)
    singly: Words = ()
    elided_currency: Words = ()
    tenths_after: Words = ()
    not_money: Words = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DateWords:
    """How days are named by their distance, weekday or number."""

    days: Mapping[str, int] = field(default_factory=dict)
    weekdays: Mapping[str, int] = field(default_factory=dict)
    weekends: Words = ()
    units: Mapping[str, str] = field(default_factory=dict)
    which: Mapping[str, int | str] = field(default_factory=dict)
    past_forms: Words = ()
    future_forms: Words = ()
    forms: Words = ()
    first: Words = ()
    end: Words = ()
    ordinal_endings: Words = ()
    past_cues: Words = ()
    not_before: Words = ()
    not_after: Words = ()
    not_dates: Words = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourWords:
    """How colours are called."""

    names: Variants = field(default_factory=dict)
    weak: Variants = field(default_factory=dict)
    shades: Variants = field(default_factory=dict)
    suffixes: Words = ()
    before: Words = ()
    after: Words = ()
    not_colors: Words = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeWords:
    """How sizes are called."""

    names: Variants = field(default_factory=dict)
    weak: Variants = field(default_factory=dict)
    cues: Words = ()
    number_cues: Words = ()
    suffixes: Words = ()
    number_suffixes: Words = ()
    joints: Words = ()
    systems: Mapping[str, str] = field(default_factory=dict)
    inches: Words = ()
    halves: Words = ()
    not_sizes: Words = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductWords:
    """What does not name a product of the catalogue."""

    generic: Words = ()
    not_alone: Words = ()
    fillers: Words = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NameWords:
    """How people say their name or their address when they are asked."""

    before: Words = ()
    joints: Words = ()
    surnames: Words = ()
    not_names: Words = ()
    address_before: Words = ()
    address_signs: Words = ()


_GROUPS: Mapping[str, type[Any]] = {
    "numerals": NumeralWords,
    "dates": DateWords,
    "colors": ColourWords,
    "sizes": SizeWords,
    "products": ProductWords,
    "people": NameWords,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The words of one language, or of several joined; the files say what each list is for."""

    months: Mapping[str, int]
    days: Mapping[str, int]
    currencies: Mapping[str, str]
    counters: tuple[str, ...]
    not_counted: tuple[str, ...]
    ordinals: tuple[str, ...]
    numbers: Mapping[str, int]
    cues: Mapping[str, str]
    """From a cue to the entity type that it speaks for."""
    phone_regions: tuple[str, ...]
    numerals: NumeralWords = NumeralWords()
    dates: DateWords = DateWords()
    colors: ColourWords = ColourWords()
    sizes: SizeWords = SizeWords()
    products: ProductWords = ProductWords()
    people: NameWords = NameWords()


def load_lexicons(folder: Path | None = None) -> Mapping[str, Lexicon]:
    """Read the lexicon of every language that has one; raises BadCatalogError."""
    root = folder or Path(__file__).parent
    return {file.parent.name: _read(file) for file in sorted(root.glob("*/entities.yml"))}


def _read(file: Path) -> Lexicon:
    try:
        data: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        return Lexicon(
            months=dict(data["months"]),
            days=dict(data["days"]),
            currencies=dict(data["currencies"]),
            counters=tuple(data["counters"]),
            not_counted=tuple(data["not_counted"]),
            ordinals=tuple(data["ordinals"]),
            numbers=dict(data["numbers"]),
            cues={cue: type_ for type_, cues in data["cues"].items() for cue in cues},
            phone_regions=tuple(data["phone_regions"]),
            **{name: _group(kind, data.get(name) or {}) for name, kind in _GROUPS.items()},
        )
    except (yaml.YAMLError, UnicodeDecodeError, OSError, KeyError, TypeError, ValueError) as error:
        raise BadCatalogError(
            f"{file}: expected the lists of words as in en: {error!r}"
        ) from error


def _group(kind: type[_T], data: Mapping[str, Any]) -> _T:
    """Read one group of lists; a list that is missing is empty, an unknown one an error."""
    return kind(**{name: _plain(value) for name, value in data.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(str, value))
    if isinstance(value, dict):
        return {str(key): tuple(v) if isinstance(v, list) else v for key, v in value.items()}
    return (value,) if isinstance(value, str) else value


@lru_cache(maxsize=16)
def words_of(language: str) -> Lexicon:
    """Return the shipped words of all languages, those of one first: shoppers mix them."""
    return joined(load_lexicons(), language)


def joined(lexicons: Mapping[str, Lexicon], first: str) -> Lexicon:
    """Return all languages' words together; those of `first` win, its phone regions lead."""
    ordered = [lexicons[name] for name in sorted(lexicons, key=lambda name: name == first)]
    return Lexicon(
        months=_merged([one.months for one in ordered]),
        days=_merged([one.days for one in ordered]),
        currencies=_merged([one.currencies for one in ordered]),
        counters=tuple(word for one in ordered for word in one.counters),
        not_counted=tuple(word for one in ordered for word in one.not_counted),
        ordinals=tuple(word for one in ordered for word in one.ordinals),
        numbers=_merged([one.numbers for one in ordered]),
        cues=_merged([one.cues for one in ordered]),
        phone_regions=tuple(
            dict.fromkeys(region for one in reversed(ordered) for region in one.phone_regions)
        ),
        **{
            name: _joined_group(kind, [getattr(one, name) for one in ordered])
            for name, kind in _GROUPS.items()
        },
    )


def _joined_group(kind: type[_T], parts: Sequence[Any]) -> _T:
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # a dataclass
    return kind(**{name: _together([getattr(part, name) for part in parts]) for name in names})


def _together(values: Sequence[Any]) -> Any:
    """Join lists, and mappings of lists key by key; of two plain values the later one wins."""
    if isinstance(values[0], tuple):
        return tuple(dict.fromkeys(word for one in values for word in one))
    found: dict[str, Any] = {}
    for one in values:
        for key, value in one.items():
            both = isinstance(value, tuple) and key in found
            found[key] = (*found[key], *value) if both else value
    return found


def _merged(parts: list[Mapping[str, _T]]) -> Mapping[str, _T]:
    return {key: value for part in parts for key, value in part.items()}
