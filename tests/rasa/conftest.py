"""Fixtures of a real Rasa 3.6, in its own environment, and of the Shopbell that it calls.

`make test-rasa` makes the environment. Without it these tests skip, except under CI=true, where
they fail.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.apps import LiveServer, running_server

ROOT = Path(__file__).parents[2]
PATIENCE = 400
"""Seconds that one of Rasa's commands may take; it imports TensorFlow first."""
ANSWER = 30


@dataclass(frozen=True, kw_only=True)
class Rasa:
    """The program `rasa`."""

    program: Path

    def __call__(self, folder: Path, *words: str) -> str:
        """Run a command in a project, and return all that it wrote; fails if it does."""
        ended = subprocess.run(
            [str(self.program), *words],
            cwd=folder,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
        wrote = ended.stdout.decode(errors="replace")
        assert ended.returncode == 0, f"rasa {' '.join(words)}:\n{wrote[-4000:]}"
        return wrote

    @contextmanager
    def serve(self, folder: Path, *words: str, **environment: str) -> Iterator["RasaServer"]:
        """Run the newest model of a project on a free port until the context ends."""
        port, log = free_port(), folder / "rasa.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [str(self.program), "run", "-i", "127.0.0.1", "-p", str(port), *words],
                cwd=folder,
                env=_environment() | environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        server = RasaServer(url=f"http://127.0.0.1:{port}", log=log)
        try:
            _wait_until_up(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass(frozen=True, kw_only=True)
class RasaServer:
    """A running Rasa."""

    url: str
    log: Path

    def say(self, text: str, *, sender: str) -> list[dict[str, Any]]:
        """Send a shopper's message by Rasa's own REST channel."""
        body = {"sender": sender, "message": text}
        response = httpx.post(f"{self.url}/webhooks/rest/webhook", json=body, timeout=ANSWER)
        assert response.status_code == 200, response.text
        replies: list[dict[str, Any]] = response.json()
        return replies

    def parse(self, text: str) -> dict[str, Any]:
        """Ask what a text means."""
        response = httpx.post(f"{self.url}/model/parse", json={"text": text}, timeout=ANSWER)
        assert response.status_code == 200, response.text
        parsed: dict[str, Any] = response.json()
        return parsed

    def slots(self, sender: str) -> dict[str, Any]:
        """Return what Rasa keeps of a conversation; needs --enable-api."""
        response = httpx.get(f"{self.url}/conversations/{sender}/tracker", timeout=ANSWER)
        assert response.status_code == 200, response.text
        slots: dict[str, Any] = response.json()["slots"]
        return slots


@pytest.fixture(scope="session")
def rasa() -> Rasa:
    """Rasa's program, from the environment that `make test-rasa` makes."""
    folder = ROOT / os.environ.get("RASA_VENV", ".venv-rasa")
    if (folder / ".made").exists():
        return Rasa(program=folder / "bin" / "rasa")
    reason = f"No Rasa in {folder}: `make test-rasa` installs it where there is a Python 3.10"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(kw_only=True)
class Shopbell:
    """A Shopbell on one port and one home that can be stopped and started again."""

    home: Path
    port: int
    server: LiveServer | None = None
    _running: running_server | None = None

    @property
    def url(self) -> str:
        """Return where it is, or was."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, **environment: str) -> None:
        """Serve the demo shop, as if it had never been away."""
        self._running = running_server(self.home, port=self.port, **environment)
        self.server = self._running.__enter__()

    def stop(self) -> None:
        """Stop serving."""
        if self._running is not None:
            self._running.__exit__()
        self._running = self.server = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it hang: it takes connections and says nothing."""
        assert self.server is not None
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def shopbell(rasa: Rasa, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shopbell]:
    """A running Shopbell with the demo shop."""
    shopbell = Shopbell(home=tmp_path_factory.mktemp("shop"), port=free_port())
    shopbell.start()
    yield shopbell
    shopbell.stop()


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The desk's API with somebody signed in; the token of the session is in every request."""

    client: httpx.Client

    def waiting(self) -> list[dict[str, Any]]:
        """Return the queue."""
        response = self.client.get("/api/v1/desk/handoffs?state=waiting")
        assert response.status_code == 200, response.text
        handoffs: list[dict[str, Any]] = response.json()["handoffs"]
        return handoffs

    def accept_and_say(self, handoff: str, text: str) -> None:
        """Take a handoff and write to its shopper."""
        self._post(f"{handoff}/accept")
        self._post(f"{handoff}/messages", text=text, audience="everyone")

    def _post(self, path: str, **body: str) -> None:
        response = self.client.post(f"/api/v1/desk/handoffs/{path}", json=body)
        assert response.is_success, response.text


@pytest.fixture
def desk(shopbell: Shopbell) -> Iterator[Desk]:
    """Somebody of the support staff."""
    assert shopbell.server is not None
    account = {"email": shopbell.server.email, "password": shopbell.server.password}
    with httpx.Client(base_url=shopbell.url, timeout=ANSWER) as client:
        response = client.post("/api/v1/desk/session", json=account)
        assert response.is_success, response.text
        client.headers["X-CSRF-Token"] = response.json()["csrf"]
        yield Desk(client=client)


def export(folder: Path, *words: str, **settings: str) -> None:
    """Run `shopbell rasa export` as somebody outside does."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SHOPBELL_")}
    home = {"SHOPBELL_HOME": str(folder.parent / "no-home")}
    subprocess.run(
        [sys.executable, "-m", "bot.cli.main", "rasa", "export", str(folder), *words],
        env=kept | home | settings,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _environment() -> dict[str, str]:
    mine = {k: v for k, v in os.environ.items() if not re.match("SHOPBELL_|PYTHON", k)}
    quiet = {"PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3", "NO_COLOR": "1"}
    return mine | quiet | {"RASA_TELEMETRY_ENABLED": "false", "CUDA_VISIBLE_DEVICES": "-1"}


def _wait_until_up(server: RasaServer, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(server.url, timeout=ANSWER)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("Rasa didn't start:\n" + server.log.read_text(errors="replace")[-4000:])
