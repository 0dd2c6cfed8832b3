"""Writes the held-out messages of this folder as Rasa NLU files, for `shopbell evaluate --data`.

By hand: python -m tests.nlu.rasa_form FOLDER
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from intents.model import OUT_OF_SCOPE

HERE = Path(__file__).parent


def write_as_rasa(folder: Path, languages: Sequence[str] = ("en", "zh")) -> Path:
    """Write <language>/nlu.yml and <language>/emotions/nlu.yml; returns the folder."""
    for language in languages:
        held = yaml.safe_load((HERE / f"{language}.yml").read_text("utf-8"))
        intents = {**held["intents"], OUT_OF_SCOPE: held["out_of_scope"]}
        _write(folder / language / "nlu.yml", intents)
        _write(folder / language / "emotions" / "nlu.yml", held["emotions"])
    return folder


def _write(file: Path, groups: Mapping[str, Sequence[Any]]) -> None:
    nlu = [
        {"intent": label, "examples": [_example(phrase) for phrase in phrases]}
        for label, phrases in groups.items()
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True, sort_keys=False)
    file.write_text(text, encoding="utf-8")


def _example(phrase: Any) -> dict[str, Any]:
    """Return a message, which may be {text, also} where near-equivalents are accepted."""
    if isinstance(phrase, str):
        return {"text": phrase}
    return {"text": phrase["text"], "metadata": {"also": list(phrase["also"])}}


if __name__ == "__main__":
    write_as_rasa(Path(sys.argv[1]))
