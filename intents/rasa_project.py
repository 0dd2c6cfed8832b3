"""Makes a Rasa 3.6 project of this folder's data: what stands in rasa/, and the rest from it.

Kept in rasa/ is what people write: Rasa's settings, the first part of its domain and rules, the
component that asks Shopbell. Made from the data is what would else be kept twice: the training
phrases, and all that follows from the catalogue.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from intents.loader import load_catalog, load_commands, load_phrases, shipped
from intents.model import OUT_OF_SCOPE, Annotation, Catalog, Example
from intents.replies import languages, load_replies

ADDRESS = "http://127.0.0.1:8000"
"""Where the files of rasa/ look for Shopbell."""
KEPT = (
    "config.yml",
    "credentials.yml",
    "endpoints.yml",
    "components/__init__.py",
    "components/shopbell_nlu.py",
)
FALLBACK = "nlu_fallback"
ACTION = "action_shopbell_turn"
UNAVAILABLE = "utter_shopbell_unavailable"
FOUND = ("color", "product", "size")
"""Types that Shopbell finds by the catalogue and by rules, so that few phrases mark them."""
_LANGUAGE = "shopbell_language"
_EMOTION = "shopbell_emotion"
"""Entities of the component, which fill the slots of their names; the action sets them, too."""
_AUTH_LINE = "token: ${SHOPBELL_RASA_AUTH_TOKEN}"
_LINE_ENDS = re.compile(r"\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectData:
    """What a project is made from."""

    catalog: Catalog
    phrases: tuple[Example, ...]
    commands: Mapping[str, Mapping[str, str]]
    unavailable: Mapping[str, str]
    """By language, what Rasa says when Shopbell doesn't answer."""

    @property
    def intents(self) -> list[str]:
        """Return every intent and command that a message or a button can mean, doubt last."""
        known = [*self.catalog.intents, *self.catalog.commands, *(e.intent for e in self.phrases)]
        return [*dict.fromkeys(name for name in known if name != OUT_OF_SCOPE), OUT_OF_SCOPE]

    @property
    def entities(self) -> list[str]:
        """Return the types of what messages can name, sorted."""
        marked = {mark.type for example in self.phrases for mark in example.entities}
        return sorted(marked.union(FOUND))


def read_data(own: Path | None = None) -> ProjectData:
    """Read the data that is shipped, and a shop's own phrases; raises DataError."""
    return ProjectData(
        catalog=load_catalog(),
        phrases=load_phrases(extra=own),
        commands=load_commands(),
        unavailable={name: load_replies(name)["rasa.unavailable"][0] for name in languages()},
    )


def project_files(
    data: ProjectData, *, address: str = ADDRESS, token: bool = False
) -> Mapping[str, str]:
    """Return the files of the project, by their path inside it.

    `token` says that Shopbell wants one: Rasa then takes it from its own environment.
    """
    files = {name: _kept(name).replace(ADDRESS, address) for name in KEPT}
    if token:
        files["endpoints.yml"] = files["endpoints.yml"].replace(f"# {_AUTH_LINE}", _AUTH_LINE)
    files["domain.yml"] = _kept("domain.yml") + indent(_yaml(_slots(data)), "  ")
    files["domain.yml"] += _yaml(_domain(data))
    files["data/rules.yml"] = _kept("data/rules.yml") + "".join(_rules(data))
    by_language = sorted(_examples(data), key=lambda example: example.language or "")
    for language, examples in groupby(by_language, key=lambda example: example.language):
        folder = f"data/{language}" if language else "data"
        files[f"{folder}/nlu.yml"] = "".join(_nlu(examples))
    return files


def _kept(name: str) -> str:
    return (shipped() / "rasa" / name).read_text(encoding="utf-8")


def _yaml(value: Mapping[str, Any]) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=99)


# -- the domain and the rules ----------------------------------------------------------------


def _slots(data: ProjectData) -> Mapping[str, Any]:
    return {
        _LANGUAGE: _slot(_LANGUAGE, list(data.unavailable)),
        _EMOTION: _slot(_EMOTION, list(data.catalog.emotions)),
    }


def _domain(data: ProjectData) -> Mapping[str, Any]:
    return {
        "intents": [*data.intents, FALLBACK],
        "entities": [*data.entities, _LANGUAGE, _EMOTION],
        "responses": {UNAVAILABLE: list(_unavailable(data.unavailable))},
    }


def _slot(entity: str, values: list[str]) -> Mapping[str, Any]:
    return {
        "type": "categorical",
        "values": values,
        "influence_conversation": True,
        "mappings": [{"type": "from_entity", "entity": entity}],
    }


def _unavailable(texts: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Say it in the language that was last heard, in all while none was."""
    yield {"text": "\n".join(texts.values())}
    for language, text in texts.items():
        yield {
            "condition": [{"type": "slot", "name": _LANGUAGE, "value": language}],
            "text": text,
        }


def _rules(data: ProjectData) -> Iterator[str]:
    for intent in data.intents:
        yield (
            f"  - rule: {intent}\n"
            "    steps:\n"
            f"      - intent: {intent}\n"
            f"      - action: {ACTION}\n"
            "    wait_for_user_input: false\n"
        )


# -- the training phrases --------------------------------------------------------------------


def _examples(data: ProjectData) -> Iterator[Example]:
    """Return the phrases and the messages of fixed meaning, each text under one intent only.

    Rasa knows no languages: what means something in one and nothing in another is one text to it.
    A fixed meaning goes first, as it does in Shopbell, and out of scope is what nothing else is.
    """
    doubtful = [e for e in data.phrases if e.intent == OUT_OF_SCOPE]
    phrases = [e for e in data.phrases if e.intent != OUT_OF_SCOPE]
    meanings: dict[str, str] = {}
    for example in [*_commands(data.commands), *phrases, *doubtful]:
        if meanings.setdefault(example.text.casefold(), example.intent) == example.intent:
            yield example


def _commands(commands: Mapping[str, Mapping[str, str]]) -> Iterator[Example]:
    for language, messages in commands.items():
        for text, meaning in messages.items():
            yield Example(
                text=text, intent=meaning, file=Path("commands.yml"), line=0, language=language
            )


def _nlu(examples: Iterable[Example]) -> Iterator[str]:
    yield "# Made from Shopbell's phrases by `shopbell rasa export`.\n"
    yield 'version: "3.1"\nnlu:\n'
    by_intent = sorted(examples, key=lambda example: example.intent)
    for intent, group in groupby(by_intent, key=lambda example: example.intent):
        yield f"  - intent: {intent}\n    examples: |\n"
        for example in dict.fromkeys(map(_marked, group)):
            yield f"      - {example}\n"


def _marked(example: Example) -> str:
    """Return one line with its entities marked as Rasa marks them."""
    marked, end = "", 0
    text = _LINE_ENDS.sub(" ", example.text)
    for mark in example.entities:
        marked += text[end : mark.start] + _mark(mark)
        end = mark.end
    return marked + text[end:]


def _mark(mark: Annotation) -> str:
    if mark.value == mark.text:
        return f"[{mark.text}]({mark.type})"
    fields = json.dumps({"entity": mark.type, "value": mark.value}, ensure_ascii=False)
    return f"[{mark.text}]{fields}"
