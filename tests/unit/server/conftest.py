"""Parts on a real SQLite database, the application around them, and a client."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.server.app import create_app
from bot.store.engine import open_engine
from tests.unit.server.parts import Parts, asking, make_parts


@pytest.fixture
async def sqlite_engine(sqlite_url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(sqlite_url)
    yield engine
    await engine.dispose()


@pytest.fixture
def parts(sqlite_engine: AsyncEngine, tmp_path: Path) -> Parts:
    return make_parts(sqlite_engine, home=tmp_path)


@pytest.fixture
def api(parts: Parts) -> FastAPI:
    return create_app(parts)


@pytest.fixture
async def client(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(api) as client:
        yield client
