"""Reads the words by which entities are recognised: <language>/entities.yml."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from intents.model import BadCatalogError

_T = TypeVar("_T")


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
        )
    except (yaml.YAMLError, UnicodeDecodeError, OSError, KeyError, TypeError, ValueError) as error:
        raise BadCatalogError(
            f"{file}: expected the lists of words as in en: {error!r}"
        ) from error


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
    )


def _merged(parts: list[Mapping[str, _T]]) -> Mapping[str, _T]:
    return {key: value for part in parts for key, value in part.items()}
