"""The socket, over a real network: what it sends, and what it never sends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
import websockets
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.web.socket import Talk
from bot.model import (
    Address,
    Audience,
    Change,
    Conversation,
    ConversationId,
    Language,
    Message,
    MessageId,
    Speaker,
)
from bot.ports import Event
from bot.server.app import create_app
from bot.settings import ShopRules
from escalation.model import AgentId
from tests.unit.server.parts import START, Parts, make_parts, new_handoff, serving, start

Frame = dict[str, Any]


@pytest.fixture
async def served(api: FastAPI, parts: Parts) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    async with serving(api, parts.live) as (url, _), httpx.AsyncClient(base_url=url) as client:
        yield client, url.replace("http", "ws")


@asynccontextmanager
async def connected(
    url: str, headers: dict[str, str], **more: Any
) -> AsyncIterator[websockets.ClientConnection]:
    token = headers["Authorization"].removeprefix("Bearer ")
    async with websockets.connect(
        url, subprotocols=[websockets.Subprotocol(f"shopbell.{token}")], **more
    ) as socket:
        yield socket


async def frames(socket: websockets.ClientConnection, count: int) -> list[Frame]:
    return [json.loads(await socket.recv()) for _ in range(count)]


async def say(client: httpx.AsyncClient, path: str, headers: dict[str, str], text: str) -> Frame:
    body = {"client_id": f"c-{text}", "text": text}
    turn: Frame = (await client.post(f"{path}/messages", json=body, headers=headers)).json()
    return turn


async def test_the_socket_accepts_the_subprotocol_and_tells_the_owner(
    served: tuple[httpx.AsyncClient, str],
) -> None:
    client, url = served
    path, headers = await start(client)

    async with connected(f"{url}{path}/socket", headers) as socket:
        (first,) = await frames(socket, 1)

        assert socket.subprotocol == f"shopbell.{headers['Authorization'][7:]}"
        assert first == {"type": "owner", "seq": 0, "owner": "bot"}


async def test_it_catches_up_after_a_seq_and_then_follows(
    served: tuple[httpx.AsyncClient, str],
) -> None:
    client, url = served
    path, headers = await start(client)
    await say(client, path, headers, "one")

    async with connected(f"{url}{path}/socket?after=1", headers) as socket:
        missed, owner = await frames(socket, 2)
        turn = await say(client, path, headers, "two")
        mine, reply = await frames(socket, 2)

    assert (missed["type"], missed["seq"], missed["text"]) == ("message", 2, "You said: one")
    assert owner["type"] == "owner"
    assert (mine["seq"], mine["speaker"], mine["client_id"]) == (3, "shopper", "c-two")
    assert {name: reply[name] for name in turn["replies"][0]} == turn["replies"][0]


async def test_a_lost_event_is_healed_by_the_next_one(
    served: tuple[httpx.AsyncClient, str], parts: Parts
) -> None:
    client, url = served
    path, headers = await start(client)
    async with connected(f"{url}{path}/socket", headers) as socket:
        await frames(socket, 1)
        topics, parts.live._topics = parts.live._topics, {}
        await say(client, path, headers, "lost")
        parts.live._topics = topics
        await say(client, path, headers, "heard")

        seqs = [frame["seq"] for frame in await frames(socket, 4)]

    assert seqs == [1, 2, 3, 4]


class StopPage(Exception):  # noqa: N818 - no fault: the test has seen what it waited for
    """The shopper has got the message."""


class Page:
    """Stands for the shopper's end: once the socket has caught up, a row comes without event."""

    def __init__(self, parts: Parts, conversation: Conversation) -> None:
        self._parts, self._conversation = parts, conversation
        self._caught_up = asyncio.Event()
        self.last: Frame = {}

    async def send_text(self, text: str) -> None:
        self.last = json.loads(text)
        self._caught_up.set()
        if self.last["type"] == "message":
            raise StopPage

    async def receive_text(self) -> str:
        await self._caught_up.wait()
        now = self._conversation
        note = _message(self._parts, "hello", Speaker.AGENT)
        await self._parts.store.commit(Change(before=now, after=now, messages=(note,)))
        await asyncio.Event().wait()
        return ""


async def test_without_any_event_the_rows_are_read_after_a_while(parts: Parts) -> None:
    conversation = await parts.store.start(
        Conversation(
            id=ConversationId("talk"),
            address=Address(channel="web", user="talk"),
            language=Language("en"),
            started_at=START,
        )
    )
    page = Page(parts, conversation)
    talk = Talk(
        websocket=page,  # type: ignore[arg-type]
        conversation=conversation.id,
        store=parts.store,
        live=parts.live,
        heal_every=0.01,
    )

    with pytest.raises(StopPage):
        await talk.run()

    assert page.last["text"] == "hello"


async def test_an_agent_who_takes_over_is_told_and_notes_are_not(
    served: tuple[httpx.AsyncClient, str], parts: Parts
) -> None:
    client, url = served
    path, headers = await start(client)
    id_ = ConversationId(path.rpartition("/")[2])
    async with connected(f"{url}{path}/socket", headers) as socket:
        await frames(socket, 1)
        before = await parts.store.get(id_)
        handoff = new_handoff("h1", START).accept(AgentId("anna"), START)
        note = replace(_message(parts, "a secret", Speaker.AGENT), audience=Audience.STAFF)
        said = _message(parts, "Hello, Anna here", Speaker.AGENT)
        change = Change(
            before=before, after=replace(before, handoff=handoff), messages=(note, said)
        )
        await parts.store.commit(change)
        await parts.live.publish(Event(topic=id_, type="owner", data={"agent": "anna"}))

        told = await frames(socket, 2)

    assert [frame["type"] for frame in told] == ["message", "owner"]
    assert told[0]["text"] == "Hello, Anna here"
    assert told[1] == {"type": "owner", "seq": 2, "owner": "agent"}


async def test_typing_reaches_the_other_side_only(
    served: tuple[httpx.AsyncClient, str], parts: Parts
) -> None:
    client, url = served
    path, headers = await start(client)
    id_ = path.rpartition("/")[2]
    async with parts.live.listen(id_) as desk, connected(f"{url}{path}/socket", headers) as socket:
        await frames(socket, 1)
        await socket.send("no JSON")
        await socket.send('["neither"]')
        await socket.send(json.dumps({"type": "typing"}))
        heard = await desk.next()
        await parts.live.publish(Event(topic=id_, type="typing", data={"speaker": "agent"}))
        (told,) = await frames(socket, 1)

    assert (heard.type, heard.data["speaker"]) == ("typing", "shopper")
    assert told == {"type": "typing", "seq": 0}


@pytest.mark.parametrize(
    ("subprotocol", "path_end", "status"),
    [
        (None, "/socket", 401),
        ("shopbell.", "/socket", 401),
        ("shopbell.nonsense", "/socket", 401),
        ("TOKEN", "/socket?after=x", 422),
        ("TOKEN", "/socket?after=99999999999", 422),
        ("TOKEN", "/../nobody/socket", 404),
    ],
)
async def test_a_wrong_handshake_is_denied_with_a_reason(
    served: tuple[httpx.AsyncClient, str], subprotocol: str | None, path_end: str, status: int
) -> None:
    client, url = served
    path, headers = await start(client)
    offered = subprotocol and subprotocol.replace(
        "TOKEN", f"shopbell.{headers['Authorization'][7:]}"
    )
    if path_end.startswith("/../"):
        path, path_end = "/api/v1/conversations/nobody", "/socket"

    with pytest.raises(websockets.InvalidStatus) as caught:
        async with websockets.connect(
            f"{url}{path}{path_end}",
            subprotocols=[websockets.Subprotocol(offered)] if offered else None,
        ):
            pass

    assert caught.value.response.status_code == status
    assert json.loads(caught.value.response.body)["error"]["message"]


async def test_a_token_of_another_conversation_is_forbidden(
    served: tuple[httpx.AsyncClient, str],
) -> None:
    client, url = served
    mine, _ = await start(client)
    _, other = await start(client)

    with pytest.raises(websockets.InvalidStatus) as caught:
        async with connected(f"{url}{mine}/socket", other):
            pass

    assert caught.value.response.status_code == 403


async def test_only_the_shop_s_origins_embed_the_widget(
    sqlite_engine: AsyncEngine, tmp_path: Any
) -> None:
    rules = ShopRules(widget_origins=("https://shop.test",))
    parts = make_parts(sqlite_engine, home=tmp_path, rules=rules)
    async with (
        serving(create_app(parts), parts.live) as (url, _),
        httpx.AsyncClient(base_url=url) as client,
    ):
        path, headers = await start(client)
        address = f"{url.replace('http', 'ws')}{path}/socket"
        for origin in ("https://shop.test", url):
            async with connected(address, headers, origin=origin) as socket:
                await frames(socket, 1)
        with pytest.raises(websockets.InvalidStatus) as caught:
            async with connected(address, headers, origin="https://another.test"):
                pass

    assert caught.value.response.status_code == 403


async def test_a_server_that_stops_closes_its_sockets_with_a_reason(
    api: FastAPI, parts: Parts
) -> None:
    async with serving(api, parts.live) as (url, server):
        async with httpx.AsyncClient(base_url=url) as client:
            path, headers = await start(client)
        async with connected(f"{url.replace('http', 'ws')}{path}/socket", headers) as socket:
            await frames(socket, 1)
            server.should_exit = True
            with pytest.raises(websockets.ConnectionClosed) as caught:
                await socket.recv()

    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code in {1001, 1012}


def _message(parts: Parts, text: str, speaker: Speaker) -> Message:
    return Message(id=MessageId(parts.new_id()), speaker=speaker, text=text, sent_at=START)
