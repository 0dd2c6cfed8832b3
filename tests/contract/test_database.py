"""Opening, migrating and losing a database; and a process that dies at the worst moment."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

import bot.shop.tables
import bot.store.tables  # noqa: F401 -- both fill the shared MetaData
from bot.model import ConversationId, Delivery
from bot.ports import StoreUnavailableError
from bot.store.base import metadata
from bot.store.conversations import SqlStore
from bot.store.engine import fetch, migrate, newest_revision, open_engine, transact
from bot.store.outbox import SqlOutbox
from bot.store.tables import articles
from tests.contract import store_values as values
from tests.contract.store_values import START, Clock

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _store(engine: AsyncEngine, clock: Clock) -> SqlStore:
    return SqlStore(engine, push_channels=frozenset({"telegram"}), shared=False, now=clock)


# -- migration ------------------------------------------------------------


async def test_migrations_make_the_tables_that_the_code_uses(empty_database_url: str) -> None:
    migrate(empty_database_url)
    engine = open_engine(empty_database_url)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert await transact(engine, differences) == []
    await engine.dispose()


def test_two_processes_may_migrate_at_once(empty_database_url: str) -> None:
    code = f"from bot.store.engine import migrate; migrate({empty_database_url!r})"
    processes = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    errors = [process.communicate(timeout=120)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors


def test_an_up_to_date_database_is_not_migrated_again(sqlite_url: str) -> None:
    """Alembic isn't even imported: that would take longer than all the rest."""
    code = (
        f"import sys; from bot.store.engine import migrate; migrate({sqlite_url!r}); "
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_newest_revision_is_alembics_head() -> None:
    config = Config()
    config.set_main_option("script_location", "bot:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [newest_revision()]


async def test_a_database_of_a_newer_shopbell_is_refused(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    await transact(engine, lambda c: c.execute(text("UPDATE alembic_version SET version_num='9'")))
    await engine.dispose()
    with pytest.raises(StoreUnavailableError, match="newer"):
        migrate(sqlite_url)


# -- transactions ------------------------------------------------------------


async def test_times_need_a_zone_and_keep_their_moment(engine: AsyncEngine) -> None:
    store = _store(engine, Clock())
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 -- the very mistake
    before = await store.start(values.conversation())
    with pytest.raises(Exception, match="zone"):
        await store.rate(before.id, 5, None, naive)
    shanghai = START.astimezone(ZoneInfo("Asia/Shanghai"))
    await store.start(replace(values.conversation("c2"), started_at=shanghai))
    assert (await store.get(ConversationId("c2"))).started_at == START


async def test_a_failed_transaction_is_rolled_back(engine: AsyncEngine) -> None:
    def work(connection: Connection) -> None:
        values_ = {"id": "a", "language": "en", "version": 1, "published": True}
        connection.execute(articles.insert(), values_)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await transact(engine, work)
    assert await fetch(engine, select(articles)) == []


async def test_a_cancelled_commit_leaves_a_usable_database(
    engine: AsyncEngine, clock: Clock
) -> None:
    """Cancelled at every await in turn: a commit is whole or absent, and the next one works."""
    store = _store(engine, clock)
    before = await store.start(values.conversation())
    for steps in range(12):
        task = asyncio.ensure_future(store.commit(values.spoken(before, f"k{steps}")))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await transact(engine, lambda _: None)  # what the writer has begun has come to its end
        before = await store.get(before.id)
        assert len(await store.messages(before.id)) == 2 * before.version
    done = await store.commit(values.spoken(before, "last"))
    assert len(await store.messages(before.id)) == 2 * done.after.version


# -- databases that can't be used ------------------------------------------------------------


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.fixture
async def impatient(sqlite_url: str) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(f"{sqlite_url}?timeout=0.05")
    yield opened
    await opened.dispose()


async def test_a_locked_database_says_so_and_loses_nothing(
    impatient: AsyncEngine, tmp_path: Path, clock: Clock
) -> None:
    store = _store(impatient, clock)
    before = await store.start(values.conversation())
    with _locked(tmp_path / "shopbell.db"):
        with pytest.raises(StoreUnavailableError, match="locked"):
            await store.commit(values.spoken(before, "k1"))
        assert await store.get(before.id) == before, "reading goes on beside a writer"
    committed = await store.commit(values.spoken(before, "k1"))
    assert committed.after.version == 1


async def test_a_short_lock_is_waited_for(sqlite_url: str, tmp_path: Path, clock: Clock) -> None:
    engine = open_engine(sqlite_url)
    store = _store(engine, clock)
    with _locked(tmp_path / "shopbell.db"):
        start = asyncio.ensure_future(store.start(values.conversation()))
        await asyncio.sleep(0.1)
        assert not start.done()
    await start
    await engine.dispose()


async def test_a_read_only_database_is_read_and_refuses_writes(
    sqlite_url: str, tmp_path: Path, clock: Clock
) -> None:
    engine = open_engine(sqlite_url)
    before = await _store(engine, clock).start(values.conversation())
    reader = open_engine(f"sqlite+aiosqlite:///file:{tmp_path}/shopbell.db?mode=ro&uri=true")
    store = _store(reader, clock)
    assert await store.get(before.id) == before
    with pytest.raises(StoreUnavailableError, match="readonly"):
        await store.commit(values.spoken(before, "k1"))
    await reader.dispose()
    await engine.dispose()


async def test_a_read_only_postgres_refuses_writes(postgres_url: str, clock: Clock) -> None:
    engine = open_engine(postgres_url)
    name = postgres_url.rsplit("/", 1)[1]
    statement = text(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await transact(engine, lambda c: c.execute(statement))
    await engine.dispose()
    with pytest.raises(StoreUnavailableError, match="read-only"):
        await _store(engine, clock).start(values.conversation())
    await engine.dispose()


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" * 100])
async def test_a_corrupt_file_says_so(tmp_path: Path, clock: Clock, content: bytes) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(content)
    with pytest.raises(StoreUnavailableError, match=r"not a database|malformed"):
        migrate(f"sqlite+aiosqlite:///{path}")
    assert path.read_bytes() == content


async def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match="folder"):
        open_engine(f"sqlite+aiosqlite:///{tmp_path}/file/home/shopbell.db")


async def test_a_missing_server_says_so(clock: Clock) -> None:
    engine = open_engine("postgresql+asyncpg://postgres@127.0.0.1:1/shopbell")
    with pytest.raises(StoreUnavailableError):
        await _store(engine, clock).get(ConversationId("c1"))
    with pytest.raises(StoreUnavailableError):
        migrate("postgresql+asyncpg://postgres@127.0.0.1:1/shopbell")
    await engine.dispose()


async def test_a_server_that_went_away_is_found_again(
    postgres_url: str, engine_of_postgres: AsyncEngine, clock: Clock
) -> None:
    store = _store(engine_of_postgres, clock)
    before = await store.start(values.conversation())
    other = open_engine(postgres_url)
    kill = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    await fetch(other, kill)
    await other.dispose()
    with pytest.raises(StoreUnavailableError):
        await store.commit(values.spoken(before, "k1"))
    assert (await store.commit(values.spoken(before, "k1"))).after.version == 1


@pytest.fixture
async def engine_of_postgres(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(postgres_url)
    yield opened
    await opened.dispose()


async def test_a_wrong_statement_is_no_outage(engine: AsyncEngine) -> None:
    with pytest.raises(Exception, match="sentence") as caught:
        await fetch(engine, text("SELECT a sentence of nonsense"))
    assert not isinstance(caught.value, StoreUnavailableError)


async def test_errors_do_not_tell_what_people_wrote(engine: AsyncEngine) -> None:
    statement = text("INSERT INTO nowhere VALUES (:secret)")
    with pytest.raises(Exception, match="nowhere") as caught:
        await transact(engine, lambda c: c.execute(statement, {"secret": "my card is 4111"}))
    assert "4111" not in str(caught.value)


# -- a process that dies ------------------------------------------------------------

_DYING = """
import asyncio, os, signal, sys
from bot.store.conversations import SqlStore
from bot.store.engine import open_engine
from bot.store.outbox import SqlOutbox
from tests.contract import store_values as values

async def main(url, claims):
    engine, clock = open_engine(url), values.Clock()
    store = SqlStore(engine, push_channels=frozenset({"telegram"}), shared=True, now=clock)
    before = await store.start(values.conversation(channel="telegram"))
    async with store.lock(before.id):
        await store.commit(values.spoken(before, "k1", replies=2))
        if claims:
            await SqlOutbox(engine, clock).claim(holder="dying", now=clock())
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(sys.argv[1], sys.argv[2] == "claims"))
"""


@pytest.mark.parametrize("moment", ["commits", "claims"])
async def test_what_a_killed_process_committed_is_sent_by_the_next(
    database_url: str, engine: AsyncEngine, clock: Clock, moment: str
) -> None:
    command = [sys.executable, "-c", _DYING, database_url, moment]
    pipe = asyncio.subprocess.PIPE
    killed = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=pipe)
    _, errors = await killed.communicate()
    assert killed.returncode == -9, errors.decode()
    clock.move(seconds=61)
    store, outbox = _store(engine, clock), SqlOutbox(engine, clock)
    sent = []
    while parcels := await outbox.claim(holder="next", now=clock()):
        for parcel in parcels:
            sent.append(parcel.message.id)
            await outbox.sent(parcel, clock() + timedelta(seconds=1))
    assert sent == ["r-k1-0", "r-k1-1"]
    replayed = (await store.take(ConversationId("c1"), "k1"))[1]
    assert replayed is not None
    assert [reply.id for reply in replayed.replies] == sent
    kept = await store.messages(ConversationId("c1"))
    assert {message.delivery for message in kept} == {Delivery.DONE}
    async with asyncio.timeout(5), store.lock(ConversationId("c1")):
        pass
