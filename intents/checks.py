"""Check the data of this folder and of a shop's own phrases: what people edit goes wrong here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from intents.loader import load_catalog, load_commands, load_emotions, load_phrases
from intents.model import Catalog, Example, normalise
from intents.replies import differences, languages, load_replies

ANSWERS = ("articles", "products", "reply", "person", "context")


def data_problems(own: Path | None = None) -> Iterator[str]:
    """Say everything that is wrong, one line each; `own` is a shop's folder of phrases.

    Raises:
        DataError: a file can't be read at all.
    """
    catalog = load_catalog()
    phrases = load_phrases(extra=own)
    yield from _unknown_answers(catalog)
    yield from _parity(catalog, phrases)
    yield from _duplicates(phrases, "intents")
    yield from _duplicates(load_emotions(), "emotions")
    yield from _unknown_commands(catalog)
    first, *others = languages()
    for other in others:
        yield from differences(first, other)
    yield from missing_words(_keys_of(catalog))


def missing_words(keys: Iterable[str]) -> Iterator[str]:
    """Say which keys have no words, for every language."""
    wanted = list(keys)
    for language in languages():
        known = load_replies(language)
        yield from (f"{key}: no words in {language}" for key in wanted if key not in known)


def _unknown_answers(catalog: Catalog) -> Iterator[str]:
    for name, intent in catalog.intents.items():
        if intent.answered_by not in ANSWERS and not intent.answered_by.startswith("skill:"):
            yield (
                f"catalog.yml: {name}: expected answered_by {', '.join(ANSWERS)} or "
                f"skill:<name>, but got {intent.answered_by}"
            )


def _parity(catalog: Catalog, phrases: Iterable[Example]) -> Iterator[str]:
    """Every intent of the catalogue has phrases in every language."""
    found = {(example.language, example.intent) for example in phrases}
    for language in languages():
        for name in catalog.intents:
            if (language, name) not in found:
                yield f"{name}: no phrases in {language}"


def _duplicates(examples: Iterable[Example], kind: str) -> Iterator[str]:
    """One phrase under two labels teaches neither; the same one twice only weighs more."""
    places: Mapping[tuple[str | None, str], list[Example]] = defaultdict(list)
    for example in examples:
        key = normalise(example.text) or example.text
        places[example.language, key].append(example)
    for same in places.values():
        if len({example.intent for example in same}) > 1:
            where = " and ".join(f"{e.intent} ({e.file.name}:{e.line})" for e in same)
            yield f"{same[0].text!r} stands under several {kind}: {where}"


def _unknown_commands(catalog: Catalog) -> Iterator[str]:
    known = {*catalog.commands, *catalog.intents}
    for language, commands in load_commands().items():
        for unknown in sorted(set(commands.values()) - known):
            yield f"{language}/commands.yml: {unknown} is no command or intent of catalog.yml"


def _keys_of(catalog: Catalog) -> Iterator[str]:
    for name, intent in catalog.intents.items():
        yield f"topic.{name}"
        if intent.answered_by in {"reply", "context"}:
            yield name
        if intent.acknowledge:
            yield f"acknowledge.{name}"
    yield from (f"topic.{command}" for command in catalog.commands)
