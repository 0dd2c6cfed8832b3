"""What the shop's own records say of one customer, for the copy that they have a right to."""

from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.shop import tables
from bot.shop.lines import FILES
from bot.shop.rows import fields_of
from bot.store.engine import fetch


async def records_of(engine: AsyncEngine, customer: str) -> dict[str, Any]:
    """Return a customer's record and their orders, as they stand in the files of an export."""
    profiles = await _lines(engine, "customers", tables.customers, "id", customer)
    orders = await _lines(engine, "orders", tables.orders, "customer_id", customer)
    return {"profile": profiles[0] if profiles else None, "orders": orders}


async def _lines(
    engine: AsyncEngine, kind: str, table: Table, column: str, value: str
) -> list[dict[str, Any]]:
    query = select(table).where(table.c[column] == value).order_by(*table.primary_key)
    rows = await fetch(engine, query)
    records = (FILES[kind].model_validate(fields_of(table, row)) for row in rows)
    return [record.model_dump(mode="json") for record in records]
