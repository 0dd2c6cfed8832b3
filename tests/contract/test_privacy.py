"""What is kept of a customer can be handed over, and erased to the last row."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import Audience, ConversationId, Speaker
from bot.ports import UnknownConversationError
from bot.store import privacy
from bot.store.base import metadata
from bot.store.conversations import SqlStore
from bot.store.engine import fetch
from bot.store.tables import erasures
from bot.store.tokens import SqlTokens
from tests.contract import store_values as values
from tests.contract.store_values import START, Clock

NOTE = replace(values.bot_says("note"), speaker=Speaker.AGENT, audience=Audience.STAFF)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(engine: AsyncEngine, clock: Clock) -> SqlStore:
    """Two talks of customer cust-1, with all that belongs to a talk, and one of a guest."""
    store = SqlStore(engine, push_channels=frozenset({"telegram"}), shared=True, now=clock)
    for name in ("c1", "c2"):
        before = await store.start(values.conversation(name, channel="telegram"))
        opened = values.handoff(f"h-{name}")
        after = replace(values.rich(before), handoff=opened)
        change = values.spoken(before, "k1")
        change = replace(change, after=after, messages=(*change.messages, NOTE))
        await store.commit(change)
        await store.rate(before.id, 4, "好", START)
        await SqlTokens(engine).grant(before.id, f"token of {name}", None)
    guest = await store.start(values.conversation("guest"))
    await store.commit(values.spoken(guest, "k1"))
    return store


@pytest.mark.usefixtures("store")
async def test_an_export_holds_all_that_was_said(engine: AsyncEngine) -> None:
    exported = json.loads(json.dumps(await privacy.export(engine, "cust-1")))
    first, second = exported["conversations"]
    assert [first["id"], second["id"]] == ["c1", "c2"]
    assert [message["text"] for message in first["messages"]] == ["我的订单呢?", "已发货 🙂"]
    assert first["turns"][0]["understanding"]["emotion"]["name"] == "anxious"
    assert first["handoffs"][0]["id"] == "h-c1"
    assert first["rating"]["comment"] == "好"
    assert first["state"]["proven"]


@pytest.mark.usefixtures("store")
async def test_notes_are_exported_only_when_asked_for(engine: AsyncEngine) -> None:
    exported = await privacy.export(engine, "c1", notes=True)
    assert [m["id"] for m in exported["conversations"][0]["messages"]][-1] == "note"


@pytest.mark.usefixtures("store")
async def test_a_guests_talk_is_known_by_its_own_id(engine: AsyncEngine) -> None:
    exported = await privacy.export(engine, "guest")
    assert [c["customer"] for c in exported["conversations"]] == [None]
    assert exported["conversations"][0]["rating"] is None
    assert (await privacy.export(engine, "nobody"))["conversations"] == []


async def test_erasing_leaves_counts_only(
    store: SqlStore, engine: AsyncEngine, clock: Clock
) -> None:
    counts = await privacy.erase(engine, "cust-1", now=clock)
    expected = {"conversations": 2, "messages": 6, "turns": 2, "handoffs": 2, "ratings": 2}
    assert counts == expected
    with pytest.raises(UnknownConversationError):
        await store.get(ConversationId("c1"))
    (row,) = await fetch(engine, select(erasures))
    assert row.erased_at == clock()
    assert {name: getattr(row, name) for name in expected} == expected


@pytest.mark.usefixtures("store")
async def test_nothing_of_the_erased_stays_in_any_table(engine: AsyncEngine) -> None:
    await privacy.erase(engine, "cust-1")
    for table in metadata.sorted_tables:
        if "conversation" in table.c:
            count = select(func.count()).where(table.c.conversation.in_(["c1", "c2"]))
            assert (await fetch(engine, count))[0][0] == 0, table.name
    assert len((await privacy.export(engine, "guest"))["conversations"]) == 1


@pytest.mark.usefixtures("store")
async def test_erasing_twice_counts_once(engine: AsyncEngine) -> None:
    await privacy.erase(engine, "cust-1")
    assert set((await privacy.erase(engine, "cust-1")).values()) == {0}
    assert (await fetch(engine, select(func.count(erasures.c.id))))[0][0] == 1


async def test_a_turn_of_an_erased_talk_is_refused(store: SqlStore, engine: AsyncEngine) -> None:
    before = await store.get(ConversationId("guest"))
    await privacy.erase(engine, "guest")
    with pytest.raises(UnknownConversationError):
        await store.commit(values.spoken(before, "k2"))
