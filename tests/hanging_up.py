"""Ends the connections that uvicorn leaves open when it stops."""

import asyncio

import uvicorn


async def hang_up(server: uvicorn.Server) -> None:
    """Close what a stopped server has left, or has accepted while it was stopping.

    Such a connection would be told of as unclosed later, in some other test.
    """
    await asyncio.sleep(0)
    for left in list(server.server_state.connections):
        left.transport.abort()
    await asyncio.sleep(0)
