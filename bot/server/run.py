"""Serves until told to stop: the port first, then the parts, then uvicorn."""

import asyncio
import errno
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from bot.ports import Live
from bot.server import logs
from bot.server.app import OpenApp, create_app

_PATIENCE = 30
"""Seconds that running requests get when the server stops."""
_LARGEST_FRAME = 65_536
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class PortError(Exception):
    """The port can't be had; the message says what to do."""


def serve(
    app_factory: OpenApp,
    host: str,
    port: int,
    *,
    log_level: str = "info",
    log_json: bool | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM and return the exit code; `on_ready` is told the URL.

    What `app_factory` raises is raised here.
    """
    logs.configure(level=log_level, as_json=log_json)
    try:
        listener = bind(host, port)
    except PortError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with listener:
        config = uvicorn.Config("")  # asked for its event loop only: uvloop where there is one
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            return runner.run(_serve(app_factory, listener, on_ready or _say_nothing))


def bind(host: str, port: int) -> socket.socket:
    """Take a port before the slow parts are opened; raises PortError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortError(f"Expected an address of this machine, but got {host!r}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise PortError(_advice(error, host, port)) from error
    listener.setblocking(False)  # noqa: FBT003 - the library's signature
    return listener


def _advice(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"Port {port} of {host} is in use by another program; stop it, or choose "
                f"another port with --port {port + 1}"
            )
        case errno.EACCES:
            return f"Port {port} needs rights that this user lacks; use --port 8000"
        case _:
            return f"Expected a free port of this machine, but {host}:{port} gave: {error}"


async def _serve(
    app_factory: OpenApp, listener: socket.socket, on_ready: Callable[[str], None]
) -> int:
    app = await app_factory()
    config = uvicorn.Config(
        create_app(app),
        lifespan="on",
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=_LARGEST_FRAME,
        server_header=False,
        timeout_graceful_shutdown=_PATIENCE,
    )
    server = Server(config, app.live, lambda: on_ready(_url(listener)))
    await server.serve(sockets=[listener])
    return 0


def _say_nothing(url: str) -> None:
    pass


class Server(uvicorn.Server):
    """Uvicorn, which says when it is ready and lets open pages go before it waits for them."""

    def __init__(self, config: uvicorn.Config, live: Live, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._live, self._on_ready = live, on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End sockets and event streams, wait for requests, then stop the parts."""
        await self._live.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on signals and exit with 0; uvicorn raises the signal again after its stop."""
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _STOP_SIGNALS:
                loop.remove_signal_handler(number)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)  # noqa: S104 - shown only
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
