"""The server as a process of its own: how it starts, how it stops, and what a kill costs."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
import httpx
import pytest

from bot.server.run import PortError, bind
from tests.channels.telegram.conftest import HEADERS, payload
from tests.channels.telegram.fake import FakeTelegram, fake_telegram
from tests.unit.server.parts import start

pytestmark = pytest.mark.e2e

Process = asyncio.subprocess.Process


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram() as fake:
        yield fake


@asynccontextmanager
async def running(
    home: Path, database_url: str, telegram: FakeTelegram, port: int = 0
) -> AsyncIterator[tuple[Process, asyncio.StreamReader]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.unit.server.scripted_serve",
        str(home),
        database_url,
        str(port),
        telegram.url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(stdout: asyncio.StreamReader) -> str:
    return (await stdout.readline()).decode().strip()


async def test_it_stops_at_a_signal_but_not_before_the_turn_under_way_is_answered(
    tmp_path: Path, sqlite_url: str, telegram: FakeTelegram
) -> None:
    async with running(tmp_path, sqlite_url, telegram) as (process, stdout):
        async with httpx.AsyncClient(base_url=await said(stdout)) as client:
            path, headers = await start(client)
            asking = asyncio.create_task(
                client.post(
                    f"{path}/messages", json={"client_id": "c1", "text": "slow"}, headers=headers
                )
            )
            assert await said(stdout) == "slow turn begins"
            process.send_signal(signal.SIGTERM)
            answer = await asking
        code = await process.wait()

    assert answer.json()["replies"][0]["text"] == "You said: slow"
    assert code == 0


async def test_a_busy_port_ends_with_one_and_names_the_next_step(
    tmp_path: Path, sqlite_url: str, telegram: FakeTelegram
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        async with running(tmp_path, sqlite_url, telegram, port) as (process, _):
            _, errors = await process.communicate()

    assert process.returncode == 1
    assert f"Port {port}" in errors.decode()
    assert f"--port {port + 1}" in errors.decode()
    assert "Traceback" not in errors.decode()


def test_a_host_that_is_not_this_machine_is_named() -> None:
    with pytest.raises(PortError, match=r"192\.0\.2\.1"):
        bind("192.0.2.1", 0)
    with pytest.raises(PortError, match="no such host"):
        bind("no such host", 0)


async def test_a_process_killed_between_commit_and_send_loses_nothing(
    tmp_path: Path, sqlite_url: str, telegram: FakeTelegram
) -> None:
    telegram.hold = asyncio.Event()
    async with running(tmp_path, sqlite_url, telegram) as (process, stdout):
        async with httpx.AsyncClient(base_url=await said(stdout), headers=HEADERS) as client:
            await client.post("/webhooks/telegram", json=payload("message_text"))
        await telegram.held.wait()
        process.kill()
        await process.wait()
    telegram.hold.set()
    telegram.hold = None
    await expire_leases(sqlite_url)

    async with running(tmp_path, sqlite_url, telegram) as (process, stdout):
        async with httpx.AsyncClient(base_url=await said(stdout), headers=HEADERS) as client:
            again = await client.post("/webhooks/telegram", json=payload("message_text"))
        await telegram.wait_for("sendMessage", count=1)

    assert again.status_code == 200
    assert set(telegram.texts()) == {"You said: Where is my order A100?"}
    assert len(telegram.texts()) <= 2


async def expire_leases(database_url: str) -> None:
    """Let the dead process's claim end now instead of in a minute."""
    path = database_url.removeprefix("sqlite+aiosqlite:///")
    async with aiosqlite.connect(path) as connection:
        await connection.execute("UPDATE outbox SET lease_until = NULL")
        await connection.commit()
