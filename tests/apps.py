"""Fixtures of the whole program: its parts in this process, and a server in its own.

Both use the real encoder and heads of SHOPBELL_CACHE (made by `make setup`) and homes of their
own with the demo shop in it.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import IO

import pytest
import pytest_asyncio

from bot.bootstrap import App, open_app
from bot.cli.serve import demo_rules
from bot.server.live import LocalLive
from bot.settings import read_settings

PATIENCE = 120
"""Seconds that a server may take to start: it makes what is missing first."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo_app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    """All parts with the demo shop, joined as `serve --demo` joins them."""
    home = tmp_path_factory.mktemp("home")
    settings = read_settings(home=home, database_url=None, redis_url=None)
    app = await open_app(settings, live=LocalLive(), demo=True, rules=demo_rules(home))
    yield app
    await app.close()


@dataclass(frozen=True, kw_only=True)
class LiveServer:
    """A running `shopbell serve --demo`."""

    url: str
    home: Path
    email: str
    password: str
    process: "subprocess.Popen[str]"


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """`shopbell serve --demo` on a free port, as its own process, without rate limits."""
    with running_server(tmp_path_factory.mktemp("served")) as server:
        yield server


class running_server:  # noqa: N801 - used like a function
    """Run a demo server on a home until the context ends."""

    def __init__(self, home: Path, *, port: int = 0, **environment: str) -> None:
        self._home, self._port, self._environment = home, port, environment

    def __enter__(self) -> LiveServer:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("SHOPBELL_DATABASE")},
            "SHOPBELL_HOME": str(self._home),
            "SHOPBELL_RATE_LIMIT": "off",
            "SHOPBELL_START_LIMIT": "off",
            **self._environment,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli.main", "serve", "--demo", "--port", str(self._port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._errors: list[str] = []
        lines: Queue[str] = Queue()
        threading.Thread(target=_read, args=(self._process.stdout, lines.put), daemon=True).start()
        threading.Thread(
            target=_read, args=(self._process.stderr, self._errors.append), daemon=True
        ).start()
        ready = self._next(lines)
        account = self._next(lines)
        url = re.search(r"http://\S+", ready)
        words = account.split()
        assert url is not None, ready
        return LiveServer(
            url=url.group().rstrip("/"),
            home=self._home,
            email=words[2],
            password=words[-1],
            process=self._process,
        )

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def _next(self, lines: "Queue[str]") -> str:
        try:
            return lines.get(timeout=PATIENCE)
        except Empty:
            self._process.kill()
            pytest.fail("The server didn't start:\n" + "".join(self._errors[-40:]))


def _read(stream: IO[str] | None, take: Callable[[str], object]) -> None:
    assert stream is not None
    with stream:
        for line in stream:
            take(line)
