"""A local stand-in for Telegram's Bot API: a real HTTP server that writes down what it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.channels.served import served

TOKEN = "9999999:AAF-secret"


@dataclass
class FakeTelegram:
    """`answers` are given first, as (status, body); then everything succeeds."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event | None = None
    """Sends wait here, if set."""
    held: asyncio.Event = field(default_factory=asyncio.Event)

    def bodies(self, method: str) -> list[dict[str, Any]]:
        return [body for name, body in self.calls if name == method]

    def texts(self) -> list[str]:
        return [body["text"] for body in self.bodies("sendMessage")]

    async def wait_for(self, method: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until a method was called so often; the test's own time limit ends a long wait."""
        while len(self.bodies(method)) < count:
            self.called.clear()
            await self.called.wait()
        return self.bodies(method)

    def app(self) -> FastAPI:
        api = FastAPI()

        @api.post("/bot{token}/{method}")
        async def call(token: str, method: str, request: Request) -> JSONResponse:
            if token != TOKEN:
                return JSONResponse({"ok": False, "description": "Not Found"}, 404)
            if method == "sendMessage" and self.hold is not None:
                self.held.set()
                await self.hold.wait()
            if method == "sendMessage" and self.answers:
                status, body = self.answers.pop(0)
                return JSONResponse({"ok": False, "error_code": status, **body}, status)
            self.calls.append((method, await request.json()))
            self.called.set()
            return JSONResponse({"ok": True, "result": {"message_id": len(self.calls)}})

        return api


@asynccontextmanager
async def fake_telegram() -> AsyncIterator[FakeTelegram]:
    fake = FakeTelegram()
    async with served(fake.app()) as fake.url:
        yield fake
