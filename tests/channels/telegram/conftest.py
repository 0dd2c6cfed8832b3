"""The Telegram channel between a scripted pipeline and a local Bot API."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.telegram.channel import TelegramChannel
from bot.server.app import create_app
from bot.store.engine import open_engine
from tests.channels.telegram.fake import TOKEN, FakeTelegram, fake_telegram
from tests.unit.server.parts import Parts, make_parts, serving

SECRET = "a-secret_token"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


def payload(name: str) -> dict[str, Any]:
    """Return a recorded update by the event that it recorded."""
    path = Path(__file__).parent / "payloads" / f"{name}.json"
    update: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return update


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with fake_telegram() as fake:
        yield fake


@pytest.fixture
async def channel(telegram: FakeTelegram) -> AsyncIterator[TelegramChannel]:
    channel = TelegramChannel(token=TOKEN, api=telegram.url)
    yield channel
    await channel.close()


@pytest.fixture
async def parts(sqlite_url: str, tmp_path: Path, channel: TelegramChannel) -> AsyncIterator[Parts]:
    engine = open_engine(sqlite_url)
    yield make_parts(engine, home=tmp_path, channels={"telegram": channel}, telegram_secret=SECRET)
    await engine.dispose()


@pytest.fixture
async def client(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(create_app(parts), parts.live) as (url, _),
        httpx.AsyncClient(base_url=url, headers=HEADERS) as client,
    ):
        yield client
