"""The Rasa project that is made of our data; tests/rasa puts it through a real Rasa."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from intents.loader import load_catalog, load_commands, load_phrases
from intents.model import Annotation, Example, command_key
from intents.rasa import read_examples
from intents.rasa_project import ProjectData, project_files, read_data
from intents.replies import languages, load_replies


@pytest.fixture(scope="module")
def data() -> ProjectData:
    return read_data()


@pytest.fixture(scope="module")
def files(data: ProjectData) -> Mapping[str, str]:
    return project_files(data)


@pytest.fixture(scope="module")
def written(files: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def told(example: Example) -> tuple[object, ...]:
    marks = [(m.type, m.value, m.text, m.start) for m in example.entities]
    return example.language, example.intent, " ".join(example.text.split()), str(marks)


def test_the_project_holds_every_phrase_of_every_language(written: Path) -> None:
    exported = {told(example) for example in load_phrases(written)}
    meanings = defaultdict(set)
    for example in load_phrases(written):
        meanings[example.text].add(example.intent)

    left_out = [e for e in load_phrases() if told(e) not in exported]
    assert {language for language, *_ in exported} == set(languages())
    assert {text: found for text, found in meanings.items() if len(found) > 1} == {}
    assert all(meanings.get(e.text.casefold(), meanings[e.text]) - {e.intent} for e in left_out)
    assert len(left_out) < 50


def test_whole_messages_of_fixed_meaning_are_phrases_too(written: Path) -> None:
    exported = {(e.language, command_key(e.text), e.intent) for e in load_phrases(written)}

    every = load_commands()
    for language, commands in every.items():
        for text, meaning in commands.items():
            elsewhere = {other.get(text, meaning) for other in every.values()}
            assert (language, text, meaning) in exported or len(elsewhere) > 1


def test_the_domain_knows_what_messages_and_buttons_can_mean(files: Mapping[str, str]) -> None:
    domain = yaml.safe_load(files["domain.yml"])
    catalog = load_catalog()

    assert {*catalog.intents, *catalog.commands} <= set(domain["intents"])
    assert {"out_of_scope", "nlu_fallback"} <= set(domain["intents"])
    assert len(domain["intents"]) == len(set(domain["intents"]))
    assert domain["slots"]["shopbell_emotion"]["values"] == list(catalog.emotions)
    assert domain["slots"]["shopbell_language"]["values"] == list(languages())
    assert {m.type for e in load_phrases() for m in e.entities} <= set(domain["entities"])


def test_every_intent_has_a_rule_that_asks_shopbell(files: Mapping[str, str]) -> None:
    rules = yaml.safe_load(files["data/rules.yml"])["rules"]
    asked = [step["intent"] for rule in rules for step in rule["steps"] if "intent" in step]
    known = yaml.safe_load(files["domain.yml"])["intents"]

    assert sorted(asked) == sorted(known)
    for rule in rules:
        if rule["steps"][0].get("intent") not in {None, "nlu_fallback"}:
            assert rule["steps"][1:] == [{"action": "action_shopbell_turn"}]
            assert rule["wait_for_user_input"] is False


def test_without_shopbell_it_speaks_the_language_of_the_talk_and_all_at_first(
    files: Mapping[str, str],
) -> None:
    domain = yaml.safe_load(files["domain.yml"])
    unknown, *known = domain["responses"]["utter_shopbell_unavailable"]
    words = {name: load_replies(name)["rasa.unavailable"][0] for name in languages()}

    assert {one["condition"][0]["value"]: one["text"] for one in known} == words
    assert all(text in unknown["text"] for text in words.values())


def test_the_address_and_the_need_of_a_token_go_into_the_files(data: ProjectData) -> None:
    files = project_files(data, address="https://chat.example.com:8443", token=True)
    plain = project_files(data)

    (pipeline,) = yaml.safe_load(files["config.yml"])["pipeline"]
    endpoint = yaml.safe_load(files["endpoints.yml"])["action_endpoint"]
    assert pipeline["url"] == "https://chat.example.com:8443"
    assert endpoint["url"] == "https://chat.example.com:8443/rasa/actions/webhook"
    assert endpoint["token"] == "${SHOPBELL_RASA_AUTH_TOKEN}"
    assert "token" not in yaml.safe_load(plain["endpoints.yml"])["action_endpoint"]


def test_phrases_that_rasa_would_misread_are_written_so_that_they_come_back(
    data: ProjectData, tmp_path: Path
) -> None:
    odd = [
        example("two\nlines\u2028three"),
        example("yes: no # - 'quoted' \"twice\" {a} & *b"),
        example("- 5 degrees"),
        example("where is #20417 今天😀", Annotation(
            type="order_number", value="20417", text="#20417", start=9, end=15
        )),
        example("SB-1 and SB-2", mark("SB-1", 0), mark("SB-2", 9)),
        example("in no language", language=None),
    ]  # fmt: skip
    made = project_files(replace(data, phrases=tuple(odd), commands={}))
    read: list[Example] = []
    for name, language in (("data/en/nlu.yml", "en"), ("data/nlu.yml", None)):
        (tmp_path / "nlu.yml").write_text(made[name], encoding="utf-8")
        read += read_examples(tmp_path / "nlu.yml", language)

    assert {told(one) for one in read} == {told(one) for one in odd}


def example(text: str, *marks: Annotation, language: str | None = "en") -> Example:
    return Example(
        text=text, intent="thanks", file=Path("x.yml"), line=1, language=language, entities=marks
    )


def mark(text: str, start: int) -> Annotation:
    return Annotation(
        type="order_number", value=text, text=text, start=start, end=start + len(text)
    )
