"""The one layer around every request: its id, its size, its headers, its log line, its faults.

Pure ASGI, because Starlette's BaseHTTPMiddleware costs a task and two streams per request.
"""

import re
import time
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.ports import LiveClosedError
from bot.server.errors import error_response
from bot.server.metrics import Metrics

LARGEST_BODY = 1_048_576
"""Bytes of a request's body; a message of the longest text, escaped, has an eighth of it."""
_LARGER = {"/rasa/actions/webhook": 4 * LARGEST_BODY}
"""By path: Rasa sends its action server the whole conversation, again and again."""

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

log = structlog.get_logger(__name__)


NOT_MODIFIED = 304


class Gate:
    """Lets requests in and answers out."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, new_id: Callable[[], str]) -> None:
        self._app, self._metrics, self._new_id = app, metrics, new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request = given if _GIVEN_ID.fullmatch(given) else self._new_id()
        with structlog.contextvars.bound_contextvars(request=request):
            if scope["type"] == "http":
                passage = _Passage(scope, receive, send, request)
                await self._http(passage, headers)
            else:
                await self._websocket(scope, receive, send)

    async def _http(self, passage: "_Passage", headers: Headers) -> None:
        began = time.perf_counter()
        try:
            passage.check_length(headers.get("content-length"))
            await self._app(passage.routed(), passage.receive, passage.send)
        except HTTPException as error:
            await passage.fail(error.status_code, "too_large", str(error.detail))
        except LiveClosedError:
            pass  # a page that listened; the server stops
        except Exception:
            log.exception("request.broke", path=passage.scope["path"])
            await passage.fail(500, "internal", "Something went wrong here; it has been noted")
        finally:
            self._metrics.request(passage.scope["method"], passage.status)
            if passage.scope["path"] not in _QUIET:
                self._log(passage, time.perf_counter() - began)

    def _log(self, passage: "_Passage", seconds: float) -> None:
        scope = passage.scope
        log.info(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=passage.status,
            ms=round(seconds * 1000, 2),
        )

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        try:
            await self._app(scope, receive, send)
        except Exception:
            # Raised again, the server would log it with the exception's own words.
            log.exception("socket.broke", path=scope["path"])
        finally:
            ms = round((time.perf_counter() - began) * 1000, 2)
            log.info("socket", path=scope["path"], ms=ms)


class _Passage:
    """One request on its way through: counts what comes in, adds headers to what goes out."""

    __slots__ = (
        "_head",
        "_largest",
        "_over",
        "_receive",
        "_request",
        "_send",
        "_size",
        "scope",
        "status",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, request: str) -> None:
        self.scope, self._receive, self._send, self._request = scope, receive, send, request
        self._size, self._largest = 0, _LARGER.get(scope["path"], LARGEST_BODY)
        self._head, self._over = scope["method"] == "HEAD", False
        self.status = 0

    def routed(self) -> Scope:
        """Return what the routes see: HEAD is what GET would say, without its body."""
        return {**self.scope, "method": "GET"} if self._head else self.scope

    def check_length(self, length: str | None) -> None:
        if length is not None and length.isdigit() and int(length[:12]) > self._largest:
            raise _too_large(self._largest)

    async def receive(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > self._largest:
            raise _too_large(self._largest)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._add_headers(MutableHeaders(raw=message["headers"]))
        elif self._head:
            if self._over:
                return  # the rest of a body that nobody gets
            self._over, message = True, {"type": message["type"], "body": b""}
        await self._send(message)

    async def fail(self, status: int, code: str, message: str) -> None:
        """Answer with an error, unless the answer has begun already."""
        if self.status == 0:
            response = error_response(status, code, message)
            await response(self.scope, self._receive, self.send)

    def _add_headers(self, headers: MutableHeaders) -> None:
        headers["X-Request-ID"] = self._request
        for name, value in _SECURITY.items():
            headers.setdefault(name, value)
        page = headers.get("content-type", "").startswith("text/html")
        if self.status != NOT_MODIFIED:  # its headers would replace those of the page kept
            policy = _PAGE_POLICY if page else _DATA_POLICY
            headers.setdefault("Content-Security-Policy", policy)
        if self.scope["path"].startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")


class WidgetCors:
    """Lets the pages that embed a chat reach its routes and script, and nothing else."""

    _PATHS = ("/api/v1/conversations", "/api/v1/widget/", "/webhooks/rest/", "/widget.js")

    def __init__(self, app: ASGIApp, *, origins: Callable[[], tuple[str, ...]]) -> None:
        """Take the origins as a question: rules may be read only when the server starts."""
        self._app, self._origins = app, origins
        self._cors: CORSMiddleware | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not scope["path"].startswith(self._PATHS):
            await self._app(scope, receive, send)
            return
        if self._cors is None:
            self._cors = CORSMiddleware(
                self._app,
                allow_origins=self._origins(),
                allow_methods=("GET", "POST"),
                allow_headers=("Authorization", "Content-Type"),
                expose_headers=("Retry-After", "X-Request-ID"),
                max_age=3600,
            )
        await self._cors(scope, receive, send)


def _too_large(largest: int) -> HTTPException:
    return HTTPException(413, f"The body has more than {largest} bytes")
