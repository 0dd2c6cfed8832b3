"""Conversations as data: one YAML file is one test, run through the real pipeline.

    title: what the shopper does
    language: en              # of the talk before the first message; default: the folder's
    customer: C-1001          # signed in as; default: a guest
    steps:
      - shopper: where is my order
        bot: [disclosure, order_status.ask_number]   # reply keys, in order; a lone key is a list
        system: [queue.place]                        # keys of system lines; default: none
        owner: queue                                 # default: bot
        decision: ask                                # optional
        skill: order_status                          # optional
        emotion: angry                               # optional
        has: [SB-20417]                              # data that the texts must hold
        hasnt: [mei.lin@example.com]                 # data that no text may hold
        article: returns-policy                      # id of the first source
      - agent: accept                                # or: {say: text}, {note: text}, {end: true}

The disclosure of the first turn is expected without being written. Words are never compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.bootstrap import App, new_id
from bot.commerce import CustomerId
from bot.desk.console import Console
from bot.model import (
    Address,
    Agent,
    Conversation,
    ConversationId,
    Inbound,
    Language,
    Message,
    Speaker,
    Turn,
)
from escalation.model import AgentId, HandoffId

KNOWN = {
    "shopper", "bot", "system", "owner", "decision", "skill", "emotion", "has", "hasnt",
    "article", "intent",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Script:
    """One conversation to play."""

    title: str
    language: str
    customer: str | None
    steps: Sequence[Mapping[str, Any]]


def scripts(folder: Path) -> list[Path]:
    """Return the files of all conversations."""
    return sorted(folder.glob("*/*.yml"))


def read(path: Path) -> Script:
    """Read one conversation; unknown words in a step are an error, not a test that can't fail."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    for step in data["steps"]:
        if "shopper" in step and (unknown := set(step) - KNOWN):
            raise ValueError(f"{path.name}: unknown {sorted(unknown)} in {step}")
    return Script(
        title=data["title"],
        language=data.get("language", path.parent.name),
        customer=data.get("customer"),
        steps=data["steps"],
    )


async def play(app: App, script: Script) -> None:
    """Play a conversation against the real parts and compare what is decided."""
    conversation = await app.store.start(
        Conversation(
            id=ConversationId(new_id()),
            address=Address(channel="test", user=new_id()),
            language=Language(script.language),
            started_at=app.now(),
            customer=CustomerId(script.customer) if script.customer else None,
        )
    )
    first = True
    for number, step in enumerate(script.steps, start=1):
        where = f"step {number} of {script.title!r}"
        if "agent" in step:
            await _act(app, conversation.id, step["agent"])
            continue
        turn = await _send(app, conversation.id, str(step["shopper"]))
        _compare(turn, step, where, first=first)
        first = False


async def _send(app: App, conversation: ConversationId, text: str) -> Turn:
    return await app.assistant.handle(
        Inbound(conversation=conversation, client_id=new_id(), text=text, received_at=app.now())
    )


def _compare(turn: Turn, step: Mapping[str, Any], where: str, *, first: bool) -> None:
    said = f"{where}: {step['shopper']!r} -> {_story(turn)}"
    bot = _keys(turn.replies, Speaker.BOT)
    if first and bot[:1] == ["disclosure"]:
        bot = bot[1:]
    assert bot == _list(step.get("bot")), said
    assert _keys(turn.replies, Speaker.SYSTEM) == _list(step.get("system")), said
    assert turn.owner.value == step.get("owner", "bot"), said
    for name, actual in (
        ("decision", turn.decision),
        ("skill", turn.skill),
        ("emotion", turn.understanding.emotion.name),
        ("intent", turn.understanding.intent),
    ):
        if name in step:
            assert actual == step[name], said
    text = "\n".join(reply.text for reply in turn.replies)
    for part in _list(step.get("has")):
        assert str(part) in text, f"{said}\n{text}"
    for part in _list(step.get("hasnt")):
        assert str(part) not in text, f"{said}\n{text}"
    if "article" in step:
        sources = [s.article_id for reply in turn.replies for s in reply.sources]
        assert sources[:1] == [step["article"]], f"{said}\n{sources}"


def _story(turn: Turn) -> str:
    understood = turn.understanding
    entities = [(e.type, e.value) for e in understood.entities]
    keys = [reply.key for reply in turn.replies]
    return (
        f"{turn.decision}, {keys}, {understood.intent} {understood.confidence:.2f}"
        f"{'' if understood.in_scope else ' (out of scope)'}, {understood.emotion.name}"
        f" {understood.emotion.intensity:.2f}, {entities}"
    )


def _keys(messages: Sequence[Message], speaker: Speaker) -> list[str]:
    return [str(m.key) for m in messages if m.speaker is speaker]


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


async def _act(app: App, conversation: ConversationId, act: Any) -> None:
    """Do what an agent does at the desk."""
    agent = await _agent(app)
    handoff = (await app.store.get(conversation)).handoff
    assert handoff is not None
    await _desk_act(app, HandoffId(handoff.id), agent, act)


async def _agent(app: App) -> Agent:
    known = await app.agents.by_email("agent@example.com")
    if known:
        return known[0]
    agent = Agent(id=AgentId(new_id()), email="agent@example.com", name="Robin")
    await app.agents.add(agent, "no-password")
    return agent


async def _desk_act(app: App, handoff: HandoffId, agent: Agent, act: Any) -> None:
    desk = Console(store=app.store, live=app.live, words=app.words, now=app.now, new_id=app.new_id)
    match act:
        case "accept":
            await desk.accept(handoff, agent)
        case {"say": text}:
            await desk.say(handoff, agent, text)
        case {"note": text}:
            await desk.note(handoff, agent, text)
        case {"end": back}:
            await desk.end(handoff, agent, return_to_bot=bool(back), resolution=None)
        case _:
            raise ValueError(f"Expected accept, say, note or end, but got {act!r}")
