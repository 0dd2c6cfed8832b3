"""The contract's HTTP for shoppers: conversations, messages, identity, rating and the socket."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response, WebSocket
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from bot.channels.web.access import Access
from bot.channels.web.identity import Identities
from bot.channels.web.payloads import (
    IdentityBody,
    MessageBody,
    RatingBody,
    StartBody,
    dump,
    handoff_json,
    message_json,
    message_text,
    turn_json,
)
from bot.channels.web.socket import Talk, offered_token
from bot.commerce import CustomerId
from bot.contract import ApiError, Limiter, check_limit, clean_text, error_json
from bot.model import (
    Address,
    Change,
    Conversation,
    ConversationId,
    HandoffView,
    Inbound,
    Language,
)
from bot.ports import (
    ConflictError,
    Handle,
    Live,
    Now,
    Store,
    StoreUnavailableError,
    UnknownConversationError,
)

CHANNEL = "web"
_PREFIX = "/api/v1/conversations"
_TRIES = 5
_MOST_MESSAGES = 500
_HIGHEST_SEQ = 2**31 - 1

_Bearer = Annotated[
    HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False, scheme_name="token"))
]
_After = Annotated[int, Query(ge=0, le=_HIGHEST_SEQ, description="seq of the last one known")]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebChannel:
    """What the routes need. Turns are pulled here: nothing goes through the outbox."""

    handle: Handle
    store: Store
    access: Access
    live: Live
    identities: Identities
    message_limit: Limiter
    """Per conversation."""
    start_limit: Limiter
    """Per client address."""
    languages: Sequence[str]
    default_language: str
    origins: Sequence[str]
    """Web origins that may embed the widget; "*" for all."""
    now: Now
    new_id: Callable[[], str]
    heal_every: float = 20.0


def router(web: WebChannel) -> APIRouter:
    """Return the routes of the web channel."""
    api = _routes(prefix=_PREFIX)
    one = _routes(prefix="/{conversation}")
    _add_start(api, web)
    _add_messages(one, web)
    _add_shopper(one, web)
    _add_socket(one, web)
    api.include_router(one)
    return api


def _routes(prefix: str) -> APIRouter:
    # A missing content type is read as JSON: no cookie opens these routes, so no other site
    # gains by it.
    return APIRouter(prefix=prefix, tags=["conversations"], strict_content_type=False)


def _add_start(api: APIRouter, web: WebChannel) -> None:
    @api.post("", status_code=201, summary="Start a conversation")
    async def start(request: Request, body: StartBody | None = None) -> Response:
        await check_limit(web.start_limit, request.client.host if request.client else "unknown")
        conversation = await web.store.start(_new_conversation(web, body or StartBody()))
        token = await web.access.grant(conversation.id)
        return _json({"id": conversation.id, "token": token}, status=201)


def _add_messages(api: APIRouter, web: WebChannel) -> None:
    opened = Annotated[ConversationId, Depends(_opened(web))]

    @api.post("/messages", summary="Send a message, get the turn")
    async def send(conversation: opened, body: MessageBody) -> Response:
        text = message_text(body)
        await check_limit(web.message_limit, conversation)
        inbound = Inbound(
            conversation=conversation, client_id=body.client_id, text=text, received_at=web.now()
        )
        return _json(turn_json(await web.handle(inbound)))

    @api.get("/messages", summary="Read messages")
    async def read(conversation: opened, after: _After = 0) -> Response:
        rows = await web.store.messages(conversation, after=after, limit=_MOST_MESSAGES)
        now = await web.store.get(conversation)
        handoff = handoff_json(await _open_handoff(web.store, now))
        messages = [message_json(row) for row in rows]
        return _json({"messages": messages, "owner": now.owner, "handoff": handoff})


def _add_shopper(api: APIRouter, web: WebChannel) -> None:
    opened = Annotated[ConversationId, Depends(_opened(web))]

    @api.post("/identity", summary="Sign the shopper in")
    async def identify(conversation: opened, body: IdentityBody) -> Response:
        await check_limit(web.message_limit, conversation)
        await _sign_in(web.store, conversation, web.identities.customer(body.identity))
        return _json({"id": conversation, "signed_in": True})

    @api.post("/rating", summary="Rate the conversation")
    async def rate(conversation: opened, body: RatingBody) -> Response:
        await check_limit(web.message_limit, conversation)
        comment = clean_text(body.comment) if body.comment else None
        await web.store.rate(conversation, body.score, comment, web.now())
        return _json({"score": body.score})


def _add_socket(api: APIRouter, web: WebChannel) -> None:
    @api.websocket("/socket")
    async def socket(websocket: WebSocket, conversation: str) -> None:
        try:
            talk = await _admit(web, websocket, conversation)
        except ApiError as error:
            await _deny(websocket, error)
        except UnknownConversationError:
            await _deny(websocket, ApiError(404, "not_found", "There is no such conversation"))
        except StoreUnavailableError:
            await _deny(websocket, ApiError(503, "unavailable", "The database can't be used now"))
        else:
            await talk.run()


def _opened(web: WebChannel) -> Callable[..., Awaitable[ConversationId]]:
    """Return a dependency, so that a stranger hears of the token before all about the body."""

    async def opened(conversation: str, bearer: _Bearer) -> ConversationId:
        token = None if bearer is None else bearer.credentials
        return await web.access.check(conversation, token)

    return opened


def _new_conversation(web: WebChannel, body: StartBody) -> Conversation:
    language = body.language or web.default_language
    if language not in web.languages:
        raise ApiError(
            422,
            "unknown_language",
            "This shop doesn't speak that language",
            expected=" or ".join(web.languages),
        )
    customer = None if body.identity is None else web.identities.customer(body.identity)
    id_ = ConversationId(web.new_id())
    return Conversation(
        id=id_,
        address=Address(channel=CHANNEL, user=id_),
        language=Language(language),
        started_at=web.now(),
        customer=customer,
    )


async def _sign_in(store: Store, conversation: ConversationId, customer: CustomerId) -> None:
    async with store.lock(conversation):
        for attempt in range(_TRIES):
            before = await store.get(conversation)
            if before.customer == customer:
                return
            if before.customer is not None:
                raise ApiError(409, "other_customer", "Another customer is signed in here")
            change = Change(before=before, after=replace(before, customer=customer))
            try:
                await store.commit(change)
            except ConflictError:
                # An agent wrote meanwhile: what counts is who is signed in now.
                if attempt == _TRIES - 1:
                    raise
            else:
                return


async def _open_handoff(store: Store, conversation: Conversation) -> HandoffView | None:
    handoff = conversation.handoff
    if handoff is None or not handoff.is_open:
        return None
    position = await store.position(handoff.id)
    return HandoffView(id=handoff.id, reason=handoff.reason, position=position)


async def _admit(web: WebChannel, websocket: WebSocket, conversation: str) -> Talk:
    _check_origin(websocket, web.origins)
    subprotocol, token = offered_token(websocket)
    id_ = await web.access.check(conversation, token)
    after = _after(websocket.query_params.get("after", "0"))
    await websocket.accept(subprotocol=subprotocol)
    return Talk(
        websocket=websocket,
        conversation=id_,
        store=web.store,
        live=web.live,
        seq=after,
        heal_every=web.heal_every,
    )


def _check_origin(websocket: WebSocket, origins: Sequence[str]) -> None:
    origin = websocket.headers.get("origin")
    if origin is None or "*" in origins or origin in origins:
        return
    if urlsplit(origin).netloc != websocket.headers.get("host"):
        raise ApiError(403, "forbidden_origin", "This origin may not embed the widget")


def _after(value: str) -> int:
    if re.fullmatch(r"[0-9]{1,10}", value) is None or int(value) > _HIGHEST_SEQ:
        raise ApiError(422, "invalid", "`after` is no seq", expected="a whole number from 0")
    return int(value)


async def _deny(websocket: WebSocket, error: ApiError) -> None:
    body = error_json(error.code, error.message, error.expected)
    await websocket.send_denial_response(_json(body, status=error.status, headers=error.headers))


def _json(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(dump(body), status, headers, media_type="application/json")
