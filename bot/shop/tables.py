"""The embedded shop's tables.

Money stands as decimal strings (SQLite has no decimal type); parts that are only ever read with
their owner stand as JSON in the form of the import contract, unknown fields included.
"""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from bot.store.base import UtcDateTime, metadata

customers = Table(
    "customers",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_folded", Text, nullable=False, index=True),
    Column("phone", Text),
    Column("phone_folded", Text, index=True),
    Column("zip", Text),
    Column("language", Text),
    Column("tier", Text),
    Column("points", BigInteger),
    Column("addresses", JSON, nullable=False),
    Column("payment_methods", JSON, nullable=False),
    Column("extra", JSON, nullable=False),
)

products = Table(
    "products",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("title", JSON, nullable=False),
    Column("category", Text),
    Column("brand", Text),
    Column("description", JSON),
    Column("attributes", JSON, nullable=False),
    Column("url", Text),
    Column("image", Text),
    Column("carbon_kg", String(64)),
    Column("extra", JSON, nullable=False),
)

variants = Table(
    "variants",
    metadata,
    Column(
        "product_id",
        String(200),
        ForeignKey("products.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("sku", String(200), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("options", JSON, nullable=False),
    Column("price", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("stock", BigInteger),
    Column("available", Boolean, nullable=False),
    Column("extra", JSON, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("key", String(200), primary_key=True, comment="normal_number(number)"),
    Column("number", String(200), nullable=False),
    Column("customer_id", String(200), nullable=False, index=True),
    Column("placed_at", UtcDateTime),
    Column("status", String(30), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("items", JSON, nullable=False),
    Column("shipping_address", JSON, nullable=False),
    Column("shipments", JSON, nullable=False),
    Column("payments", JSON, nullable=False),
    Column("extra", JSON, nullable=False),
)

coupons = Table(
    "coupons",
    metadata,
    Column("code", String(200), primary_key=True),
    Column("title", JSON, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("value", String(64), nullable=False),
    Column("currency", String(3)),
    Column("minimum", String(64)),
    Column("starts_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("tiers", JSON, nullable=False),
    Column("extra", JSON, nullable=False),
)
