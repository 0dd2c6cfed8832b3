"""A server of the contract that breaks on command: a double for failures that are hard to cause.

Ordinary talks are tested against the real application; this one answers 500, falls silent, drops
sockets and forgets conversations when a test says so.
"""

import asyncio
import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from bot.channels.web import words_routes
from bot.model import Language
from bot.words import ReplyWords
from intents.replies import load_replies
from tests.hanging_up import hang_up

STATIC = Path(str(files("bot") / "channels" / "web" / "static"))
STRICT = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'"
PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>A shop</title></head>
<body><main><h1>A shop</h1><p><a id="before" href="#x">A link before</a></p></main>
<script async src="/widget.js" {attributes}></script></body></html>"""


@dataclass
class Talk:
    """One conversation as the double keeps it."""

    id: str
    token: str
    language: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    turns: dict[str, dict[str, Any]] = field(default_factory=dict)
    owner: str = "bot"
    position: int | None = None
    identity: str | None = None
    rating: int | None = None
    sockets: set[WebSocket] = field(default_factory=set)

    def add(self, speaker: str, text: str, **more: Any) -> dict[str, Any]:
        """Keep a message and give it the next number."""
        row = {
            "id": uuid4().hex,
            "seq": len(self.rows) + 1,
            "speaker": speaker,
            "key": None,
            "text": text,
            "choices": [],
            "cards": [],
            "sources": [],
            "sent_at": datetime.now(UTC).isoformat(),
            **more,
        }
        self.rows.append(row)
        return row


@dataclass
class Scripted:
    """What the test controls and sees."""

    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Text of the shopper to fields of the bot's reply."""
    talks: dict[str, Talk] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    """Errors for the next messages, in order; 0 takes the message but breaks the answer off."""
    delay: float = 0
    reading_delay: float = 0
    """Seconds between looking up what a widget reads and its arrival there."""
    takes_sockets: bool = True
    tells_sockets: bool = True
    """False: sockets stay open but no message comes through them."""
    csp: str | None = None
    posts: list[dict[str, Any]] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)
    """Frames from the widget."""
    url: str = ""
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def talk(self) -> Talk:
        """Return the newest conversation."""
        return list(self.talks.values())[-1]

    def said(self, speaker: str = "shopper") -> list[str]:
        """Return the texts that a speaker said in the newest conversation."""
        return [row["text"] for row in self.talk.rows if row["speaker"] == speaker]

    def say(self, text: str, speaker: str = "agent", **more: Any) -> None:
        """Let somebody else speak."""
        row = self.talk.add(speaker, text, **more)
        if self.tells_sockets:
            self.push({"type": "message", **row})

    def give(self, owner: str, position: int | None = None) -> None:
        """Change who speaks next."""
        self.talk.owner, self.talk.position = owner, position
        self.push({"type": "owner", "seq": len(self.talk.rows), "owner": owner})

    def push(self, frame: Mapping[str, Any]) -> None:
        """Send a frame to every socket of the newest conversation."""
        self._wait_for(self._push(self.talk, frame))

    def drop_sockets(self) -> None:
        """Break every socket off."""
        self._wait_for(self._drop())

    async def _push(self, talk: Talk, frame: Mapping[str, Any]) -> None:
        for socket in list(talk.sockets):
            await socket.send_text(json.dumps(frame))

    async def _drop(self) -> None:
        for talk in self.talks.values():
            for socket in list(talk.sockets):
                talk.sockets.discard(socket)
                await socket.close(1012)

    def _wait_for(self, work: Any) -> None:
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)


def create_app(scripted: Scripted) -> FastAPI:
    """Return the double's application."""
    app = FastAPI()
    replies = {language: load_replies(language) for language in ("en", "zh")}
    words = ReplyWords(replies, zone=ZoneInfo("Asia/Shanghai"))
    languages = [Language(language) for language in replies]
    app.include_router(words_routes.router(words, languages, list(replies["en"])))
    _add_pages(app, scripted)
    _add_conversations(app, scripted)
    _add_extras(app, scripted)
    _add_socket(app, scripted)
    return app


def _add_pages(app: FastAPI, scripted: Scripted) -> None:
    @app.get("/widget.js")
    async def widget() -> FileResponse:
        return FileResponse(STATIC / "widget.js")

    @app.get("/shop")
    async def shop(request: Request) -> HTMLResponse:
        query = dict(request.query_params)
        lang = query.pop("lang", "en")
        attributes = " ".join(f'data-{name}="{value}"' for name, value in query.items())
        headers = {"Content-Security-Policy": scripted.csp} if scripted.csp else {}
        return HTMLResponse(PAGE.format(lang=lang, attributes=attributes), headers=headers)

    @app.get("/")
    async def demo() -> FileResponse:
        headers = {"Content-Security-Policy": scripted.csp} if scripted.csp else {}
        return FileResponse(STATIC / "index.html", headers=headers)

    @app.get("/demo/{name:path}")
    async def demo_file(name: str) -> FileResponse:
        return FileResponse(STATIC / name)

    @app.post("/demo/identity")
    async def identity(request: Request) -> dict[str, str]:
        body = await request.json()
        return {"identity": f"e30.{_base64(json.dumps({'sub': body['customer_id']}))}.x"}


BASE = "/api/v1/conversations"


def _add_conversations(app: FastAPI, scripted: Scripted) -> None:
    @app.post(BASE)
    async def start(request: Request) -> JSONResponse:
        body = await request.json()
        talk = Talk(id=uuid4().hex, token=uuid4().hex, language=body.get("language", "en"))
        talk.identity = body.get("identity")
        scripted.talks[talk.id] = talk
        return JSONResponse({"id": talk.id, "token": talk.token}, 201)

    @app.post(BASE + "/{conversation}/messages")
    async def say(conversation: str, request: Request) -> Response:
        talk = _allowed(scripted, conversation, request.headers.get("authorization", ""))
        if talk is None:
            return _error(401)
        body = await request.json()
        scripted.posts.append(body)
        await asyncio.sleep(scripted.delay)
        status = scripted.statuses.pop(0) if scripted.statuses else 200
        if status not in {0, 200}:
            return _error(status)
        turn = talk.turns.get(body["client_id"]) or await _take_turn(scripted, talk, body)
        return JSONResponse(turn, 200) if status else Response(b'{"half', media_type="text/plain")

    @app.get(BASE + "/{conversation}/messages")
    async def read(conversation: str, request: Request, after: int = 0) -> Response:
        talk = _allowed(scripted, conversation, request.headers.get("authorization", ""))
        if talk is None:
            return _error(401)
        rows = [row for row in talk.rows if row["seq"] > after]
        handoff = {"id": "h", "reason": "asked_for_person", "position": talk.position}
        body: dict[str, Any] = {"messages": rows, "owner": talk.owner}
        body["handoff"] = None if talk.owner == "bot" else handoff
        await asyncio.sleep(scripted.reading_delay)
        return JSONResponse(body)


def _add_extras(app: FastAPI, scripted: Scripted) -> None:
    @app.post(BASE + "/{conversation}/identity")
    async def identify(conversation: str, request: Request) -> Response:
        scripted.talks[conversation].identity = (await request.json())["identity"]
        return JSONResponse({"id": conversation, "signed_in": True})

    @app.post(BASE + "/{conversation}/rating")
    async def rate(conversation: str, request: Request) -> Response:
        scripted.talks[conversation].rating = (await request.json())["score"]
        return JSONResponse({"score": scripted.talks[conversation].rating})


def _add_socket(app: FastAPI, scripted: Scripted) -> None:
    @app.websocket("/api/v1/conversations/{conversation}/socket")
    async def socket(websocket: WebSocket, conversation: str) -> None:
        offered = websocket.scope["subprotocols"]
        token = offered[0].removeprefix("shopbell.") if offered else ""
        talk = _allowed(scripted, conversation, f"Bearer {token}")
        if talk is None or not scripted.takes_sockets:
            await websocket.close(1008)
            return
        await websocket.accept(subprotocol=offered[0])
        talk.sockets.add(websocket)
        try:
            while True:
                scripted.heard.append(json.loads(await websocket.receive_text()))
        except (WebSocketDisconnect, RuntimeError):
            talk.sockets.discard(websocket)


async def _take_turn(scripted: Scripted, talk: Talk, body: Mapping[str, Any]) -> dict[str, Any]:
    mine = talk.add("shopper", body["text"], client_id=body["client_id"])
    frames, replies = [mine], []
    if talk.owner == "bot":
        answer = dict(scripted.answers.get(body["text"], {"text": f"You said: {body['text']}"}))
        talk.owner = answer.pop("owner", talk.owner)
        talk.position = answer.pop("position", None)
        replies = [talk.add(answer.pop("speaker", "bot"), answer.pop("text"), **answer)]
    turn = {
        "message_id": mine["id"],
        "owner": talk.owner,
        "language": talk.language,
        "understanding": {},
        "decision": {"type": "say" if replies else "silent"},
        "replies": [{k: v for k, v in row.items() if k != "sent_at"} for row in replies],
        "handoff": None if talk.owner == "bot" else {"id": "h", "position": talk.position},
    }
    talk.turns[body["client_id"]] = turn
    for row in [*frames, *replies] if scripted.tells_sockets else []:
        await scripted._push(talk, {"type": "message", **row})
    return turn


def _allowed(scripted: Scripted, conversation: str, bearer: str) -> Talk | None:
    talk = scripted.talks.get(conversation)
    return talk if talk and bearer == f"Bearer {talk.token}" else None


def _error(status: int) -> JSONResponse:
    code = {401: "bad_token", 413: "text_too_long"}.get(status, "internal")
    return JSONResponse({"error": {"code": code, "message": "as the test asked"}}, status)


def _base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


class Running:
    """The double on a free port, in a thread of its own."""

    def __init__(self, scripted: Scripted) -> None:
        config = uvicorn.Config(
            create_app(scripted), host="127.0.0.1", port=0, log_level="error", lifespan="off"
        )
        self._scripted = scripted
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Scripted:
        self._thread.start()
        _until(lambda: self._server.started)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self._scripted.url = f"http://127.0.0.1:{port}"
        return self._scripted

    def __exit__(self, *_: object) -> None:
        self._server.force_exit = self._server.should_exit = True
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._scripted.loop = asyncio.get_running_loop()
        await self._server.serve()
        await hang_up(self._server)


def _until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not is_true():
        if time.monotonic() > deadline:
            raise TimeoutError("Expected the scripted server to start within 15 seconds")
        time.sleep(0.02)
