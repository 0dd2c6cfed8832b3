"""What the pipeline needs from the world, each as a small protocol named for its role.

Adapters live in the folder of their kind (bot/store, bot/shop, bot/nlu, bot/channels ...) and
are joined in bot/bootstrap.py. Every port has one contract suite in tests/contract/.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.commerce import (
    Coupon,
    Customer,
    CustomerId,
    Order,
    OrderNumber,
    Product,
    ProductId,
    Proof,
    ProofOutcome,
)
from bot.model import (
    Address,
    Agent,
    Audience,
    Change,
    Conversation,
    ConversationId,
    Inbound,
    Language,
    Message,
    Phrase,
    Preview,
    Recognition,
    Reply,
    Task,
    Turn,
)
from escalation.model import AgentId, Handoff, HandoffId
from knowledge_base.model import Document, Kind, SearchResult

Now: TypeAlias = Callable[[], datetime]
"""The clock: an aware UTC time. Given by bootstrap, so that tests can stop it."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told of long work as it goes: what is being done, how much is done, out of how much."""

Handle: TypeAlias = Callable[[Inbound], Awaitable[Turn]]
"""What a channel is given: take one message through its turn."""


# -- errors ------------------------------------------------------------


class ShopbellError(Exception):
    """Base of the errors that callers are meant to answer."""


class UnknownConversationError(ShopbellError):
    """No conversation has that id."""


class ConflictError(ShopbellError):
    """The conversation changed since it was read: read it again and decide again."""


class StoreUnavailableError(ShopbellError):
    """The database is locked, read-only or gone; nothing was written."""


class LiveClosedError(ShopbellError):
    """The server stops: no more live events will come."""


class AgentExistsError(ShopbellError):
    """Another agent has that e-mail address."""


class SkillError(ShopbellError):
    """A skill could not do its work (the shop failed); a person takes over."""


class ShopUnavailableError(SkillError):
    """The shop's own system did not answer."""


class SendError(ShopbellError):
    """A channel did not take a message; `permanent` means that trying again is useless."""

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


# -- understanding and knowledge ------------------------------------------------------------


class Encoder(Protocol):
    """Turns texts into unit vectors. The same text gives the same bytes, alone or among others."""

    @property
    def name(self) -> str:
        """Return what identifies the weights (with a checksum): it goes into fingerprints."""
        ...

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        ...

    def encode(
        self,
        texts: Sequence[str],
        kind: Literal["query", "passage"],
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        """Encode many texts, blocking; shape (texts, dimensions), each of length one."""
        ...

    async def encode_query(self, text: str) -> NDArray[np.float32]:
        """Encode one query in a worker thread; shape (dimensions,)."""
        ...

    async def encode_parts(
        self, text: str, parts: Sequence[tuple[int, int]]
    ) -> NDArray[np.float32]:
        """Encode one query and stretches of it, `text[start:end]`, in one go where that can be.

        Shape (1 + parts, dimensions): first the query as `encode_query` encodes it, then each
        part, read amid the others.
        """
        ...

    def close(self) -> None:
        """Let go of threads and memory."""
        ...


class Recognizer(Protocol):
    """Says what a text means."""

    async def recognize(self, text: str, *, hint: Language | None = None) -> Recognition:
        """Understand any text, never fail on its content; `hint` is the talk's language."""
        ...


class Retriever(Protocol):
    """Finds approved text."""

    async def search(
        self,
        query: str,
        *,
        language: str,
        vector: NDArray[np.float32] | None = None,
        top: int = 5,
        kinds: Sequence[Kind] = (Kind.ARTICLE, Kind.PRODUCT),
        topic: str | None = None,
    ) -> SearchResult:
        """Return documents best first, each once, those of `language` ranked first.

        `vector` is the query's embedding when the caller has it already. `topic` is the intent
        of the question, if known: articles on that topic rank a little higher. An empty index
        gives no hits and `sure=False`.
        """
        ...


class Words(Protocol):
    """Puts words on keys, per language. Unknown keys raise KeyError: `validate` finds them."""

    def say(self, phrase: Phrase, language: Language, *, variant: int = 0) -> str:
        """Render a phrase; `variant` picks another wording, modulo how many there are."""
        ...

    def variants(self, key: str, language: Language) -> int:
        """Return how many wordings a key has in a language; 0 when it has none."""
        ...


# -- the shop ------------------------------------------------------------


class Shop(Protocol):
    """A shop's customers, products, orders and coupons, live.

    Only `ShopAccess` may ask it for orders and customers: it knows no permissions.
    All methods raise ShopUnavailableError when the shop's system can't be reached.
    """

    async def customer(self, customer: CustomerId) -> Customer | None:
        """Return a customer, None when unknown."""
        ...

    async def order(self, number: str) -> Order | None:
        """Return an order, whatever the case, `#`, spaces and hyphens of the number.

        Letters that all of the shop's numbers begin with may be left out.
        """
        ...

    async def orders_of(self, customer: CustomerId) -> Sequence[Order]:
        """Return a customer's orders, newest first; undated ones last."""
        ...

    async def product(self, product: ProductId) -> Product | None:
        """Return one product with live prices and stock."""
        ...

    async def products(self) -> Sequence[Product]:
        """Return the whole catalogue, for indexing."""
        ...

    async def coupons(self) -> Sequence[Coupon]:
        """Return all coupons."""
        ...

    async def order_numbers(self, candidates: Sequence[str]) -> Sequence[OrderNumber]:
        """Return which of these tokens are numbers of orders, as the shop writes them."""
        ...


class ShopAccess(Protocol):
    """The shop as one shopper may see it: the only way by which skills reach orders.

    An order that is not theirs and one that doesn't exist can't be told apart.
    """

    @property
    def customer_id(self) -> CustomerId | None:
        """Return who is signed in, None for a guest."""
        ...

    @property
    def proven(self) -> frozenset[OrderNumber]:
        """Return the orders that this guest has proved, with those proved in this turn."""
        ...

    async def customer(self) -> Customer | None:
        """Return the signed-in customer."""
        ...

    async def orders(self) -> Sequence[Order]:
        """Return the orders they may see, newest first: all when signed in, else proven ones."""
        ...

    async def order(self, number: str) -> Order | None:
        """Return an order if they may see it."""
        ...

    async def prove(self, number: str, proof: Proof, now: datetime) -> ProofOutcome:
        """Check a guest's proof and remember a success for this conversation.

        Tries are counted per order with a growing delay; WAIT while the delay runs.
        """
        ...

    async def product(self, product: ProductId) -> Product | None:
        """Return one product with live prices and stock."""
        ...


class ProofTries(Protocol):
    """Counts wrong proofs per order, for everybody together."""

    async def blocked_until(self, number: str) -> datetime | None:
        """Return until when no proof of this number is looked at; None when it may be tried."""
        ...

    async def failed(self, number: str, now: datetime) -> None:
        """Note a wrong proof."""
        ...

    async def succeeded(self, number: str) -> None:
        """Forget the wrong proofs of this number."""
        ...


# -- skills ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The skill can't go on without a slot; `reply` asks for it."""

    slot: str
    reply: Reply
    task: Task
    progress: bool = True
    """False when the last answer was of no use: the turn counts it as a failed try."""
    failed_proof: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    """The skill would change this; a "yes" makes the turn call `apply`."""

    preview: Preview
    reply: Reply
    task: Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The skill has answered; its task ends."""

    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """A rule of the shop forbids it; the reply names the rule and the next best way."""

    rule: str
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The skill gives up; a person takes over."""

    why: str
    failed_proof: bool = False


Step: TypeAlias = Need | Propose | Done | Refuse | Failed


class Skill(Protocol):
    """One thing that the bot can do. Knows keys and values, never words."""

    name: ClassVar[str]
    slots: ClassVar[Mapping[str, tuple[str, ...]]]
    """Slot name to the entity types that fill it; "text" means the whole message."""

    async def step(self, task: Task, shop: ShopAccess, now: datetime) -> Step:
        """Go as far as the slots allow. Raises SkillError when the shop fails."""
        ...

    async def apply(self, preview: Preview, shop: ShopAccess, now: datetime) -> Done | Failed:
        """Make the previewed change, once per `preview.id`."""
        ...


# -- the store ------------------------------------------------------------


class Store(Protocol):
    """Keeps conversations. All times are aware UTC.

    Every method raises StoreUnavailableError when the database can't be used.
    """

    async def start(self, conversation: Conversation) -> Conversation:
        """Keep a new conversation; if its address has one already, return that one."""
        ...

    async def get(self, conversation: ConversationId) -> Conversation:
        """Return a conversation; raises UnknownConversationError."""
        ...

    async def take(
        self, conversation: ConversationId, client_id: str
    ) -> tuple[Conversation, Turn | None]:
        """Return a conversation, and the stored turn if that message was answered before.

        What a turn begins with, in one question. Raises UnknownConversationError.
        """
        ...

    async def find(self, address: Address) -> Conversation | None:
        """Return the conversation of an address."""
        ...

    def lock(self, conversation: ConversationId) -> AbstractAsyncContextManager[None]:
        """Hold a conversation for one turn, against other turns only.

        No transaction is open meanwhile. An asyncio lock in one process; on a shared database
        also a lease row, taken over when its holder died.
        """
        ...

    async def commit(self, change: Change) -> Change:
        """Write all of a change in one short transaction, or nothing.

        Returns the change with sequence numbers given (messages and the turn's replies alike)
        and `after.version` grown by one. Messages to a push channel get outbox rows.

        Raises:
            ConflictError: the stored version isn't `before.version` any more.
        """
        ...

    async def messages(
        self,
        conversation: ConversationId,
        *,
        after: int = 0,
        audience: Audience = Audience.EVERYONE,
        limit: int = 500,
    ) -> Sequence[Message]:
        """Return messages with seq > `after`, in order; STAFF includes internal notes."""
        ...

    async def turns(self, conversation: ConversationId) -> Sequence[Turn]:
        """Return the recorded turns in order, for the desk."""
        ...

    async def position(self, handoff: HandoffId) -> int | None:
        """Return the place in the queue, 1 for the next; None when it isn't waiting."""
        ...

    async def handoffs(self, state: str, *, limit: int = 200) -> Sequence[Conversation]:
        """Return conversations whose newest handoff is waiting, active or ended.

        Waiting ones come in queue order (priority, then age), others newest first.
        """
        ...

    async def by_handoff(self, handoff: HandoffId) -> tuple[Conversation, Handoff]:
        """Return a handoff and its conversation; raises UnknownConversationError."""
        ...

    async def rate(
        self, conversation: ConversationId, score: int, comment: str | None, at: datetime
    ) -> None:
        """Keep a rating (1-5); a second one replaces the first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message on its way out, claimed by one worker until its lease ends.

    `attempts` has this claim counted: it is 1 for the first.
    """

    id: int
    conversation: ConversationId
    address: Address
    message: Message
    attempts: int


class Outbox(Protocol):
    """Replies committed, not yet sent; strictly in order per conversation."""

    async def claim(self, *, holder: str, now: datetime, limit: int = 16) -> Sequence[Parcel]:
        """Take the oldest due message of each conversation, each under a lease.

        A bot's message whose conversation a person owns by now is marked WITHHELD instead.
        """
        ...

    async def sent(self, parcel: Parcel, now: datetime) -> None:
        """Note that the channel took it."""
        ...

    async def failed(self, parcel: Parcel, *, error: str, retry_at: datetime | None) -> None:
        """Note a failure; without `retry_at` the message is given up and shown as FAILED."""
        ...

    async def waiting(self) -> int:
        """Return how many messages are not sent yet."""
        ...


class Articles(Protocol):
    """The shop's articles and their versions."""

    async def published(self) -> Sequence[Document]:
        """Return the newest published version of every article and language."""
        ...

    async def generation(self) -> int:
        """Return a number that grows with every change of the published articles."""
        ...

    async def put(self, documents: Sequence[Document], at: datetime) -> Sequence[Document]:
        """Publish documents all together; an unchanged one keeps its version."""
        ...

    async def remove(self, article: str, at: datetime) -> bool:
        """Take an article out in all its languages; False when there is none."""
        ...


class Agents(Protocol):
    """The people of the desk and their sessions; knows hashes, never a password or a token."""

    async def add(self, agent: Agent, password_hash: str) -> None:
        """Keep a new agent; raises AgentExistsError when the e-mail address is taken."""
        ...

    async def change(self, agent: Agent, *, password_hash: str | None = None) -> bool:
        """Replace what is known of an agent, and the password if given; False if unknown.

        A new password and a deactivation end all of the agent's sessions.
        """
        ...

    async def by_email(self, email: str) -> tuple[Agent, str] | None:
        """Return an agent and the password's hash, whatever the case of the address."""
        ...

    async def get(self, agent: AgentId) -> Agent | None:
        """Return an agent."""
        ...

    async def list(self) -> Sequence[Agent]:
        """Return all agents by e-mail address, inactive ones too."""
        ...

    async def open_session(
        self, agent: AgentId, *, token_hash: str, csrf: str, expires_at: datetime, now: datetime
    ) -> None:
        """Keep a desk session; expired ones are forgotten."""
        ...

    async def session(self, token_hash: str, now: datetime) -> tuple[Agent, str] | None:
        """Return a running session's agent and CSRF token; None when expired or inactive."""
        ...

    async def close_session(self, token_hash: str) -> None:
        """End a session; unknown ones are fine."""
        ...


class Tokens(Protocol):
    """Bearer tokens of conversations, kept as hashes only."""

    async def grant(
        self, conversation: ConversationId, token_hash: str, expires_at: datetime | None
    ) -> None:
        """Let the bearer speak in a conversation; raises UnknownConversationError."""
        ...

    async def conversation_of(self, token_hash: str, now: datetime) -> ConversationId | None:
        """Return what a token opens; None when it is unknown or expired."""
        ...


# -- channels and live updates ------------------------------------------------------------


class Channel(Protocol):
    """A push channel: sends a message to a shopper in its own way, and degrades by itself."""

    name: ClassVar[str]

    async def send(self, to: Address, message: Message) -> None:
        """Send; without buttons, choices become numbered lines. Raises SendError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that open pages want to know at once: {"type": "message"|"owner"|...}.

    `topic` is a conversation's id, or "desk" for the agents' queue.
    """

    topic: str
    type: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Live(Protocol):
    """Fans events out to open sockets and pages; may lose events, never blocks a turn."""

    async def publish(self, event: Event) -> None:
        """Tell everybody who listens to the topic."""
        ...

    def listen(self, topic: str) -> AbstractAsyncContextManager["Listener"]:
        """Listen from now on until the context ends."""
        ...

    async def close(self) -> None:
        """Let every listener know that the server stops; again changes nothing."""
        ...


class Listener(Protocol):
    """One listener's events, in order."""

    async def next(self) -> Event:
        """Wait for the next event; raises LiveClosedError when the server stops."""
        ...
