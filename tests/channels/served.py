"""Serves an application on a free port for as long as a context lasts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from bot.server.run import bind
from tests.hanging_up import hang_up


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Give the address, such as "http://127.0.0.1:40123"."""
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve([listener]))
    host, port = listener.getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        await task
        await hang_up(server)
