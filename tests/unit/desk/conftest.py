"""Fixtures of the desk's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.unit.desk.kit import Clock, DeskApp, browser, desk_app, served


@pytest.fixture
def clock() -> Clock:
    """A clock that the test moves."""
    return Clock()


@pytest.fixture
async def app(sqlite_url: str, tmp_path: Path, clock: Clock) -> AsyncIterator[DeskApp]:
    """The desk's parts on SQLite."""
    async with desk_app(sqlite_url, tmp_path, now=clock) as opened:
        yield opened


@pytest.fixture
def api(app: DeskApp) -> FastAPI:
    """The desk on a server."""
    return served(app)


@pytest.fixture
async def client(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """One visitor."""
    async with browser(api) as opened:
        yield opened
