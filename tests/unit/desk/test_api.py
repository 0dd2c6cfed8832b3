"""The desk's JSON, as the contract has it."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot.model import Change
from escalation.model import HandoffId
from tests.unit.desk.kit import BOB, SUE, DeskApp, browser, open_talk, sign_in

HANDOFFS = "/api/v1/desk/handoffs"


@pytest.fixture
async def handoff(app: DeskApp, client: httpx.AsyncClient) -> HandoffId:
    """A handoff that waits; Ann is signed in."""
    await sign_in(client)
    return await open_talk(app)


async def listed(client: httpx.AsyncClient, state: str) -> list[dict[str, Any]]:
    answer = await client.get(HANDOFFS, params={"state": state})
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["handoffs"]
    return found


async def test_the_queue_in_its_order(app: DeskApp, client: httpx.AsyncClient) -> None:
    await sign_in(client)
    calm = (("hello", "greeting", 0.9, "neutral", 0.0),)
    await open_talk(app, "calm", talk=calm)
    await open_talk(app, "angry")
    found = await listed(client, "waiting")
    assert [(h["conversation_id"], h["position"]) for h in found] == [("angry", 1), ("calm", 2)]
    assert found[0]["priority"] > found[1]["priority"]
    assert await listed(client, "active") == []


async def test_what_a_listed_handoff_says(handoff: HandoffId, client: httpx.AsyncClient) -> None:
    (found,) = await listed(client, "waiting")
    assert found["id"] == handoff
    assert found["reason"] == "upset"
    assert found["state"] == "waiting"
    assert found["agent"] is None
    assert found["language"] == "en"
    summary = found["summary"]
    assert summary["intent"] == "refund_status"
    assert summary["order_numbers"] == ["A-10234"]
    assert summary["last_message"].startswith("This is ridiculous")
    assert summary["text"].startswith("The shopper is upset.")
    assert [fact["key"] for fact in summary["facts"]][:3] == ["wants", "wants", "wants"]


async def test_the_summary_is_in_the_agents_language(app: DeskApp, api: FastAPI) -> None:
    await open_talk(app)
    async with browser(api) as bob:
        await sign_in(bob, BOB)
        (found,) = await listed(bob, "waiting")
    assert found["summary"]["text"].startswith("顾客情绪激动。")


async def test_the_whole_story_of_one(handoff: HandoffId, client: httpx.AsyncClient) -> None:
    story = (await client.get(f"{HANDOFFS}/{handoff}")).json()
    assert story["owner"] == "queue"
    assert [m["speaker"] for m in story["messages"]] == ["shopper", "bot"] * 2 + [
        "shopper",
        "system",
    ]
    first = story["turns"][0]
    assert first["message_id"] == story["messages"][0]["id"]
    assert first["understanding"]["intent"] == "order_status"
    assert first["understanding"]["entities"][0]["value"] == "A-10234"
    assert first["decision"] == {"type": "use_skill", "skill": "order_status"}


async def test_the_way_from_accepting_to_the_end(
    handoff: HandoffId, client: httpx.AsyncClient
) -> None:
    accepted = await client.post(f"{HANDOFFS}/{handoff}/accept")
    assert accepted.status_code == 200
    assert accepted.json()["state"] == "active"
    assert accepted.json()["agent"] == {"id": "ann", "name": "Ann Lee"}

    said = await client.post(
        f"{HANDOFFS}/{handoff}/messages", json={"text": " hello \x00\n", "audience": "everyone"}
    )
    assert said.status_code == 200
    assert (said.json()["text"], said.json()["speaker"]) == ("hello", "agent")
    note = await client.post(
        f"{HANDOFFS}/{handoff}/messages", json={"text": "VIP", "audience": "staff"}
    )
    assert note.json()["audience"] == "staff"

    ended = await client.post(
        f"{HANDOFFS}/{handoff}/end", json={"return_to_bot": False, "resolution": "sent again"}
    )
    assert ended.status_code == 200
    story = ended.json()
    assert (story["state"], story["owner"]) == ("ended", "bot")
    assert (story["returned_to_bot"], story["resolution"]) == (False, "sent again")
    assert [m["text"] for m in story["messages"]][-3:-1] == ["hello", "VIP"]
    (found,) = await listed(client, "ended")
    assert found["id"] == handoff


async def test_the_rule_says_whether_the_bot_comes_back(
    handoff: HandoffId, client: httpx.AsyncClient
) -> None:
    await client.post(f"{HANDOFFS}/{handoff}/accept")
    ended = await client.post(f"{HANDOFFS}/{handoff}/end", json={})
    assert ended.json()["returned_to_bot"] is True


async def test_a_lost_race_says_who_was_first(
    handoff: HandoffId, client: httpx.AsyncClient, api: FastAPI
) -> None:
    async with browser(api) as bob:
        await sign_in(bob, BOB)
        await bob.post(f"{HANDOFFS}/{handoff}/accept")
    answer = await client.post(f"{HANDOFFS}/{handoff}/accept")
    assert answer.status_code == 409
    assert answer.json()["error"] == {"code": "already_taken", "message": "王博 was first."}


async def test_a_supervisor_takes_over(
    handoff: HandoffId, client: httpx.AsyncClient, api: FastAPI
) -> None:
    await client.post(f"{HANDOFFS}/{handoff}/accept")
    async with browser(api) as sue:
        await sign_in(sue, SUE)
        assert (await sue.post(f"{HANDOFFS}/{handoff}/accept")).status_code == 409
        taken = await sue.post(f"{HANDOFFS}/{handoff}/accept", json={"take_over": True})
    assert taken.json()["agent"]["id"] == "sue"
    mine = await client.post(f"{HANDOFFS}/{handoff}/messages", json={"text": "still me"})
    assert (mine.status_code, mine.json()["error"]["code"]) == (409, "not_yours")


async def test_no_answer_without_accepting(handoff: HandoffId, client: httpx.AsyncClient) -> None:
    answer = await client.post(
        f"{HANDOFFS}/{handoff}/messages", json={"text": "hi", "audience": "everyone"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_yours")


async def test_after_the_end(handoff: HandoffId, client: httpx.AsyncClient) -> None:
    await client.post(f"{HANDOFFS}/{handoff}/accept")
    await client.post(f"{HANDOFFS}/{handoff}/end", json={"return_to_bot": True})
    for path, body in (("accept", {}), ("messages", {"text": "hi"}), ("end", {})):
        answer = await client.post(f"{HANDOFFS}/{handoff}/{path}", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ended")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": ""}, 422, "empty_text"),
        ({"text": " \n\t\u0007"}, 422, "empty_text"),
        ({"text": "x" * 10_001}, 413, "text_too_long"),
        ({"text": 7}, 422, "invalid"),
        ({}, 422, "invalid"),
        ({"text": "x", "audience": "shopper"}, 422, "invalid"),
        ([], 422, "invalid"),
    ],
)
async def test_bad_messages(
    handoff: HandoffId, client: httpx.AsyncClient, body: object, status: int, code: str
) -> None:
    answer = await client.post(f"{HANDOFFS}/{handoff}/messages", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_ten_thousand_characters_are_fine(
    handoff: HandoffId, client: httpx.AsyncClient
) -> None:
    body = {"text": "字" * 10_000, "audience": "staff"}
    assert (await client.post(f"{HANDOFFS}/{handoff}/messages", json=body)).status_code == 200


@pytest.mark.parametrize("path", ["", "/accept", "/messages", "/end"])
async def test_an_unknown_handoff(client: httpx.AsyncClient, path: str) -> None:
    await sign_in(client)
    method = "POST" if path else "GET"
    body = {"text": "x"} if path == "/messages" else {}
    answer = await client.request(method, f"{HANDOFFS}/nothing{path}", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_handoff")


async def test_an_unknown_state_is_told_what_there_is(client: httpx.AsyncClient) -> None:
    await sign_in(client)
    answer = await client.get(HANDOFFS, params={"state": "lost"})
    assert answer.status_code == 422
    assert answer.json()["error"]["expected"] == "one of ['waiting', 'active', 'ended']"


async def test_an_older_handoff_can_still_be_read(
    handoff: HandoffId, app: DeskApp, client: httpx.AsyncClient
) -> None:
    await client.post(f"{HANDOFFS}/{handoff}/accept")
    await client.post(f"{HANDOFFS}/{handoff}/end", json={"resolution": "first"})
    before, first = await app.store.by_handoff(handoff)
    second = replace(
        first, id=HandoffId("h2"), agent=None, accepted_at=None, ended_at=None, resolution=None
    )
    await app.store.commit(Change(before=before, after=replace(before, handoff=second)))
    story = (await client.get(f"{HANDOFFS}/{handoff}")).json()
    assert (story["state"], story["resolution"], story["position"]) == ("ended", "first", None)
    answer = await client.post(f"{HANDOFFS}/{handoff}/messages", json={"text": "hi"})
    assert answer.json()["error"]["code"] == "ended"
    assert (await client.get(f"{HANDOFFS}/h2")).json()["state"] == "waiting"
