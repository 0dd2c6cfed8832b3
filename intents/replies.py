"""Read the words of replies: `intents/<language>/replies/*.yml`, in Rasa's `responses:` format."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Formatter
from typing import Any

import yaml

from intents.model import DataError
from intents.parsing import fast_loader


class BadRepliesError(DataError):
    """A file of replies is not as expected; names the file and the key."""


def languages() -> tuple[str, ...]:
    """Return the languages that have words, sorted."""
    root = files("intents")
    return tuple(sorted(f.name for f in root.iterdir() if f.joinpath("replies").is_dir()))


def load_replies(language: str) -> dict[str, tuple[str, ...]]:
    """Return every reply key of a language with its wordings, in the order of the files.

    Raises:
        BadRepliesError: a file isn't in the format, or two files hold the same key.
    """
    replies: dict[str, tuple[str, ...]] = {}
    for file in _reply_files(language):
        for key, wordings in _read(file).items():
            if key in replies:
                raise BadRepliesError(f"{file.name}: {key} is defined in another file already")
            replies[key] = _texts(file, key, wordings)
    return replies


def blanks(wording: str) -> frozenset[str]:
    """Return the names of the blanks in a wording: `{order}` and `{items:lines}` alike."""
    return frozenset(name for _, name, _, _ in Formatter().parse(wording) if name)


def differences(first: str, second: str) -> list[str]:
    """Say where two languages' replies don't match: missing keys and differing blanks."""
    one, two = load_replies(first), load_replies(second)
    found = [f"{key}: no words in {second}" for key in one.keys() - two.keys()]
    found += [f"{key}: no words in {first}" for key in two.keys() - one.keys()]
    for key in one.keys() & two.keys():
        names = {blanks(text) for text in one[key] + two[key]}
        if len(names) > 1:
            listed = " / ".join(sorted(", ".join(sorted(n)) or "none" for n in names))
            found.append(f"{key}: wordings have different blanks ({listed})")
    return sorted(found)


def _reply_files(language: str) -> Iterator[Traversable]:
    folder = files("intents").joinpath(language, "replies")
    if not folder.is_dir():
        raise BadRepliesError(f"Expected words in intents/{language}/replies, but found none")
    yield from sorted(
        (f for f in folder.iterdir() if f.name.endswith(".yml")), key=lambda f: f.name
    )


def _read(file: Traversable) -> Mapping[str, Any]:
    data = yaml.load(file.read_text(encoding="utf-8"), Loader=fast_loader())  # noqa: S506 - a safe one
    responses = data.get("responses") if isinstance(data, dict) else None
    if not isinstance(responses, dict):
        raise BadRepliesError(
            f"{file.name}: expected `responses:` with keys, but got {data!r:.80}"
        )
    return responses


def _texts(file: Traversable, key: str, wordings: Any) -> tuple[str, ...]:
    texts = [w.get("text") for w in wordings] if isinstance(wordings, list) else []
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise BadRepliesError(f'{file.name}: {key}: expected a list of `- text: "..."`')
    return tuple(texts)
