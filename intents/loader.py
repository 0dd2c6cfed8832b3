"""Finds and reads the data of this folder: catalogue, phrases, emotions, commands, languages.

Replies are read by intents.replies. Everything is read when asked for, nothing at import.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from intents.model import (
    OUT_OF_SCOPE,
    BadCatalogError,
    BadPhrasesError,
    Catalog,
    DataError,
    Example,
    IntentInfo,
    LanguageInfo,
    command_key,
    normalise,
)
from intents.rasa import holds_phrases, read_examples

_NOT_PHRASES = {"emotions", "replies"}
"""Folders inside a language that hold something else than phrases of intents."""
_OWN_FILES = {"answers.yml", "catalog.yml", "commands.yml", "entities.yml", "language.yml"}
_RASA_FILES = {"credentials.yml", "endpoints.yml"}
"""Files of a Rasa project whose keys can be anything; intents.rasa knows the others by theirs."""
_NAMED = _OWN_FILES | _RASA_FILES
"""Files with such a name are phrases only where they have a section of them."""


def shipped() -> Path:
    """Return the folder of the data that comes with Shopbell."""
    return Path(__file__).parent


def load_catalog(folder: Path | None = None) -> Catalog:
    """Read catalog.yml; raises BadCatalogError."""
    file = (folder or shipped()) / "catalog.yml"
    data = _read_mapping(file)
    try:
        return Catalog(
            intents={name: IntentInfo(**fields) for name, fields in data["intents"].items()},
            emotions=tuple(data["emotions"]),
            commands=tuple(data["commands"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        message = f"{file}: expected intents, emotions and commands as its head describes: {error}"
        raise BadCatalogError(message) from error


def load_languages(folder: Path | None = None) -> Mapping[str, LanguageInfo]:
    """Read <language>/language.yml of every language: a folder with that file is a language."""
    languages = {}
    for file in sorted((folder or shipped()).glob("*/language.yml")):
        data = _read_mapping(file)
        try:
            languages[file.parent.name] = LanguageInfo(
                name=str(data["name"]),
                scripts=tuple(data["scripts"]),
                detected_as=tuple(data["detected_as"]),
                joining=tuple(data.get("joining", ())),
                joining_after_pause=tuple(data.get("joining_after_pause", ())),
                linking=tuple(data.get("linking", ())),
                asking=tuple(data.get("asking", ())),
            )
        except (KeyError, TypeError) as error:
            raise BadCatalogError(
                f"{file}: expected name, scripts and detected_as, but {error} is wrong or missing"
            ) from error
    return languages


def load_phrases(folder: Path | None = None, extra: Path | None = None) -> tuple[Example, ...]:
    """Read every phrase of a folder (by default the shipped ones) and of `extra`, if it exists.

    Any folder of Rasa 3.1 NLU files will do. A file's language is the nearest folder above it
    that is named like a language; None where there is none. What else a Rasa project keeps
    beside its phrases is left alone, and so are hidden folders. Raises BadPhrasesError.
    """
    root = folder or shipped()
    examples = _read_all(_phrase_files(root), root)
    if not examples:
        raise BadPhrasesError(
            f"{root}: expected files *.yml with training phrases (Rasa 3.1: nlu:), found none"
        )
    if {example.intent for example in examples} == {OUT_OF_SCOPE}:
        raise BadPhrasesError(
            f"{root}: expected phrases of an intent, found only those of {OUT_OF_SCOPE}"
        )
    if extra is not None and extra.is_dir():
        examples += _read_all(_phrase_files(extra), extra)
    return examples


def load_emotions(folder: Path | None = None) -> tuple[Example, ...]:
    """Read <language>/emotions/*.yml; `intent` of each example is the emotion's name."""
    root = folder or shipped()
    return _read_all(sorted(root.glob("*/emotions/*.yml")), root)


def load_labelled(path: Path) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Read what a file or folder says of intents, and what its folders `emotions` say.

    A file's language is the nearest folder above it that is named like a language, be it `path`
    itself or the folder that holds `path`. Raises BadPhrasesError.
    """
    whole = path.resolve()
    root = whole.parents[min(1, len(whole.parents) - 1)]
    found = [whole] if whole.is_file() else sorted([*whole.rglob("*.yml"), *whole.rglob("*.yaml")])
    files = {file: set(file.relative_to(root).parts[:-1]) for file in found}
    felt = [file for file, folders in files.items() if "emotions" in folders]
    said = [
        file
        for file, folders in files.items()
        if not _NOT_PHRASES & folders and (file == whole or _may_teach(file))
    ]
    return _read_all(said, root), _read_all(felt, root)


def load_commands(folder: Path | None = None) -> Mapping[str, Mapping[str, str]]:
    """Read <language>/commands.yml: by language, from `command_key` of a message to its meaning.

    A meaning is one of the catalogue's commands, or the intent of a bare answer (affirm, deny).
    """
    return {
        file.parent.name: _commands_of(file)
        for file in sorted((folder or shipped()).glob("*/commands.yml"))
    }


def _commands_of(file: Path) -> Mapping[str, str]:
    commands: dict[str, str] = {}
    for meaning, messages in _read_mapping(file).items():
        if not isinstance(messages, list):
            raise BadCatalogError(f"{file}: expected a list of messages under {meaning!r}")
        for message in messages:
            if not isinstance(message, str) or not (key := command_key(message)):
                raise BadCatalogError(f"{file}: expected text under {meaning!r}, got {message!r}")
            if commands.setdefault(key, meaning) != meaning:
                other = commands[key]
                raise BadCatalogError(f"{file}: {message!r} means both {other} and {meaning}")
    return commands


def _phrase_files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    if not root.is_dir():
        raise BadPhrasesError(f"{root}: expected a folder with training phrases, found none")
    languages = load_languages()
    for file in sorted([*root.rglob("*.yml"), *root.rglob("*.yaml")]):
        folders = file.relative_to(root).parts[:-1]
        hidden = any(name.startswith(".") for name in folders)
        if hidden or not file.is_file() or _is_apart(file, root, languages):
            continue
        if _may_teach(file):
            yield file


def _may_teach(file: Path) -> bool:
    return file.name not in _NAMED or holds_phrases(file)


def _is_apart(file: Path, root: Path, languages: Container[str]) -> bool:
    """Say whether a file is in `<language>/emotions`, say, which holds no phrases of intents."""
    inside = [folder for folder in file.parents if root in folder.parents]
    return any(p.name in _NOT_PHRASES and p.parent.name in languages for p in inside)


def _read_all(files: Iterable[Path], root: Path) -> tuple[Example, ...]:
    languages = load_languages()
    return tuple(
        example
        for file in files
        for example in read_examples(file, _language_of(file, root, languages))
    )


def _language_of(file: Path, root: Path, languages: Container[str]) -> str | None:
    folders = [parent.name for parent in file.parents if root in (parent, *parent.parents)]
    return next((name for name in folders if name in languages), None)


def _read_mapping(file: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise BadCatalogError(f"{file}: expected YAML in UTF-8, but {error}") from error
    if not isinstance(data, dict):
        raise BadCatalogError(f"{file}: expected a mapping, got {type(data).__name__}")
    return data


__all__ = [
    "BadCatalogError", "BadPhrasesError", "Catalog", "DataError", "Example", "IntentInfo",
    "LanguageInfo", "load_catalog", "load_commands", "load_emotions", "load_labelled",
    "load_languages", "load_phrases", "normalise", "shipped",
]  # fmt: skip
