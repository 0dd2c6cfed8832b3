"""The import contract, one model a line: what customers, products, orders and coupons look like.

Unknown fields are kept, at every depth, and written back on export.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from bot.commerce import OrderStatus, normal_number

LONGEST_NUMBER = 200
"""Characters of an order's number, however it is written: what the table holds."""
BIGGEST = 2**53
"""The largest whole number that every JSON reader keeps exact."""


def plain(value: Any) -> Any:
    """Turn the decimals of parts that we don't interpret back into JSON numbers."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def _in_utc(when: datetime) -> datetime:
    """Read a time without a zone as UTC."""
    try:
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("expected a year between 1 and 9999") from error


def _comparable(number: str) -> str:
    if not 0 < len(normal_number(number)) <= LONGEST_NUMBER:
        raise ValueError(f"expected an order number of 1 to {LONGEST_NUMBER} letters or digits")
    return number


def _plain_decimal(amount: Decimal) -> str:
    return format(amount, "f")


Name: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)
]
Number: TypeAlias = Annotated[Name, AfterValidator(_comparable)]
Currency: TypeAlias = Annotated[
    str, StringConstraints(to_upper=True, strip_whitespace=True, pattern="^[A-Za-z]{3}$")
]
Amount: TypeAlias = Annotated[
    Decimal,
    Field(max_digits=40, decimal_places=20),
    PlainSerializer(_plain_decimal, when_used="json"),
]
Price: TypeAlias = Annotated[Amount, Field(ge=0)]
Moment: TypeAlias = Annotated[datetime, AfterValidator(_in_utc)]
Texts: TypeAlias = str | dict[str, str]
"""One text for all languages, or a text by language."""
Plain: TypeAlias = Annotated[Any, BeforeValidator(plain)]
PlainMap: TypeAlias = Annotated[dict[str, Any], BeforeValidator(plain)]


class Line(BaseModel):
    """One JSON object of the contract."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)
    nullable: ClassVar[frozenset[str]] = frozenset()
    """Fields whose null says something, so that it is written."""

    @model_validator(mode="before")
    @classmethod
    def _keep_unknown(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        known = cls.model_fields
        return {key: value if key in known else plain(value) for key, value in data.items()}

    @model_serializer(mode="wrap")
    def _leave_out_missing(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        silent = type(self).model_fields.keys() - self.nullable
        data: dict[str, Any] = handler(self)
        return {
            key: value for key, value in data.items() if value is not None or key not in silent
        }

    @property
    def unknown(self) -> dict[str, Any]:
        """Return the fields that the contract doesn't name."""
        return dict(self.model_extra or {})


class Keyed(Line):
    """A whole line of a file, told apart from the others by its key."""

    @property
    def key(self) -> str:
        """Return what tells it apart."""
        raise NotImplementedError


class AddressLine(Line):
    """A postal address."""

    name: str | None = None
    line1: str
    line2: str | None = None
    city: str
    region: str | None = None
    country: str
    zip: str


class MethodLine(Line):
    """A way to pay; `currency` belongs to `balance` and is the shop's own when missing."""

    id: str
    kind: str
    label: str
    balance: Amount | None = None
    currency: Currency | None = None


class CustomerLine(Keyed):
    """A line of customers.jsonl."""

    id: Name
    name: str
    email: str
    phone: str | None = None
    zip: str | None = None
    language: str | None = None
    tier: str | None = None
    points: Annotated[int, Field(ge=-BIGGEST, le=BIGGEST)] | None = None
    addresses: list[AddressLine] = []
    payment_methods: list[MethodLine] = []

    @property
    def key(self) -> str:
        """Return what tells customers apart."""
        return self.id


class VariantLine(Line):
    """One variant of a product."""

    nullable: ClassVar[frozenset[str]] = frozenset({"stock"})

    sku: Name
    options: dict[str, str] = {}
    price: Price
    currency: Currency
    stock: Annotated[int, Field(ge=-BIGGEST, le=BIGGEST)] | None = None
    available: bool = True


class ProductLine(Keyed):
    """A line of products.jsonl."""

    id: Name
    title: Texts
    category: str | None = None
    brand: str | None = None
    description: Texts | None = None
    attributes: PlainMap = {}
    url: str | None = None
    image: str | None = None
    carbon_kg: Amount | None = None
    variants: list[VariantLine] = []

    @model_validator(mode="after")
    def _tell_variants_apart(self) -> Self:
        seen: set[str] = set()
        for variant in self.variants:
            if variant.sku in seen:
                raise ValueError(
                    f"expected each sku once in a product, but got {variant.sku!r} twice"
                )
            seen.add(variant.sku)
        return self

    @property
    def key(self) -> str:
        """Return what tells products apart."""
        return self.id


class ItemLine(Line):
    """One line of an order; its place in the list is its identity."""

    sku: str
    product_id: str
    title: str
    quantity: Annotated[int, Field(ge=1, le=BIGGEST)]
    unit_price: Price
    options: dict[str, str] = {}


class EventLine(Line):
    """One scan of a parcel."""

    at: Moment
    place: str | None = None
    text: str


class ShipmentLine(Line):
    """One parcel."""

    carrier: str | None = None
    tracking_number: str
    status: str | None = None
    eta: Moment | None = None
    items: list[Plain] | None = None
    events: list[EventLine] = []


class PaymentLine(Line):
    """Money that moved, in the order's currency."""

    method_id: str
    kind: str | None = None
    amount: Amount
    type: Annotated[str, StringConstraints(pattern="^(payment|refund)$")]
    at: Moment | None = None


class OrderRecord(Keyed):
    """A line of orders.jsonl."""

    number: Number
    customer_id: Name
    placed_at: Moment | None = None
    status: OrderStatus
    currency: Currency
    items: list[ItemLine]
    shipping_address: AddressLine
    shipments: list[ShipmentLine] = []
    payments: list[PaymentLine] = []

    @property
    def key(self) -> str:
        """Return what tells orders apart, however their number is written."""
        return normal_number(self.number)


class CouponLine(Keyed):
    """A line of coupons.jsonl; `currency` is that of its amounts, the shop's own when missing."""

    code: Name
    title: Texts
    kind: Annotated[str, StringConstraints(pattern="^(percent|amount|free_shipping)$")]
    value: Price
    currency: Currency | None = None
    minimum: Price | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    tiers: list[str] = []

    @property
    def key(self) -> str:
        """Return what tells coupons apart."""
        return self.code


Record: TypeAlias = CustomerLine | ProductLine | OrderRecord | CouponLine
FILES: Mapping[str, type[Record]] = {
    "customers": CustomerLine,
    "products": ProductLine,
    "orders": OrderRecord,
    "coupons": CouponLine,
}
"""What a folder may hold, as <name>.jsonl, in the order in which it is read."""
