"""Between the contract's records and table rows: columns for fields, JSON for their parts."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Table

from bot.shop import tables
from bot.shop.identity import folded_email, folded_phone
from bot.shop.lines import (
    CouponLine,
    CustomerLine,
    Line,
    OrderRecord,
    ProductLine,
    Record,
)

Fields: TypeAlias = dict[str, Any]

MAIN: Mapping[str, Table] = {
    "customers": tables.customers,
    "products": tables.products,
    "orders": tables.orders,
    "coupons": tables.coupons,
}
"""The table of each kind of record; a product's variants stand in a table of their own."""

_HIDDEN = frozenset({"key", "position", "email_folded", "phone_folded", "product_id", "extra"})
"""Columns that the contract doesn't have."""


def row_of(record: Record, position: int) -> Fields:
    """Return the main row of a record; `position` is its place in its file."""
    row = _columns(record, record.model_dump(mode="json"), MAIN[kind_of(record)])
    match record:
        case CustomerLine():
            row["email_folded"] = folded_email(record.email)
            row["phone_folded"] = folded_phone(record.phone)
        case ProductLine():
            row["position"] = position
        case OrderRecord():
            row |= {"key": record.key, "placed_at": record.placed_at}
        case CouponLine():
            row |= {"starts_at": record.starts_at, "ends_at": record.ends_at}
    return row


def variant_rows(record: ProductLine) -> list[Fields]:
    """Return the rows of a product's variants."""
    rows = []
    for position, variant in enumerate(record.variants):
        row = _columns(variant, variant.model_dump(mode="json"), tables.variants)
        rows.append(row | {"product_id": record.id, "position": position})
    return rows


def kind_of(record: Record) -> str:
    """Return the name of the file that holds such records."""
    match record:
        case CustomerLine():
            return "customers"
        case ProductLine():
            return "products"
        case OrderRecord():
            return "orders"
        case CouponLine():
            return "coupons"


def fields_of(table: Table, row: Sequence[Any]) -> Fields:
    """Return a whole row of a table in the contract's form, ready for its model."""
    named = dict(zip(table.columns.keys(), row, strict=True))
    known = {name: value for name, value in named.items() if name not in _HIDDEN}
    return {**named["extra"], **known}


def product_fields(rows: Sequence[Sequence[Any]]) -> Fields:
    """Return a product's fields with its variants, from rows that join both tables."""
    width = len(tables.products.columns)
    variants = [fields_of(tables.variants, row[width:]) for row in rows if row[width] is not None]
    return fields_of(tables.products, rows[0][:width]) | {"variants": variants}


def _columns(record: Line, dumped: Mapping[str, Any], table: Table) -> Fields:
    fields = type(record).model_fields
    row = {c.name: dumped.get(c.name) for c in table.columns if c.name in fields}
    return row | {"extra": {k: value for k, value in dumped.items() if k not in fields}}
