"""The desk's JSON: requests in, handoffs and messages out, with the contract's names."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictBool, StrictStr

from bot.contract import LONGEST_TEXT, ApiError, clean_text, understanding_json
from bot.model import Agent, Audience, Conversation, Message, Turn
from escalation.model import AgentId, Handoff, Summary


class LoginBody(BaseModel):
    """`POST /desk/session`."""

    email: Annotated[StrictStr, Field(max_length=320)]
    password: StrictStr


class AcceptBody(BaseModel):
    """`POST /desk/handoffs/{id}/accept`; supervisors may take a handoff from a colleague."""

    take_over: StrictBool = False


class MessageBody(BaseModel):
    """`POST /desk/handoffs/{id}/messages`; `staff` is an internal note."""

    text: StrictStr
    audience: Literal["everyone", "staff"] = "everyone"


class EndBody(BaseModel):
    """`POST /desk/handoffs/{id}/end`; without `return_to_bot` the shop's rule counts."""

    return_to_bot: StrictBool | None = None
    resolution: Annotated[StrictStr, Field(max_length=2_000)] | None = None


def text_of(text: str) -> str:
    """Return an agent's text as it is kept; raises ApiError when it can't be taken."""
    if len(text) > LONGEST_TEXT:
        raise ApiError(
            413,
            "text_too_long",
            f"The text has {len(text)} characters.",
            expected=f"at most {LONGEST_TEXT} characters",
        )
    cleaned = clean_text(text).strip()
    if not cleaned:
        raise ApiError(422, "empty_text", "The text is empty.", expected="a text to send")
    return cleaned


def agent_json(agent: Agent) -> dict[str, Any]:
    """Return what an agent may know of themselves."""
    return {
        "id": agent.id,
        "email": agent.email,
        "name": agent.name,
        "role": agent.role.value,
        "languages": list(agent.languages),
        "skills": list(agent.skills),
    }


def handoff_json(
    conversation: Conversation,
    handoff: Handoff,
    *,
    story: str,
    names: Mapping[AgentId, str],
    position: int | None,
) -> dict[str, Any]:
    """Return one handoff; `story` is its summary as one paragraph in the agent's language."""
    return {
        "id": handoff.id,
        "reason": handoff.reason.value,
        "state": handoff.state.value,
        "conversation_id": conversation.id,
        "channel": conversation.address.channel,
        "language": conversation.language,
        "priority": handoff.priority,
        "position": position,
        "opened_at": _time(handoff.opened_at),
        "accepted_at": _time(handoff.accepted_at),
        "ended_at": _time(handoff.ended_at),
        "agent": _person(handoff.agent, names),
        "returned_to_bot": handoff.returned_to_bot,
        "resolution": handoff.resolution,
        "callback_email": handoff.callback_email,
        "summary": {"text": story, **_summary_json(handoff.summary)},
    }


def message_json(message: Message, names: Mapping[AgentId, str]) -> dict[str, Any]:
    """Return one message as the desk sees it: with notes, authors and what became of it."""
    return {
        "id": message.id,
        "seq": message.seq,
        "speaker": message.speaker.value,
        "audience": message.audience.value,
        "agent": _person(message.agent, names),
        "text": message.text,
        "key": message.key,
        "sent_at": _time(message.sent_at),
        "delivery": message.delivery.value,
        "choices": [asdict(choice) for choice in message.choices],
        "sources": [asdict(source) for source in message.sources],
    }


def turn_json(turn: Turn) -> dict[str, Any]:
    """Return what a turn understood and decided."""
    return {
        "message_id": turn.message.id,
        "understanding": understanding_json(turn.understanding),
        "decision": {"type": turn.decision, "skill": turn.skill},
    }


def audience_of(word: str) -> Audience:
    """Return an audience by its contract word; raises ApiError."""
    try:
        return Audience(word)
    except ValueError as error:
        known = [audience.value for audience in Audience]
        raise ApiError(
            422, "unknown_audience", "Nobody is called that.", expected=f"one of {known}"
        ) from error


def _summary_json(summary: Summary) -> dict[str, Any]:
    return {
        "reason": summary.reason.value,
        "intent": summary.intent,
        "emotion": summary.emotion,
        "emotions": [{"name": name, "intensity": level} for name, level in summary.emotions],
        "order_numbers": list(summary.order_numbers),
        "language": summary.language,
        "last_message": summary.last_message,
        "turns": summary.turns,
        "tried": list(summary.tried),
        "facts": [{"key": fact.key, "values": dict(fact.values)} for fact in summary.facts],
    }


def _person(agent: AgentId | None, names: Mapping[AgentId, str]) -> dict[str, Any] | None:
    return None if agent is None else {"id": agent, "name": names.get(agent)}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
