"""The `Live` port: one suite for the fan-out in a process and for the one through Redis."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from bot.ports import Event, Live, LiveClosedError
from bot.server.live import LocalLive, RedisLive
from tests.contract.redis_server import RedisServer


@dataclass
class Pair:
    """Two ends: the same fan-out in one process, or two processes' ends of one Redis."""

    here: Live
    there: Live


@pytest.fixture(params=["local", "redis"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    if request.param == "local":
        local = LocalLive()
        yield Pair(here=local, there=local)
        await local.close()
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    await server.answers()
    here, there = RedisLive(server.url), RedisLive(server.url)
    await asyncio.gather(here.ready(), there.ready())
    yield Pair(here=here, there=there)
    await asyncio.gather(here.close(), there.close())


def event(number: int, topic: str = "talk") -> Event:
    return Event(topic=topic, type="message", data={"seq": number})


async def test_everybody_who_listens_hears_everything_in_order(pair: Pair) -> None:
    async with pair.here.listen("talk") as near, pair.there.listen("talk") as far:
        for number in range(20):
            await pair.here.publish(event(number))

        for listener in (near, far):
            heard = [(await listener.next()).data["seq"] for _ in range(20)]
            assert heard == list(range(20))


async def test_an_event_is_heard_once(pair: Pair) -> None:
    async with pair.here.listen("talk") as near, pair.there.listen("talk") as far:
        await pair.here.publish(event(1))
        await far.next()
        await pair.there.publish(event(2))

        assert [(await near.next()).data["seq"] for _ in range(2)] == [1, 2]


async def test_other_topics_are_not_heard(pair: Pair) -> None:
    async with pair.there.listen("talk") as listener:
        await pair.here.publish(event(1, "another"))
        await pair.here.publish(event(2, "talk"))

        assert (await listener.next()) == event(2)


async def test_who_stopped_listening_is_forgotten(pair: Pair) -> None:
    async with pair.here.listen("talk"):
        pass
    async with pair.here.listen("talk") as listener:
        await pair.here.publish(event(1))

        assert (await listener.next()).data["seq"] == 1


async def test_a_slow_listener_never_holds_up_who_publishes_and_gets_the_newest(
    pair: Pair,
) -> None:
    async with pair.here.listen("talk") as slow:
        for number in range(5_000):
            await pair.here.publish(event(number))
        await pair.here.publish(event(-1))

        heard: list[int] = []
        while not heard or heard[-1] != -1:
            heard.append((await slow.next()).data["seq"])

    assert len(heard) < 5_000


async def test_closing_lets_go_of_who_waits_and_of_who_comes_later(pair: Pair) -> None:
    async with pair.here.listen("talk") as listener:
        waiting = asyncio.ensure_future(listener.next())
        await asyncio.sleep(0)
        await pair.here.close()

        with pytest.raises(LiveClosedError):
            await waiting
    async with pair.here.listen("talk") as late:
        with pytest.raises(LiveClosedError):
            await late.next()


async def test_what_was_told_before_closing_is_still_heard(pair: Pair) -> None:
    async with pair.here.listen("talk") as listener:
        await pair.here.publish(event(1))
        await pair.here.close()

        assert (await listener.next()) == event(1)


async def test_closing_twice_changes_nothing(pair: Pair) -> None:
    await pair.here.close()
    await pair.here.close()


async def test_closing_ends_while_connecting(redis_server: RedisServer) -> None:
    await redis_server.answers()
    async with asyncio.timeout(60):
        for number in range(100):
            live = RedisLive(redis_server.url)
            await live.publish(event(number))
            await asyncio.sleep(number / 20_000)  # from not begun to fully connected
            await live.close()


async def test_without_redis_one_s_own_listeners_still_hear(redis_server: RedisServer) -> None:
    redis_server.stop()
    live = RedisLive(redis_server.url)
    async with live.listen("talk") as listener:
        await live.publish(event(1))

        assert (await listener.next()) == event(1)
    await live.close()


async def test_after_redis_came_back_the_others_hear_again(redis_server: RedisServer) -> None:
    await redis_server.answers()
    here, there = RedisLive(redis_server.url), RedisLive(redis_server.url)
    await asyncio.gather(here.ready(), there.ready())
    redis_server.stop()
    redis_server.start()
    await redis_server.answers()

    async with there.listen("talk") as listener:
        waiting = asyncio.ensure_future(listener.next())
        while not waiting.done():  # what is told before both are back is lost
            await here.publish(event(7))
            await asyncio.wait([waiting], timeout=0.1)

        assert (await waiting) == event(7)
    await asyncio.gather(here.close(), there.close())


async def test_strange_words_on_redis_are_passed_over(redis_server: RedisServer) -> None:
    await redis_server.answers()
    live = RedisLive(redis_server.url)
    await live.ready()
    async with live.listen("talk") as listener, Redis.from_url(redis_server.url) as client:
        for words in (b"no json", b"[]", b'{"topic": "talk"}', b"\xff"):
            await client.publish("shopbell:live", words)
        other = RedisLive(redis_server.url)
        await other.publish(event(3))

        assert (await listener.next()) == event(3)
        await other.close()
    await live.close()
