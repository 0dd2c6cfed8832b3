"""Every error in the contract's one shape, whoever raised it."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from bot.contract import ApiError, error_json
from bot.ports import ConflictError, StoreUnavailableError, UnknownConversationError

_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    503: "unavailable",
}
_AGAIN = {"Retry-After": "2"}


def error_response(
    status: int,
    code: str,
    message: str,
    *,
    expected: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return an error's answer."""
    body = error_json(code, message, expected)
    return JSONResponse(body, status, dict(headers) if headers else None)


def add_error_handlers(api: FastAPI) -> None:
    """Make the server answer in the contract's shape."""
    handlers: dict[type[Exception], Any] = {
        ApiError: _api_error,
        HTTPException: _http_error,
        RequestValidationError: _invalid,
        UnknownConversationError: _unknown,
        ConflictError: _conflict,
        StoreUnavailableError: _unavailable,
    }
    for error, handler in handlers.items():
        api.add_exception_handler(error, handler)


async def _api_error(_: Request, error: ApiError) -> JSONResponse:
    return error_response(
        error.status, error.code, error.message, expected=error.expected, headers=error.headers
    )


async def _http_error(request: Request, error: HTTPException) -> JSONResponse:
    detail: Any = error.detail
    if isinstance(detail, Mapping) and "code" in detail:
        message, expected = str(detail.get("message", "")), detail.get("expected")
        return error_response(
            error.status_code, detail["code"], message, expected=expected, headers=error.headers
        )
    code = _CODES.get(error.status_code, "error")
    message = f"{request.method} {request.url.path}: {detail}"
    expected = _allowed(error)
    return error_response(
        error.status_code, code, message, expected=expected, headers=error.headers
    )


def _allowed(error: HTTPException) -> str | None:
    return (error.headers or {}).get("Allow")


async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return error_response(400, "bad_json", "The body is no JSON", expected="a JSON object")
    where = _where(first["loc"])
    return error_response(
        422, "invalid", f"{where}: {_lower(first['msg'])}", expected=_expected(where, first)
    )


async def _unknown(_: Request, __: UnknownConversationError) -> JSONResponse:
    return error_response(404, "not_found", "There is no such conversation")


async def _conflict(_: Request, __: ConflictError) -> JSONResponse:
    # Not 409: the same request, sent again, will succeed.
    message = "The conversation kept changing; nothing was written, send the request again"
    return error_response(503, "busy", message, headers=_AGAIN)


async def _unavailable(_: Request, __: StoreUnavailableError) -> JSONResponse:
    message = "The database can't be used now; nothing was written, send the request again"
    return error_response(503, "unavailable", message, headers=_AGAIN)


def _where(place: Sequence[Any]) -> str:
    """Name the field without FastAPI's "body" before it; a whole body is just that."""
    return ".".join(str(part) for part in place[1:]) or str(place[0])


def _expected(where: str, error: Mapping[str, Any]) -> str:
    if error["type"] == "missing":
        return f"a value for {where}"
    return str(error["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
