"""A stand-in for a Rasa server that fails in every way: real HTTP, scripted answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from tests.channels.served import served


def answer(name: str | None, confidence: float = 0.9, **more: Any) -> dict[str, Any]:
    """Return what Rasa 3.6 answers, with DIET and FallbackClassifier in its pipeline."""
    guess = {"name": name, "confidence": confidence}
    return {"text": "", "intent": guess, "entities": [], "intent_ranking": [guess], **more}


@dataclass
class FakeRasa:
    """Answers with `body`, or as `mode` says."""

    url: str = ""
    mode: str = "answer"
    body: Any = field(default_factory=lambda: answer("refund_policy"))
    asked: list[dict[str, Any]] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    """Slow answers wait for it."""

    def app(self) -> FastAPI:
        api = FastAPI()

        @api.post("/model/parse")
        async def parse(request: Request) -> Response:
            self.asked.append({**await request.json(), "token": request.query_params.get("token")})
            match self.mode:
                case "slow":
                    await self.hold.wait()
                case "drip":
                    return StreamingResponse(self._drips(), media_type="application/json")
                case "no json":
                    return Response("<html>Sorry</html>")
                case "refuse":
                    return JSONResponse({"status": "failure", "reason": "NotAuthenticated"}, 401)
                case "broken":
                    return JSONResponse({"status": "failure", "reason": "ParsingError"}, 500)
                case "elsewhere":
                    return Response(status_code=307, headers={"Location": "/elsewhere"})
                case _:
                    pass
            return JSONResponse(self.body)

        return api

    async def _drips(self) -> AsyncIterator[bytes]:
        yield b"{"
        while not self.hold.is_set():
            yield b" "
            await asyncio.sleep(0.01)


@asynccontextmanager
async def fake_rasa() -> AsyncIterator[FakeRasa]:
    fake = FakeRasa()
    async with served(fake.app()) as fake.url:
        try:
            yield fake
        finally:
            fake.hold.set()
