"""What the decision goes by: how each intent is answered, and what each skill asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from escalation.policy import Policy
from intents.answers import AnswerWords


class IntentRule(Protocol):
    """How an intent of the catalogue is handled; `intents.model.IntentInfo` is one."""

    @property
    def answered_by(self) -> str:
        """Return "skill:<name>", "articles", "products", "reply", "person" or "context"."""
        ...

    @property
    def person_helps(self) -> bool:
        """Return whether the answer offers a person."""
        ...

    @property
    def acknowledge(self) -> bool:
        """Return whether the answer opens by acknowledging what happened."""
        ...

    @property
    def with_order(self) -> str | None:
        """Return the skill that answers instead when the message names an order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """The shop's way of answering, joined in bot/bootstrap.py."""

    intents: Mapping[str, IntentRule]
    slots: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Skill to slot to the entity types that fill it."""
    policy: Policy = field(default_factory=Policy)
    for_entity: Mapping[str, str] = field(default_factory=dict)
    """Entity type to the skill that a message of nothing else starts."""
    words: AnswerWords = field(default_factory=AnswerWords)
    """The words of short answers, of all languages."""
    contact_human: str = "contact_human"
    back_to_bot: str = "back_to_bot"
    affirm: str = "affirm"
    deny: str = "deny"
    explain: str = "explain"

    def skill_of(self, intent: str) -> str | None:
        """Return the skill that takes an intent."""
        if intent not in self.intents:
            return None
        kind, _, name = self.intents[intent].answered_by.partition(":")
        return name if kind == "skill" else None
