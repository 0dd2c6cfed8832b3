"""The promises of the `Store` port, kept on SQLite and on PostgreSQL alike."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import (
    Address,
    Audience,
    Conversation,
    ConversationId,
    Delivery,
    Message,
    MessageId,
    Owner,
    Speaker,
)
from bot.ports import ConflictError, Store, UnknownConversationError
from bot.store.conversations import SqlStore
from bot.store.engine import open_engine
from escalation.model import HandoffId
from tests.contract import store_values as values
from tests.contract.store_values import START, Clock

NOBODY = ConversationId("nobody")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(engine: AsyncEngine, clock: Clock) -> Store:
    return _store(engine, clock)


def _store(engine: AsyncEngine, clock: Clock, *, shared: bool = False) -> SqlStore:
    return SqlStore(engine, push_channels=frozenset({"telegram"}), shared=shared, now=clock)


async def _opened(store: Store, name: str, *, priority: int = 0, minutes: float = 0) -> None:
    before = await store.start(values.conversation(f"c-{name}"))
    opened = values.handoff(name, priority=priority, minutes=minutes)
    await store.commit(replace(values.written(before), after=replace(before, handoff=opened)))


# -- finding ------------------------------------------------------------


async def test_a_started_conversation_is_found_by_id_and_address(store: Store) -> None:
    started = await store.start(values.conversation())
    assert await store.get(started.id) == started == values.conversation()
    assert await store.find(started.address) == started


async def test_an_address_has_one_conversation(store: Store) -> None:
    first = await store.start(values.conversation())
    second = replace(values.conversation("c2"), address=first.address)
    assert await store.start(second) == first
    with pytest.raises(UnknownConversationError):
        await store.get(second.id)


async def test_an_address_that_starts_twice_at_once_gets_one(store: Store) -> None:
    address = Address(channel="telegram", user="7")
    several = [replace(values.conversation(f"c{n}"), address=address) for n in range(8)]
    started = await asyncio.gather(*(store.start(conversation) for conversation in several))
    assert len({conversation.id for conversation in started}) == 1


async def test_unknown_ones_are_said_to_be_unknown(store: Store) -> None:
    with pytest.raises(UnknownConversationError, match="nobody"):
        await store.get(NOBODY)
    with pytest.raises(UnknownConversationError):
        await store.by_handoff(HandoffId("none"))
    assert await store.find(Address(channel="web", user="nobody")) is None
    with pytest.raises(UnknownConversationError):
        await store.take(NOBODY, "x")
    assert await store.messages(NOBODY) == []


# -- the commit ------------------------------------------------------------


async def test_everything_reloads_as_it_was_kept(store: Store) -> None:
    before = await store.start(values.conversation())
    change = replace(values.spoken(before, "k1", replies=2), after=values.rich(before))
    committed = await store.commit(change)
    assert await store.get(before.id) == committed.after == replace(change.after, version=1)
    assert await store.messages(before.id) == list(committed.messages)
    assert await store.turns(before.id) == [committed.turn]


async def test_messages_and_replies_are_numbered_alike(store: Store) -> None:
    before = await store.start(values.conversation())
    first = await store.commit(values.spoken(before, "k1", replies=2))
    second = await store.commit(values.spoken(first.after, "k2"))
    assert [message.seq for message in first.messages] == [1, 2, 3]
    assert [message.seq for message in second.messages] == [4, 5]
    assert first.turn is not None
    assert first.turn.message == first.messages[0]
    assert first.turn.replies == first.messages[1:]


async def test_a_commit_on_an_old_version_writes_nothing(store: Store) -> None:
    before = await store.start(values.conversation())
    await store.commit(values.spoken(before, "k1"))
    with pytest.raises(ConflictError, match="version 0"):
        await store.commit(values.spoken(before, "k2"))
    assert len(await store.messages(before.id)) == 2
    assert (await store.take(before.id, "k2"))[1] is None


async def test_a_commit_to_nobody_is_refused(store: Store) -> None:
    with pytest.raises(UnknownConversationError):
        await store.commit(values.spoken(values.conversation("nobody"), "k1"))


async def test_a_failing_commit_leaves_nothing_behind(store: Store) -> None:
    before = await store.start(values.conversation())
    first = await store.commit(values.spoken(before, "k1"))
    with pytest.raises(ConflictError, match="replay"):
        await store.commit(values.spoken(first.after, "k1"))
    assert await store.get(before.id) == first.after
    assert len(await store.messages(before.id)) == 2


async def test_of_many_commits_at_once_one_wins(store: Store) -> None:
    before = await store.start(values.conversation())
    commits = (store.commit(values.spoken(before, f"k{n}")) for n in range(8))
    results = await asyncio.gather(*commits, return_exceptions=True)
    assert sum(isinstance(result, ConflictError) for result in results) == 7
    assert [m.seq for m in await store.messages(before.id)] == [1, 2]


@pytest.mark.parametrize(
    "text", ["", "\0 \x1b[0m", "'; DROP TABLE messages; --", "👧🏽", "字" * 100_000]
)
async def test_any_text_is_kept_as_it_is(store: Store, text: str) -> None:
    before = await store.start(values.conversation())
    message = replace(values.shopper_says("k1", text), client_id="k\0")
    change = replace(values.spoken(before, "x"), messages=(message,), turn=values.turn(message))
    await store.commit(change)
    assert [kept.text for kept in await store.messages(before.id)] == [text]
    replayed = (await store.take(before.id, "k\0"))[1]
    assert replayed is not None
    assert replayed.message.text == text


# -- redelivery and reading ------------------------------------------------------------


async def test_a_redelivery_gets_the_stored_turn(store: Store) -> None:
    before = await store.start(values.conversation())
    committed = await store.commit(values.spoken(before, "k1", replies=2))
    assert (await store.take(before.id, "k1"))[1] == committed.turn
    assert await store.take(before.id, "k1") == (committed.after, committed.turn)
    assert await store.take(before.id, "k2") == (committed.after, None)
    assert (await store.take(before.id, "k2"))[1] is None
    other = await store.start(values.conversation("c2"))
    assert (await store.take(other.id, "k1"))[1] is None


async def test_messages_come_after_a_seq_and_within_a_limit(store: Store) -> None:
    before = await store.start(values.conversation())
    await store.commit(values.spoken(before, "k1", replies=4))
    assert [m.seq for m in await store.messages(before.id, after=2)] == [3, 4, 5]
    assert [m.seq for m in await store.messages(before.id, after=1, limit=2)] == [2, 3]
    assert await store.messages(before.id, after=5) == []


async def test_internal_notes_are_for_staff_only(store: Store) -> None:
    before = await store.start(values.conversation())
    note = replace(values.bot_says("note"), speaker=Speaker.AGENT, audience=Audience.STAFF)
    await store.commit(values.written(before, values.bot_says("r1"), note))
    assert [m.id for m in await store.messages(before.id)] == ["r1"]
    staff = await store.messages(before.id, audience=Audience.STAFF)
    assert [m.id for m in staff] == ["r1", "note"]


async def test_only_what_a_push_channel_must_send_is_pending(store: Store) -> None:
    before = await store.start(values.conversation(channel="telegram"))
    note = replace(values.bot_says("note"), audience=Audience.STAFF)
    said = [replace(values.bot_says(s), speaker=s) for s in (Speaker.AGENT, Speaker.SYSTEM)]
    change = values.spoken(before, "k1")
    committed = await store.commit(replace(change, messages=(*change.messages, note, *said)))
    pending = [m.id for m in committed.messages if m.delivery is Delivery.PENDING]
    assert pending == ["r-k1-0", "agent", "system"]
    assert committed.turn is not None
    assert committed.turn.replies[0].delivery is Delivery.PENDING
    kept = await store.messages(before.id, audience=Audience.STAFF)
    assert [m.delivery for m in kept] == [m.delivery for m in committed.messages]


# -- handoffs ------------------------------------------------------------


async def test_the_owner_follows_the_newest_handoff(store: Store) -> None:
    await _opened(store, "h1")
    waiting = await store.get(ConversationId("c-h1"))
    taken = await store.commit(values.moved(waiting, values.accepted))
    back = await store.commit(values.moved(taken.after, values.ended))
    owners = [waiting.owner, taken.after.owner, back.after.owner]
    assert owners == [Owner.QUEUE, Owner.AGENT, Owner.BOT]
    assert await store.get(waiting.id) == back.after


async def test_the_queue_goes_by_priority_then_age(store: Store) -> None:
    await _opened(store, "young", minutes=9)
    await _opened(store, "old", minutes=1)
    await _opened(store, "urgent", priority=5, minutes=20)
    await _opened(store, "taken", priority=9)
    taken = await store.get(ConversationId("c-taken"))
    await store.commit(values.moved(taken, values.accepted))
    waiting = await store.handoffs("waiting")
    assert [c.handoff.id for c in waiting if c.handoff] == ["urgent", "old", "young"]
    places = [await store.position(HandoffId(h)) for h in ("urgent", "old", "young", "taken")]
    assert places == [1, 2, 3, None]
    assert await store.position(HandoffId("none")) is None


async def test_equal_handoffs_have_different_places(store: Store) -> None:
    await _opened(store, "a")
    await _opened(store, "b")
    assert [await store.position(HandoffId(h)) for h in "ab"] == [1, 2]


async def test_handoffs_are_listed_by_state_newest_first(store: Store) -> None:
    for minutes, name in enumerate(("first", "second", "third")):
        await _opened(store, name, minutes=minutes)
    for name in ("first", "second"):
        waiting = await store.get(ConversationId(f"c-{name}"))
        await store.commit(values.moved(waiting, values.accepted))
    assert _ids(await store.handoffs("active")) == ["c-second", "c-first"]
    assert _ids(await store.handoffs("active", limit=1)) == ["c-second"]
    active = await store.get(ConversationId("c-first"))
    await store.commit(values.moved(active, values.ended))
    assert _ids(await store.handoffs("ended")) == ["c-first"]
    with pytest.raises(ValueError, match="gone"):
        await store.handoffs("gone")


async def test_an_older_handoff_still_has_its_conversation(store: Store) -> None:
    await _opened(store, "h1")
    waiting = await store.get(ConversationId("c-h1"))
    over = (await store.commit(values.moved(waiting, values.ended))).after
    again = replace(over, handoff=values.handoff("h2", minutes=30))
    newest = (await store.commit(replace(values.written(over), after=again))).after
    conversation, handoff = await store.by_handoff(HandoffId("h1"))
    assert conversation == newest
    assert handoff == over.handoff
    assert _ids(await store.handoffs("ended")) == []
    assert _ids(await store.handoffs("waiting")) == ["c-h1"]


async def test_of_two_agents_one_gets_the_handoff(store: Store) -> None:
    await _opened(store, "h1")
    waiting = await store.get(ConversationId("c-h1"))
    accepts = (values.moved(waiting, partial(values.accepted, agent=a)) for a in ("a1", "a2"))
    results = await asyncio.gather(*map(store.commit, accepts), return_exceptions=True)
    assert sum(isinstance(result, ConflictError) for result in results) == 1


async def test_a_second_rating_replaces_the_first(store: Store) -> None:
    before = await store.start(values.conversation())
    await store.rate(before.id, 2, "slow\0", START)
    await store.rate(before.id, 5, None, START)
    with pytest.raises(ValueError, match="1 to 5"):
        await store.rate(before.id, 6, None, START)
    with pytest.raises(UnknownConversationError):
        await store.rate(NOBODY, 5, None, START)


# -- the lock ------------------------------------------------------------


@pytest.mark.parametrize("shared", [False, True])
async def test_twenty_turns_at_once_come_one_by_one(
    engine: AsyncEngine, clock: Clock, *, shared: bool
) -> None:
    store = _store(engine, clock, shared=shared)
    started = await store.start(values.conversation())

    async def take_turn(number: int) -> None:
        async with store.lock(started.id):
            before = await store.get(started.id)
            await asyncio.sleep(0)
            await store.commit(values.spoken(before, f"k{number}"))

    await asyncio.gather(*(take_turn(number) for number in range(20)))
    kept = await store.messages(started.id)
    assert [m.seq for m in kept] == list(range(1, 41))
    assert [m.client_id for m in kept[::2]] == [f"k{n}" for n in range(20)]
    assert (await store.get(started.id)).dialogue.turns == 20
    assert len(store._locks) == 0


async def test_conversations_do_not_wait_for_one_another(store: Store) -> None:
    async with store.lock(ConversationId("a")), store.lock(ConversationId("b")):
        pass


async def test_a_turn_that_fails_gives_the_lock_back(engine: AsyncEngine, clock: Clock) -> None:
    store = _store(engine, clock, shared=True)
    with pytest.raises(RuntimeError):
        async with store.lock(NOBODY):
            raise RuntimeError
    async with asyncio.timeout(5), store.lock(NOBODY):
        pass


async def test_two_processes_share_the_lock(
    database_url: str, engine: AsyncEngine, clock: Clock
) -> None:
    """Two engines stand for two processes: they share nothing but the database."""
    other_engine = open_engine(database_url)
    here, there = (_store(e, clock, shared=True) for e in (engine, other_engine))
    started = await here.start(values.conversation())

    async def take_turn(store: SqlStore, number: int) -> None:
        async with store.lock(started.id):
            await store.commit(values.spoken(await store.get(started.id), f"k{number}"))

    await asyncio.gather(*(take_turn(here if n % 2 else there, n) for n in range(10)))
    assert (await here.get(started.id)).dialogue.turns == 10
    await other_engine.dispose()


async def test_a_dead_holders_lease_is_taken_over_when_it_ends(
    database_url: str, engine: AsyncEngine, clock: Clock
) -> None:
    other_engine = open_engine(database_url)
    dead = _store(other_engine, clock, shared=True).lock(NOBODY)
    await dead.__aenter__()
    waiter = asyncio.ensure_future(_hold(_store(engine, clock, shared=True)))
    done, _ = await asyncio.wait([waiter], timeout=0.3)
    assert not done
    clock.move(seconds=31)
    await asyncio.wait_for(waiter, timeout=5)
    await other_engine.dispose()


async def _hold(store: Store) -> None:
    async with store.lock(NOBODY):
        pass


async def test_a_late_holder_cannot_overwrite(engine: AsyncEngine, clock: Clock) -> None:
    """A turn that outlived its lease is stopped by the version, and leaves the new lease be."""
    store, other = (_store(engine, clock, shared=True) for _ in range(2))
    started = await store.start(values.conversation())
    async with store.lock(started.id):
        before = await store.get(started.id)
        clock.move(seconds=31)
        async with other.lock(started.id):
            await other.commit(values.spoken(before, "k2"))
            with pytest.raises(ConflictError):
                await store.commit(values.spoken(before, "k1"))


def _ids(conversations: object) -> list[str]:
    assert isinstance(conversations, list)
    return [conversation.id for conversation in conversations]


async def test_a_message_without_a_turn_is_numbered_too(store: Store) -> None:
    before = await store.start(values.conversation())
    plain = Message(id=MessageId("m1"), speaker=Speaker.AGENT, text="你好", sent_at=START)
    committed = await store.commit(values.written(before, plain))
    assert [m.seq for m in committed.messages] == [1]
    assert isinstance(committed.after, Conversation)
    assert committed.after.version == 1
