"""The route that gives the widget its words."""

from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.channels.web.words_routes import nearest, router
from bot.model import Language
from bot.words import ReplyWords
from intents.replies import load_replies

EN, ZH = Language("en"), Language("zh")


@pytest.fixture
def client() -> TestClient:
    replies = {language: load_replies(language) for language in ("en", "zh")}
    words = ReplyWords(replies, zone=ZoneInfo("Asia/Shanghai"))
    app = FastAPI()
    app.include_router(router(words, [EN, ZH], list(replies["en"])))
    return TestClient(app)


def test_words_come_in_the_language_that_was_asked_for(client: TestClient) -> None:
    chinese = client.get("/api/v1/widget/words?language=zh-CN").json()
    assert chinese["language"] == "zh"
    assert chinese["languages"] == {"en": "English", "zh": "中文"}
    assert chinese["words"]["widget.send"] == "发送"


def test_only_the_words_of_widget_demo_page_and_glossary_go_out(client: TestClient) -> None:
    words = client.get("/api/v1/widget/words?language=en").json()["words"]
    assert {key.split(".")[0] for key in words} == {"widget", "demo", "term"}


def test_blanks_stay_for_the_browser_to_fill(client: TestClient) -> None:
    words = client.get("/api/v1/widget/words").json()["words"]
    assert words["widget.presence.place"] == "Number {position} in line for a person"


def test_a_browser_that_has_the_words_gets_no_second_copy(client: TestClient) -> None:
    first = client.get("/api/v1/widget/words?language=en")
    assert "max-age=300" in first.headers["cache-control"]
    again = client.get(
        "/api/v1/widget/words?language=en", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh", ZH),
        ("zh-Hant-TW", ZH),
        ("ZH_cn", ZH),
        ("en-GB", EN),
        ("fr", EN),
        ("", EN),
        ("-", EN),
        ("zhx", EN),
    ],
)
def test_a_browsers_tag_finds_the_nearest_language(tag: str, language: Language) -> None:
    assert nearest(tag, [EN, ZH]) == language
