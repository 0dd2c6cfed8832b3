"""The embedded shop: the `Shop` port over the shop's own tables."""

from collections.abc import Iterable, Sequence
from itertools import groupby, takewhile
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, func, select
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

_ID: BindParameter[str] = bindparam("id")
_CUSTOMER = select(tables.customers).where(tables.customers.c.id == _ID)
_ORDER = select(tables.orders).where(tables.orders.c.key == _ID)
_ORDERS_OF = (
    select(tables.orders)
    .where(tables.orders.c.customer_id == _ID)
    .order_by(tables.orders.c.placed_at.desc().nulls_last(), tables.orders.c.key)
)
_NUMBERS = select(func.min(tables.orders.c.key), func.max(tables.orders.c.key))
_COUPONS = select(tables.coupons).order_by(tables.coupons.c.code)
CATALOGUE = (
    select(tables.products, tables.variants)
    .outerjoin(tables.variants, tables.variants.c.product_id == tables.products.c.id)
    .order_by(tables.products.c.position, tables.products.c.id, tables.variants.c.position)
)
"""Products with their variants, in one statement, so that both are of one moment."""
_PRODUCT = CATALOGUE.where(tables.products.c.id == _ID)


class SqlShop:
    """Customers, products, orders and coupons of the database that Shopbell brings along."""

    def __init__(self, engine: AsyncEngine, *, currency: str = "USD") -> None:
        self._engine = engine
        self._currency = currency

    async def customer(self, customer: CustomerId) -> Customer | None:
        """Return a customer, None when unknown."""
        if not _can_be_key(customer):
            return None
        rows = await self._rows(_CUSTOMER, customer)
        lines = [CustomerLine.model_validate(fields_of(tables.customers, row)) for row in rows]
        return customer_of(lines[0], currency=self._currency) if lines else None

    async def order(self, number: str) -> Order | None:
        """Return an order, whatever the case, `#`, spaces and hyphens of the number.

        The letters that all of the shop's numbers begin with may be left out: 20417 is SB-20417.
        """
        key = normal_number(number)
        if not _can_be_key(key):
            return None
        rows = await self._rows(_ORDER, key)
        if not rows and key.isdecimal() and (prefix := await self._prefix()):
            rows = await self._rows(_ORDER, prefix + key)
        return _order(rows[0]) if rows else None

    async def orders_of(self, customer: CustomerId) -> Sequence[Order]:
        """Return a customer's orders, newest first; undated ones last."""
        if not _can_be_key(customer):
            return ()
        return [_order(row) for row in await self._rows(_ORDERS_OF, customer)]

    async def product(self, product: ProductId) -> Product | None:
        """Return one product with live prices and stock."""
        if not _can_be_key(product):
            return None
        lines = product_lines(await self._rows(_PRODUCT, product))
        return product_of(lines[0]) if lines else None

    async def products(self) -> Sequence[Product]:
        """Return the whole catalogue, for indexing, in the order of its import."""
        return [product_of(line) for line in product_lines(await self._rows(CATALOGUE))]

    async def coupons(self) -> Sequence[Coupon]:
        """Return all coupons."""
        rows = await self._rows(_COUPONS)
        return [coupon_of(CouponLine.model_validate(fields_of(tables.coupons, r))) for r in rows]

    async def order_numbers(self, candidates: Sequence[str]) -> Sequence[OrderNumber]:
        """Return which of these tokens are numbers of orders, as the shop writes them."""
        keys = list(dict.fromkeys(key for c in candidates if _can_be_key(key := normal_number(c))))
        table = tables.orders
        known: dict[str, str] = {}
        for start in range(0, len(keys), CHUNK):
            some = table.c.key.in_(keys[start : start + CHUNK])
            rows = await self._rows(select(table.c.key, table.c.number).where(some))
            known |= {row.key: row.number for row in rows}
        return [OrderNumber(known[key]) for key in keys if key in known]

    async def _prefix(self) -> str:
        """Return the letters that every order's number begins with; "" where they differ."""
        first, last = (str(key or "") for key in list((await self._rows(_NUMBERS))[0]))
        # What the first and the last in order begin with, all between them do.
        letters = "".join(takewhile(str.isalpha, first))
        return letters if letters == "".join(takewhile(str.isalpha, last)) else ""

    async def _rows(
        self, query: Select[*tuple[Any, ...]], key: str | None = None
    ) -> Sequence[Row[Any]]:
        try:
            return await fetch(self._engine, query, None if key is None else {"id": key})
        except StoreUnavailableError as error:
            raise ShopUnavailableError(str(error)) from error


def product_lines(rows: Iterable[Row[Any]]) -> list[ProductLine]:
    """Gather the rows of CATALOGUE into products."""
    return [
        ProductLine.model_validate(product_fields(list(group)))
        for _, group in groupby(rows, key=lambda row: row[0])
    ]


def _order(row: Row[Any]) -> Order:
    return order_of(OrderRecord.model_validate(fields_of(tables.orders, row)))


def _can_be_key(text: str) -> bool:
    """Say whether a text can be a key at all: PostgreSQL fails on NUL, drivers on surrogates."""
    return 0 < len(text) <= LONGEST_KEY and not any(
        ch == "\0" or "\ud800" <= ch <= "\udfff" for ch in text
    )
