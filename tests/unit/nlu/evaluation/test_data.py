"""Labelled data: where it may lie, what it may say, and which place an error names."""

from collections import Counter
from pathlib import Path

import pytest

from bot.model import Language
from bot.nlu.evaluation.data import read_labelled, split, split_phrases
from intents.model import BadPhrasesError, Example

NLU = """version: "3.1"
nlu:
- intent: refund_status
  metadata: {also: [refund_policy]}
  examples:
  - text: any news on my refund
  - text: you promised me my money on monday
    metadata:
      also: [complaint, refund_policy]
- intent: out_of_scope
  examples: |
    - who won the match
"""
MOODS = "nlu:\n- intent: angry\n  examples: |\n    - you promised!\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    files = {
        "en/nlu.yml": NLU,
        "en/emotions/moods.yaml": MOODS,
        "zh/nlu.yml": "",
        "language.yml": "",
    }
    texts = {**files, "zh/nlu.yml": "nlu:\n- intent: refund_status\n  examples: |\n    - 退款呢\n"}
    for name, text in texts.items():
        file = tmp_path / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path / "data"


def test_a_folder_holds_intents_emotions_and_languages(data: Path) -> None:
    labelled = read_labelled([data])

    assert [(e.text, e.intent, e.language, e.also) for e in labelled.intents] == [
        ("any news on my refund", "refund_status", "en", ("refund_policy",)),
        (
            "you promised me my money on monday",
            "refund_status",
            "en",
            ("complaint", "refund_policy"),
        ),
        ("who won the match", "out_of_scope", "en", ()),
        ("退款呢", "refund_status", "zh", ()),
    ]
    assert [(e.text, e.intent, e.language) for e in labelled.emotions] == [
        ("you promised!", "angry", "en")
    ]


@pytest.mark.parametrize(
    ("path", "intents", "emotions"),
    [("en", 3, 1), ("en/nlu.yml", 3, 0), ("en/emotions", 0, 1), ("en/emotions/moods.yaml", 0, 1)],
)
def test_the_language_is_known_above_what_is_given(
    data: Path, path: str, intents: int, emotions: int
) -> None:
    labelled = read_labelled([data / path])

    assert (len(labelled.intents), len(labelled.emotions)) == (intents, emotions)
    assert {e.language for e in [*labelled.intents, *labelled.emotions]} == {"en"}


def test_a_file_that_is_named_is_read_whatever_its_name(data: Path) -> None:
    file = (data / "en" / "nlu.yml").rename(data / "en" / "commands.yml")

    assert len(read_labelled([file]).intents) == 3
    assert len(read_labelled([data / "en"]).intents) == 3


def test_several_paths_are_read_and_one_language_is_kept(data: Path, tmp_path: Path) -> None:
    (tmp_path / "nowhere.yml").write_text(NLU.replace("who won", "who lost"), encoding="utf-8")

    labelled = read_labelled([data / "zh", tmp_path / "nowhere.yml"], Language("zh"))

    assert [e.language for e in labelled.intents] == ["zh", None, None, None]
    with pytest.raises(BadPhrasesError, match=r"'zh'.*got none"):
        read_labelled([data / "en"], Language("zh"))


@pytest.mark.parametrize(
    ("also", "line"),
    [("complaint", 4), ("{a: b}", 4), ("[[a]]", 4)],
)
def test_wrong_near_equivalents_are_named_with_their_place(
    tmp_path: Path, also: str, line: int
) -> None:
    file = tmp_path / "nlu.yml"
    file.write_text(f"nlu:\n- intent: a\n  metadata:\n    also: {also}\n  examples: |\n    - b\n")

    with pytest.raises(BadPhrasesError, match=rf"nlu\.yml:{line}: expected"):
        read_labelled([file])


def test_a_bad_example_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "nlu.yml"
    file.write_text("nlu:\n- intent: a\n  examples: |\n    - b\n    c\n")

    with pytest.raises(BadPhrasesError, match=r"nlu\.yml:5: expected"):
        read_labelled([file])


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPhrasesError, match="got none"):
        read_labelled([tmp_path])


# -- splitting ------------------------------------------------------------


def _examples(intent: str, language: str, *texts: str) -> list[Example]:
    return [
        Example(text=text, intent=intent, file=Path("x.yml"), line=1, language=language)
        for text in texts
    ]


def test_a_fifth_of_each_label_and_language_is_held_back() -> None:
    examples = [
        *_examples("a", "en", *(f"phrase {i}" for i in range(50))),
        *_examples("a", "zh", *(f"话 {i}" for i in range(10))),
        *_examples("b", "en", *(f"word {i}" for i in range(20))),
        *_examples("lone", "en", "only one"),
    ]

    learnt, asked = split(examples)

    counts = Counter((e.intent, e.language) for e in asked)
    assert counts == {("a", "en"): 10, ("a", "zh"): 2, ("b", "en"): 4}
    assert sorted(e.text for e in [*learnt, *asked]) == sorted(e.text for e in examples)
    assert split(examples) == (learnt, asked)


def test_wordings_that_differ_in_signs_only_are_not_torn_apart() -> None:
    examples = _examples(
        "a", "en", *(f"{phrase}{end}" for phrase in "vwxyz" for end in ("", "!", "?"))
    )

    learnt, asked = split(examples)

    assert len({e.text[0] for e in asked}) == len(asked) == 1
    assert {e.text[0] for e in learnt} | {e.text[0] for e in asked} == set("vwxyz")
    assert not {e.text[0] for e in learnt} & {e.text[0] for e in asked}


def test_all_languages_are_learnt_and_one_is_asked(tmp_path: Path) -> None:
    own = tmp_path / "intents" / "en" / "own.yml"
    own.parent.mkdir(parents=True)
    phrases = "\n".join(f"      - phrase number {i} of our own" for i in range(10))
    own.write_text(f"nlu:\n  - intent: order_status\n    examples: |\n{phrases}\n")

    halves = split_phrases(tmp_path, Language("en"))

    assert {e.language for e in halves.asked.intents} == {"en"}
    assert {e.language for e in halves.asked.emotions} == {"en"}
    assert {e.language for e in halves.learnt.intents} >= {"en", "zh"}
    both = [*halves.learnt.intents, *halves.asked.intents]
    assert sum(e.file == own for e in both) == 10
    with pytest.raises(BadPhrasesError, match="'xx'"):
        split_phrases(tmp_path, Language("xx"))
