"""Where an order is, on the real embedded shop with the demo's data, through the real guard."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commerce import CustomerId
from bot.model import Task
from bot.ports import Done, Need, Step
from bot.shop.access import GuardedShop
from bot.shop.demo.load import load_demo
from bot.shop.sql import SqlShop
from bot.skills.order_status import OrderStatusSkill
from bot.skills.terms import Terms
from bot.store.engine import open_engine
from bot.store.tries import SqlProofTries

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TERMS = Terms(keys=frozenset(), spellings={})


@pytest_asyncio.fixture
async def engine(sqlite_url: str) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(sqlite_url)
    await load_demo(opened, NOW)
    yield opened
    await opened.dispose()


def guard(engine: AsyncEngine, customer: str | None = None) -> GuardedShop:
    tries = SqlProofTries(engine, tries=5, delay_seconds=30, longest=3600, now=lambda: NOW)
    who = CustomerId(customer) if customer else None
    return GuardedShop(SqlShop(engine), tries, who, frozenset())


async def step(shop: GuardedShop, asked: str | None = None, **slots: str) -> Step:
    task = Task(skill="order_status", slots=slots, asked=asked)
    return await OrderStatusSkill(TERMS).step(task, shop, NOW)


async def test_a_guest_is_asked_for_the_number_first(engine: AsyncEngine) -> None:
    asked = await step(guard(engine))
    assert isinstance(asked, Need)
    assert (asked.slot, asked.reply.key) == ("order_number", "order_status.ask_number")


async def test_then_for_a_proof(engine: AsyncEngine) -> None:
    asked = await step(guard(engine), order_number="SB-20417")
    assert isinstance(asked, Need)
    assert (asked.slot, asked.reply.key) == ("proof", "order_status.ask_proof")


@pytest.mark.parametrize(
    "proof",
    [
        {"email": "MEI.LIN@example.com"},
        {"phone": "(415) 555-0142"},
        {"name": "mei lin", "zip": "94110"},
        {"name": "my name is Mei Lin, ZIP", "zip": "94110"},
    ],
)
async def test_a_proof_opens_the_order(engine: AsyncEngine, proof: Mapping[str, str]) -> None:
    shop = guard(engine)
    done = await step(shop, order_number="sb 20417", **proof)
    assert isinstance(done, Done)
    assert done.reply.key == "order_status.shipped"
    assert [card.data["number"] for card in done.reply.cards] == ["SB-20417"]
    assert shop.proven == {"SB-20417"}


@pytest.mark.parametrize(
    "proof",
    [
        {"email": "tom.becker@example.com"},
        {"zip": "94110", "name": "Tom Becker"},
        {"zip": "10115", "name": "Mei Lin"},
        {"phone": "555-0142"},
    ],
)
@pytest.mark.parametrize("number", ["SB-20417", "SB-77777"])
async def test_a_wrong_proof_and_an_unknown_order_are_one(
    engine: AsyncEngine, proof: Mapping[str, str], number: str
) -> None:
    asked = await step(guard(engine), order_number=number, **proof)
    assert isinstance(asked, Need)
    assert (asked.reply.key, asked.failed_proof) == ("order_status.not_matched", True)
    assert dict(asked.reply.values) == {"order": number}


async def test_the_same_wrong_proof_is_not_counted_twice(engine: AsyncEngine) -> None:
    shop = guard(engine)
    first = await step(shop, order_number="SB-20417", email="x@example.com")
    assert isinstance(first, Need)
    again = await OrderStatusSkill(TERMS).step(first.task, shop, NOW)
    assert isinstance(again, Need)
    assert not again.failed_proof


async def test_many_wrong_proofs_close_the_order_for_a_while_to_all(engine: AsyncEngine) -> None:
    for number in range(5):
        await step(guard(engine), order_number="SB-20417", email=f"x{number}@example.com")
    asked = await step(guard(engine), order_number="SB-20417", email="mei.lin@example.com")
    assert isinstance(asked, Need)
    assert asked.reply.key == "order_status.wait"


async def test_half_a_proof_is_asked_to_be_completed(engine: AsyncEngine) -> None:
    asked = await step(guard(engine), order_number="SB-20417", zip="94110")
    assert isinstance(asked, Need)
    assert asked.reply.key == "order_status.ask_name"


async def test_signed_in_with_one_order_under_way_sees_it(engine: AsyncEngine) -> None:
    done = await step(guard(engine, "C-1001"))
    assert isinstance(done, Done)
    assert done.reply.cards[0].data["number"] == "SB-20417"


async def test_signed_in_without_orders_is_told_so(engine: AsyncEngine) -> None:
    done = await step(guard(engine, "C-1006"))
    assert isinstance(done, Done)
    assert done.reply.key == "order_status.no_orders"


async def test_anothers_order_is_not_there_for_who_is_signed_in(engine: AsyncEngine) -> None:
    asked = await step(
        guard(engine, "C-1003"), order_number="SB-20417", email="mei.lin@example.com"
    )
    assert isinstance(asked, Need)
    assert asked.reply.key == "order_status.not_yours"
    assert {choice.value for choice in asked.reply.choices} == {"SB-20513"}


async def test_every_tracking_number_is_told(engine: AsyncEngine) -> None:
    done = await step(guard(engine, "C-1001"), order_number="SB-20417")
    assert isinstance(done, Done)
    parcels = done.reply.values["parcels"]
    assert isinstance(parcels, tuple)
    assert len(parcels) == 2
