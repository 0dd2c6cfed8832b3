"""The `ProofTries` port on SQLAlchemy: wrong proofs of orders, counted for everybody together."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commerce import normal_number
from bot.ports import Now
from bot.store import engine as database
from bot.store.engine import fetch, transact
from bot.store.rows import plain
from bot.store.tables import proof_tries

_FORGET = timedelta(days=1)
"""After a day without a wrong proof of it, a number is forgotten: people type wrong ones too."""
_LONGEST_NUMBER = 100
"""Numbers are what strangers wrote; a longer one is cut, which only shares a delay."""

_BLOCKED = select(proof_tries.c.blocked_until).where(proof_tries.c.number == bindparam("n"))
_BLOCK = (
    update(proof_tries)
    .where(proof_tries.c.number == bindparam("n"))
    .values(blocked_until=bindparam("until"))
)
_DELETE = delete(proof_tries).where(proof_tries.c.number == bindparam("n"))
_PRUNE = delete(proof_tries).where(proof_tries.c.last_at < bindparam("before"))


class SqlProofTries:
    """Delays further proofs of an order from the `tries`-th wrong one on, twice as long each time.

    There is never a lock for good: no delay is longer than `longest` seconds.
    """

    def __init__(
        self, engine: AsyncEngine, *, tries: int, delay_seconds: float, longest: float, now: Now
    ) -> None:
        self._engine = engine
        self._tries = tries
        self._delay = delay_seconds
        self._longest = longest
        self._now = now

    async def blocked_until(self, number: str) -> datetime | None:
        """Return until when no proof of this number is looked at; None when it may be tried."""
        found = await fetch(self._engine, _BLOCKED, {"n": _key(number)})
        until: datetime | None = found[0].blocked_until if found else None
        return until if until is not None and until > self._now() else None

    async def failed(self, number: str, now: datetime) -> None:
        """Note a wrong proof."""
        key = _key(number)
        count = (
            database.insert(self._engine, proof_tries)
            .values(number=key, failed=1, last_at=now)
            .on_conflict_do_update(
                index_elements=["number"],
                set_={"failed": proof_tries.c.failed + 1, "last_at": now},
            )
            .returning(proof_tries.c.failed)
        )

        def work(connection: Connection) -> None:
            connection.execute(_PRUNE, {"before": now - self._memory})
            delay = self._delay_after(connection.execute(count).scalar_one())
            if delay is not None:
                connection.execute(_BLOCK, {"n": key, "until": now + delay})

        await transact(self._engine, work)

    async def succeeded(self, number: str) -> None:
        """Forget the wrong proofs of this number."""
        key = _key(number)
        await transact(self._engine, lambda connection: connection.execute(_DELETE, {"n": key}))

    @property
    def _memory(self) -> timedelta:
        """Return how long wrong proofs count: at least as long as they can delay."""
        return max(_FORGET, timedelta(seconds=2 * self._longest))

    def _delay_after(self, failures: int) -> timedelta | None:
        if failures < self._tries:
            return None
        doublings = min(failures - self._tries, 64)  # beyond, a float would overflow
        return timedelta(seconds=min(self._delay * 2**doublings, self._longest))


def _key(number: str) -> str:
    return plain(normal_number(number))[:_LONGEST_NUMBER]
