"""The exported project in a real Rasa, in front of a real Shopbell.

Everything here goes by Rasa's own REST channel: Slack, Messenger and the others differ from it in
how messages get in and out only.
"""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from intents.replies import load_replies
from tests.rasa.conftest import Desk, Rasa, RasaServer, Shopbell, export

pytestmark = [pytest.mark.rasa, pytest.mark.slow, pytest.mark.model]

FALLBACK = {name: load_replies(name)["rasa.unavailable"][0] for name in ("en", "zh")}
SHORT = 5.0
"""Seconds within which Rasa has answered without Shopbell, on a busy machine: a hang costs its
time-out, 1 s."""


@pytest.fixture(scope="module")
def project(rasa: Rasa, shopbell: Shopbell, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, exported and trained."""
    folder = tmp_path_factory.mktemp("project") / "assistant"
    export(folder, "--url", shopbell.url)
    rasa(folder, "train")
    return folder


@pytest.fixture(scope="module")
def server(rasa: Rasa, project: Path) -> Iterator[RasaServer]:
    """Rasa with the project's model."""
    with rasa.serve(project, "--enable-api") as server:
        yield server


def texts(replies: list[dict[str, object]]) -> str:
    return "\n".join(str(reply.get("text", "")) for reply in replies)


# -- what comes through ------------------------------------------------------------


def test_rasa_finds_nothing_to_warn_of_in_its_data(rasa: Rasa, project: Path) -> None:
    said = rasa(project, "data", "validate", "--fail-on-warnings")

    assert "No story structure conflicts found" in said
    assert "UserWarning" not in said


def test_a_guest_proves_an_order_in_english(server: RasaServer) -> None:
    asked = server.say("where is my parcel", sender="en-order")
    proof = server.say("it's SB-20417", sender="en-order")
    answer = server.say("mei.lin@example.com", sender="en-order")

    assert "order number" in texts(asked).casefold()
    assert "SB-20417" in texts(proof)
    assert "HX79263759308" not in texts(proof)
    assert "HX79263759308" in texts(answer)


def test_a_guest_proves_an_order_in_chinese(server: RasaServer) -> None:
    server.say("帮我看看东西走到哪一站了", sender="zh-order")
    proof = server.say("单号是SB-20388", sender="zh-order")
    answer = server.say("xiaoman@example.com", sender="zh-order")

    assert "HX58054999320" not in texts(proof)
    assert "HX58054999320" in texts(answer)
    assert re.search(r"[\u4e00-\u9fff]", texts(answer))


@pytest.mark.parametrize(
    ("question", "answer"),
    [("how many days do i have to send something back", "30"), ("退货期限是收货后几天呢", "30")],
)
def test_a_question_is_answered_from_the_articles(
    server: RasaServer, question: str, answer: str
) -> None:
    assert answer in texts(server.say(question, sender=question))


def test_a_button_comes_through_and_what_it_sends_is_understood(
    server: RasaServer, desk: Desk
) -> None:
    replies = server.say("qwertz uiop asdf", sender="buttons")
    (offered,) = [reply["buttons"] for reply in replies if reply.get("buttons")]
    person = next(button for button in offered if button["payload"] == "/contact_human")
    assert person["title"] == load_replies("en")["topic.contact_human"][0]

    before = len(desk.waiting())
    server.say(person["payload"], sender="buttons")

    assert len(desk.waiting()) == before + 1
    assert server.slots("buttons")["shopbell_owner"] == "queue"


@pytest.mark.parametrize(
    ("sender", "request_", "language"),
    [("en-person", "let me talk to a human", "en"), ("zh-person", "转人工", "zh")],
)
def test_who_asks_for_a_person_waits_in_the_queue(
    server: RasaServer, desk: Desk, sender: str, request_: str, language: str
) -> None:
    before = {handoff["id"] for handoff in desk.waiting()}
    assert texts(server.say(request_, sender=sender)) != ""

    (handoff,) = [one for one in desk.waiting() if one["id"] not in before]
    assert handoff["reason"] == "asked_for_person"
    slots = server.slots(sender)
    assert (slots["shopbell_owner"], slots["shopbell_language"]) == ("queue", language)
    assert slots["shopbell_answered"] is True


def test_what_an_agent_wrote_comes_with_the_next_answer(server: RasaServer, desk: Desk) -> None:
    before = {handoff["id"] for handoff in desk.waiting()}
    server.say("i want to speak to a person", sender="agent")
    (handoff,) = [one["id"] for one in desk.waiting() if one["id"] not in before]
    desk.accept_and_say(handoff, "Hello, this is Ann. What happened?")

    replies = server.say("are you there?", sender="agent")

    assert "this is Ann" in texts(replies)
    assert server.slots("agent")["shopbell_owner"] == "agent"


def test_a_rule_may_ask_how_the_shopper_feels(server: RasaServer) -> None:
    server.say("this is the third time my parcel is lost, you are useless!!!", sender="angry")

    assert server.slots("angry")["shopbell_emotion"] == "angry"


@pytest.mark.parametrize("odd", ["", " ", "/", "/nonsense", "/order_status{broken", "?" * 5000])
def test_odd_messages_break_nothing(server: RasaServer, odd: str) -> None:
    server.say(odd, sender="odd")

    assert texts(server.say("hello", sender="odd")) not in {"", *FALLBACK.values()}


def test_the_domain_knows_everything_that_shopbell_finds(server: RasaServer) -> None:
    for text in (
        "do you have the mug in blue, size M, for $20? i ordered 2 on 3 May, order SB-20417",
        "mail ann@example.com, phone +1 415 555 0123, zip 90210, tracking 1Z88F3409912",
        "昨天买的陶瓷杯，蓝色 L 码，寄到 100080，加急！",
    ):
        server.say(text, sender="names")

    log = server.log.read_text(encoding="utf-8", errors="replace")
    assert "not defined in the domain" not in log


# -- without Shopbell ------------------------------------------------------------


def timed(server: RasaServer, text: str, *, sender: str) -> tuple[str, float]:
    start = time.monotonic()
    said = texts(server.say(text, sender=sender))
    return said, time.monotonic() - start


def waited_in_vain(server: RasaServer) -> int:
    """Return how often Rasa waited for Shopbell until its time was up."""
    return server.log.read_text(encoding="utf-8", errors="replace").count("(ReadTimeout)")


def test_without_shopbell_rasa_says_so_at_once_in_the_language_of_the_talk(
    server: RasaServer, shopbell: Shopbell
) -> None:
    server.say("hello", sender="en-down")
    server.say("你好呀", sender="zh-down")
    shopbell.stop()
    try:
        english, took = timed(server, "where is my order", sender="en-down")
        chinese, _ = timed(server, "我的快递呢", sender="zh-down")
        unknown, _ = timed(server, "hello", sender="never-seen")
        button, _ = timed(server, "/contact_human", sender="en-down")
    finally:
        shopbell.start()

    assert took < SHORT
    assert english == button == FALLBACK["en"]
    assert chinese == FALLBACK["zh"]
    assert unknown == "\n".join(FALLBACK.values())
    assert "HX79263759308" in texts(
        server.say("where is SB-20417? mei.lin@example.com", sender="en-down")
    )


def test_a_shopbell_that_hangs_costs_its_time_out_once(
    server: RasaServer, shopbell: Shopbell
) -> None:
    server.say("hello", sender="hang")
    before = waited_in_vain(server)
    with shopbell.frozen():
        first, took = timed(server, "where is my order", sender="hang")
        again = texts(server.say("where is my order", sender="hang"))
        after = waited_in_vain(server)
    assert first == again == FALLBACK["en"]
    assert took < SHORT
    assert after == before + 1

    deadline = time.monotonic() + 10
    while (said := texts(server.say("hello", sender="hang"))) == FALLBACK["en"]:
        assert time.monotonic() < deadline, "Rasa didn't come back to Shopbell"
        time.sleep(0.5)
    assert said != ""


def test_a_turn_that_fails_is_not_met_with_silence(
    rasa: Rasa, project: Path, shopbell: Shopbell, tmp_path: Path
) -> None:
    """Understanding works and the turn doesn't: the database is gone, or the wrong token."""
    folder = tmp_path / "assistant"
    shutil.copytree(project, folder)
    endpoints = folder / "endpoints.yml"
    endpoints.write_text(endpoints.read_text().replace("/rasa/actions", "/rasa/gone"))

    with rasa.serve(folder) as broken:
        assert texts(broken.say("where is my order", sender="broken")) == FALLBACK["en"]
        assert texts(broken.say("/contact_human", sender="broken")) == FALLBACK["en"]


def test_with_a_token_only_the_rasa_that_has_it_is_served(
    rasa: Rasa, server: RasaServer, project: Path, shopbell: Shopbell, tmp_path: Path
) -> None:
    token = {"SHOPBELL_RASA_AUTH_TOKEN": "between-the-two-of-them"}
    folder = tmp_path / "assistant"
    shutil.copytree(project, folder)
    export(folder, "--url", shopbell.url, **token)
    shopbell.stop()
    shopbell.start(**token)
    try:
        refused = texts(server.say("where is my order", sender="token"))
        with rasa.serve(folder, **token) as trusted:
            asked = texts(trusted.say("where is my order", sender="token"))
    finally:
        shopbell.stop()
        shopbell.start()

    assert refused == "\n".join(FALLBACK.values())
    assert "order number" in asked.casefold()
