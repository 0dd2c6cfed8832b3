"""The promises of the `Outbox` port: in order, at least once, never over a person."""

import asyncio
from dataclasses import replace
from itertools import chain

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import Conversation, ConversationId, Delivery, Speaker
from bot.ports import Outbox, Parcel
from bot.store.conversations import SqlStore
from bot.store.engine import open_engine
from bot.store.outbox import SqlOutbox
from tests.contract import store_values as values
from tests.contract.store_values import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(engine: AsyncEngine, clock: Clock) -> SqlStore:
    return SqlStore(engine, push_channels=frozenset({"telegram"}), shared=False, now=clock)


@pytest.fixture
def outbox(engine: AsyncEngine, clock: Clock) -> Outbox:
    return SqlOutbox(engine, clock)


async def _said(store: SqlStore, name: str, *replies: str) -> Conversation:
    before = await store.start(values.conversation(name, channel="telegram"))
    said = (values.bot_says(reply) for reply in replies)
    return (await store.commit(values.written(before, *said))).after


async def _claimed(outbox: Outbox, clock: Clock, holder: str = "worker") -> list[Parcel]:
    return list(await outbox.claim(holder=holder, now=clock()))


async def _deliveries(store: SqlStore, name: str) -> list[str]:
    return [message.delivery for message in await store.messages(ConversationId(name))]


async def test_a_parcel_carries_message_and_address(
    store: SqlStore, outbox: Outbox, clock: Clock
) -> None:
    before = await store.start(values.conversation("c1", channel="telegram"))
    committed = await store.commit(values.spoken(before, "k1"))
    (parcel,) = await _claimed(outbox, clock)
    assert parcel.message == committed.messages[1]
    assert parcel.address == before.address
    assert parcel.conversation == before.id
    assert parcel.attempts == 1


async def test_pull_channels_send_nothing(store: SqlStore, outbox: Outbox, clock: Clock) -> None:
    before = await store.start(values.conversation(channel="web"))
    change = values.spoken(before, "k1")
    stray = replace(values.bot_says("stray"), delivery=Delivery.PENDING)
    await store.commit(replace(change, messages=(*change.messages, stray)))
    assert await outbox.waiting() == 0
    assert await _claimed(outbox, clock) == []


async def test_one_conversation_is_sent_strictly_in_order(
    store: SqlStore, outbox: Outbox, clock: Clock
) -> None:
    await _said(store, "c1", "r1", "r2", "r3")
    sent = []
    while parcels := await _claimed(outbox, clock):
        assert await _claimed(outbox, clock, "another") == []
        sent += [parcel.message.id for parcel in parcels]
        for parcel in parcels:
            await outbox.sent(parcel, clock())
    assert sent == ["r1", "r2", "r3"]
    assert await _deliveries(store, "c1") == ["done"] * 3
    assert await outbox.waiting() == 0


async def test_conversations_do_not_wait_for_one_another(
    store: SqlStore, outbox: Outbox, clock: Clock
) -> None:
    await _said(store, "c1", "r1", "r2")
    await _said(store, "c2", "s1")
    assert [p.message.id for p in await _claimed(outbox, clock)] == ["r1", "s1"]
    assert await outbox.waiting() == 3


async def test_a_claim_keeps_to_its_limit(store: SqlStore, outbox: Outbox, clock: Clock) -> None:
    for number in range(4):
        await _said(store, f"c{number}", f"r{number}")
    first = await outbox.claim(holder="w", now=clock(), limit=3)
    rest = await outbox.claim(holder="w", now=clock(), limit=3)
    assert [p.message.id for p in (*first, *rest)] == ["r0", "r1", "r2", "r3"]


async def test_a_failure_waits_and_holds_back_what_follows(
    store: SqlStore, outbox: Outbox, clock: Clock
) -> None:
    await _said(store, "c1", "r1", "r2")
    (parcel,) = await _claimed(outbox, clock)
    retry_at = clock.move(seconds=1).replace(microsecond=0)
    await outbox.failed(parcel, error="HTTP 502", retry_at=retry_at.replace(minute=31))
    assert await _claimed(outbox, clock) == []
    clock.move(minutes=2)
    (again,) = await _claimed(outbox, clock)
    assert (again.message.id, again.attempts) == ("r1", 2)


async def test_what_is_given_up_is_shown_and_lets_the_next_pass(
    store: SqlStore, outbox: Outbox, clock: Clock
) -> None:
    await _said(store, "c1", "r1", "r2")
    (parcel,) = await _claimed(outbox, clock)
    await outbox.failed(parcel, error="blocked by the user", retry_at=None)
    assert await _deliveries(store, "c1") == ["failed", "pending"]
    assert [p.message.id for p in await _claimed(outbox, clock)] == ["r2"]


async def test_a_dead_workers_parcel_is_claimed_again(
    store: SqlStore, outbox: Outbox, clock: Clock
) -> None:
    await _said(store, "c1", "r1")
    await _claimed(outbox, clock, "dead")
    clock.move(seconds=59)
    assert await _claimed(outbox, clock) == []
    clock.move(seconds=2)
    (parcel,) = await _claimed(outbox, clock)
    assert parcel.attempts == 2


async def test_a_worker_whose_lease_ran_out_cannot_undo_the_next_ones_work(
    store: SqlStore, outbox: Outbox, clock: Clock
) -> None:
    await _said(store, "c1", "r1", "r2")
    (slow,) = await _claimed(outbox, clock, "slow")
    clock.move(seconds=61)
    (quick,) = await _claimed(outbox, clock, "quick")
    await outbox.failed(slow, error="late", retry_at=clock())
    assert await _claimed(outbox, clock) == [], "the quick worker's lease must still hold"
    await outbox.sent(quick, clock())
    await outbox.failed(slow, error="late", retry_at=None)
    assert await _deliveries(store, "c1") == ["done", "pending"]


async def test_a_bots_reply_is_withheld_when_a_person_took_over(
    store: SqlStore, outbox: Outbox, clock: Clock
) -> None:
    spoken = await _said(store, "c1", "r1", "r2")
    opened = replace(spoken, handoff=values.handoff())
    waiting = (await store.commit(replace(values.written(spoken), after=opened))).after
    joined = replace(values.bot_says("joined"), speaker=Speaker.SYSTEM)
    hello = replace(values.bot_says("hello"), speaker=Speaker.AGENT)
    taken = values.moved(waiting, values.accepted)
    await store.commit(replace(taken, messages=(joined, hello)))
    (first,) = await _claimed(outbox, clock)
    await outbox.sent(first, clock())
    (second,) = await _claimed(outbox, clock)
    assert [first.message.id, second.message.id] == ["joined", "hello"]
    assert await _deliveries(store, "c1") == ["withheld", "withheld", "done", "pending"]


async def test_the_queue_does_not_withhold(store: SqlStore, outbox: Outbox, clock: Clock) -> None:
    """The reply that opens the handoff is the bot's own, and must reach the shopper."""
    spoken = await _said(store, "c1", "r1")
    opened = replace(spoken, handoff=values.handoff())
    await store.commit(replace(values.written(spoken), after=opened))
    assert [p.message.id for p in await _claimed(outbox, clock)] == ["r1"]


async def test_two_workers_never_claim_the_same_message(
    database_url: str, store: SqlStore, outbox: Outbox, clock: Clock
) -> None:
    for number in range(12):
        await _said(store, f"c{number}", f"a{number}", f"b{number}")
    other_engine = open_engine(database_url)
    workers: tuple[Outbox, ...] = (outbox, SqlOutbox(other_engine, clock))
    claims = [worker.claim(holder="w", now=clock(), limit=4) for worker in workers * 4]
    parcels = chain.from_iterable(await asyncio.gather(*claims))
    assert sorted(parcel.message.id for parcel in parcels) == sorted(
        f"a{number}" for number in range(12)
    )
    await other_engine.dispose()


async def test_a_sent_messages_number_is_not_given_again(
    store: SqlStore, outbox: Outbox, clock: Clock
) -> None:
    """A late report about the old parcel would otherwise hit the new one."""
    await _said(store, "c1", "r1")
    (first,) = await _claimed(outbox, clock)
    await outbox.sent(first, clock())
    await _said(store, "c2", "s1")
    (second,) = await _claimed(outbox, clock)
    assert second.id != first.id
    assert second.message.delivery is Delivery.PENDING
