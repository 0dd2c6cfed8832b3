"""The contract over real HTTP and WebSocket, against the whole program in its own process."""

import asyncio
import json
import signal
import sqlite3
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from tests.apps import LiveServer, running_server

pytestmark = [pytest.mark.e2e, pytest.mark.model]

Json = dict[str, Any]


class Shopper:
    """One conversation."""

    def __init__(self, client: httpx.AsyncClient, given: Json) -> None:
        self.client = client
        self.path = f"/api/v1/conversations/{given['id']}"
        self.token: str = given["token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}

    async def post(self, text: str, client_id: str | None = None) -> httpx.Response:
        body = {"client_id": client_id or uuid.uuid4().hex, "text": text}
        return await self.client.post(f"{self.path}/messages", json=body, headers=self.headers)

    async def say(self, text: str, client_id: str | None = None) -> Json:
        response = await self.post(text, client_id)
        assert response.status_code == 200, response.text
        turn: Json = response.json()
        return turn

    async def history(self, after: int = 0) -> Json:
        response = await self.client.get(
            f"{self.path}/messages?after={after}", headers=self.headers
        )
        found: Json = response.json()
        return found


async def arrive(client: httpx.AsyncClient, **body: str) -> Shopper:
    response = await client.post("/api/v1/conversations", json=body)
    assert response.status_code == 201, response.text
    return Shopper(client, response.json())


def asking(server: LiveServer) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.url, timeout=30)


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Do you take PayPal at the checkout?"), ("zh", "你们这边能不能用支付宝付钱呀")],
)
async def test_a_question_is_answered_from_an_article_in_the_shopper_s_language(
    live_server: LiveServer, language: str, text: str
) -> None:
    async with asking(live_server) as client:
        shopper = await arrive(client)
        turn = await shopper.say(text)

    assert turn["language"] == language
    assert turn["understanding"]["text"] == text
    assert turn["understanding"]["intent"] == turn["understanding"]["ranking"][0]["intent"]
    assert turn["owner"] == "bot"
    assert any(reply["sources"] for reply in turn["replies"])


@pytest.mark.parametrize("text", ["human", "人工", "真人", "转人工", "agent", "real person"])
async def test_a_person_is_one_word_away(live_server: LiveServer, text: str) -> None:
    async with asking(live_server) as client:
        shopper = await arrive(client)
        turn = await shopper.say(text)
        following = await shopper.say("hello?")

    assert turn["owner"] == "queue"
    assert turn["handoff"]["reason"] == "asked_for_person"
    assert turn["handoff"]["position"] >= 1
    assert turn["replies"]
    assert following["handoff"]["id"] == turn["handoff"]["id"]


async def test_a_demo_customer_signs_in(live_server: LiveServer) -> None:
    async with asking(live_server) as client:
        shopper = await arrive(client)
        tokens = [
            (await client.post("/demo/identity", json={"customer_id": customer})).json()
            for customer in ("one", "two")
        ]
        answers = [
            await client.post(f"{shopper.path}/identity", json=token, headers=shopper.headers)
            for token in (tokens[0], tokens[0], tokens[1], {"identity": "nonsense"})
        ]

    assert [answer.status_code for answer in answers] == [200, 200, 409, 401]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 422),
        ("  \n ", 422),
        ("\u0000\u0007", 422),
        ("a" * 100_000, 413),
        ("🙂🙂🙂", 200),
        ("<script>alert('x')</script><b>hi", 200),
        ("'; DROP TABLE conversations; --", 200),
        ('{"half": [1, 2', 200),
        ("hel\u0000lo\u001b[31m", 200),
        ("退" * 10_000, 200),
        ("\u202e\u200d\ufeff?", 200),
    ],
)
async def test_whatever_is_typed_gets_an_answer(
    live_server: LiveServer, text: str, status: int
) -> None:
    async with asking(live_server) as client:
        shopper = await arrive(client)
        response = await shopper.post(text)

    assert response.status_code == status
    if status == 200:
        assert response.json()["understanding"]
        assert response.json()["replies"]
    else:
        assert response.json()["error"]["message"]


async def test_the_same_client_id_twice_at_once_is_one_turn(live_server: LiveServer) -> None:
    async with asking(live_server) as client:
        shopper = await arrive(client)
        answers = await asyncio.gather(*(shopper.say("hello", "once") for _ in range(5)))
        history = await shopper.history()

    assert all(answer == answers[0] for answer in answers)
    assert [row["speaker"] for row in history["messages"]].count("shopper") == 1


async def test_twenty_messages_at_once_are_twenty_turns_in_order(live_server: LiveServer) -> None:
    async with asking(live_server) as client:
        shopper = await arrive(client)
        turns = await asyncio.gather(*(shopper.say(f"hello {n}") for n in range(20)))
        rows = (await shopper.history())["messages"]

    assert len({turn["message_id"] for turn in turns}) == 20
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    said = [row["id"] for row in rows if row["speaker"] == "shopper"]
    assert sorted(said) == sorted(turn["message_id"] for turn in turns)


async def test_the_socket_shows_a_talk_as_it_happens(live_server: LiveServer) -> None:
    async with asking(live_server) as client:
        shopper = await arrive(client)
        url = f"{live_server.url.replace('http', 'ws')}{shopper.path}/socket"
        protocol = websockets.Subprotocol(f"shopbell.{shopper.token}")
        async with websockets.connect(url, subprotocols=[protocol]) as socket:
            assert json.loads(await socket.recv())["owner"] == "bot"
            turn = await shopper.say("human")
            frames: list[Json] = []
            while not frames or frames[-1]["type"] != "owner":
                frames.append(json.loads(await socket.recv()))

    shown = [frame for frame in frames if frame["type"] == "message"]
    assert [row["id"] for row in shown] == [
        turn["message_id"],
        *(reply["id"] for reply in turn["replies"]),
    ]
    assert frames[-1]["owner"] == "queue"


async def test_it_is_healthy_ready_and_counts(live_server: LiveServer) -> None:
    async with asking(live_server) as client:
        health, ready = await client.get("/healthz"), await client.get("/readyz")
        metrics = await client.get("/metrics")

    assert health.json() == {"status": "ok"}
    assert ready.json()["checks"] == {"database": "ok", "model": "ok", "index": "ok"}
    assert "shopbell_turn_seconds_bucket" in metrics.text


@pytest.mark.slow
async def test_a_killed_server_goes_on_where_it_was(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        async with asking(server) as client:
            shopper = await arrive(client)
            first = await shopper.say("hello", "c1")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    with running_server(tmp_path) as server:
        async with asking(server) as client:
            shopper.client = client
            again = await shopper.say("hello", "c1")
            rows = (await shopper.history())["messages"]
            await shopper.say("and now?", "c2")

    assert again == first
    assert [row["id"] for row in rows if row["speaker"] == "shopper"] == [first["message_id"]]


@pytest.mark.slow
async def test_a_locked_database_is_a_clear_answer_and_the_repetition_succeeds(
    tmp_path: Path,
) -> None:
    with running_server(tmp_path) as server:
        async with asking(server) as client:
            shopper = await arrive(client)
            with sqlite3.connect(tmp_path / "shopbell.db", isolation_level=None) as other:
                other.execute("BEGIN IMMEDIATE")
                began = time.monotonic()
                refused = await shopper.post("hello", "c1")
                assert time.monotonic() - began < 30
                other.execute("ROLLBACK")
            other.close()
            turn = await shopper.say("hello", "c1")

    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "unavailable"
    assert refused.headers["Retry-After"]
    assert turn["replies"]
