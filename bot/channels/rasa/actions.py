"""Rasa's action server: an assistant of Rasa hands a message over, Shopbell takes the turn.

Protocol: https://legacy-docs-oss.rasa.com/docs/action-server/pages/action-server-api and
`rasa_sdk.endpoint` 3.6.

No `pause` is ever returned while a person has the conversation: Rasa would run no action until a
`resume`, and then repeat the handoff. Shopbell's own owner decides, turn by turn: the action goes
on being called, answers nothing of its own, and brings what the person said since.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ValidationError

from bot.channels.rasa.door import (
    answering,
    bad_request,
    check_token,
    network_of,
    read_object,
    respond,
)
from bot.channels.rasa.payloads import buttons
from bot.channels.rasa.talks import Sender, Talks
from bot.contract import LONGEST_TEXT, ApiError, clean_text
from bot.model import Message, Turn

TURN = "action_shopbell_turn"
"""The one action: take the shopper's last message through a turn of Shopbell."""

_EXTERNAL = "EXTERNAL: "
"""What Rasa puts before an intent that a program triggered, in the place of a text."""
_LONGEST_ID = 128


class _Latest(BaseModel):
    text: str | None = None
    message_id: str | None = None


class _Tracker(BaseModel):
    sender_id: str | None = None
    slots: dict[str, Any] | None = None
    latest_message: _Latest | None = None
    events: list[dict[str, Any]] | None = None


class ActionCall(BaseModel):
    """What Rasa sends; domain and version aren't needed."""

    next_action: str | None = None
    sender_id: str | None = None
    tracker: _Tracker | None = None


class _RefusedError(ApiError):
    """An action that isn't run; Rasa wants to hear its name again."""

    def __init__(self, status: int, message: str, action: str | None = None) -> None:
        super().__init__(status, "refused", message)
        self.action = action


def router(talks: Talks, token: str | None) -> APIRouter:
    """Return the routes of the action server."""
    api = APIRouter(prefix="/rasa/actions", tags=["rasa"], route_class=answering(_error))

    @api.get("/health", summary="Whether the action server is served")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @api.get("/actions", summary="The actions of Shopbell")
    async def actions() -> list[dict[str, str]]:
        return [{"name": TURN}]

    @api.post("/webhook", summary="Run an action, as Rasa's action server does")
    async def webhook(request: Request) -> Response:
        check_token(token, request.query_params.get("token"))
        call = _call(await read_object(request))
        return respond(await run(talks, call, network=network_of(request, token)))

    return api


async def run(talks: Talks, call: ActionCall, *, network: str | None) -> Mapping[str, Any]:
    """Run an action; raises ApiError when it is unknown (404) or there is nothing to do (400)."""
    if call.next_action != TURN:
        raise _not_found(call.next_action)
    tracker = call.tracker or _Tracker()
    if _ran_already(tracker.events or (), TURN):
        return {"events": [_LISTEN], "responses": []}
    text = _text(tracker)
    name = call.sender_id or tracker.sender_id
    if not name or not text:
        raise _RefusedError(400, "Expected sender_id and tracker.latest_message.text", TURN)
    sender = Sender(door="actions", name=name, network=network)
    said = await talks.say(sender, text, delivery=_delivery(tracker))
    return {
        "events": list(_events(said.turn, tracker.slots)),
        "responses": [_response(message) for message in said.messages],
    }


_LISTEN = {"event": "followup", "timestamp": None, "name": "action_listen"}


def _ran_already(events: Sequence[Mapping[str, Any]], action: str) -> bool:
    """Say whether Rasa has run the action since the shopper's last message.

    Its RulePolicy predicts a fallback action (`core_fallback_action_name`) again and again, ten
    times, until somebody says that it is the shopper's turn.
    """
    for event in reversed(events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "action" and event.get("name") == action:
            return True
    return False


def _text(tracker: _Tracker) -> str:
    """Return the shopper's text, cut to what Shopbell takes: Rasa has taken it already."""
    given = (tracker.latest_message and tracker.latest_message.text) or ""
    text = clean_text(given)[:LONGEST_TEXT].strip()
    return "/" + text.removeprefix(_EXTERNAL) if text.startswith(_EXTERNAL) else text


def _delivery(tracker: _Tracker) -> str | None:
    """Return Rasa's id of the message: asked again after a time-out, the same turn answers."""
    id_ = tracker.latest_message and tracker.latest_message.message_id
    return id_ if id_ and len(id_) <= _LONGEST_ID and id_.isprintable() else None


def _events(turn: Turn | None, slots: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Return Shopbell's state as slots: those that the assistant has, all if it doesn't tell."""
    if turn is None:
        return
    values = {
        "shopbell_answered": True,  # false until then: Rasa passes over an action that fails
        "shopbell_owner": turn.owner,
        "shopbell_handoff": turn.handoff and turn.handoff.reason,
        "shopbell_language": turn.language,
        "shopbell_emotion": turn.understanding.emotion.name,
    }
    for name, value in values.items():
        if not slots or name in slots:
            yield {"event": "slot", "timestamp": None, "name": name, "value": value}


def _response(message: Message) -> dict[str, Any]:
    return {
        "text": message.text,
        "buttons": buttons(message),
        "elements": [],
        "custom": {},
        "template": None,
        "response": None,
        "image": None,
        "attachment": None,
    }


def _call(body: Mapping[str, Any]) -> ActionCall:
    try:
        return ActionCall.model_validate(body)
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in e["loc"]) for e in error.errors()})
        raise bad_request(f"Wrong: {', '.join(places)}", "an action call of Rasa 3.6") from error


def _not_found(action: str | None) -> ApiError:
    if action is None:
        return _RefusedError(400, "Expected a next_action")
    return _RefusedError(404, f"No registered action found for name '{action}'.", action)


def _error(error: ApiError) -> Mapping[str, Any]:
    return {"error": error.message, "action_name": getattr(error, "action", None)}
