"""Folders as Rasa's users have them: whole projects, odd files, and mistakes that are named."""

from pathlib import Path

import pytest

from intents.loader import load_labelled, load_phrases
from intents.model import BadPhrasesError

# What `rasa init` writes, shortened, and what else its documentation shows.
PROJECT = {
    "data/nlu.yml": """\
version: "3.1"

nlu:
- intent: greet
  examples: |
    - hey
    - good morning

- intent: mood_great
  examples: |
    - perfect
    - I am going to [save the world](deed)
""",
    "data/stories.yml": 'version: "3.1"\nstories:\n- story: x\n  steps:\n  - intent: greet\n',
    "data/rules.yml": 'version: "3.1"\nrules:\n- rule: x\n  steps:\n  - intent: greet\n',
    "domain.yml": 'version: "3.1"\nintents:\n  - greet\nresponses:\n  utter_x:\n  - text: Hi\n',
    "domain/nothing_yet.yml": 'version: "3.1"\n',
    "config.yml": "recipe: default.v1\nassistant_id: placeholder\nlanguage: en\npipeline:\n",
    "credentials.yml": "rest:\n",
    "endpoints.yml": "# action_endpoint:\n",
    "tests/test_stories.yml": "stories:\n- story: x\n  steps:\n  - user: hi\n    intent: greet\n",
    ".github/workflows/ci.yml": "on: push\njobs: {}\n",
    ".rasa/cache/x.yml": "not: ours\n",
    "actions/actions.py": "nlu = 1\n",
    "models/x.yml/inside.txt": "a folder with the name of a file",
}
FAQ = """\
version: "3.1"
nlu:
- intent: faq/ask_price
  examples: |
    - what is the price
- intent: faq/ask_size
  metadata:
    sentiment: neutral
  examples:
  - text: |
      which sizes are there
    metadata:
      source: chat
  - text: |
      from [Rome]{"entity": "city", "role": "a"} to [Oslo][{"entity": "city"}, {"entity": "b"}]
- intent: inform
  examples: |
    - in [New York City]{"entity": "city", "value": "NYC"} at [half past](time:10:30)
- synonym: NYC
  examples: |
    - New York City
- regex: zip
  examples: |
    - \\d{5}
- lookup: city
  examples: |
    - Rome
responses:
  utter_faq/ask_price:
  - text: It is free.
"""


def _write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return root


def test_a_whole_rasa_project_is_read_for_its_phrases_alone(tmp_path: Path) -> None:
    examples = load_phrases(_write(tmp_path, PROJECT))

    assert [(e.text, e.intent) for e in examples] == [
        ("hey", "greet"),
        ("good morning", "greet"),
        ("perfect", "mood_great"),
        ("I am going to save the world", "mood_great"),
    ]


def test_a_rasa_project_can_be_evaluated_on(tmp_path: Path) -> None:
    files = {name: text for name, text in PROJECT.items() if not name.startswith(("models", "."))}

    said, felt = load_labelled(_write(tmp_path, files))

    assert ([e.intent for e in said], felt) == (["greet"] * 2 + ["mood_great"] * 2, ())


def test_retrieval_intents_metadata_and_every_kind_of_mark_are_read(tmp_path: Path) -> None:
    examples = load_phrases(_write(tmp_path, {"a/b/c/faq.yaml": FAQ}))

    assert [(e.text, e.intent) for e in examples] == [
        ("what is the price", "faq/ask_price"),
        ("which sizes are there", "faq/ask_size"),
        ("from Rome to Oslo", "faq/ask_size"),
        ("in New York City at half past", "inform"),
    ]
    marks = [(a.text, a.type, a.value) for e in examples for a in e.entities]
    assert marks == [
        ("Rome", "city", "Rome"),
        ("Oslo", "city", "Oslo"),
        ("New York City", "city", "NYC"),
        ("half past", "time", "10:30"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        PROJECT["data/nlu.yml"].replace("\n", "\r\n"),
        "\ufeff" + PROJECT["data/nlu.yml"],
        PROJECT["data/nlu.yml"].replace("- hey", "-\they\t"),
        PROJECT["data/nlu.yml"].replace("- hey", "-hey"),
        "---\n" + PROJECT["data/nlu.yml"] + "...\n",
    ],
    ids=["CRLF", "byte order mark", "tab in an example", "no blank", "document marks"],
)
def test_ways_of_writing_make_no_difference(tmp_path: Path, text: str) -> None:
    examples = load_phrases(_write(tmp_path, {"nlu.yml": text}))

    assert [e.text for e in examples][:2] == ["hey", "good morning"]
    assert [e.line - examples[0].line for e in examples] == [0, 1, 5, 6]


@pytest.mark.parametrize("name", ["commands.yml", "entities.yml", "answers.yml", "emotions/a.yml"])
def test_names_that_mean_something_to_shopbell_are_free_elsewhere(
    tmp_path: Path, name: str
) -> None:
    _write(tmp_path, {name: 'nlu:\n- intent: hail\n  examples: "- ahoy"\n'})

    assert [(e.text, e.line) for e in load_phrases(tmp_path)] == [("ahoy", 3)]


NLU = "nlu:\n- intent: a\n  examples: |\n    - one\n"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (NLU + "    two\n    - three\n", 5, "expected '- ' before the example 'two'"),
        (NLU + "\t- two\n", 5, "not with tabs"),
        (NLU + "   - two\n", 5, "expected YAML"),
        (NLU + "    - to [Rome]{'entity': 'city'}\n", 5, '{"entity": "type"}'),
        (NLU + '    - to [Rome]{"entity": "city", "x": {"y": 1}}\n', 5, '{"entity": "type"}'),
        (NLU + '    - to [Rome]{"entity": "city"\n', 5, '{"entity": "type"}'),
        (NLU + "nlu:\n- intent: b\n  examples: '- x'\n", 5, "'nlu' once"),
        (NLU + "  examples: |\n    - two\n", 5, "'examples' once"),
        (NLU.replace("|", ">") + "    - two\n", 3, "'examples: |'"),
        (NLU + "    - \x00\x01\n", 5, "'\\x00'"),
        (NLU + "- intent:\n  examples: |\n    - x\n", 5, "a name after 'intent:'"),
        (NLU + "- intents: b\n", 5, "expected 'intent', 'synonym', 'regex', 'lookup', got"),
        (NLU + "- b\n", 5, "'- intent: name'"),
        ("nlu:\n- intent: a\n  examples:\n  - one\n  - two: three\n", 5, "holds a colon"),
        ("nlu:\n", 1, "a list of '- intent: name'"),
        ("services:\n  bot: {}\n", 1, "got services"),
        ("{[x]: y}\n", 1, "expected text, got a list"),
    ],
)
def test_a_mistake_in_the_middle_is_named_by_file_line_and_what_was_expected(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    _write(tmp_path, {"first.yml": NLU, "sub/second.yml": text, "third.yml": NLU})

    with pytest.raises(BadPhrasesError) as caught:
        load_phrases(tmp_path)

    assert str(caught.value).startswith(f"{tmp_path / 'sub/second.yml'}:{line}: ")
    assert says in str(caught.value)


def test_a_folder_that_teaches_only_what_is_out_of_scope_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, {"nlu.yml": NLU.replace("a\n", "out_of_scope\n", 1)})

    with pytest.raises(BadPhrasesError, match="expected phrases of an intent"):
        load_phrases(tmp_path)
