"""What the server serves besides its API: the widget, the demo page, health and metrics."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from bot.assets import TYPES, Asset, read_asset, respond
from bot.contract import ApiError
from bot.ports import Outbox, StoreUnavailableError
from bot.server.health import Readiness
from bot.server.metrics import Metrics

_STATIC = Path(str(files("bot").joinpath("channels", "web", "static")))
_OURS = {"Cache-Control": "no-cache"}
"""Kept by browsers, but asked about by its ETag each time: an update shows at once."""
_ANYWHERE = {**_OURS, "Cross-Origin-Resource-Policy": "cross-origin"}
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def static_router() -> APIRouter:
    """Return the routes of the widget's script and of the demo page with its files."""
    api = APIRouter(include_in_schema=False)
    kept = _read_files()

    @api.get("/widget.js")
    async def widget(request: Request) -> Response:
        return respond(kept["widget.js"], request, _ANYWHERE)

    @api.get("/")
    async def demo_page(request: Request) -> Response:
        return respond(kept["index.html"], request, _OURS)

    @api.get("/demo/{name:path}")
    async def demo_file(request: Request, name: str) -> Response:
        if name not in kept:
            raise ApiError(404, "not_found", f"There is no file {name}")
        return respond(kept[name], request, _OURS)

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


def _read_files() -> dict[str, Asset]:
    """Read what is served, once: nothing else below the folder, or above it, has an address."""
    return {
        path.relative_to(_STATIC).as_posix(): read_asset(path.read_bytes(), path.suffix)
        for path in _STATIC.rglob("*")
        if path.suffix in TYPES
    }
