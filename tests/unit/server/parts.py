"""A small `App` around a real store: the pipeline is scripted, everything else is what it is."""

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import (
    Change,
    Conversation,
    Emotion,
    Entity,
    Guess,
    HandoffView,
    Inbound,
    Language,
    Message,
    MessageId,
    Owner,
    Recognition,
    Source,
    Speaker,
    Turn,
    Understanding,
    WordedChoice,
)
from bot.ports import Agents, Channel, Event, Live, Outbox, Store, Tokens, Words
from bot.server.live import LocalLive
from bot.server.run import Server, bind
from bot.settings import Settings, ShopRules
from bot.store.agents import SqlAgents
from bot.store.conversations import SqlStore
from bot.store.outbox import SqlOutbox
from bot.store.tokens import SqlTokens
from bot.words import ReplyWords
from escalation.model import Handoff, HandoffId, Reason, Summary
from intents.replies import load_replies
from knowledge_base.model import Kind, SearchResult
from tests.hanging_up import hang_up

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EN = Language("en")


@dataclass
class Clock:
    """A clock that stands still until it is told to go on."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment

    def go_on(self, **by: float) -> None:
        self.moment += timedelta(**by)


def new_ids() -> Callable[[], str]:
    """Return a maker of ids that count, with a start of their own."""
    start, numbers = uuid.uuid4().hex[:8], itertools.count(1)
    return lambda: f"{start}{next(numbers):04d}"


def understand(text: str) -> Understanding:
    return Understanding(
        text=text,
        language=EN,
        ranking=(
            Guess(intent="order_status", confidence=0.9),
            Guess(intent="greeting", confidence=0.1),
        ),
        in_scope=True,
        emotion=Emotion(name="neutral", confidence=0.8, intensity=0.2),
        entities=(Entity(type="order_number", value="A100", text=text[:1], start=0, end=1),),
    )


class ScriptedRecognizer:
    """Understands every text alike; `broken` makes it fail."""

    broken = False

    async def recognize(self, text: str, *, hint: Language | None = None) -> Recognition:
        if self.broken:
            raise RuntimeError("The model is gone")
        return Recognition(understanding=understand(text), vector=np.zeros(3, np.float32))


class ScriptedRetriever:
    """Finds nothing; `broken` makes it fail."""

    broken = False

    async def search(
        self,
        query: str,
        *,
        language: str,
        vector: object = None,
        top: int = 5,
        kinds: Sequence[Kind] = (),
        topic: str | None = None,
    ) -> SearchResult:
        if self.broken:
            raise RuntimeError("The index is gone")
        return SearchResult(hits=(), sure=False)


@dataclass(kw_only=True)
class ScriptedAssistant:
    """Answers "You said: …" and commits it, as the real one does; `faults` are raised first."""

    store: Store
    live: Live
    clock: Clock
    new_id: Callable[[], str]
    faults: list[Exception] = field(default_factory=list)
    gate: asyncio.Event | None = None
    """Turns wait here, if set."""
    started: asyncio.Event = field(default_factory=asyncio.Event)
    choices: tuple[WordedChoice, ...] = (WordedChoice(label="Yes", value="/affirm"),)
    handled: list[str] = field(default_factory=list)

    async def handle(self, inbound: Inbound) -> Turn:
        self.handled.append(inbound.text)
        self.started.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.faults:
            raise self.faults.pop(0)
        return await self._turn(inbound, "say")

    async def rescue(self, inbound: Inbound) -> Turn:
        return await self._turn(inbound, "hand_over")

    async def _turn(self, inbound: Inbound, decision: str) -> Turn:
        async with self.store.lock(inbound.conversation):
            stored = (await self.store.take(inbound.conversation, inbound.client_id))[1]
            if stored is not None:
                return stored
            before = await self.store.get(inbound.conversation)
            change = await self.store.commit(self._change(inbound, before, decision))
        seq = change.messages[-1].seq
        await self.live.publish(Event(topic=before.id, type="message", data={"seq": seq}))
        assert change.turn is not None
        return change.turn

    def _change(self, inbound: Inbound, before: Conversation, decision: str) -> Change:
        after = self._handed_over(before) if decision == "hand_over" else before
        silent = after.owner is Owner.AGENT
        message = Message(
            id=MessageId(self.new_id()),
            speaker=Speaker.SHOPPER,
            text=inbound.text,
            sent_at=inbound.received_at,
            client_id=inbound.client_id,
        )
        replies = () if silent else (self._reply(inbound.text),)
        turn = Turn(
            message=message,
            owner=after.owner,
            language=EN,
            understanding=understand(inbound.text),
            decision="silent" if silent else decision,
            skill=None if silent or decision != "say" else "order_status",
            replies=replies,
            handoff=_view(after),
            timings={"understand": 4.0, "act": 1.0},
        )
        return Change(before=before, after=after, messages=(message, *replies), turn=turn)

    def _handed_over(self, before: Conversation) -> Conversation:
        return replace(before, handoff=new_handoff(self.new_id(), self.clock()))

    def _reply(self, text: str) -> Message:
        return Message(
            id=MessageId(self.new_id()),
            speaker=Speaker.BOT,
            text=f"You said: {text}",
            sent_at=self.clock(),
            key="order_status.shipped",
            choices=self.choices,
            sources=(Source(title="Returns", article_id="returns", version=3),),
        )


def new_handoff(id_: str, at: datetime) -> Handoff:
    summary = Summary(reason=Reason.INTERNAL_ERROR)
    return Handoff(id=HandoffId(id_), reason=Reason.INTERNAL_ERROR, summary=summary, opened_at=at)


def _view(conversation: Conversation) -> HandoffView | None:
    handoff = conversation.handoff
    if handoff is None or not handoff.is_open:
        return None
    return HandoffView(id=handoff.id, reason=handoff.reason, position=1)


@dataclass(kw_only=True)
class Parts:
    """What `bot.server.parts.App` asks for."""

    settings: Settings
    rules: ShopRules
    engine: AsyncEngine
    store: Store
    outbox: Outbox
    tokens: Tokens
    agents: Agents
    live: LocalLive
    assistant: ScriptedAssistant
    words: Words
    recognizer: ScriptedRecognizer
    retriever: ScriptedRetriever
    channels: Mapping[str, Channel]
    now: Clock
    new_id: Callable[[], str]
    languages: tuple[str, ...]
    demo: bool
    closed: bool = False

    async def close(self) -> None:
        self.closed = True


def make_parts(
    engine: AsyncEngine,
    *,
    home: Path,
    channels: Mapping[str, Channel] | None = None,
    rules: ShopRules | None = None,
    demo: bool = False,
    clock: Clock | None = None,
    **settings: object,
) -> Parts:
    clock, live = clock or Clock(), LocalLive()
    new_id = new_ids()
    push = channels or {}
    store = SqlStore(engine, push_channels=frozenset(push), shared=False, now=clock)
    replies = {language: load_replies(language) for language in ("en", "zh")}
    return Parts(
        settings=Settings.model_validate({"home": home, **settings}),
        rules=rules or ShopRules(),
        engine=engine,
        store=store,
        outbox=SqlOutbox(engine, now=clock),
        tokens=SqlTokens(engine),
        agents=SqlAgents(engine),
        live=live,
        assistant=ScriptedAssistant(store=store, live=live, clock=clock, new_id=new_id),
        words=ReplyWords(replies, zone=UTC),
        recognizer=ScriptedRecognizer(),
        retriever=ScriptedRetriever(),
        channels=push,
        now=clock,
        new_id=new_id,
        languages=tuple(replies),
        demo=demo,
    )


@asynccontextmanager
async def serving(api: FastAPI, live: Live) -> AsyncIterator[tuple[str, Server]]:
    """Serve on a free port with real sockets; yields the URL and the server."""
    listener = bind("127.0.0.1", 0)
    ready = asyncio.Event()
    config = uvicorn.Config(
        api, log_config=None, access_log=False, ws="websockets-sansio", lifespan="on"
    )
    server = Server(config, live, ready.set)
    task = asyncio.create_task(server._serve([listener]))
    try:
        await ready.wait()
        host, port = listener.getsockname()[:2]
        yield f"http://{host}:{port}", server
    finally:
        server.should_exit = True
        await task
        await hang_up(server)


@asynccontextmanager
async def asking(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Ask the application without a network."""
    transport = httpx.ASGITransport(app=api, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


async def start(client: httpx.AsyncClient, **body: str) -> tuple[str, dict[str, str]]:
    """Start a conversation; return its path and the headers that open it."""
    response = await client.post("/api/v1/conversations", json=body)
    assert response.status_code == 201, response.text
    given = response.json()
    return (
        f"/api/v1/conversations/{given['id']}",
        {"Authorization": f"Bearer {given['token']}"},
    )
