"""Customers, products and orders as values: what every shop behind the `Shop` port speaks of."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NewType

CustomerId = NewType("CustomerId", str)
ProductId = NewType("ProductId", str)
OrderNumber = NewType("OrderNumber", str)
"""An order's number as the shop writes it; compare with `normal_number`."""


def normal_number(number: str) -> str:
    """Fold the ways in which people write one order number: case, `#`, spaces, hyphens, width."""
    plain = unicodedata.normalize("NFKC", number).casefold()
    # Pd: every kind of dash; the minus sign is none of them.
    return "".join(
        ch
        for ch in plain
        if ch not in "#\u2212" and not ch.isspace() and unicodedata.category(ch) != "Pd"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An exact amount in one currency (ISO 4217)."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """Where something is sent."""

    line1: str
    city: str
    country: str
    zip: str
    name: str | None = None
    line2: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """One way in which a customer pays; `label` is safe to show (last four digits at most)."""

    id: str
    kind: str
    label: str
    balance: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody who buys in the shop."""

    id: CustomerId
    name: str
    email: str
    phone: str | None = None
    zip: str | None = None
    language: str | None = None
    tier: str | None = None
    points: int | None = None
    addresses: tuple[PostalAddress, ...] = ()
    payment_methods: tuple[PaymentMethod, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One buyable form of a product; `stock` is None when the shop doesn't count it."""

    sku: str
    price: Money
    options: Mapping[str, str] = field(default_factory=dict)
    stock: int | None = None
    available: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product with its variants; `titles` maps a language to a title, "" to one for all."""

    id: ProductId
    titles: Mapping[str, str]
    category: str | None = None
    brand: str | None = None
    descriptions: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    url: str | None = None
    image: str | None = None
    carbon_kg: Decimal | None = None
    variants: tuple[Variant, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def title(self, language: str) -> str:
        """Return the title in that language, else the common one, else any."""
        return localized(self.titles, language) or self.id

    def description(self, language: str) -> str:
        """Return the description in that language, else any; empty when there is none."""
        return localized(self.descriptions, language)


def localized(texts: Mapping[str, str], language: str) -> str:
    """Pick the text of a language, else the text for all, else the first; "" when empty."""
    return texts.get(language) or texts.get("") or next(iter(texts.values()), "")


class OrderStatus(StrEnum):
    """The contract's words for the state of an order."""

    PENDING = "pending"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURN_REQUESTED = "return_requested"
    EXCHANGE_REQUESTED = "exchange_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line of an order, known by its position: the same SKU may stand twice."""

    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: Money
    options: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingEvent:
    """One scan of a parcel."""

    at: datetime
    text: str
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """One parcel; `items` are positions of order lines, empty when the shop doesn't say."""

    tracking_number: str
    carrier: str | None = None
    status: str | None = None
    eta: datetime | None = None
    items: tuple[Any, ...] = ()
    events: tuple[TrackingEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that moved for an order: `type` is "payment" or "refund"."""

    method_id: str
    amount: Money
    type: str
    kind: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order as the shop knows it now."""

    number: OrderNumber
    customer_id: CustomerId
    status: OrderStatus
    currency: str
    items: tuple[OrderLine, ...]
    shipping_address: PostalAddress
    placed_at: datetime | None = None
    shipments: tuple[Shipment, ...] = ()
    payments: tuple[Payment, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A discount; `kind` is percent, amount or free_shipping."""

    code: str
    title: Mapping[str, str]
    kind: str
    value: Decimal
    currency: str | None = None
    minimum: Decimal | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    tiers: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a guest offers to prove an order: e-mail, phone, or name and ZIP."""

    email: str | None = None
    phone: str | None = None
    name: str | None = None
    zip: str | None = None


class ProofOutcome(StrEnum):
    """Whether a proof was accepted. An unknown order and a wrong proof are both REFUSED."""

    PROVEN = "proven"
    REFUSED = "refused"
    WAIT = "wait"
    """Too many tries on this order of late: not even looked at."""
