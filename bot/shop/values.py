"""From the contract's records to the values that the bot works with."""

from bot.commerce import (
    Coupon,
    Customer,
    CustomerId,
    Money,
    Order,
    OrderLine,
    OrderNumber,
    Payment,
    PaymentMethod,
    PostalAddress,
    Product,
    ProductId,
    Shipment,
    TrackingEvent,
    Variant,
)
from bot.shop.lines import (
    AddressLine,
    CouponLine,
    CustomerLine,
    ItemLine,
    MethodLine,
    OrderRecord,
    PaymentLine,
    ProductLine,
    ShipmentLine,
    Texts,
    VariantLine,
)


def customer_of(line: CustomerLine, *, currency: str) -> Customer:
    """Make a customer; `currency` is that of balances which don't name theirs."""
    return Customer(
        id=CustomerId(line.id),
        name=line.name,
        email=line.email,
        phone=line.phone,
        zip=line.zip,
        language=line.language,
        tier=line.tier,
        points=line.points,
        addresses=tuple(_address(address) for address in line.addresses),
        payment_methods=tuple(_method(method, currency) for method in line.payment_methods),
        extra=line.unknown,
    )


def product_of(line: ProductLine) -> Product:
    """Make a product; a title for all languages stands under ""."""
    return Product(
        id=ProductId(line.id),
        titles=_texts(line.title),
        category=line.category,
        brand=line.brand,
        descriptions={} if line.description is None else _texts(line.description),
        attributes=line.attributes,
        url=line.url,
        image=line.image,
        carbon_kg=line.carbon_kg,
        variants=tuple(_variant(variant) for variant in line.variants),
        extra=line.unknown,
    )


def order_of(line: OrderRecord) -> Order:
    """Make an order; all its money is in its own currency."""
    return Order(
        number=OrderNumber(line.number),
        customer_id=CustomerId(line.customer_id),
        status=line.status,
        currency=line.currency,
        items=tuple(_item(item, line.currency) for item in line.items),
        shipping_address=_address(line.shipping_address),
        placed_at=line.placed_at,
        shipments=tuple(_shipment(shipment) for shipment in line.shipments),
        payments=tuple(_payment(payment, line.currency) for payment in line.payments),
        extra=line.unknown,
    )


def coupon_of(line: CouponLine) -> Coupon:
    """Make a coupon."""
    return Coupon(
        code=line.code,
        title=_texts(line.title),
        kind=line.kind,
        value=line.value,
        currency=line.currency,
        minimum=line.minimum,
        starts_at=line.starts_at,
        ends_at=line.ends_at,
        tiers=tuple(line.tiers),
        extra=line.unknown,
    )


def _texts(texts: Texts) -> dict[str, str]:
    return {"": texts} if isinstance(texts, str) else dict(texts)


def _address(line: AddressLine) -> PostalAddress:
    return PostalAddress(
        line1=line.line1,
        city=line.city,
        country=line.country,
        zip=line.zip,
        name=line.name,
        line2=line.line2,
        region=line.region,
    )


def _method(line: MethodLine, currency: str) -> PaymentMethod:
    balance = line.balance
    return PaymentMethod(
        id=line.id,
        kind=line.kind,
        label=line.label,
        balance=None
        if balance is None
        else Money(amount=balance, currency=line.currency or currency),
    )


def _variant(line: VariantLine) -> Variant:
    return Variant(
        sku=line.sku,
        price=Money(amount=line.price, currency=line.currency),
        options=line.options,
        stock=line.stock,
        available=line.available,
    )


def _item(line: ItemLine, currency: str) -> OrderLine:
    return OrderLine(
        sku=line.sku,
        product_id=line.product_id,
        title=line.title,
        quantity=line.quantity,
        unit_price=Money(amount=line.unit_price, currency=currency),
        options=line.options,
        extra=line.unknown,
    )


def _shipment(line: ShipmentLine) -> Shipment:
    return Shipment(
        tracking_number=line.tracking_number,
        carrier=line.carrier,
        status=line.status,
        eta=line.eta,
        items=tuple(line.items or ()),
        events=tuple(
            TrackingEvent(at=event.at, text=event.text, place=event.place) for event in line.events
        ),
    )


def _payment(line: PaymentLine, currency: str) -> Payment:
    return Payment(
        method_id=line.method_id,
        amount=Money(amount=line.amount, currency=currency),
        type=line.type,
        kind=line.kind,
        at=line.at,
    )
