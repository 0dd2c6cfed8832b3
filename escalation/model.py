"""What a handoff is, as values; no chat, web or database here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType, Self

HandoffId = NewType("HandoffId", str)
AgentId = NewType("AgentId", str)


class EscalationError(Exception):
    """Something that a handoff doesn't allow."""


class AlreadyTakenError(EscalationError):
    """Somebody else accepted the handoff first."""


class NotOpenError(EscalationError):
    """The handoff has ended."""


class NotYoursError(EscalationError):
    """Only the agent who accepted a handoff may do this."""


class Reason(StrEnum):
    """Why a person is asked for."""

    ASKED_FOR_PERSON = "asked_for_person"
    NOT_UNDERSTOOD = "not_understood"
    UPSET = "upset"
    SENSITIVE_TOPIC = "sensitive_topic"
    SKILL_FAILED = "skill_failed"
    IDENTITY_UNPROVEN = "identity_unproven"
    GOING_IN_CIRCLES = "going_in_circles"
    INTERNAL_ERROR = "internal_error"


class State(StrEnum):
    """Where a handoff stands."""

    WAITING = "waiting"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What the policy looks at; the caller fills it in from its own conversation.

    `anger` holds the intensity (0-1) of anger per shopper turn, oldest first, 0 where the turn
    was not angry; the present turn is last.
    """

    asked_for_person: bool = False
    misses: int = 0
    anger: tuple[float, ...] = ()
    intent: str | None = None
    sensitive: bool = False
    skill_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a summary: a key of the words, and its values. Words come later."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an agent reads first: keys and values, put in the reader's language at the desk."""

    reason: Reason
    intent: str | None = None
    emotion: str | None = None
    emotions: tuple[tuple[str, float], ...] = ()
    order_numbers: tuple[str, ...] = ()
    language: str | None = None
    last_message: str = ""
    turns: int = 0
    tried: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """One request for a person, and what became of it. First agent to accept keeps it."""

    id: HandoffId
    reason: Reason
    summary: Summary
    opened_at: datetime
    priority: int = 0
    agent: AgentId | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    returned_to_bot: bool = False
    resolution: str | None = None
    callback_email: str | None = None

    @property
    def state(self) -> State:
        """Return where the handoff stands, derived from what happened to it."""
        if self.ended_at is not None:
            return State.ENDED
        return State.WAITING if self.agent is None else State.ACTIVE

    @property
    def is_open(self) -> bool:
        """Return whether a person is awaited or at work."""
        return self.ended_at is None

    def accept(self, agent: AgentId, at: datetime) -> Self:
        """Give the handoff to an agent; again by the same agent changes nothing.

        Raises:
            AlreadyTakenError: another agent has it.
            NotOpenError: it has ended.
        """
        if not self.is_open:
            raise NotOpenError(f"Expected an open handoff, but {self.id} has ended")
        if self.agent == agent:
            return self
        if self.agent is not None:
            raise AlreadyTakenError(f"Handoff {self.id} was accepted by another agent")
        return replace(self, agent=agent, accepted_at=at)

    def hand_to(self, agent: AgentId, at: datetime) -> Self:
        """Give an open handoff to an agent, whoever has it: a supervisor's takeover.

        Raises:
            NotOpenError: it has ended.
        """
        if not self.is_open:
            raise NotOpenError(f"Expected an open handoff, but {self.id} has ended")
        return self if self.agent == agent else replace(self, agent=agent, accepted_at=at)

    def end(self, at: datetime, *, return_to_bot: bool, resolution: str | None = None) -> Self:
        """End the handoff; the conversation goes back to the bot.

        Raises:
            NotOpenError: it has ended already.
        """
        if not self.is_open:
            raise NotOpenError(f"Expected an open handoff, but {self.id} has ended")
        return replace(self, ended_at=at, returned_to_bot=return_to_bot, resolution=resolution)

    def call_back(self, email: str) -> Self:
        """Note the address to which an answer shall be sent."""
        return replace(self, callback_email=email)
