"""SQLite: a whole transaction is one trip to a thread.

An async driver goes to its thread and back for each statement, and on a busy event loop each way
back waits for whatever runs there. Holding the write lock meanwhile, eight clients got 37 turns
a second; with one trip for the whole transaction the next run got 58
(benchmarks/turn.py). Migrations and imports, which nobody waits for, use the async engine.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

READ = "shopbell_read"
"""Execution option of a connection that begins no transaction."""
WRITER = "shopbell_writer"
"""Execution option of the engine: the lock on which long async writers queue."""
DIRECT = "shopbell_direct"
"""Execution option of the engine: its `Direct`."""

READERS = 2
_BUSY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """The same database without an async driver, with its threads.

    There is one thread for writing: writers queue there, in order, instead of at the file's lock,
    which is polled.
    """

    engine: Engine
    readers: ThreadPoolExecutor
    writer: ThreadPoolExecutor

    def close(self) -> None:
        """Close the connections and let the threads end."""
        self.readers.shutdown(wait=True)
        self.writer.shutdown(wait=True)
        self.engine.dispose()


def open_sqlite(url: URL) -> AsyncEngine:
    """Open an engine in WAL mode; `?timeout=` is how long to wait for another process."""
    options: dict[str, Any] = {"isolation_level": None}  # the driver begins nothing by itself
    if "timeout" not in url.query:
        options["timeout"] = _BUSY_SECONDS
    engine = create_async_engine(url, hide_parameters=True, connect_args=options)
    plain = create_engine(
        url.set(drivername="sqlite+pysqlite"), hide_parameters=True, connect_args=options
    )
    direct = Direct(
        engine=plain,
        readers=ThreadPoolExecutor(READERS, thread_name_prefix="sqlite_reader"),
        writer=ThreadPoolExecutor(1, thread_name_prefix="sqlite_writer"),
    )
    engine.update_execution_options(**{WRITER: asyncio.Lock(), DIRECT: direct})
    for one in (engine.sync_engine, plain):
        event.listen(one, "connect", _set_pragmas)
        event.listen(one, "begin", _begin)
    event.listen(engine.sync_engine, "engine_disposed", lambda _: direct.close())
    return engine


def _set_pragmas(connection: Any, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    try:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")
    finally:
        cursor.close()


def _begin(connection: Connection) -> None:
    if not connection.get_execution_options().get(READ):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
