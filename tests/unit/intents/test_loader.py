"""Phrases are read as Rasa 3.1 writes them, and what is wrong is named by file and line."""

from pathlib import Path

import pytest

from intents.loader import load_catalog, load_commands, load_emotions, load_languages, load_phrases
from intents.model import BadPhrasesError, normalise

RASA = """\
version: "3.1"
nlu:
- intent: where
  examples: |
    - where is [SB-1](order_number)
    - and [two]{"entity": "quantity", "value": "2"} of [them](thing:it)

- intent: "yes"
  metadata: {intensity: 0.25}
  examples:
  - text: |
      yes
    metadata: {intensity: 0.5}
  - no, wait
- synonym: card
  examples: |
    - credit card
- regex: number
  examples: |
    - \\d+
- lookup: banks
  examples: |
    - first bank
"""


def _write(folder: Path, name: str, text: str | bytes) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_rasa_files_are_read_with_entities_lines_and_languages(tmp_path: Path) -> None:
    file = _write(tmp_path, "zh/nlu.yml", RASA)

    examples = load_phrases(tmp_path)

    assert [(e.text, e.intent, e.line) for e in examples] == [
        ("where is SB-1", "where", 5),
        ("and two of them", "where", 6),
        ("yes", "yes", 11),
        ("no, wait", "yes", 14),
    ]
    assert {(e.file, e.language) for e in examples} == {(file, "zh")}
    assert [(a.type, a.value, a.text) for a in examples[1].entities] == [
        ("quantity", "2", "two"),
        ("thing", "it", "them"),
    ]
    for example in examples:
        assert all(example.text[a.start : a.end] == a.text for a in example.entities)
    assert [e.intensity for e in examples] == [None, None, 0.5, 0.25]


def test_other_files_of_a_rasa_project_and_replies_are_no_phrases(tmp_path: Path) -> None:
    _write(tmp_path, "data/nlu.yml", RASA)
    _write(tmp_path, "domain.yml", "version: '3.1'\nintents: [where]\n")
    _write(tmp_path, "en/replies/x.yml", "responses: {}")
    _write(tmp_path, "en/emotions/sad.yml", RASA)

    examples = load_phrases(tmp_path)

    assert len(examples) == 4
    assert {e.language for e in examples} == {None}


def test_extra_phrases_join_the_shipped_ones(tmp_path: Path) -> None:
    _write(tmp_path, "en/own.yml", 'nlu:\n- intent: greeting\n  examples: "- ahoy there shop"\n')

    extra = load_phrases(extra=tmp_path)

    assert (extra[-1].text, extra[-1].language) == ("ahoy there shop", "en")
    assert load_phrases(extra=tmp_path / "missing") == load_phrases()


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (b"", 1, "empty"),
        (b"# nothing\n", 1, "empty"),
        (b"nlu:\n- intent: a\n  examples: |\n    - \xff\n", 4, "UTF-8"),
        (b"nlu: [\n", 2, "YAML"),
        (b"just words", 1, "mapping"),
        (b"nul:\n- intent: a\n", 1, "'nlu'"),
        (b"nlu: text\n", 1, "list"),
        (b"nlu:\n- intent: a\n- intent: b\n  examples: |\n    - x\n", 2, "no examples"),
        (b"nlu:\n- intent: a\n  examples: |\n\n    - \n", 2, "no examples"),
        (b"nlu:\n- intent: a\n  examples: |\n    - x\n    y\n", 5, "'- '"),
        (b'nlu:\n- intent: a\n  examples: |\n    - x [y]{"e": 1}\n', 4, "entity"),
        (b"nlu:\n- examples: |\n    - x\n", 2, "'intent'"),
        (b"nlu:\n- intent: a\n  metadata: {intensity: 7}\n  examples: |\n    - x\n", 3, "0 to 1"),
    ],
)
def test_bad_files_are_named_with_their_line(
    tmp_path: Path, text: bytes, line: int, says: str
) -> None:
    file = _write(tmp_path, "en/bad.yml", text)

    with pytest.raises(BadPhrasesError) as caught:
        load_phrases(tmp_path)

    assert str(caught.value).startswith(f"{file}:{line}: ")
    assert says in str(caught.value)


def test_a_folder_without_phrases_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadPhrasesError, match="found none"):
        load_phrases(tmp_path)
    with pytest.raises(BadPhrasesError, match="found none"):
        load_phrases(tmp_path / "missing")


def test_the_shipped_data_is_read_in_both_languages() -> None:
    catalog = load_catalog()

    assert set(load_languages()) >= {"en", "zh"}
    assert {e.intent for e in load_emotions()} == set(catalog.emotions)
    assert all(e.intensity is not None for e in load_emotions())
    for commands in load_commands().values():
        assert set(commands.values()) == {*catalog.commands, "affirm", "deny"}


def test_commands_are_whole_messages_without_their_signs() -> None:
    commands = load_commands()

    assert commands["en"][normalise("  A real  PERSON, please!")[:13]] == "contact_human"
    assert commands["zh"][normalise("转人工！！")] == "contact_human"
    assert commands["zh"][normalise("Ｏ Ｋ的").replace(" ", "")] == "affirm"
    assert normalise("don't") == normalise("don’t") == "dont"
    assert normalise("?!😀") == ""
