"""One turn at a time in a conversation: within this process, and among several."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import bindparam, delete
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import ConversationId
from bot.ports import Now, StoreUnavailableError
from bot.store.engine import insert, transact
from bot.store.tables import leases

_LEASE = timedelta(seconds=30)
"""Longer than any turn. A turn that takes longer still can't overwrite another: the commit
compares versions."""
_FIRST_WAIT = 0.005
_LONGEST_WAIT = 0.2

_RELEASE = delete(leases).where(
    leases.c.conversation == bindparam("c"), leases.c.holder == bindparam("h")
)


@dataclass(slots=True)
class _Queue:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class LocalLocks:
    """An asyncio lock per conversation in use, first come first served."""

    def __init__(self) -> None:
        self._queues: dict[ConversationId, _Queue] = {}

    def __len__(self) -> int:
        return len(self._queues)

    @asynccontextmanager
    async def hold(self, conversation: ConversationId) -> AsyncIterator[None]:
        """Wait for the conversation's lock, and forget it when nobody uses it any more."""
        queue = self._queues.setdefault(conversation, _Queue())
        queue.users += 1
        try:
            async with queue.lock:
                yield
        finally:
            queue.users -= 1
            if queue.users == 0:
                del self._queues[conversation]


class Leases:
    """A row per conversation in use, for several processes on one database."""

    def __init__(self, engine: AsyncEngine, now: Now) -> None:
        self._engine = engine
        self._now = now

    @asynccontextmanager
    async def hold(self, conversation: ConversationId) -> AsyncIterator[None]:
        """Wait for the lease; one that was not given back is taken over when it ends."""
        holder = secrets.token_hex(8)
        wait = _FIRST_WAIT
        try:  # around the taking too: a waiter may be cancelled just as the lease becomes its own
            while not await self._take(conversation, holder):
                # Waiters of several processes should not ask in step.
                await asyncio.sleep(wait * (0.5 + secrets.randbelow(1000) / 1000))
                wait = min(2 * wait, _LONGEST_WAIT)
            yield
        finally:
            # The turn is committed by now: an unreachable database must not undo its answer,
            # and the lease ends by itself.
            with suppress(StoreUnavailableError):
                await self._give_back(conversation, holder)

    async def _take(self, conversation: ConversationId, holder: str) -> bool:
        now = self._now()
        values = {"holder": holder, "until": now + _LEASE}
        statement = (
            insert(self._engine, leases)
            .values(conversation=conversation, **values)
            .on_conflict_do_update(
                index_elements=["conversation"],
                set_=values,
                where=leases.c.until <= now,
            )
            .returning(leases.c.holder)
        )
        taken = await transact(self._engine, lambda connection: connection.scalar(statement))
        return bool(taken == holder)

    async def _give_back(self, conversation: ConversationId, holder: str) -> None:
        key = {"c": conversation, "h": holder}
        await transact(self._engine, lambda connection: connection.execute(_RELEASE, key))
