"""`shopbell train --intents` and `understand --model` on a Rasa project, with the real encoder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.model, pytest.mark.slow]

NLU = """\
version: "3.1"
nlu:
- intent: book_table
  examples: |
    - I want to book a table for [two](number)
    - reserve a table for tonight please
    - can I get a table on Friday
    - a table for [four]{"entity": "number", "value": "4"} at eight
    - do you have a table free tomorrow
    - I'd like to make a reservation
    - book us in for dinner
- intent: faq/opening
  examples:
  - text: |
      when do you open
    metadata:
      source: chat
  - are you open on Sundays
  - what are your opening hours
  - until when is the kitchen open
  - what time do you close
  - are you closed on holidays
- intent: faq/price
  examples: |
    - how much is the menu
    - 套餐多少钱
    - wie viel kostet das Essen
    - combien coûte le menu
    - ¿cuánto cuesta el menú?
    - 定食はいくらですか
    - сколько стоит обед
    - كم سعر الوجبة
    - quanto costa il menù
    - 정식은 얼마예요
- synonym: two
  examples: |
    - a couple
"""
NOTHING = """\
nlu:
- intent: out_of_scope
  examples: |
    - who won the football yesterday
    - what is the capital of Peru
    - write me a poem about rain
    - will it rain tomorrow
    - how do I fix my bicycle
    - tell me a joke
    - what is seven times nine
    - my computer is slow
"""
MEANT = {
    "a table for three please": "book_table",
    "can we reserve for Saturday evening?": "book_table",
    "are you open on Monday": "faq/opening",
    "/faq/opening": "faq/opening",
}
SPOKEN = [
    "Wie viel kostet es?",
    "combien ça coûte",
    "¿cuánto cuesta?",
    "这要多少钱",
    "quanto costa",
]
"""The price in five languages; all ten are learnt, but the built-in encoder keeps few letters."""
NOT_MEANT = [
    "who won the tennis", "what is the capital of Chile", "tell me a story", "will it snow",
    "fix my car", "/out_of_scope", "out_of_scope",
]  # fmt: skip


def _shopbell(home: Path, *words: str | Path, given: str = "") -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "bot.cli.main", *map(str, words)],
        input=given, env=os.environ | {"SHOPBELL_HOME": str(home)},
        capture_output=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_rasa_project_is_learnt_with_what_it_does_not_cover(tmp_path: Path) -> None:
    project, model = tmp_path / "bot", tmp_path / "model"
    files = {
        "data/nlu.yml": "\ufeff" + NLU.replace("\n", "\r\n"),
        "data/more/chitchat.yaml": NOTHING,
        "data/stories.yml": "stories:\n- story: x\n  steps:\n  - intent: book_table\n",
        "domain.yml": "intents:\n- book_table\n",
        "config.yml": "recipe: default.v1\nlanguage: en\n",
        "endpoints.yml": "# nothing\n",
    }
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(text.encode())

    _shopbell(tmp_path / "home", "train", "--intents", project, "--out", model)
    given = "".join(json.dumps({"text": text}) + "\n" for text in [*MEANT, *SPOKEN, *NOT_MEANT])
    out = _shopbell(tmp_path / "home", "understand", "--model", model, given=given)

    lines = {line["text"]: line for line in map(json.loads, out.splitlines())}
    assert {text: lines[text]["intent"] for text in MEANT} == MEANT
    assert {lines[text]["intent"] for text in SPOKEN} == {"faq/price"}
    in_scope = {text for text, line in lines.items() if line["in_scope"]}
    assert in_scope - set(SPOKEN) == set(MEANT)
    named = {guess["intent"] for line in lines.values() for guess in line["ranking"]}
    assert named == {"book_table", "faq/opening", "faq/price"}
