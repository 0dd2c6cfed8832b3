"""What the server serves besides its API: the widget, the demo page, health and metrics."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, JSONResponse

from bot.contract import ApiError
from bot.ports import Outbox, StoreUnavailableError
from bot.server.health import Readiness
from bot.server.metrics import Metrics

_STATIC = Path(str(files("bot").joinpath("channels", "web", "static")))
_ANYWHERE = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "no-cache"}
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def static_router() -> APIRouter:
    """Return the routes of the widget's script and of the demo page with its files."""
    api = APIRouter(include_in_schema=False)

    @api.get("/widget.js")
    async def widget() -> Response:
        return _file("widget.js", headers=_ANYWHERE)

    @api.get("/")
    async def demo_page() -> Response:
        return _file("index.html", headers={"Cache-Control": "no-cache"})

    @api.get("/demo/{name:path}")
    async def demo_file(name: str) -> Response:
        return _file(name, headers={"Cache-Control": "no-cache"})

    return api


def state_router(*, readiness: Readiness, metrics: Metrics, outbox: Outbox) -> APIRouter:
    """Return the routes by which machines ask how the server does."""
    api = APIRouter(tags=["state"])

    @api.get("/healthz", summary="Whether the process answers")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @api.get("/readyz", summary="Whether database, model and index work")
    async def ready() -> JSONResponse:
        checks = await readiness.check()
        is_ready = all(state == "ok" for state in checks.values())
        body = {"status": "ready" if is_ready else "not_ready", "checks": dict(checks)}
        return JSONResponse(body, 200 if is_ready else 503)

    @api.get("/metrics", summary="Counters for Prometheus")
    async def counters() -> Response:
        try:
            waiting: int | None = await outbox.waiting()
        except StoreUnavailableError:
            waiting = None
        return Response(metrics.page(waiting=waiting), media_type=_PROMETHEUS)

    return api


def _file(name: str, *, headers: dict[str, str]) -> Response:
    path = (_STATIC / name).resolve()
    if not path.is_relative_to(_STATIC.resolve()) or not path.is_file():
        raise ApiError(404, "not_found", f"There is no file {name}")
    return FileResponse(path, headers=headers)
