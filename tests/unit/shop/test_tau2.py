"""A shop that nobody here made: the retail store of tau2-bench."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commerce import CustomerId, OrderStatus
from bot.shop.importer import export_folder, import_folder
from bot.shop.sql import SqlShop
from tests.tau2_shop import convert


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The store as our JSON lines; its data never enters the repository."""
    evaluation = os.environ.get("SHOPBELL_EVALUATION")
    database = Path(evaluation or "") / "tau2_retail" / "db.json"
    if evaluation is None or not database.exists():
        pytest.skip(
            "SHOPBELL_EVALUATION has no tau2_retail/db.json: put data/tau2/domains/retail/db.json "
            "of github.com/sierra-research/tau2-bench there"
        )
    convert(database, tmp_path)
    return tmp_path


async def test_the_store_comes_in_whole(engine: AsyncEngine, folder: Path) -> None:
    report = await import_folder(engine, folder)
    shop = SqlShop(engine)

    assert report.counts == {"customers": 500, "products": 50, "orders": 1000}
    order = await shop.order("#W2378156")
    assert order is not None
    assert order.status is OrderStatus.DELIVERED
    assert order == await shop.order("w2378156") == await shop.order("# W-2378156")
    assert order.placed_at is None
    paid = sum((payment.amount.amount for payment in order.payments), Decimal())
    assert paid == sum((line.unit_price.amount for line in order.items), Decimal())
    assert len(await shop.products()) == 50
    owner = await shop.customer(CustomerId(order.customer_id))
    assert owner is not None
    assert order in await shop.orders_of(owner.id)


async def test_the_store_survives_a_round_trip(
    engine: AsyncEngine, folder: Path, tmp_path: Path
) -> None:
    await import_folder(engine, folder)
    await export_folder(engine, tmp_path / "one")
    await import_folder(engine, tmp_path / "one")
    await export_folder(engine, tmp_path / "two")

    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
