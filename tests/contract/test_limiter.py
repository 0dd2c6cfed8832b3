"""The `Limiter` of the web channel: one suite for the one in a process and the one in Redis."""

from collections.abc import AsyncIterator

import pytest

from bot.contract import Limiter
from bot.server.limits import read_limit
from tests.contract.redis_server import RedisServer


@pytest.fixture(params=["local", "redis"])
async def limiter(request: pytest.FixtureRequest) -> AsyncIterator[Limiter]:
    url = None
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        await server.answers()
        url = server.url
    limiter = read_limit("3/hour", setting="TEST", redis_url=url)
    yield limiter
    await limiter.close()


async def test_so_many_are_allowed_and_then_it_says_how_long_to_wait(limiter: Limiter) -> None:
    allowed = [await limiter.hit("ann") for _ in range(3)]
    wait = await limiter.hit("ann")

    assert allowed == [None, None, None]
    assert wait is not None
    assert 0 < wait <= 3_600


async def test_each_key_has_its_own_count(limiter: Limiter) -> None:
    for _ in range(4):
        await limiter.hit("ann")

    assert await limiter.hit("bob") is None


async def test_while_redis_is_away_nothing_is_refused(redis_server: RedisServer) -> None:
    redis_server.stop()
    limiter = read_limit("1/hour", setting="TEST", redis_url=redis_server.url)

    assert [await limiter.hit("ann"), await limiter.hit("ann")] == [None, None]
    await limiter.close()
