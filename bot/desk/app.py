"""What the desk needs of the running program: a view of bootstrap's `App`."""

from collections.abc import Callable
from typing import Protocol

from bot.ports import Agents, Live, Now, Store, Words
from bot.settings import Settings, ShopRules


class App(Protocol):
    """The parts that the desk uses, joined by bootstrap."""

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
    def agents(self) -> Agents:
        """Return what keeps people and their sessions."""
        ...

    @property
    def live(self) -> Live:
        """Return what fans events out."""
        ...

    @property
    def words(self) -> Words:
        """Return what puts words on keys."""
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
