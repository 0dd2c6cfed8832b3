"""When open pages are told to look again."""

import asyncio
from collections.abc import AsyncGenerator
from typing import cast

import pytest

from bot.desk.stream import events
from bot.ports import Event
from bot.server.live import LocalLive

LOOK = "event: changed\ndata: changed\n\n"


async def welcome() -> bool:
    return True


def listen(live: LocalLive, conversation: str | None) -> AsyncGenerator[str, None]:
    return cast("AsyncGenerator[str, None]", events(live, conversation, welcome, beat=60))


async def is_told(live: LocalLive, conversation: str | None, event: Event) -> bool:
    """Return whether a page hears of an event."""
    told = listen(live, conversation)
    assert await anext(told) == LOOK  # each connection begins with a look
    waiting = asyncio.ensure_future(anext(told))
    await asyncio.sleep(0)
    await live.publish(event)
    for _ in range(50):  # turns of the loop, more than an event needs to come through
        await asyncio.sleep(0)
    heard = waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await told.aclose()
    return heard


@pytest.mark.parametrize(
    ("page", "event", "expected"),
    [
        (None, Event(topic="desk", type="queue"), True),
        (None, Event(topic="desk", type="note", data={"conversation": "c1"}), False),
        (None, Event(topic="c1", type="message"), False),
        ("c1", Event(topic="c1", type="message"), True),
        ("c1", Event(topic="c1", type="owner"), True),
        ("c1", Event(topic="c1", type="typing"), False),
        ("c1", Event(topic="c2", type="message"), False),
        ("c1", Event(topic="desk", type="queue"), True),  # the page counts those who wait
        ("c1", Event(topic="desk", type="note", data={"conversation": "c1"}), True),
        ("c1", Event(topic="desk", type="note", data={"conversation": "c2"}), False),
    ],
)
async def test_pages_hear_what_they_show(
    page: str | None, event: Event, *, expected: bool
) -> None:
    assert await is_told(LocalLive(), page, event) is expected


async def test_it_ends_when_the_server_stops() -> None:
    live = LocalLive()
    told = listen(live, "c1")
    await anext(told)
    await live.close()
    with pytest.raises(StopAsyncIteration):
        await anext(told)


async def test_silence_is_filled_until_the_session_ends() -> None:
    welcomes = iter([True, False])

    async def still_welcome() -> bool:
        return next(welcomes)

    said = [line async for line in events(LocalLive(), None, still_welcome, beat=0.001)]
    assert said == [LOOK, ": beat\n\n"]


async def test_nothing_goes_on_listening_afterwards() -> None:
    live = LocalLive()
    told = listen(live, "c1")
    await anext(told)
    assert set(live._topics) == {"desk", "c1"}
    await told.aclose()
    assert live._topics == {}
