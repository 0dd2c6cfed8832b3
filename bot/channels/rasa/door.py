"""What all doors of this channel share: Rasa's token, its bodies, and how it words a refusal."""

import hmac
import json
import zlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeAlias

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from bot.contract import ApiError
from bot.ports import ConflictError, StoreUnavailableError

SPOKEN = "3.6.21"
"""The version of Rasa whose protocols these are."""
LARGEST = 4 * 1_048_576
"""Bytes of a body when it is unpacked: Rasa sends its action server the whole conversation."""

Refusal: TypeAlias = Callable[[ApiError], Mapping[str, Any]]
"""Makes the body of an answer that isn't a success."""

_REASONS = {
    400: "BadRequest",
    401: "NotAuthenticated",
    413: "PayloadTooLarge",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
}
_AGAIN = {"Retry-After": "2"}


def failure(error: ApiError) -> Mapping[str, Any]:
    """Return what Rasa's server says when it can't: the shape of its `ErrorResponse`."""
    expected = {} if error.expected is None else {"expected": error.expected}
    return {
        "version": SPOKEN,
        "status": "failure",
        "message": error.message,
        "reason": _REASONS.get(error.status, "Error"),
        "details": expected,
        "help": None,
        "code": error.status,
    }


def answering(refusal: Refusal) -> type[APIRoute]:
    """Return a kind of route that words its errors as Rasa does, not as Shopbell's contract."""

    class RasaRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def answer_or_refuse(request: Request) -> Response:
                try:
                    return await answer(request)
                except ApiError as error:
                    return _refused(error, refusal)
                except (StoreUnavailableError, ConflictError):
                    return _refused(_unavailable(), refusal)
                except HTTPException as error:
                    refused = ApiError(error.status_code, "refused", str(error.detail))
                    return _refused(refused, refusal)

            return answer_or_refuse

    return RasaRoute


def check_token(expected: str | None, *given: object) -> None:
    """Let in whoever gives the token, all when none is set; raises ApiError (401)."""
    if expected is None:
        return
    wanted = expected.encode()
    offers = [one.encode("utf-8", "replace") for one in given if isinstance(one, str)]
    if not any(hmac.compare_digest(wanted, offer) for offer in offers):
        raise ApiError(
            401, "unauthorized", "User is not authenticated.", expected="the token as ?token="
        )


def network_of(request: Request, token: str | None) -> str | None:
    """Return the network address of a client; None where a token says that it is the shop's."""
    if token is not None:
        return None
    return request.client.host if request.client else "unknown"


async def read_object(request: Request) -> dict[str, Any]:
    """Read a body as Rasa does, whatever its content type; raises ApiError (400 or 413)."""
    body = await request.body()
    if request.headers.get("content-encoding", "").lower() == "deflate":
        body = _inflated(body)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_request("Failed when parsing body as json") from error
    if not isinstance(value, dict):
        raise bad_request(f"The body is of the type {type(value).__name__}")
    return value


def bad_request(message: str, expected: str = "a JSON object") -> ApiError:
    """Return the error for a body that can't be taken."""
    return ApiError(400, "bad_request", message, expected=expected)


def respond(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return JSON; what it can't say (money, dates) becomes text."""
    return Response(dump(body), status, headers, media_type="application/json")


def dump(body: Any) -> str:
    """Write JSON in ASCII, as Rasa does: what clients sent as odd characters comes back safely."""
    return json.dumps(body, default=str)


def _inflated(body: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(body, LARGEST)
    except zlib.error as error:
        raise bad_request("The body isn't compressed as its header says") from error
    if unpacker.unconsumed_tail:
        raise ApiError(413, "too_large", f"The body has more than {LARGEST} bytes")
    return plain


def _refused(error: ApiError, refusal: Refusal) -> Response:
    return respond(refusal(error), error.status, error.headers)


def _unavailable() -> ApiError:
    message = "The database can't be used now; nothing was written, send the request again"
    return ApiError(503, "unavailable", message, headers=_AGAIN)
