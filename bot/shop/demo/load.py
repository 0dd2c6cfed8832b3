"""Load the demo shop, Lantern & Loom (灯织), with its dates moved to today."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.shop import tables
from bot.shop.demo.generate import ANCHOR
from bot.shop.importer import ImportReport, read_folder, write_records
from bot.shop.lines import CouponLine, OrderRecord
from bot.store.engine import fetch, writing


async def load_demo(engine: AsyncEngine, now: datetime) -> ImportReport:
    """Import the demo shop, its newest order placed today; nothing is done twice in one day.

    Dates move by whole days, so that scans keep their time of day; what would be later than
    `now` has happened just now. An empty report says that today's demo shop was there already.
    """
    if await _is_of_today(engine, now):
        return ImportReport(counts={})
    records = read_folder(Path(str(files("bot.shop.demo"))))
    days = timedelta(days=(now.astimezone(UTC) - ANCHOR).days)
    for order in records["orders"]:
        _move_order(order.record, days, now)
    for coupon in records["coupons"]:
        _move_coupon(coupon.record, days)
    async with writing(engine) as connection:
        await write_records(connection, records)
    return ImportReport(counts={kind: len(some) for kind, some in records.items()})


async def _is_of_today(engine: AsyncEngine, now: datetime) -> bool:
    rows = await fetch(engine, select(func.max(tables.orders.c.placed_at)))
    newest: datetime | None = rows[0][0]
    return newest is not None and newest.date() == now.astimezone(UTC).date()


def _move_order(order: OrderRecord, days: timedelta, now: datetime) -> None:
    """Move an order's dates; only an expected arrival may lie ahead."""
    if order.placed_at is not None:
        order.placed_at = min(order.placed_at + days, now)
    for payment in order.payments:
        if payment.at is not None:
            payment.at = min(payment.at + days, now)
    for shipment in order.shipments:
        if shipment.eta is not None:
            shipment.eta += days
        for event in shipment.events:
            event.at = min(event.at + days, now)


def _move_coupon(coupon: CouponLine, days: timedelta) -> None:
    if coupon.starts_at is not None:
        coupon.starts_at += days
    if coupon.ends_at is not None:
        coupon.ends_at += days
