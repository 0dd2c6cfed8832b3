"""Opening a database, using it in short transactions, and bringing its tables up to date.

Both databases are used alike: `fetch` asks one question without a transaction, `transact` runs a
function in one short transaction. On SQLite each is one trip to a thread, on PostgreSQL one
greenlet over asyncpg; `reading` and `writing` lend a connection to those who want to await. On
SQLite a write takes the lock at its start (`BEGIN IMMEDIATE`), because a transaction that reads
first and writes later can't wait for another writer: https://www.sqlite.org/isolation.html.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, nullcontext
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, Row, exc, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.schema import Table
from sqlalchemy.util import greenlet_spawn

from bot.ports import StoreUnavailableError
from bot.store.sqlite import DIRECT, READ, WRITER, Direct, open_sqlite

T = TypeVar("T")

_BUSY_SECONDS = 5.0
_MIGRATION_LOCK = 0x53686F7062656C6C  # "Shopbell", PostgreSQL's advisory lock


def open_engine(url: str) -> AsyncEngine:
    """Open a database by its async SQLAlchemy URL; connects at the first use.

    SQLite waits five seconds for a writer of another process; `?timeout=` of the URL says
    otherwise.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        _make_parent(parsed)
        return open_sqlite(parsed)
    return create_async_engine(
        parsed,
        hide_parameters=True,  # errors are logged, and parameters are what people wrote
        pool_size=10,
        max_overflow=10,
        pool_timeout=_BUSY_SECONDS,
        connect_args={"timeout": _BUSY_SECONDS},
    )


async def fetch(
    engine: AsyncEngine, statement: Executable, parameters: Mapping[str, Any] | None = None
) -> Sequence[Row[Any]]:
    """Return all rows of one SELECT."""
    with _translated():
        if (direct := _direct(engine)) is None:
            return await greenlet_spawn(_fetch, engine.sync_engine, statement, parameters)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            direct.readers, _fetch, direct.engine, statement, parameters
        )


async def transact(engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
    """Run `work` in one transaction: committed when it returns, rolled back when it raises.

    `work` runs in another thread on SQLite, so it may use nothing but its connection.
    """
    with _translated():
        if (direct := _direct(engine)) is None:
            return await greenlet_spawn(_transact, engine.sync_engine, work)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(direct.writer, _transact, direct.engine, work)


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Lend a connection for reads. Each statement sees its own moment: ask in one statement."""
    with _translated():
        async with engine.connect() as connection:
            yield await connection.execution_options(**_reading(engine.sync_engine))


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Run one short transaction: committed at the end, rolled back on any error."""
    with _translated():
        async with (
            engine.get_execution_options().get(WRITER) or nullcontext(),
            engine.begin() as connection,
        ):
            yield connection


def insert(engine: AsyncEngine, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Begin an INSERT that knows ON CONFLICT, which both databases spell alike."""
    return sqlite.insert(table) if engine.dialect.name == "sqlite" else postgresql.insert(table)


def migrate(url: str) -> None:
    """Bring the tables up to date; several processes may do so at once.

    Works beside a running event loop too, but blocks it.
    """
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _migrate(url)).result()


def _direct(engine: AsyncEngine) -> Direct | None:
    direct: Direct | None = engine.get_execution_options().get(DIRECT)
    return direct


def _fetch(
    engine: Engine, statement: Executable, parameters: Mapping[str, Any] | None
) -> Sequence[Row[Any]]:
    with engine.connect() as connection:
        connection.execution_options(**_reading(engine))
        return connection.execute(statement, parameters).all()


def _transact(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.begin() as connection:
        return work(connection)


def _reading(engine: Engine) -> dict[str, Any]:
    """Return the options of a connection that begins no transaction."""
    if engine.dialect.name == "sqlite":
        return {READ: True}
    return {"isolation_level": "AUTOCOMMIT"}


def _make_parent(url: URL) -> None:
    name = url.database
    if not name or name == ":memory:" or name.startswith("file:"):
        return
    try:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(
            f"Expected a folder for the database at {Path(name).parent}, but {error}"
        ) from error


# -- errors ------------------------------------------------------------


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError, OSError) as error:
        if not _is_outage(error):
            raise
        reason = getattr(error, "orig", None) or error
        raise StoreUnavailableError(
            f"Expected a database that can be used, but got: {reason}. "
            "Check that it is there, not locked by another program, and writable."
        ) from error


def _is_outage(error: Exception) -> bool:
    """Tell an unusable database from a statement that is wrong."""
    if not isinstance(error, exc.DBAPIError):
        return True
    if isinstance(error, exc.IntegrityError | exc.DataError | exc.ProgrammingError):
        return False
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False  # the general code is for wrong SQL; trouble with the file has its own
    # https://www.postgresql.org/docs/current/errcodes-appendix.html: 42 is a wrong statement,
    # 22 wrong data, 23 a broken constraint.
    code = getattr(error.orig, "sqlstate", None)
    return code is None or code[:2] not in {"22", "23", "42"}


# -- migration ------------------------------------------------------------


def newest_revision() -> str:
    """Return the newest revision: files are named NNNN_what.py and NNNN is the revision."""
    names = (entry.name for entry in (files("bot") / "migrations" / "versions").iterdir())
    return max(name[:4] for name in names if name[:4].isdigit())


async def _migrate(url: str) -> None:
    engine = open_engine(url)
    try:
        if await _current_revision(engine) != newest_revision():
            async with writing(engine) as connection:
                await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def _current_revision(engine: AsyncEngine) -> str | None:
    """Look without Alembic, whose import alone takes longer than a whole start should."""
    try:
        async with reading(engine) as connection:
            found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            return None if found is None else str(found)
    except (exc.OperationalError, exc.ProgrammingError):  # SQLite's and PostgreSQL's "no table"
        return None


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 -- slow to import, seldom needed
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    config = Config()
    config.set_main_option("script_location", "bot:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreUnavailableError(
            f"Expected a database of this Shopbell or an older one, but it is newer: {error}. "
            "Install the Shopbell that last used it."
        ) from error
