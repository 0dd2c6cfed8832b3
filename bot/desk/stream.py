"""Server-sent events that tell open pages when to look again; what to show, they then ask for.

An event may be lost, so every connection begins with one: pages look once more after each
(re)connection.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

from bot.desk.console import QUEUE_TOPIC
from bot.ports import Event, Listener, Live, LiveClosedError

HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""The second keeps nginx from holding events back."""
MEDIA_TYPE: Final = "text/event-stream"
BEAT: Final = 15.0
"""Seconds of silence before a comment is sent, so that proxies keep the line open."""

_LOOK: Final = "event: changed\ndata: changed\n\n"


async def events(
    live: Live,
    conversation: str | None,
    still_welcome: Callable[[], Awaitable[bool]],
    *,
    beat: float = BEAT,
) -> AsyncIterator[str]:
    """Yield events until the server stops or the agent isn't signed in any more.

    Args:
        live: Where events come from.
        conversation: The one that the page shows, None for the queue's page.
        still_welcome: Whether the session still runs; asked in every silence.
        beat: Seconds of silence before that.
    """
    topics = [QUEUE_TOPIC, *([conversation] if conversation else [])]
    async with AsyncExitStack() as stack:
        listeners = [await stack.enter_async_context(live.listen(topic)) for topic in topics]
        waits = _Waits(listeners)
        stack.callback(waits.cancel)
        yield _LOOK
        while True:
            try:
                heard = await waits.next(beat)
            except LiveClosedError:
                return
            if heard and any(_matters(event, conversation) for event in heard):
                yield _LOOK
            elif not heard:
                if not await still_welcome():
                    return
                yield ": beat\n\n"


def _matters(event: Event, conversation: str | None) -> bool:
    """Return whether a page shows what changed: notes are told to the page of their talk only."""
    if event.topic != QUEUE_TOPIC:
        return event.type in {"message", "owner"}
    return event.type == "queue" or event.data.get("conversation") == conversation


class _Waits:
    """Waits for several listeners at once; a wait that was cut short is taken up again."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._waits = {asyncio.ensure_future(each.next()): each for each in listeners}

    async def next(self, seconds: float) -> list[Event]:
        """Return what came, nothing after so many seconds; raises what a listener raised."""
        done, _ = await asyncio.wait(
            self._waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        heard = []
        for wait in done:
            listener = self._waits.pop(wait)
            heard.append(wait.result())
            self._waits[asyncio.ensure_future(listener.next())] = listener
        return heard

    def cancel(self) -> None:
        """Stop waiting."""
        for wait in self._waits:
            if wait.done():
                wait.exception()  # looked at, so that asyncio doesn't complain of it
            wait.cancel()
