"""`shopbell rasa export`: what it writes, and what it leaves alone."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.rasa import RECORD, rasa
from intents.rasa_project import ProjectData, read_data


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPBELL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SHOPBELL_RASA_AUTH_TOKEN", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "assistant"


@pytest.fixture(scope="module")
def shipped_data() -> ProjectData:
    return read_data()


@pytest.fixture
def read_once(shipped_data: ProjectData, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading ten thousand phrases takes two seconds: not for each test that is about files."""
    monkeypatch.setattr("bot.cli.rasa.read_data", lambda _own: shipped_data)


def export(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(rasa, ["export", str(folder), *words])


def test_a_new_folder_gets_the_whole_project(folder: Path) -> None:
    ended = export(folder, "--json")

    assert ended.exit_code == 0, ended.output
    said = json.loads(ended.stdout)
    there = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert set(said["written"]) == there - {RECORD}
    assert {"config.yml", "domain.yml", "data/rules.yml", "data/zh/nlu.yml"} <= there
    assert "components/shopbell_nlu.py" in there


@pytest.mark.usefixtures("read_once")
def test_files_that_are_no_export_are_not_overwritten(folder: Path) -> None:
    folder.mkdir()
    (folder / "domain.yml").write_text("mine", encoding="utf-8")

    refused = export(folder)
    assert refused.exit_code == 1
    assert "domain.yml" in refused.stderr
    assert "--force" in refused.stderr
    assert {p.name for p in folder.iterdir()} == {"domain.yml"}

    assert export(folder, "--force").exit_code == 0
    assert "action_shopbell_turn" in (folder / "domain.yml").read_text(encoding="utf-8")


def test_what_was_edited_stays_and_new_phrases_come(folder: Path, tmp_path: Path) -> None:
    export(folder)
    (folder / "credentials.yml").write_text("rest:\nslack:\n", encoding="utf-8")
    own = tmp_path / "home" / "intents" / "en" / "own.yml"
    own.parent.mkdir(parents=True)
    own.write_text(
        'version: "3.1"\nnlu:\n  - intent: thanks\n    examples: |\n      - ta very much duck\n',
        encoding="utf-8",
    )

    ended = export(folder, "--json")

    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["kept"] == ["credentials.yml"]
    assert "slack" in (folder / "credentials.yml").read_text(encoding="utf-8")
    assert "ta very much duck" in (folder / "data/en/nlu.yml").read_text(encoding="utf-8")


@pytest.mark.usefixtures("read_once")
def test_what_both_sides_changed_is_somebodys_to_decide(folder: Path) -> None:
    export(folder)
    config = folder / "config.yml"
    config.write_text(config.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")

    refused = export(folder, "--url", "http://10.0.0.7:8000")
    assert refused.exit_code == 1
    assert "config.yml" in refused.stderr
    assert "endpoints.yml" not in refused.stderr
    assert "10.0.0.7" not in (folder / "endpoints.yml").read_text(encoding="utf-8")

    assert export(folder, "--url", "http://10.0.0.7:8000", "--force").exit_code == 0
    assert "# mine" not in config.read_text(encoding="utf-8")


@pytest.mark.usefixtures("read_once")
def test_a_file_that_is_no_longer_made_goes_unless_it_was_edited(folder: Path) -> None:
    export(folder)
    old = {"data/xx/nlu.yml": "old\n", "data/yy/nlu.yml": "old\n"}
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    digest = hashlib.sha256(b"old\n").hexdigest()
    for name, text in old.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text, encoding="utf-8")
        record[name] = digest
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
    (folder / "data/yy/nlu.yml").write_text("edited\n", encoding="utf-8")

    assert export(folder).exit_code == 0
    assert not (folder / "data/xx/nlu.yml").exists()
    assert (folder / "data/yy/nlu.yml").exists()


@pytest.mark.usefixtures("read_once")
def test_a_token_that_callers_need_is_taken_from_the_environment_of_rasa(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPBELL_RASA_AUTH_TOKEN", "a-secret-of-this-shop")
    export(folder)

    wrote = [p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file()]
    assert not any("a-secret-of-this-shop" in text for text in wrote)
    endpoints = (folder / "endpoints.yml").read_text(encoding="utf-8")
    assert "\n  token: ${SHOPBELL_RASA_AUTH_TOKEN}" in endpoints


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", ""])
def test_an_address_that_is_none_is_called_wrong(folder: Path, url: str) -> None:
    ended = export(folder, "--url", url)

    assert ended.exit_code == 2
    assert not folder.exists()


def test_a_broken_record_is_named(folder: Path) -> None:
    folder.mkdir()
    (folder / RECORD).write_text("[]", encoding="utf-8")

    ended = export(folder)

    assert ended.exit_code == 1
    assert RECORD in ended.stderr
