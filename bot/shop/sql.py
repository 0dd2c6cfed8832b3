"""The embedded shop: the `Shop` port over the shop's own tables."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import RowMapping, Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commerce import (
    Coupon,
    Customer,
    CustomerId,
    Order,
    OrderNumber,
    Product,
    ProductId,
    normal_number,
)
from bot.ports import ShopUnavailableError, StoreUnavailableError
from bot.shop import tables
from bot.shop.lines import CouponLine, CustomerLine, OrderRecord, ProductLine
from bot.shop.rows import fields_of, product_fields
from bot.shop.values import coupon_of, customer_of, order_of, product_of
from bot.store.engine import fetch

LONGEST_KEY = 200
CHUNK = 500
"""How many values one IN (...) holds: databases limit the parameters of a statement."""

_OF_VARIANT = "variant_"


class SqlShop:
    """Customers, products, orders and coupons of the database that Shopbell brings along."""

    def __init__(self, engine: AsyncEngine, *, currency: str = "USD") -> None:
        self._engine = engine
        self._currency = currency

    async def customer(self, customer: CustomerId) -> Customer | None:
        """Return a customer, None when unknown."""
        if not _can_be_key(customer):
            return None
        rows = await self._rows(select(tables.customers).where(tables.customers.c.id == customer))
        lines = [CustomerLine.model_validate(fields_of(row)) for row in rows]
        return customer_of(lines[0], currency=self._currency) if lines else None

    async def order(self, number: str) -> Order | None:
        """Return an order, whatever the case, `#`, spaces and hyphens of the number."""
        key = normal_number(number)
        if not _can_be_key(key):
            return None
        rows = await self._rows(select(tables.orders).where(tables.orders.c.key == key))
        return _order(rows[0]) if rows else None

    async def orders_of(self, customer: CustomerId) -> Sequence[Order]:
        """Return a customer's orders, newest first; undated ones last."""
        if not _can_be_key(customer):
            return ()
        table = tables.orders
        rows = await self._rows(
            select(table)
            .where(table.c.customer_id == customer)
            .order_by(table.c.placed_at.desc().nulls_last(), table.c.key)
        )
        return [_order(row) for row in rows]

    async def product(self, product: ProductId) -> Product | None:
        """Return one product with live prices and stock."""
        if not _can_be_key(product):
            return None
        found = await self._products(product)
        return found[0] if found else None

    async def products(self) -> Sequence[Product]:
        """Return the whole catalogue, for indexing, in the order of its import."""
        return await self._products(None)

    async def coupons(self) -> Sequence[Coupon]:
        """Return all coupons."""
        rows = await self._rows(select(tables.coupons).order_by(tables.coupons.c.code))
        return [coupon_of(CouponLine.model_validate(fields_of(row))) for row in rows]

    async def order_numbers(self, candidates: Sequence[str]) -> Sequence[OrderNumber]:
        """Return which of these tokens are numbers of orders, as the shop writes them."""
        keys = list(dict.fromkeys(key for c in candidates if _can_be_key(key := normal_number(c))))
        table = tables.orders
        known: dict[str, str] = {}
        for start in range(0, len(keys), CHUNK):
            some = table.c.key.in_(keys[start : start + CHUNK])
            rows = await self._rows(select(table.c.key, table.c.number).where(some))
            known |= {row["key"]: row["number"] for row in rows}
        return [OrderNumber(known[key]) for key in keys if key in known]

    async def _products(self, only: ProductId | None) -> list[Product]:
        return [product_of(line) for line in product_lines(await self._rows(catalogue(only)))]

    async def _rows(self, query: Select[*tuple[Any, ...]]) -> Sequence[RowMapping]:
        try:
            return [row._mapping for row in await fetch(self._engine, query)]  # noqa: SLF001 - public
        except StoreUnavailableError as error:
            raise ShopUnavailableError(str(error)) from error


def catalogue(only: str | None = None) -> Select[*tuple[Any, ...]]:
    """Ask for products with their variants: in one statement, so that both are of one moment."""
    products, variants = tables.products, tables.variants
    query = (
        select(products, *(column.label(f"{_OF_VARIANT}{column.name}") for column in variants.c))
        .outerjoin(variants, variants.c.product_id == products.c.id)
        .order_by(products.c.position, products.c.id, variants.c.position)
    )
    return query if only is None else query.where(products.c.id == only)


def product_lines(rows: Iterable[RowMapping]) -> list[ProductLine]:
    """Gather the rows of `catalogue` into products."""
    lines = []
    for _, group in groupby(rows, key=lambda row: row["id"]):
        parts = list(group)
        variants = [
            {key.removeprefix(_OF_VARIANT): value for key, value in part.items()}
            for part in (
                {k: v for k, v in row.items() if k.startswith(_OF_VARIANT)} for row in parts
            )
            if part[f"{_OF_VARIANT}sku"] is not None
        ]
        main = {key: value for key, value in parts[0].items() if not key.startswith(_OF_VARIANT)}
        lines.append(ProductLine.model_validate(product_fields(main, variants)))
    return lines


def _order(row: RowMapping) -> Order:
    return order_of(OrderRecord.model_validate(fields_of(row)))


def _can_be_key(text: str) -> bool:
    """Say whether a text can be a key at all: PostgreSQL fails on NUL, drivers on surrogates."""
    return 0 < len(text) <= LONGEST_KEY and not any(
        ch == "\0" or "\ud800" <= ch <= "\udfff" for ch in text
    )
