"""The promises of the `ProofTries` port: a growing delay, never a lock for good."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.ports import ProofTries
from bot.store.engine import fetch
from bot.store.tables import proof_tries
from bot.store.tries import SqlProofTries
from tests.contract.store_values import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tries(engine: AsyncEngine, clock: Clock) -> ProofTries:
    return SqlProofTries(engine, tries=5, delay_seconds=30, longest=3600, now=clock)


async def _fail(tries: ProofTries, clock: Clock, times: int, number: str = "A-1") -> None:
    for _ in range(times):
        await tries.failed(number, clock())


async def test_the_first_tries_are_free(tries: ProofTries, clock: Clock) -> None:
    assert await tries.blocked_until("A-1") is None
    await _fail(tries, clock, 4)
    assert await tries.blocked_until("A-1") is None


async def test_the_delay_begins_with_the_fifth_and_doubles(
    tries: ProofTries, clock: Clock
) -> None:
    await _fail(tries, clock, 4)
    delays = []
    for _ in range(9):
        await tries.failed("A-1", clock())
        until = await tries.blocked_until("A-1")
        assert until is not None
        delays.append((until - clock()).total_seconds())
    assert delays == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


async def test_the_delay_ends(tries: ProofTries, clock: Clock) -> None:
    await _fail(tries, clock, 5)
    clock.move(seconds=29)
    assert await tries.blocked_until("A-1") == clock() + timedelta(seconds=1)
    clock.move(seconds=1)
    assert await tries.blocked_until("A-1") is None


async def test_one_number_counts_however_it_is_written(tries: ProofTries, clock: Clock) -> None:
    for number in ("#a 1", "A-1", "a1", "A—1", " ＃A1"):
        await tries.failed(number, clock())
    assert await tries.blocked_until("a-1") is not None
    assert await tries.blocked_until("A-2") is None


async def test_a_success_forgets_the_failures(tries: ProofTries, clock: Clock) -> None:
    await _fail(tries, clock, 6)
    await tries.succeeded("a1")
    assert await tries.blocked_until("A-1") is None
    await _fail(tries, clock, 4)
    assert await tries.blocked_until("A-1") is None


async def test_tries_at_once_are_all_counted(tries: ProofTries, clock: Clock) -> None:
    await asyncio.gather(*(tries.failed("A-1", clock()) for _ in range(6)))
    assert await tries.blocked_until("A-1") == clock() + timedelta(seconds=60)


async def test_any_text_may_be_a_number(tries: ProofTries, clock: Clock) -> None:
    for number in ("", "\0", "'; --", "9" * 10_000):
        await _fail(tries, clock, 5, number)
        assert await tries.blocked_until(number) is not None


async def test_many_failures_do_not_overflow(engine: AsyncEngine, clock: Clock) -> None:
    tries = SqlProofTries(engine, tries=1, delay_seconds=30, longest=60, now=clock)
    await _fail(tries, clock, 80)
    assert await tries.blocked_until("A-1") == clock() + timedelta(seconds=60)


async def test_what_strangers_typed_is_forgotten_after_a_day(
    tries: ProofTries, clock: Clock, engine: AsyncEngine
) -> None:
    await _fail(tries, clock, 4)
    clock.move(days=1, seconds=1)
    await _fail(tries, clock, 1, "B-2")
    (row,) = await fetch(engine, select(func.count(proof_tries.c.number)))
    assert row[0] == 1
