"""How often one key may do something: a moving window, in this process or shared by Redis."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from bot.contract import Limiter
from bot.settings import SettingsError

_MOST_KEYS = 100_000

log = structlog.get_logger(__name__)


def read_limit(text: str, *, setting: str, redis_url: str | None = None) -> Limiter:
    """Read a limit such as "60/minute", or "off"; raises SettingsError."""
    if text.strip().lower() == "off":
        return NoLimit()
    try:
        item = parse(text)
    except ValueError as error:
        raise SettingsError(
            f'{setting}: expected a limit such as "60/minute" or "off", but got {text!r}'
        ) from error
    return LocalLimit(item) if redis_url is None else RedisLimit(item, redis_url, name=setting)


class NoLimit:
    """Allows everything."""

    async def hit(self, key: str) -> float | None:  # noqa: ARG002 - the port's signature
        """Return None."""
        return None

    async def close(self) -> None:
        """Do nothing."""


class LocalLimit:
    """A moving window per key. The keys that were quiet longest are forgotten first.

    `limits` has a memory storage of its own, but it starts a thread with most hits.
    """

    def __init__(self, item: RateLimitItem, clock: Callable[[], float] = time.monotonic) -> None:
        self._amount, self._window, self._clock = item.amount, item.get_expiry(), clock
        self._hits: OrderedDict[str, deque[float]] = OrderedDict()

    async def hit(self, key: str) -> float | None:
        """Count once; return None when allowed, else the seconds to wait."""
        now = self._clock()
        hits = self._hits.setdefault(key, deque())
        self._hits.move_to_end(key)
        while hits and hits[0] <= now - self._window:
            hits.popleft()
        if len(hits) >= self._amount:
            return hits[0] + self._window - now
        hits.append(now)
        if len(self._hits) > _MOST_KEYS:
            self._hits.popitem(last=False)
        return None

    async def close(self) -> None:
        """Do nothing: memory needs no goodbye."""


class RedisLimit:
    """A moving window per key, shared by all workers; while Redis is away nothing is limited."""

    def __init__(self, item: RateLimitItem, url: str, *, name: str) -> None:
        self._item, self._name = item, name
        self._connections = ConnectionPool.from_url(url, socket_connect_timeout=2)
        storage = RedisStorage(
            f"async+{url}",
            implementation="redispy",
            connection_pool=self._connections,  # type: ignore[arg-type]  # typed as text only
        )
        self._limiter = MovingWindowRateLimiter(storage)

    async def hit(self, key: str) -> float | None:
        """Count once; return None when allowed, else the seconds to wait."""
        try:
            if await self._limiter.hit(self._item, self._name, key):
                return None
            window = await self._limiter.get_window_stats(self._item, self._name, key)
        except (RedisError, OSError) as error:
            log.warning("limits.redis_away", error=type(error).__name__)
            return None
        return max(0.0, window.reset_time - time.time())

    async def close(self) -> None:
        """Leave Redis."""
        await self._connections.aclose()
