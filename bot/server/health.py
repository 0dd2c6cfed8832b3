"""Whether the server can do its work: each part is really used, and quickly."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from bot.ports import Recognizer, Retriever, Store

_PROBE = "hello"
_PATIENCE = 2.0
_FRESH = 1.0
"""Seconds for which an answer is used again: asking often must not load the server."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Readiness:
    """Asks the database, the model and the index."""

    store: Store
    recognizer: Recognizer
    retriever: Retriever
    language: str
    clock: Callable[[], float] = time.monotonic
    _answer: dict[str, str] = field(default_factory=dict)
    _asked_at: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def check(self) -> Mapping[str, str]:
        """Return "ok" or what is wrong, by part."""
        async with self._lock:
            if self.clock() - self._asked_at >= _FRESH:
                parts = {"database": self._database, "model": self._model, "index": self._index}
                states = await asyncio.gather(*(_ask(name, f) for name, f in parts.items()))
                self._answer = dict(zip(parts, states, strict=True))
                self._asked_at = self.clock()
            return self._answer

    async def _database(self) -> None:
        await self.store.handoffs("waiting", limit=1)

    async def _model(self) -> None:
        await self.recognizer.recognize(_PROBE)

    async def _index(self) -> None:
        await self.retriever.search(_PROBE, language=self.language, top=1)


async def _ask(name: str, probe: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            await probe()
    except TimeoutError:
        return f"no answer within {_PATIENCE:.0f} s"
    except Exception as error:
        log.exception("not_ready", part=name)
        return f"failed with {type(error).__name__}"
    return "ok"
