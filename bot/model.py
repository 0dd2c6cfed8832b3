"""The values that travel through a turn; no framework, no clock, no I/O.

The words used here are the glossary of docs/message.md: the *shopper* chats, the *bot* is this
program, an *agent* is a person of the support staff.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NewType, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.commerce import CustomerId, Money, OrderNumber, ProductId
from escalation.model import AgentId, Handoff, HandoffId, Reason

ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
Language = NewType("Language", str)
"""A folder under intents/, such as "en" or "zh"; never a Literal, never compared in code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Localized:
    """A text that the shop keeps in several languages; "" is the one for all others."""

    texts: Mapping[str, str]


Value: TypeAlias = (
    "str | int | Decimal | Money | date | datetime"
    " | Localized | Phrase | tuple[Phrase, ...] | None"
)
"""What a reply's blanks can be filled with; `bot.words` formats each for its language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words to be: a key of intents/<language>/replies/, and the values of its blanks."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)


class Speaker(StrEnum):
    """Who said a message."""

    SHOPPER = "shopper"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


class Owner(StrEnum):
    """Who speaks next to the shopper."""

    BOT = "bot"
    QUEUE = "queue"
    AGENT = "agent"


class Audience(StrEnum):
    """Who sees a message; STAFF is an internal note that no channel ever sends."""

    EVERYONE = "everyone"
    STAFF = "staff"


class Delivery(StrEnum):
    """What became of a message on its way to the shopper."""

    DONE = "done"
    """Nothing to send (pull channels, shopper's own messages), or sent."""
    PENDING = "pending"
    FAILED = "failed"
    WITHHELD = "withheld"
    """A bot's reply that was not sent because a person took over first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a shopper is reached: a channel's name and that channel's own id for them."""

    channel: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """What a channel hands over; `client_id` is the channel's id of this delivery."""

    conversation: ConversationId
    client_id: str
    text: str
    received_at: datetime


# -- understanding ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One intent and how likely it is, 0-1."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Emotion:
    """What the shopper seems to feel: one of the catalog's emotions, 0-1 and 0-1."""

    name: str
    confidence: float
    intensity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A thing named in the text; `text` is `message[start:end]`, `value` its plain form."""

    type: str
    value: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One of several wishes in a message: `message[start:end]` asks for `intent`."""

    intent: str
    confidence: float
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What one text says.

    `ranking` holds every in-scope intent, best first; `in_scope` says whether to trust the best.
    `sure` says whether it is in scope and the best so likely that acting on it keeps to the
    shop's accepted error (`understand.accepted_error`); where it isn't, asking back is better.
    `requests` holds the wishes of a message with two or more, in its order; else it is empty.
    `exact` is set when the whole text is a reserved command (or a `/payload` of a button), and
    names it: an intent, or one of the commands of intents/catalog.yml.
    """

    text: str
    language: Language
    ranking: tuple[Guess, ...]
    in_scope: bool
    emotion: Emotion
    entities: tuple[Entity, ...] = ()
    exact: str | None = None
    sure: bool = True
    requests: tuple[Request, ...] = ()

    @property
    def intent(self) -> str:
        """Return the best guess."""
        return self.ranking[0].intent

    @property
    def confidence(self) -> float:
        """Return how likely the best guess is."""
        return self.ranking[0].confidence

    def first(self, type_: str) -> Entity | None:
        """Return the first entity of a type."""
        return next((e for e in self.entities if e.type == type_), None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recognition:
    """An understanding with the query vector it was made from, which search uses again."""

    understanding: Understanding
    vector: NDArray[np.float32] | None = None


# -- tasks and decisions ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer offered to the shopper: its words, and the text that choosing it sends."""

    label: Phrase
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A change shown before it is made; `id` is the idempotency key of the shop write."""

    id: str
    skill: str
    change: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A skill at work over several turns."""

    skill: str
    slots: Mapping[str, str] = field(default_factory=dict)
    asked: str | None = None
    """The slot that was asked for last."""
    attempts: int = 0
    """How often `asked` was asked without a usable answer."""
    preview: Preview | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UseSkill:
    """Start a skill or go on with it."""

    task: Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The shopper answered a preview."""

    task: Task
    yes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchKnowledge:
    """Look for an answer in articles or in the catalogue."""

    intent: str | None
    """The trusted intent of the question; None when there is none to trust."""
    products: bool = False
    """Look in the catalogue first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Answer with a fixed reply."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clarify:
    """Ask back which of the likeliest topics is meant, unless a search finds a sure answer."""

    topics: tuple[str, ...]
    search: SearchKnowledge | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """Offer once more what was offered: the answer named none of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """The shopper doesn't want to go on with the task at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Open a handoff."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The queue owns the conversation: tell the place, take a call-back address."""

    callback_email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveQueue:
    """The shopper wants the bot back instead of waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """An agent owns the conversation: the bot says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What stands for other words: a choice that was taken, or a part of the message."""

    said: Understanding
    decision: "Decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Several wishes in one message, in its order."""

    parts: tuple[Meant, ...]


Decision: TypeAlias = (
    UseSkill
    | Confirm
    | SearchKnowledge
    | Say
    | Clarify
    | Choose
    | Drop
    | HandOver
    | Wait
    | LeaveQueue
    | Silent
    | Meant
    | Several
)

# -- replies and messages ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an answer comes from."""

    title: str
    article_id: str
    version: int
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Facts of the text again, in a form that a widget can draw: {"type": "order", ...}."""

    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to say, without the words."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)
    opening: Phrase | None = None
    """A sentence put before: it answers how the shopper feels."""
    choices: tuple[Choice, ...] = ()
    cards: tuple[Card, ...] = ()
    sources: tuple[Source, ...] = ()
    speaker: Speaker = Speaker.BOT


@dataclass(frozen=True, slots=True, kw_only=True)
class WordedChoice:
    """A choice with its words put on."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the last reply offered to choose from; `key` is that reply's."""

    key: str
    choices: tuple[WordedChoice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as it is kept. `seq` counts from 1 in its conversation; 0 until committed."""

    id: MessageId
    speaker: Speaker
    text: str
    sent_at: datetime
    seq: int = 0
    key: str | None = None
    choices: tuple[WordedChoice, ...] = ()
    cards: tuple[Card, ...] = ()
    sources: tuple[Source, ...] = ()
    audience: Audience = Audience.EVERYONE
    agent: AgentId | None = None
    client_id: str | None = None
    delivery: Delivery = Delivery.DONE


# -- the conversation ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """Everything of the talk itself that the next turn may depend on."""

    tasks: tuple[Task, ...] = ()
    """A stack: the last one is at work, the ones below wait."""
    misses: int = 0
    """Turns in a row that ended without an answer."""
    turns: int = 0
    anger: tuple[float, ...] = ()
    """Intensity of anger in the last turns, oldest first; 0 where there was none."""
    emotions: tuple[tuple[str, float], ...] = ()
    """Name and intensity over the last turns, oldest first."""
    recent: tuple[str, ...] = ()
    """Digests of the last replies, so that none is given a third time."""
    intents: tuple[str, ...] = ()
    """Trusted intents of the last turns, oldest first."""
    tried: tuple[str, ...] = ()
    """Keys of what the bot answered, oldest first."""
    product: ProductId | None = None
    """The product last spoken of."""
    orders: tuple[str, ...] = ()
    """Order numbers that the shopper named."""
    failed_proofs: int = 0
    wait_notes: int = 0
    """System messages sent while the queue owns the conversation."""
    offer: Offer | None = None
    """What the last reply offered; short answers are read in its light."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One shopper's talk with the shop. `version` grows with every change that is committed."""

    id: ConversationId
    address: Address
    language: Language
    started_at: datetime
    version: int = 0
    customer: CustomerId | None = None
    """Set by a signed identity only."""
    proven: frozenset[OrderNumber] = frozenset()
    """Orders that a guest proved to be theirs."""
    dialogue: Dialogue = field(default_factory=Dialogue)
    handoff: Handoff | None = None
    """The newest handoff, open or ended."""

    @property
    def owner(self) -> Owner:
        """Return who speaks next; derived from the handoff, never stored."""
        if self.handoff is None or not self.handoff.is_open:
            return Owner.BOT
        return Owner.QUEUE if self.handoff.agent is None else Owner.AGENT


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffView:
    """What a shopper is told of an open handoff; `position` is 1 for the next in line."""

    id: HandoffId
    reason: Reason
    position: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The record of one shopper message: enough to answer a redelivery and to explain it later.

    `timings` are milliseconds by station: understand, act, search, words, commit.
    """

    message: Message
    owner: Owner
    language: Language
    understanding: Understanding
    decision: str
    """The decision's contract word, such as "use_skill"."""
    skill: str | None
    replies: tuple[Message, ...]
    handoff: HandoffView | None
    timings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Everything that one commit writes; `before.version` must still be the stored one."""

    before: Conversation
    after: Conversation
    messages: tuple[Message, ...] = ()
    """New messages in order; the store gives each its `seq`."""
    turn: Turn | None = None
    """The turn's record, if a shopper's message caused this change."""


# -- people at the desk ------------------------------------------------------------


class Role(StrEnum):
    """What a person may do at the desk."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A person of the support staff. An inactive one can't sign in but keeps their history."""

    id: AgentId
    email: str
    name: str
    role: Role = Role.AGENT
    languages: tuple[str, ...] = ()
    """Languages that they answer in; none means any."""
    skills: tuple[str, ...] = ()
    """Kinds of handoff that they take; none means any."""
    active: bool = True
