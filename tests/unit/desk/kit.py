"""A desk on a real SQLite store, with three people and one talk that a person is asked into."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.desk.passwords import Passwords
from bot.desk.routes import router
from bot.model import (
    Address,
    Agent,
    Change,
    Conversation,
    ConversationId,
    Emotion,
    Entity,
    Guess,
    Language,
    Message,
    MessageId,
    Role,
    Source,
    Speaker,
    Turn,
    Understanding,
    WordedChoice,
)
from bot.ports import Agents, Live, Now, Store, Words
from bot.server.errors import add_error_handlers
from bot.server.live import LocalLive
from bot.settings import Settings, ShopRules
from bot.store.agents import SqlAgents
from bot.store.conversations import SqlStore
from bot.store.engine import open_engine
from bot.words import ReplyWords
from escalation.model import AgentId, Handoff, HandoffId, Reason
from escalation.routing import priority
from escalation.summary import summarize
from intents.replies import languages, load_replies

PASSWORD = "correct horse battery"
ANN = Agent(id=AgentId("ann"), email="ann@example.com", name="Ann Lee", languages=("en",))
BOB = Agent(id=AgentId("bob"), email="bob@example.com", name="王博", languages=("zh",))
SUE = Agent(id=AgentId("sue"), email="sue@example.com", name="Sue Stone", role=Role.SUPERVISOR)

TALK = (
    ("Hi, where is my order A-10234?", "order_status", 0.93, "neutral", 0.1),
    ("It was due on Monday. I need it for a birthday!", "delivery_time", 0.71, "anxious", 0.55),
    (
        "This is ridiculous, nobody helps me. I want my money back",
        "refund_status",
        0.58,
        "angry",
        0.9,
    ),
)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # noon in Shanghai

    def __call__(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


@dataclass(frozen=True, kw_only=True)
class DeskApp:
    """What the desk sees of the program."""

    settings: Settings
    rules: ShopRules
    engine: AsyncEngine
    store: Store
    agents: Agents
    live: Live
    words: Words
    now: Now
    new_id: Callable[[], str]
    languages: tuple[str, ...]
    ids: "count[int]" = field(default_factory=count)


@asynccontextmanager
async def desk_app(
    url: str, home: Path, *, now: Now, push: frozenset[str] = frozenset()
) -> AsyncIterator[DeskApp]:
    """Open a desk's parts on a database that has its tables; Ann, Bob and Sue work there."""
    engine = open_engine(url)
    replies = {language: load_replies(language) for language in languages()}
    ids = count(1)
    live = LocalLive()
    app = DeskApp(
        settings=Settings(home=home),
        rules=ShopRules(name="Lantern & Co"),
        engine=engine,
        store=SqlStore(engine, push_channels=push, shared=False, now=now),
        agents=SqlAgents(engine),
        live=live,
        words=ReplyWords(replies, zone=ZoneInfo("Asia/Shanghai")),
        now=now,
        new_id=lambda: f"id{next(ids)}",
        languages=tuple(replies),
    )
    hashed = await Passwords().hash(PASSWORD)
    for agent in (ANN, BOB, SUE):
        await app.agents.add(agent, hashed)
    try:
        yield app
    finally:
        await live.close()
        await engine.dispose()


def served(app: DeskApp) -> FastAPI:
    """Return the desk on a server of its own."""
    api = FastAPI()
    add_error_handlers(api)
    api.include_router(router(app))
    return api


def browser(api: FastAPI, *, client: str = "203.0.113.7") -> httpx.AsyncClient:
    """Return somebody who talks to the desk, with cookies of their own."""
    transport = httpx.ASGITransport(app=api, client=(client, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://desk.test")


async def sign_in(client: httpx.AsyncClient, agent: Agent = ANN) -> str:
    """Sign in over the API; the CSRF token is sent with everything from then on."""
    answer = await client.post(
        "/api/v1/desk/session", json={"email": agent.email, "password": PASSWORD}
    )
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["csrf"]
    client.headers["X-CSRF-Token"] = token
    return token


async def open_talk(
    app: DeskApp,
    name: str = "c1",
    *,
    talk: tuple[tuple[str, str, float, str, float], ...] = TALK,
    reason: Reason = Reason.UPSET,
    language: str = "en",
    channel: str = "web",
    waited: timedelta = timedelta(minutes=7),
) -> HandoffId:
    """Keep a talk of a few turns, whose last one asks for a person; returns the handoff's id."""
    at = app.now() - waited
    conversation = await app.store.start(
        Conversation(
            id=ConversationId(name),
            address=Address(channel=channel, user=name),
            language=Language(language),
            started_at=at - timedelta(minutes=len(talk)),
        )
    )
    for number, line in enumerate(talk):
        last = number == len(talk) - 1
        sent = at - timedelta(minutes=len(talk) - 1 - number)
        handoff = _handoff(name, talk, reason, language, at) if last else None
        conversation = await _say(app, conversation, f"{name}-{number}", line, sent, handoff)
    return HandoffId(f"h-{name}")


def _handoff(
    name: str,
    talk: tuple[tuple[str, str, float, str, float], ...],
    reason: Reason,
    language: str,
    at: datetime,
) -> Handoff:
    emotions = tuple((emotion, intensity) for *_, emotion, intensity in talk)
    summary = summarize(
        reason=reason,
        intents=tuple(intent for _, intent, *_ in talk),
        emotions=emotions,
        orders=("A-10234",),
        language=language,
        last_message=talk[-1][0],
        turns=len(talk),
        tried=("order_status.ask", "knowledge.answer"),
        signed_in=False,
        proven=(),
    )
    return Handoff(
        id=HandoffId(f"h-{name}"),
        reason=reason,
        summary=summary,
        opened_at=at,
        priority=priority(reason, emotions),
    )


async def _say(
    app: DeskApp,
    conversation: Conversation,
    id_: str,
    line: tuple[str, str, float, str, float],
    at: datetime,
    handoff: Handoff | None,
) -> Conversation:
    text, intent, sure, emotion, intensity = line
    message = Message(
        id=MessageId(id_), speaker=Speaker.SHOPPER, text=text, sent_at=at, client_id=id_
    )
    reply = Message(
        id=MessageId(f"{id_}-reply"),
        speaker=Speaker.SYSTEM if handoff else Speaker.BOT,
        text="You're number 1 in the queue." if handoff else "Let me look. Which e-mail was it?",
        sent_at=at + timedelta(seconds=1),
        key="queue.place" if handoff else "order_status.ask",
        choices=(WordedChoice(label="Back to the bot", value="/back_to_bot"),) if handoff else (),
        sources=() if handoff else (Source(title="Delivery", article_id="d", version=2),),
    )
    said = Understanding(
        text=text,
        language=conversation.language,
        ranking=(Guess(intent=intent, confidence=sure),),
        in_scope=sure > 0.6,
        emotion=Emotion(name=emotion, confidence=0.8, intensity=intensity),
        entities=_entities(text),
    )
    after = replace(conversation, handoff=handoff) if handoff else conversation
    turn = Turn(
        message=message,
        owner=after.owner,
        language=conversation.language,
        understanding=said,
        decision="hand_over" if handoff else "use_skill",
        skill=None if handoff else "order_status",
        replies=(reply,),
        handoff=None,
    )
    change = Change(before=conversation, after=after, messages=(message, reply), turn=turn)
    return (await app.store.commit(change)).after


def _entities(text: str) -> tuple[Entity, ...]:
    start = text.find("A-10234")
    if start < 0:
        return ()
    number = "A-10234"
    return (
        Entity(
            type="order_number", value=number, text=number, start=start, end=start + len(number)
        ),
    )
