"""Rules of the data: what is tested is not trained on, what is trained on says one thing."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from intents.loader import load_catalog, load_commands, load_emotions, load_languages, load_phrases
from intents.model import OUT_OF_SCOPE, normalise

ROOT = Path(__file__).parents[2]
LANGUAGES = sorted(load_languages())
HAN = re.compile("[\u3400-\u9fff]")
DECIDING = ("bot/dialogue", "bot/turn.py", "bot/skills", "bot/channels")
"""Where a shopper's text is at hand and only its understanding may be looked at."""
SMALL_TALK = {"greeting", "thanks", "goodbye", "affirm", "deny"}
"""A conversation may open with a trained hello: there are only so many."""
KEYS_NOT_TEXTS = {"bot/channels/web/identity.py"}
"""Here `text` is a file of the shop's, with a key in it."""
SEARCHES = {"startswith", "endswith", "find", "index", "count", "search", "match", "fullmatch",
            "removeprefix", "removesuffix", "findall", "finditer"}  # fmt: skip
TEXTS = {"text", "message", "utterance", "words", "lowered", "query", "inbound"}


HELD_OUT = [f"{kind}{language}" for kind in ("", "chat_") for language in LANGUAGES]
"""The files of tests/nlu; those of chats were written by others, of what people really type."""


def _held_out(name: str) -> Any:
    return yaml.safe_load((ROOT / f"tests/nlu/{name}.yml").read_text("utf-8"))


def _language_of(name: str) -> str:
    return name.rpartition("_")[2]


def _spoken_in_conversations(language: str) -> Iterator[str]:
    for file in sorted((ROOT / "tests/conversations" / language).glob("*.yml")):
        for step in yaml.safe_load(file.read_text("utf-8"))["steps"]:
            if isinstance(step, dict) and isinstance(step.get("shopper"), str):
                yield step["shopper"]


@pytest.mark.parametrize("name", HELD_OUT)
def test_no_held_out_message_is_a_training_phrase(name: str) -> None:
    language = _language_of(name)
    trained = {normalise(e.text) for e in load_phrases() if e.language == language}
    held = _held_out(name)
    tested = [text for texts in held["intents"].values() for text in texts]

    assert not [text for text in [*tested, *held["out_of_scope"]] if normalise(text) in trained]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_conversation_speaks_training_phrases(language: str) -> None:
    trained = {
        normalise(e.text)
        for e in load_phrases()
        if e.language == language and e.intent not in SMALL_TALK
    }
    commands = load_commands()[language]

    both = [
        text
        for text in _spoken_in_conversations(language)
        if normalise(text) in trained and normalise(text) not in commands
    ]

    assert not both


@pytest.mark.parametrize("name", HELD_OUT)
def test_no_tested_mood_is_a_training_phrase(name: str) -> None:
    language = _language_of(name)
    trained = {normalise(e.text) for e in load_emotions() if e.language == language}

    held = [text for texts in _held_out(name)["emotions"].values() for text in texts]

    assert not [text for text in held if normalise(text) in trained]


@pytest.mark.parametrize("name", HELD_OUT)
def test_enough_is_held_out_of_everything(name: str) -> None:
    held, catalog = _held_out(name), load_catalog()

    assert set(held["intents"]) == set(catalog.intents)
    assert min(len(set(texts)) for texts in held["intents"].values()) >= 5
    assert set(held["emotions"]) == set(catalog.emotions)
    assert min(len(set(texts)) for texts in held["emotions"].values()) >= 10
    assert len(set(held["out_of_scope"])) >= 60


def test_every_intent_has_phrases_in_every_language() -> None:
    found = {(e.language, e.intent) for e in load_phrases() if e.intent != OUT_OF_SCOPE}

    assert found == {(language, name) for language in LANGUAGES for name in load_catalog().intents}


@pytest.mark.parametrize("read", [load_phrases, load_emotions])
def test_no_phrase_stands_under_two_labels(read: Any) -> None:
    labels: dict[tuple[str | None, str], set[str]] = defaultdict(set)
    for example in read():
        labels[example.language, normalise(example.text) or example.text].add(example.intent)

    assert not {key: names for key, names in labels.items() if len(names) > 1}


# -- code ------------------------------------------------------------


def _deciding_files() -> list[Path]:
    paths = [ROOT / path for path in DECIDING]
    return [file for path in paths for file in ([path] if path.is_file() else path.rglob("*.py"))]


def _literals(node: ast.AST) -> Iterator[str]:
    """Give every text in an expression that has letters beside those of a pattern's classes."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            plain = re.sub(r"\\.", "", part.value)  # \s and the like are no words
            if any(map(str.isalpha, plain)):
                yield part.value


def _is_text(node: ast.expr) -> bool:
    """Say whether an expression is named like what a shopper wrote, or made of such a name."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in TEXTS
        case ast.Call(func=ast.Attribute(value=inner)):
            return _is_text(inner)
        case ast.Subscript(value=inner):
            return _is_text(inner)
        case _:
            return False


def _word_hunts(tree: ast.AST) -> Iterator[ast.expr]:
    """Give comparisons of a text with words in code, and searches for such words in it."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                sides = [node.left, *node.comparators]
                if any(map(_is_text, sides)) and any(True for s in sides for _ in _literals(s)):
                    yield node
            case ast.Call(func=ast.Attribute(attr=name, value=of), args=args) if name in SEARCHES:
                if any(map(_is_text, [of, *args])) and any(
                    True for a in args for _ in _literals(a)
                ):
                    yield node
            case _:
                pass


def test_no_branch_looks_for_words_in_a_shoppers_text() -> None:
    hunts = [
        f"{file.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for file in _deciding_files()
        if str(file.relative_to(ROOT)) not in KEYS_NOT_TEXTS
        for node in _word_hunts(ast.parse(file.read_text("utf-8")))
    ]

    assert not hunts


def test_no_code_that_decides_holds_chinese() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{value.lineno}"
        for file in _deciding_files()
        for value in _values(ast.parse(file.read_text("utf-8")))
        if HAN.search(str(value.value))
    ]

    assert not found


def _values(tree: ast.AST) -> Iterator[ast.Constant]:
    """Give the constants that a program works with: all but docstrings."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in said:
            yield node


@pytest.mark.parametrize(
    "code",
    ["if 'refund' in text: pass", "x = message.text.lower() == 'yes'", "text.startswith('hi')",
     "re.search('agent', text)", "y = message.text in ('ok', 'fine')", "text[:5] == 'hello'"],
)  # fmt: skip
def test_the_rule_sees_what_it_forbids(code: str) -> None:
    assert list(_word_hunts(ast.parse(code)))
