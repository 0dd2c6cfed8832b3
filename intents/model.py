"""What the data of intents/ says, as values; no framework, no file is read here."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class DataError(Exception):
    """Something in intents/ or in a shop's own phrases is wrong; the message names the place."""


HAN = "\u3400-\u9fff"
"""Chinese signs, as a range in a regular expression: they are written without blanks."""

OUT_OF_SCOPE = "out_of_scope"
"""A pseudo-intent: its phrases teach what no intent covers, and it is never an answer."""


class BadPhrasesError(DataError):
    """A file of training phrases can't be used; the message names file and line."""


class BadCatalogError(DataError):
    """The catalogue, a list of commands or a language's description can't be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A stretch of an example marked as an entity; `text` is `example[start:end]`."""

    type: str
    value: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One training phrase, without its marks. For emotions, `intent` is the emotion's name."""

    text: str
    intent: str
    file: Path
    line: int
    language: str | None = None
    """The folder's language; None when no folder above the file is a language."""
    entities: tuple[Annotation, ...] = ()
    intensity: float | None = None
    also: tuple[str, ...] = ()
    """Labels that are accepted in place of `intent` when the understanding is evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentInfo:
    """What the catalogue says of one intent; the fields are explained in catalog.yml."""

    about: str
    answered_by: str
    person_helps: bool = False
    acknowledge: bool = False
    with_order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Every intent, emotion and reserved command of the shop, language-free."""

    intents: Mapping[str, IntentInfo]
    emotions: tuple[str, ...]
    commands: tuple[str, ...]

    @property
    def talk(self) -> frozenset[str]:
        """Return the intents that steer the talk and ask the shop for nothing."""
        fixed = {"reply", "context"}
        return frozenset(name for name, info in self.intents.items() if info.answered_by in fixed)


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageInfo:
    """How a language is told from the others, how it joins wishes, and how it asks."""

    name: str
    scripts: tuple[str, ...]
    """Its writing systems."""
    detected_as: tuple[str, ...]
    """langdetect's names for it."""
    joining: tuple[str, ...] = ()
    joining_after_pause: tuple[str, ...] = ()
    linking: tuple[str, ...] = ()
    """Words that may begin another wish, or go on with the same."""
    asking: tuple[str, ...] = ()
    """Words of questions and bids."""


def normalise(text: str) -> str:
    """Return what is left of a whole message when case, width, signs and blanks don't count.

    Letters and digits stay, runs of blanks become one; apostrophes join ("don't" -> "dont").
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    joined = folded.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    return " ".join("".join(c if c.isalnum() else " " for c in joined).split())


def command_key(text: str) -> str:
    """Return what reserved messages are found by: the normalised text, or else its pictures.

    "👍🏽👍🏽!" is "👍": skin tones and repetitions don't count.
    """
    pictures = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) == "So")
    return normalise(text) or "".join(dict.fromkeys(pictures))
