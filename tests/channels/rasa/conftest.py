"""Rasa's protocols around a scripted pipeline, over real HTTP, on a real database."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.model import Address, Change, Message, MessageId, Speaker
from bot.server.app import create_app
from bot.store.engine import open_engine
from escalation.model import AgentId
from tests.unit.server.parts import Parts, make_parts, new_handoff, serving

TOKEN = "a-token-of-rasa"


class RasaClient:
    """What a client of Rasa does."""

    def __init__(self, http: httpx.AsyncClient, parts: Parts) -> None:
        self.http, self.parts = http, parts

    async def post(self, path: str, body: object, **params: str) -> httpx.Response:
        return await self.http.post(path, json=body, params=params)

    async def say(self, sender: object, message: object, **more: object) -> list[dict[str, Any]]:
        """Send a message to the REST channel; return its replies."""
        body = {"sender": sender, "message": message, **more}
        response = await self.post("/webhooks/rest/webhook", body)
        assert response.status_code == 200, response.text
        replies: list[dict[str, Any]] = response.json()
        return replies

    async def texts(self, sender: str, message: str | None) -> list[str]:
        return [reply["text"] for reply in await self.say(sender, message)]

    async def act(self, sender: str, text: str | None, **tracker: Any) -> dict[str, Any]:
        """Let Rasa run the action for a sender's message; return events and responses."""
        response = await self.post("/rasa/actions/webhook", call(sender, text, **tracker))
        assert response.status_code == 200, response.text
        result: dict[str, Any] = response.json()
        return result

    async def conversations(self) -> Sequence[Address]:
        """Return the addresses of all conversations."""
        async with self.parts.engine.connect() as connection:
            rows = await connection.exec_driver_sql('SELECT channel, "user" FROM conversations')
            return [Address(channel=row.channel, user=row.user) for row in rows]

    async def agent_says(self, text: str) -> None:
        """Let an agent take over the only conversation, and write."""
        (address,) = await self.conversations()
        parts = self.parts
        before = await parts.store.find(address)
        assert before is not None
        after = before
        if before.handoff is None:
            handoff = new_handoff(parts.new_id(), parts.now())
            after = replace(before, handoff=handoff.accept(AgentId("ann"), parts.now()))
        message = Message(
            id=MessageId(parts.new_id()), speaker=Speaker.AGENT, text=text, sent_at=parts.now()
        )
        await parts.store.commit(Change(before=before, after=after, messages=(message,)))


def call(sender: str | None, text: str | None, **tracker: Any) -> dict[str, Any]:
    """Return what Rasa 3.6 sends to its action server, with the parts that matter."""
    latest: dict[str, Any] = {
        "intent": {"name": "greet"},
        "entities": [],
        "text": text,
        "metadata": {},
    }
    return {
        "next_action": "action_shopbell_turn",
        "sender_id": sender,
        "tracker": {"sender_id": sender, "latest_message": latest, "paused": False, **tracker},
        "domain": {"actions": ["action_shopbell_turn"]},
        "version": "3.6.21",
    }


@pytest.fixture
def settings() -> dict[str, Any]:
    """Settings of the server; a test may give its own."""
    return {}


@pytest.fixture
async def parts(sqlite_url: str, tmp_path: Path, settings: dict[str, Any]) -> AsyncIterator[Parts]:
    engine = open_engine(sqlite_url)
    yield make_parts(engine, home=tmp_path, **settings)
    await engine.dispose()


@pytest.fixture
async def rasa(parts: Parts) -> AsyncIterator[RasaClient]:
    async with (
        serving(create_app(parts), parts.live) as (url, _),
        httpx.AsyncClient(base_url=url) as http,
    ):
        yield RasaClient(http, parts)


@pytest.fixture
def recorded() -> Callable[[str], dict[str, Any]]:
    """Return a reader of recorded calls, named by their event."""

    def read(name: str) -> dict[str, Any]:
        path = Path(__file__).parent / "payloads" / f"{name}.json"
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return body

    return read
