"""What the desk's pages show, worked out before a template sees it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from bot.desk.console import may_supervise
from bot.desk.curve import Curve, draw
from bot.desk.wording import Wording
from bot.model import (
    Agent,
    Audience,
    Conversation,
    Delivery,
    Entity,
    Language,
    Message,
    Source,
    Speaker,
    Turn,
    Understanding,
)
from escalation.model import AgentId, Handoff, State

_URGENT: Final = 50
_RAISED: Final = 25
_EXCERPT: Final = 140


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One handoff in a list."""

    handoff: Handoff
    conversation: Conversation
    reason: str
    intent: str | None
    feeling: str | None
    urgency: str
    """high, raised or normal: by it the row is marked."""
    span: str
    """How long it waits, is worked on, or ago it ended."""
    place: int | None
    language: str
    channel: str
    agent: str | None
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """What was understood of one message."""

    intent: str
    percent: str
    sure: bool
    feeling: str
    emotion: str
    """The feeling's plain name, for its colour."""
    entities: tuple[tuple[str, str], ...]
    """What each is, and its value."""
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the transcript."""

    message: Message
    kind: str
    """shopper, bot, agent, note or system."""
    who: str
    time: str
    delivery: str | None
    insight: Insight | None
    language: Language
    sources: tuple[tuple[Source, str | None], ...]
    """Each with an address that is safe to link to, if it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One handoff with its whole story."""

    row: Row
    story: str
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    """Label and texts; facts with the same label stand together."""
    curve: Curve | None
    curve_label: str
    """The curve in words, for those who can't see it."""
    resolution: str | None
    items: tuple[Item, ...]
    mine: bool
    may_take_over: bool
    may_end: bool
    stamp: str
    """Changes when the controls below the transcript must be drawn anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who looks, with which words, when, and who everybody is."""

    agent: Agent
    wording: Wording
    now: datetime
    names: Mapping[AgentId, str]

    def row(self, conversation: Conversation, handoff: Handoff, place: int | None) -> Row:
        """Return a handoff as a line of the queue."""
        say, summary = self.wording, handoff.summary
        return Row(
            handoff=handoff,
            conversation=conversation,
            reason=say.label("reason", handoff.reason.value),
            intent=say.label("intent", summary.intent) if summary.intent else None,
            feeling=say.feeling(*summary.emotions[-1]) if summary.emotions else None,
            urgency=_urgency(handoff.priority),
            span=say.span(self.now - _since(handoff)),
            place=place,
            language=say.label("language", conversation.language),
            channel=say.label("channel", conversation.address.channel),
            agent=self._name(handoff.agent),
            excerpt=_excerpt(summary.last_message),
        )

    def case(
        self,
        conversation: Conversation,
        handoff: Handoff,
        place: int | None,
        messages: Iterable[Message],
        turns: Sequence[Turn],
    ) -> Case:
        """Return everything that an agent needs to take over."""
        felt = [(t.understanding.emotion.name, t.understanding.emotion.intensity) for t in turns]
        mine = handoff.agent == self.agent.id
        supervises, is_open = may_supervise(self.agent), handoff.is_open
        return Case(
            row=self.row(conversation, handoff, place),
            story=self.wording.story(handoff.summary),
            facts=self._facts(handoff),
            curve=draw(felt or handoff.summary.emotions),
            curve_label=self._curve_label(felt or handoff.summary.emotions),
            resolution=handoff.resolution and self.wording.label("resolution", handoff.resolution),
            items=self._items(messages, turns),
            mine=mine,
            may_take_over=supervises and handoff.state is State.ACTIVE and not mine,
            may_end=is_open and (mine or supervises),
            stamp=f"{handoff.state.value}-{handoff.agent or ''}",
        )

    def _curve_label(self, felt: Sequence[tuple[str, float]]) -> str:
        say = self.wording
        each = (say.feeling(name, intensity) for name, intensity in felt)
        return say("case.curve.label", n=len(felt), emotions=" → ".join(each))

    def _facts(self, handoff: Handoff) -> tuple[tuple[str, tuple[str, ...]], ...]:
        grouped: dict[str, list[str]] = {}
        for fact in handoff.summary.facts:
            label, text = self.wording.fact(fact)
            grouped.setdefault(label, []).append(text)
        return tuple((label, tuple(texts)) for label, texts in grouped.items())

    def _items(self, messages: Iterable[Message], turns: Sequence[Turn]) -> tuple[Item, ...]:
        by_message = {turn.message.id: turn for turn in turns}
        return tuple(self._item(message, by_message.get(message.id)) for message in messages)

    def _item(self, message: Message, turn: Turn | None) -> Item:
        kind = "note" if message.audience is Audience.STAFF else message.speaker.value
        sent = message.delivery is Delivery.DONE
        return Item(
            message=message,
            kind=kind,
            who=self._who(message, kind),
            time=self.wording.clock(message.sent_at, self.now),
            delivery=None if sent else self.wording(f"delivery.{message.delivery.value}"),
            insight=None if turn is None else self._insight(turn.understanding, turn),
            language=turn.language if turn is not None else Language(""),
            sources=tuple((source, _safe_link(source.url)) for source in message.sources),
        )

    def _who(self, message: Message, kind: str) -> str:
        name = self._name(message.agent) if message.speaker is Speaker.AGENT else None
        return name or self.wording(f"speaker.{kind}")

    def _insight(self, said: Understanding, turn: Turn) -> Insight:
        say = self.wording
        return Insight(
            intent=say.label("intent", said.intent),
            percent=say.percent(said.confidence),
            sure=said.in_scope,
            feeling=say.feeling(said.emotion.name, said.emotion.intensity),
            emotion=said.emotion.name,
            entities=tuple(self._entity(entity) for entity in said.entities),
            decision=say.label("decision", turn.decision),
        )

    def _entity(self, entity: Entity) -> tuple[str, str]:
        return self.wording.label("entity", entity.type), entity.value

    def _name(self, agent: AgentId | None) -> str | None:
        return None if agent is None else self.names.get(agent, agent)


def _since(handoff: Handoff) -> datetime:
    """Return the moment that its present state began, as the queue counts it."""
    return handoff.ended_at or handoff.accepted_at or handoff.opened_at


def _urgency(priority: int) -> str:
    if priority >= _URGENT:
        return "high"
    return "raised" if priority >= _RAISED else "normal"


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else line[: _EXCERPT - 1].rstrip() + "…"


def _safe_link(url: str | None) -> str | None:
    """Return an address only if it leads to a page: `javascript:` and the like don't."""
    return url if url and urlsplit(url).scheme in {"http", "https"} else None
