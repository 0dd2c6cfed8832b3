"""The routes of Rasa's server that its clients use: the REST channel, and what a text means."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from bot.channels.rasa import actions
from bot.channels.rasa.door import (
    SPOKEN,
    answering,
    check_token,
    dump,
    failure,
    network_of,
    read_object,
    respond,
)
from bot.channels.rasa.payloads import (
    NOBODY,
    RestMessage,
    message_text,
    nothing_parsed,
    parsed,
    rest_message,
    rest_replies,
)
from bot.channels.rasa.talks import Said, Sender, Talks
from bot.ports import Recognizer

_OF_NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class RasaChannel:
    """What the routes need. Replies are pulled here: nothing goes through the outbox."""

    talks: Talks
    recognizer: Recognizer
    token: str | None
    """What callers must send; without one all are served, as guests bound to their address."""
    version: str
    """Shopbell's own."""
    new_id: Callable[[], str]


def router(rasa: RasaChannel) -> APIRouter:
    """Return all routes of the channel."""
    api = APIRouter(tags=["rasa"], route_class=answering(failure))
    _add_rest(api, rasa)
    _add_parse(api, rasa)
    api.include_router(actions.router(rasa.talks, rasa.token))
    return api


def _add_rest(api: APIRouter, rasa: RasaChannel) -> None:
    @api.get("/webhooks/rest/", summary="Whether Rasa's REST channel is served")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @api.post("/webhooks/rest/webhook", summary="Send a message as to Rasa's REST channel")
    async def webhook(request: Request) -> Response:
        check_token(rasa.token, request.query_params.get("token"))
        message = rest_message(await read_object(request))
        said = await _say(rasa, request, message)
        recipient = message.sender or NOBODY
        replies = list(rest_replies(recipient, said, custom=message.custom))
        if request.query_params.get("stream", "").lower() == "true":
            lines = "".join(dump(reply) + "\n" for reply in replies)
            return Response(lines, media_type="text/event-stream")
        return respond(replies)


async def _say(rasa: RasaChannel, request: Request, message: RestMessage) -> Said:
    """Answer a message. Who gives no name shares a conversation with nobody, not even later."""
    network = network_of(request, rasa.token)
    if message.sender is None:
        sender = Sender(door=_OF_NOBODY, name=rasa.new_id(), network=network)
    else:
        sender = Sender(door="rest", name=message.sender, network=network)
    if not message.text:
        return await rasa.talks.hear(sender)
    return await rasa.talks.say(sender, message.text, language=message.language)


def _add_parse(api: APIRouter, rasa: RasaChannel) -> None:
    @api.post("/model/parse", summary="Say what a text means, as Rasa's server does")
    async def parse(request: Request) -> Response:
        body = await read_object(request)
        # Rasa gives the token in the body when it asks another server what a text means.
        check_token(rasa.token, request.query_params.get("token"), body.get("token"))
        given = body.get("text")
        text = message_text(given[0] if isinstance(given, list) and given else given)
        if not text:
            return respond(nothing_parsed(text))
        heard = await rasa.recognizer.recognize(text)
        return respond(parsed(heard.understanding))

    @api.get("/version", summary="The version of Rasa's protocols")
    async def version() -> dict[str, str]:
        return {
            "version": SPOKEN,
            "minimum_compatible_version": SPOKEN,
            "shopbell": rasa.version,
        }
