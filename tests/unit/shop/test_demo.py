"""The demo shop: of today, bilingual, consistent, and in every state that one may ask of."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commerce import CustomerId, Order, OrderStatus, Proof, ProofOutcome
from bot.shop.access import GuardedShop
from bot.shop.demo import generate
from bot.shop.demo.load import load_demo
from bot.shop.importer import import_folder
from bot.shop.sql import SqlShop
from bot.store.engine import open_engine
from bot.store.tries import SqlProofTries
from intents.replies import load_replies

NOW = datetime(2031, 5, 17, 9, 30, tzinfo=UTC)
FOLDER = Path(str(files("bot.shop.demo")))


@pytest.fixture
async def engine(sqlite_url: str) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(sqlite_url)
    yield opened
    await opened.dispose()


@pytest.fixture
async def shop(engine: AsyncEngine) -> SqlShop:
    await load_demo(engine, NOW)
    return SqlShop(engine)


def _lines(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


async def _orders(shop: SqlShop) -> list[Order]:
    found = [await shop.order(line["number"]) for line in _lines("orders")]
    return [order for order in found if order is not None]


def _past(order: Order) -> Iterator[datetime | None]:
    yield order.placed_at
    yield from (payment.at for payment in order.payments)
    yield from (event.at for parcel in order.shipments for event in parcel.events)


# -- loading ------------------------------------------------------------


async def test_the_files_are_of_the_contract(engine: AsyncEngine) -> None:
    report = await import_folder(engine, FOLDER)

    assert report.counts == {"customers": 200, "products": 71, "orders": 600, "coupons": 8}


@pytest.mark.parametrize("hour", [0, 9, 23])
async def test_the_newest_order_is_of_today_and_nothing_past_lies_ahead(
    engine: AsyncEngine, hour: int
) -> None:
    now = NOW.replace(hour=hour, minute=5)
    await load_demo(engine, now)
    orders = await _orders(SqlShop(engine))

    assert len(orders) == 600
    assert max(order.placed_at for order in orders if order.placed_at).date() == now.date()
    assert all(at is not None and at <= now for order in orders for at in _past(order))


async def test_a_parcel_on_its_way_is_expected_from_today_on(shop: SqlShop) -> None:
    orders = [order for order in await _orders(shop) if order.status is OrderStatus.SHIPPED]

    assert all(p.eta and p.eta.date() > NOW.date() for order in orders for p in order.shipments)


async def test_it_is_loaded_once_a_day_and_moves_on_the_next(engine: AsyncEngine) -> None:
    first = await load_demo(engine, NOW)
    again = await load_demo(engine, NOW + timedelta(hours=2))
    next_day = await load_demo(engine, NOW + timedelta(days=1))

    assert first.counts == next_day.counts
    assert again.counts == {}


def test_customers_and_orders_are_what_the_generator_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "products.jsonl").write_bytes((FOLDER / "products.jsonl").read_bytes())
    monkeypatch.setattr(generate, "__file__", str(tmp_path / "generate.py"))

    generate.main()

    for name in ("customers.jsonl", "orders.jsonl"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


# -- what stands in it ------------------------------------------------------------


def test_there_are_orders_in_every_state() -> None:
    counts = Counter(order["status"] for order in _lines("orders"))

    assert set(counts) == set(OrderStatus)
    assert min(counts.values()) >= 5


def test_titles_and_descriptions_are_in_both_languages() -> None:
    for product in _lines("products"):
        for texts in (product["title"], product["description"]):
            assert re.search("[a-z]", texts["en"])
            assert not re.search("[\u3400-\u9fff]", texts["en"])
            assert re.search("[\u3400-\u9fff]", texts["zh"])


def test_some_variants_are_sold_out_but_no_whole_catalogue() -> None:
    variants = [variant for product in _lines("products") for variant in product["variants"]]
    sold_out = [variant for variant in variants if not variant["available"]]

    assert 0.05 < len(sold_out) / len(variants) < 0.25
    assert all((variant["stock"] == 0) is not variant["available"] for variant in variants)


def test_payments_are_what_the_lines_and_the_delivery_cost() -> None:
    for order in _lines("orders"):
        cents = [round(float(i["unit_price"]) * 100) * i["quantity"] for i in order["items"]]
        paid = round(float(order["payments"][0]["amount"]) * 100)
        assert paid == sum(cents) + round(float(order["delivery_fee"]) * 100)


def test_nobody_can_be_reached_by_it() -> None:
    fictional = r"\+1 \d{3}-555-01|\+44 20 7946 0|\+61 2 5550 |\+49 30 23125 |\+33 1 99 00 "
    customers = _lines("customers")

    assert all(re.search(r"@(\w+\.)?example(\.\w+)?$", one["email"]) for one in customers)
    assert all(re.match(fictional, one["phone"]) for one in customers if "phone" in one)
    assert len({one["email"] for one in customers}) == len(customers)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_its_words_are_in_the_glossary(language: str) -> None:
    words = load_replies(language)
    named = {f"status.{status}" for status in OrderStatus}
    for product in _lines("products"):
        named |= {product["category"], *product["attributes"]}
        for variant in product["variants"]:
            named |= {word for pair in variant["options"].items() for word in pair}
    keys = {f"term.{'_'.join(word.casefold().split())}" for word in named if not word.isdecimal()}

    assert keys - words.keys() == set()


def test_the_state_of_an_order_is_said_by_its_contract_word_in_both_languages() -> None:
    for language in ("en", "zh"):
        words = load_replies(language)
        assert all(status in words[f"term.status.{status}"][0] for status in OrderStatus)


# -- the people that the documentation names --------------------------------------------------


async def test_mei_lins_order_is_on_its_way_in_two_parcels(
    shop: SqlShop, engine: AsyncEngine
) -> None:
    tries = SqlProofTries(engine, tries=5, delay_seconds=30, longest=60, now=lambda: NOW)
    guest = GuardedShop(shop, tries, None, frozenset())

    proof = Proof(email="mei.lin@example.com")
    assert await guest.prove("SB-20417", proof, NOW) is ProofOutcome.PROVEN
    order = await guest.order("SB-20417")

    assert order is not None
    assert order.status is OrderStatus.SHIPPED
    assert len({parcel.tracking_number for parcel in order.shipments}) == 2
    assert sorted(line for parcel in order.shipments for line in parcel.items) == [0, 1, 2]


async def test_the_other_named_people_have_the_orders_that_they_should(shop: SqlShop) -> None:
    found = {
        customer: [(o.number, str(o.status)) for o in await shop.orders_of(CustomerId(customer))]
        for customer in ("C-1002", "C-1003", "C-1004", "C-1005")
    }

    assert found == {
        "C-1002": [("SB-20388", "delivered")],
        "C-1003": [("SB-20513", "pending")],
        "C-1004": [
            ("SB-20496", "processing"),
            ("SB-20201", "return_requested"),
            ("SB-19903", "delivered"),
        ],
        "C-1005": [("SB-20299", "cancelled")],
    }


async def test_a_cancelled_order_was_paid_back(shop: SqlShop) -> None:
    order = await shop.order("SB-20299")

    assert order is not None
    assert [payment.type for payment in order.payments] == ["payment", "refund"]
    assert order.payments[0].amount == order.payments[1].amount
