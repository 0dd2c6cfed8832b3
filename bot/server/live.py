"""Fan-out of live events: within one process, and among several through Redis.

A listener that falls behind loses the oldest events; what it tells of stands in the rows, and
whoever listens reads those by `seq`.
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from bot.ports import Event, LiveClosedError

_MOST_WAITING = 256
_CHANNEL = "shopbell:live"
_LONGEST_PAUSE = 5.0

log = structlog.get_logger(__name__)


class _Queue:
    """One listener's events. The sender never waits: the oldest event makes room."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=_MOST_WAITING)
        self._ready = asyncio.Event()
        self._closed = False

    def put(self, event: Event) -> None:
        self._events.append(event)
        self._ready.set()

    def close(self) -> None:
        self._closed = True
        self._ready.set()

    async def next(self) -> Event:
        """Wait for the next event; raises LiveClosedError when the server stops."""
        while not self._events:
            if self._closed:
                raise LiveClosedError("The server stops: expected no further events")
            self._ready.clear()
            await self._ready.wait()
        return self._events.popleft()


class LocalLive:
    """Fan-out within one process."""

    def __init__(self) -> None:
        self._topics: dict[str, set[_Queue]] = {}
        self._closed = False

    async def publish(self, event: Event) -> None:
        """Tell everybody who listens to the topic."""
        self.deliver(event)

    def deliver(self, event: Event) -> None:
        """Put an event into this process's queues."""
        for queue in self._topics.get(event.topic, ()):
            queue.put(event)

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[_Queue]:
        """Listen from now on until the context ends."""
        queue = _Queue()
        if self._closed:
            queue.close()
        listeners = self._topics.setdefault(topic, set())
        listeners.add(queue)
        try:
            yield queue
        finally:
            listeners.discard(queue)
            if not listeners and self._topics.get(topic) is listeners:
                del self._topics[topic]

    async def close(self) -> None:
        """Let every listener know that the server stops."""
        self._closed = True
        for queue in [q for queues in self._topics.values() for q in queues]:
            queue.close()


class RedisLive:
    """Fan-out among processes. This process's listeners hear its own events without Redis.

    While Redis is away events between processes are lost and turns go on; it is asked again
    until it answers.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_connect_timeout=2, health_check_interval=15)
        self._local = LocalLive()
        self._origin = secrets.token_hex(8)
        self._outgoing: deque[bytes] = deque(maxlen=1024)
        self._to_send = asyncio.Event()
        self._subscribed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    async def publish(self, event: Event) -> None:
        """Tell everybody who listens to the topic, in this process and in the others."""
        self._start()
        self._local.deliver(event)
        self._outgoing.append(self._dump(event))
        self._to_send.set()

    def listen(self, topic: str) -> AbstractAsyncContextManager[_Queue]:
        """Listen from now on until the context ends."""
        self._start()
        return self._local.listen(topic)

    async def ready(self) -> None:
        """Wait until events of other processes arrive here."""
        self._start()
        await self._subscribed.wait()

    async def close(self) -> None:
        """Send what is still to be sent, let every listener know, and leave Redis."""
        await self._local.close()
        if self._closed:
            return
        self._closed = True
        await self._end_tasks()
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._send_all()
        await self._redis.aclose()

    async def _end_tasks(self) -> None:
        # Cancelled again until it takes: redis-py writes within `asyncio.wait_for`, which before
        # Python 3.12 may swallow a cancellation (github.com/python/cpython/issues/86296).
        going = set(self._tasks)
        while going:
            for task in going:
                task.cancel()
            _, going = await asyncio.wait(going, timeout=0.1)

    def _start(self) -> None:
        if not self._tasks and not self._closed:
            self._tasks = [
                asyncio.create_task(self._again_and_again(self._send_forever)),
                asyncio.create_task(self._again_and_again(self._receive_forever)),
            ]

    async def _again_and_again(self, work: Any) -> None:
        pause = 0.1
        while True:
            try:
                await work()
                pause = 0.1
            except (RedisError, OSError) as error:
                log.warning("live.redis_away", error=type(error).__name__, again_in=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _send_forever(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            await self._send_all()

    async def _send_all(self) -> None:
        while self._outgoing:
            await self._redis.publish(_CHANNEL, self._outgoing.popleft())

    async def _receive_forever(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=False) as pubsub:
            await pubsub.subscribe(_CHANNEL)
            try:
                await self._receive(pubsub)
            finally:
                self._subscribed.clear()

    async def _receive(self, pubsub: PubSub) -> None:
        async for said in pubsub.listen():
            if said["type"] == "subscribe":
                self._subscribed.set()
            elif said["type"] == "message":
                self._hear(said["data"])

    def _hear(self, data: bytes) -> None:
        try:
            said = json.loads(data)
            event = Event(topic=said["topic"], type=said["type"], data=said["data"])
            origin = said["origin"]
        except (ValueError, KeyError, TypeError):
            log.warning("live.strange_event")
            return
        if origin != self._origin:
            self._local.deliver(event)

    def _dump(self, event: Event) -> bytes:
        said = {
            "origin": self._origin,
            "topic": event.topic,
            "type": event.type,
            "data": dict(event.data),
        }
        return json.dumps(said, default=str).encode()
