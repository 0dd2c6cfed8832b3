"""Every command as somebody outside calls it: arguments in, data and exit codes out."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.contract.shop_values import write_shop

pytestmark = [pytest.mark.e2e, pytest.mark.model, pytest.mark.slow]

PASSWORD = "correct horse battery"
KEPT = ("SHOPBELL_CACHE", "SHOPBELL_ENCODER")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, kw_only=True)
class Command:
    """`shopbell` on a home of its own."""

    home: Path

    def __call__(self, *words: str | Path, given: str = "", **settings: str) -> Ended:
        kept = {k: v for k, v in os.environ.items() if k in KEPT or k[:9] != "SHOPBELL_"}
        ended = subprocess.run(
            [sys.executable, "-m", "bot.cli.main", *map(str, words)],
            input=given.encode(),
            capture_output=True,
            env={**kept, "SHOPBELL_HOME": str(self.home), **settings},
            timeout=300,
            check=False,
        )
        return Ended(code=ended.returncode, out=ended.stdout.decode(), err=ended.stderr.decode())


@pytest.fixture
def shopbell(tmp_path: Path) -> Command:
    """The command on an empty home."""
    return Command(home=tmp_path / "home")


def assert_refused(ended: Ended, code: int, *words: str) -> None:
    """Nothing is on standard output, and one error without a trace says what to put right."""
    assert (ended.code, ended.out) == (code, ""), ended.err
    assert "Error: " in ended.err
    assert "Traceback" not in ended.err
    for word in words:
        assert word in ended.err


def asked(lines: Iterable[object]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


# -- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("serve",),
        ("chat",),
        ("understand",),
        ("train",),
        ("evaluate",),
        ("search",),
        ("articles", "add"),
        ("articles", "list"),
        ("articles", "remove"),
        ("shop", "import"),
        ("shop", "export"),
        ("agents", "add"),
        ("privacy", "export"),
        ("privacy", "erase"),
        ("validate",),
        ("rasa", "export"),
        ("models", "build"),
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(shopbell: Command, words: Sequence[str]) -> None:
    ended = shopbell(*words, "--help")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Usage: ")
    assert "\\b" not in ended.out
    assert words in {(), ("serve",)} or "--json" in ended.out


@pytest.mark.parametrize(
    "words",
    [("nothing",), ("search",), ("search", "x", "--top", "0"), ("serve", "--port", "99999")],
)
def test_a_wrong_call_ends_with_2(shopbell: Command, words: Sequence[str]) -> None:
    assert_refused(shopbell(*words), 2)


def test_a_wrong_setting_is_named(shopbell: Command) -> None:
    ended = shopbell("articles", "list", SHOPBELL_LOG_JSON="perhaps")

    assert_refused(ended, 1, "SHOPBELL_LOG_JSON")


@pytest.mark.parametrize("url", ["mysql://x:secret@y/z", "secret", "postgresql://u@127.0.0.1:1/z"])
def test_a_database_that_can_t_be_used_is_told(shopbell: Command, url: str) -> None:
    ended = shopbell("articles", "list", SHOPBELL_DATABASE_URL=url)

    assert_refused(ended, 1, "xpected")
    assert "secret" not in ended.err


def test_an_empty_setting_is_none(shopbell: Command) -> None:
    ended = shopbell("articles", "list", "--json", SHOPBELL_DATABASE_URL="")

    assert (ended.code, ended.json) == (0, {"articles": []})
    assert (shopbell.home / "shopbell.db").exists()


def test_a_home_that_can_t_be_made_is_told(shopbell: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    ended = shopbell("articles", "list", SHOPBELL_HOME=str(tmp_path / "file" / "home"))

    assert_refused(ended, 1, "xpected")


# -- understand, train ---------------------------------------------------------------------------


def test_understanding_answers_each_line_in_its_order(shopbell: Command) -> None:
    texts = [
        "where is my order?",
        "",
        "我要退货",
        "x " * 50_000,
        "🙂",
        "\x00\x07",
        "<b>hi</b>",
    ] * 5
    ended = shopbell("understand", given=asked({"text": text} for text in texts))

    assert ended.code == 0, ended.err
    assert [line["text"] for line in ended.lines] == texts
    for line in ended.lines:
        assert set(line) == {
            *("text", "language", "intent", "confidence", "ranking", "in_scope", "entities"),
            *("sure", "requests"),
            *("emotion", "emotion_confidence", "emotion_intensity"),
        }
        assert line["ranking"][0] == {"intent": line["intent"], "confidence": line["confidence"]}
        assert all(0 <= line[field] <= 1 for field in ("confidence", "emotion_intensity"))


def test_a_given_language_counts_and_a_missing_one_is_found(shopbell: Command) -> None:
    given = asked(
        [
            {"text": "ok", "language": "zh"},
            {"text": "退货政策"},
            {"text": "refund", "language": None},
            {"text": "refund", "other": 1},
        ]
    )
    ended = shopbell("understand", "--json", given="\ufeff" + given + "\n\n")

    assert ended.code == 0, ended.err
    assert [line["language"] for line in ended.lines] == ["zh", "zh", "en", "en"]


@pytest.mark.parametrize(
    "line", ["{half", "[1]", '{"text": 1}', '{"language": "en"}', '{"text": "a", "language": 1}']
)
def test_a_line_that_asks_nothing_is_named_after_those_before_it(
    shopbell: Command, line: str
) -> None:
    ended = shopbell("understand", given='{"text": "hi"}\n' + line + "\n")

    assert ended.code == 2
    assert "line 2" in ended.err
    assert [answer["text"] for answer in ended.lines] == ["hi"]


PHRASES = """version: "3.1"
nlu:
- intent: book_table
  examples: |
    - I want to book a table for [two](number)
    - reserve a table for tonight please
    - can I get a table
- intent: opening
  examples:
  - when do you open
- synonym: two
  examples: |
    - 2
"""


def test_a_folder_of_one_s_own_is_trained_and_used(shopbell: Command, tmp_path: Path) -> None:
    folder, model = tmp_path / "own", tmp_path / "model"
    (folder / "zh").mkdir(parents=True)
    (folder / "nlu.yml").write_text(PHRASES, encoding="utf-8")
    (folder / "zh" / "nlu.yml").write_text(
        "nlu:\n- intent: opening\n  examples: |\n    - ok 几点\n", encoding="utf-8"
    )

    trained = shopbell("train", "--intents", folder, "--out", model, "--json")
    given = asked({"text": text} for text in ("book me a table", "when are you open", "几点开门"))
    ended = shopbell("understand", "--model", model, given=given)

    assert (trained.code, trained.json) == (0, {"model": str(model)}), trained.err
    assert [line["intent"] for line in ended.lines] == ["book_table", "opening", "opening"]
    assert {len(line["ranking"]) for line in ended.lines} == {2}
    assert {line["emotion"] for line in ended.lines} == {"neutral"}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("nlu:\n- intent: a\n  examples: |\n    - b\n    c\n", "nlu.yml:5"),
        ("nlu:\n- intnt: a\n  examples: |\n    - b\n", "nlu.yml:2"),
        ("nlu: [\n", "nlu.yml:2"),
    ],
)
def test_a_wrong_phrase_file_is_named_with_its_line(
    shopbell: Command, tmp_path: Path, text: str, where: str
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "nlu.yml").write_text(text, encoding="utf-8")

    ended = shopbell("train", "--intents", tmp_path / "own", "--out", tmp_path / "model")

    assert ended.code == 1
    assert where in ended.err
    assert not (tmp_path / "model").exists()


def test_folders_without_phrases_or_model_are_refused(shopbell: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    trained = shopbell("train", "--intents", tmp_path / "empty", "--out", tmp_path / "m")

    assert_refused(trained, 1, "*.yml")
    assert_refused(shopbell("understand", "--model", tmp_path / "empty"), 1, "model.json")
    assert_refused(shopbell("train", "--intents", tmp_path / "nowhere"), 2)


# -- articles, search ----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Articles with and without front matter, one in a folder named by its language."""
    folder = tmp_path / "articles"
    (folder / "zh").mkdir(parents=True)
    texts = {
        "returns.md": "# Sending goods back\n\nYou have 30 days to send goods back.\n",
        "zh/fees.md": "# 运费说明\n\n订单满99元包邮，否则运费10元。\n",
        "gift.md": "---\nid: gift-wrap\ntitle: Gift wrapping\nlanguage: en\nupdated: 2025-01-02\n"
        "---\nWe wrap gifts for 3 dollars.\n\n" + "Ribbons come in many colours. " * 80,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_articles_are_added_found_and_removed(shopbell: Command, folder: Path) -> None:
    added = shopbell("articles", "add", folder, "--json")
    listed = shopbell("articles", "list", "--json")
    found = shopbell("search", "can I send an item back?", "--json")
    wrapped = shopbell("search", "包邮", "--language", "zh", "--articles-only", "--json")
    removed = shopbell("articles", "remove", "gift-wrap", "--json")
    again = shopbell("articles", "remove", "gift-wrap")
    left = shopbell("articles", "list")

    rows = {(row["id"], row["language"]) for row in added.json["articles"]}
    assert rows == {("returns", "en"), ("fees", "zh"), ("gift-wrap", "en")}
    assert {row["title"] for row in listed.json["articles"]} == {
        *("Sending goods back", "运费说明", "Gift wrapping")
    }
    hits = found.json["results"]
    assert found.json["sure"] is True
    assert hits[0]["article_id"] == "returns"
    assert set(hits[0]) == {
        *("article_id", "kind", "title", "text", "score", "language", "source", "version")
    }
    assert len({hit["article_id"] for hit in hits}) == len(hits)
    assert wrapped.json["results"][0]["article_id"] == "fees"
    assert (removed.code, removed.json) == (0, {"removed": "gift-wrap"})
    assert_refused(again, 1, "gift-wrap", "articles list")
    assert len(left.out.splitlines()) == 2


def test_an_empty_home_finds_nothing_and_is_sure_of_nothing(shopbell: Command) -> None:
    ended = shopbell("search", "return policy", "--json")
    shown = shopbell("search", "return policy")

    assert (ended.code, ended.json) == (0, {"results": [], "sure": False})
    assert (shown.code, shown.out) == (0, "")
    assert "articles add" in shown.err


def test_a_bad_article_is_named_and_none_is_added(shopbell: Command, folder: Path) -> None:
    (folder / "bad.md").write_text("---\nid: [x\n---\nhi\n", encoding="utf-8")

    ended = shopbell("articles", "add", folder)

    assert_refused(ended, 2, "bad.md")
    assert shopbell("articles", "list", "--json").json == {"articles": []}
    assert_refused(shopbell("articles", "add", folder / "nowhere.md"), 2)


# -- shop, privacy -------------------------------------------------------------------------------


def test_a_shop_goes_in_and_comes_out(shopbell: Command, tmp_path: Path) -> None:
    folder = write_shop(tmp_path / "shop")
    imported = shopbell("shop", "import", folder, "--json")
    exported = shopbell("shop", "export", tmp_path / "out", "--json")
    again = shopbell("shop", "import", tmp_path / "out", "--json")

    assert imported.code == 0, imported.err
    assert set(imported.json) == {"customers", "products", "orders", "coupons"}
    assert exported.json == again.json == imported.json


def test_a_bad_line_is_named_and_nothing_is_imported(shopbell: Command, tmp_path: Path) -> None:
    folder = write_shop(tmp_path / "shop")
    with (folder / "orders.jsonl").open("a", encoding="utf-8") as file:
        file.write("{half\n")
    number = len((folder / "orders.jsonl").read_text(encoding="utf-8").splitlines())

    ended = shopbell("shop", "import", folder)
    shopbell("shop", "export", tmp_path / "out")

    assert_refused(ended, 1, f"orders.jsonl line {number}")
    assert (tmp_path / "out" / "customers.jsonl").read_text(encoding="utf-8") == ""


def test_folders_that_hold_no_shop_are_refused(shopbell: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert_refused(shopbell("shop", "import", tmp_path / "empty"), 1, "customers.jsonl")
    assert_refused(shopbell("shop", "import", tmp_path / "nowhere"), 2)


def test_a_customer_gets_a_copy_and_is_forgotten(shopbell: Command, tmp_path: Path) -> None:
    shopbell("shop", "import", write_shop(tmp_path / "shop"))

    copy = shopbell("privacy", "export", "c1", "--json")
    erased = shopbell("privacy", "erase", "c1", "--json")
    unknown = shopbell("privacy", "export", "nobody")

    assert copy.json["customer"] == "c1"
    assert copy.json["profile"]["name"] == "Ana de la Cruz"
    assert {order["number"] for order in copy.json["orders"]} == {"SB-102", "#SB-100", "SB-101"}
    assert copy.json["conversations"] == []
    assert (erased.code, erased.json["conversations"]) == (0, 0)
    assert unknown.json == {
        "customer": "nobody",
        "profile": None,
        "orders": [],
        "conversations": [],
    }


# -- agents, validate, models, chat, serve -------------------------------------------------------


@pytest.mark.parametrize("given", ["{0}\n", "{0}", "{0}\r\n", "{0}\n{0}\n"])
def test_a_password_comes_in_by_standard_input(shopbell: Command, given: str) -> None:
    words = ("agents", "add", "amy@example.com", "--role", "supervisor", "--languages", "en,zh")
    ended = shopbell(*words, "--skills", "returns", "--json", given=given.format(PASSWORD))

    assert ended.code == 0, ended.err
    assert (ended.json["email"], ended.json["role"]) == ("amy@example.com", "supervisor")
    assert_refused(shopbell("agents", "add", "amy@example.com", given=PASSWORD), 1, "amy@")


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (("amy@example.com",), ""),
        (("amy@example.com",), "short\n"),
        (("amy@example.com",), f"{PASSWORD}\nanother password\n"),
        (("amy",), PASSWORD),
        (("amy@example.com", "--role", "boss"), PASSWORD),
    ],
)
def test_an_agent_who_can_t_be_is_refused(
    shopbell: Command, words: Sequence[str], given: str
) -> None:
    assert_refused(shopbell("agents", "add", *words, given=given), 2)


def test_the_data_is_valid_and_a_wrong_rule_is_not(shopbell: Command) -> None:
    good = shopbell("validate", "--json")
    shopbell.home.mkdir(exist_ok=True)
    (shopbell.home / "shopbell.yml").write_text("languag: en\n", encoding="utf-8")
    bad = shopbell("validate", "--json")
    shown = shopbell("validate")

    assert (good.code, good.json) == (0, {"problems": []})
    assert bad.code == shown.code == 1
    assert "languag" in bad.json["problems"][0]
    assert "languag" in shown.err
    assert_refused(shopbell("understand"), 1, "languag")


def test_models_that_are_there_are_left_alone(shopbell: Command) -> None:
    ended = shopbell("models", "build", "--json")

    assert ended.code == 0, ended.err
    assert Path(ended.json["cache"]).is_dir()


def test_a_chat_in_the_terminal_reaches_a_person(shopbell: Command) -> None:
    ended = shopbell("chat", "--language", "zh", "--json", given="你好\n\n转人工\n")
    refused = shopbell("chat", "--language", "xx")

    assert ended.code == 0, ended.err
    hello, person = ended.lines
    assert (hello["language"], hello["owner"], hello["handoff"]) == ("zh", "bot", None)
    assert hello["replies"][0]["key"] == "disclosure"
    assert person["owner"] == "queue"
    assert_refused(refused, 2, "xx")


def test_a_busy_port_is_told_before_anything_slow(shopbell: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = shopbell("serve", "--port", str(port))

    assert (ended.code, ended.out) == (1, "")
    assert f"Port {port}" in ended.err
    assert "--port" in ended.err
    assert "Traceback" not in ended.err
