"""What the server needs of the running program: a view of bootstrap's `App`."""

from collections.abc import Callable, Mapping
from typing import Protocol

from bot.ports import (
    Agents,
    Channel,
    Live,
    Now,
    Outbox,
    Recognizer,
    Retriever,
    Store,
    Tokens,
    Words,
)
from bot.server.edge import Assistant
from bot.settings import Settings, ShopRules


class App(Protocol):
    """The parts, joined by bootstrap."""

    @property
    def settings(self) -> Settings:
        """Return the environment's settings."""
        ...

    @property
    def rules(self) -> ShopRules:
        """Return the shop's rules."""
        ...

    @property
    def store(self) -> Store:
        """Return what keeps conversations."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Return what keeps messages to be sent."""
        ...

    @property
    def tokens(self) -> Tokens:
        """Return what keeps the tokens of conversations."""
        ...

    @property
    def agents(self) -> Agents:
        """Return what keeps people and their sessions."""
        ...

    @property
    def live(self) -> Live:
        """Return what fans events out."""
        ...

    @property
    def assistant(self) -> Assistant:
        """Return what takes messages through their turns."""
        ...

    @property
    def words(self) -> Words:
        """Return what puts words on keys."""
        ...

    @property
    def recognizer(self) -> Recognizer:
        """Return what understands texts."""
        ...

    @property
    def retriever(self) -> Retriever:
        """Return what finds articles and products."""
        ...

    @property
    def channels(self) -> Mapping[str, Channel]:
        """Return the push channels by name."""
        ...

    @property
    def now(self) -> Now:
        """Return the clock."""
        ...

    @property
    def new_id(self) -> Callable[[], str]:
        """Return what makes ids that were never used."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages that have words."""
        ...

    @property
    def demo(self) -> bool:
        """Return whether the demo shop is served."""
        ...

    async def close(self) -> None:
        """Close what bootstrap opened."""
        ...
