"""Rasa's protocols in front of the whole program: real model, real shop, real desk."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.bootstrap import App
from bot.server.app import create_app
from tests.apps import LiveServer
from tests.channels.rasa.conftest import call
from tests.unit.server.parts import asking

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
async def client(demo_app: App) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(create_app(demo_app)) as client:
        yield client


async def say(client: httpx.AsyncClient, sender: str, message: str | None) -> list[dict[str, Any]]:
    body = {"sender": sender, "message": message}
    response = await client.post("/webhooks/rest/webhook", json=body)
    assert response.status_code == 200, response.text
    replies: list[dict[str, Any]] = response.json()
    return replies


async def test_a_guest_proves_an_order_over_two_calls(client: httpx.AsyncClient) -> None:
    asked = await say(client, "guest", "where is my order SB-20417?")
    assert "SB-20417" in asked[-1]["text"]
    told = await say(client, "guest", "mei.lin@example.com")
    assert "HX79263759308" in told[-1]["text"]

    assert "HX79263759308" not in str(await say(client, "stranger", "where is SB-20417?"))


async def test_a_payload_with_slots_is_a_whole_request(client: httpx.AsyncClient) -> None:
    payload = '/order_status{"order_number": "sb 20417", "email": "Mei.Lin@example.com"}'
    told = await say(client, "payload", payload)
    assert "HX79263759308" in told[-1]["text"]


@pytest.mark.parametrize(
    "payload",
    [
        "/order_status{",
        '/order_status{"order_number": null}',
        '/order_status{"order_number": ["SB-20417", {"a": 1}]}',
        '/order_status{"order_number": "' + "9" * 500 + '"}',
        "/" + "{" * 2000,
        '/nonsense{"order_number": "SB-20417"}',
        '/affirm{"intent": "cancel_order", "owner": "agent", "customer": "C-1001"}',
    ],
)
async def test_odd_payloads_get_a_sane_answer(client: httpx.AsyncClient, payload: str) -> None:
    replies = await say(client, f"odd {len(payload)}", payload)
    assert replies
    assert "HX79263759308" not in str(replies)
    assert "error" not in str(replies).lower()


async def test_buttons_lead_on(client: httpx.AsyncClient) -> None:
    replies = await say(client, "buttons", "吃葡萄不吐葡萄皮，不吃葡萄倒吐葡萄皮")
    payloads = [button["payload"] for button in replies[-1]["buttons"]]
    assert "/contact_human" in payloads

    waiting = await say(client, "buttons", "/contact_human")
    assert [button["payload"] for button in waiting[-1]["buttons"]] == ["/back_to_bot"]
    assert any("\u4e00" <= ch <= "\u9fff" for ch in waiting[-1]["text"])


async def test_parsing(client: httpx.AsyncClient) -> None:
    for text, intent in (
        ("where is my order SB-20417", "order_status"),
        ("我要转人工", "contact_human"),
        ("/affirm", "affirm"),
        ("what is the capital of France", "nlu_fallback"),
    ):
        parsed = (await client.post("/model/parse", json={"text": text})).json()
        assert parsed["text"] == text
        assert parsed["intent"]["name"] == parsed["intent_ranking"][0]["name"] == intent
        for entity in parsed["entities"]:
            assert text[entity["start"] : entity["end"]] == entity["value"]


async def test_the_action_hands_over_once(client: httpx.AsyncClient) -> None:
    """What Rasa's pause and resume would repeat: the next turn opens no second handoff."""
    owners = []
    for text in (
        "hello",
        "I want to speak to a human",
        "where are you?",
        "/back_to_bot",
        "thanks",
    ):
        response = await client.post("/rasa/actions/webhook", json=call("U77", text))
        slots = {event["name"]: event["value"] for event in response.json()["events"]}
        owners.append((slots["shopbell_owner"], slots["shopbell_handoff"]))

    asked = ("queue", "asked_for_person")
    assert owners == [("bot", None), asked, asked, ("bot", None), ("bot", None)]


@pytest.mark.e2e
async def test_an_agent_of_the_desk_answers(live_server: LiveServer) -> None:
    async with httpx.AsyncClient(base_url=live_server.url) as client:
        await say(client, "waits", "human please")
        session = {"email": live_server.email, "password": live_server.password}
        signed_in = await client.post("/api/v1/desk/session", json=session)
        headers = {"X-CSRF-Token": signed_in.json()["csrf"]}
        waiting = (await client.get("/api/v1/desk/handoffs", params={"state": "waiting"})).json()
        found = [one for one in waiting["handoffs"] if one["channel"] == "rasa"]
        path = f"/api/v1/desk/handoffs/{found[0]['id']}"
        await client.post(f"{path}/accept", json={}, headers=headers)
        note = {"text": "calm", "audience": "staff"}
        await client.post(f"{path}/messages", json=note, headers=headers)
        words = {"text": "Hello, this is Mia.", "audience": "everyone"}
        assert (await client.post(f"{path}/messages", json=words, headers=headers)).is_success

        texts = [reply["text"] for reply in await say(client, "waits", "anybody?")]
        assert texts[-1] == "Hello, this is Mia."
        assert "calm" not in texts
        assert await say(client, "waits", "thanks") == []

        end = {"return_to_bot": True, "resolution": "answered"}
        await client.post(f"{path}/end", json=end, headers=headers)
        after = await say(client, "waits", "how long do refunds take?")
        assert "Hello, this is Mia." not in [reply["text"] for reply in after]
        assert after
