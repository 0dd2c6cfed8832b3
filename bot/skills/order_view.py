"""One order as phrases and as a card."""

from decimal import Decimal
from typing import Any

from bot.commerce import Money, Order, OrderLine, Shipment
from bot.model import Card, Phrase, Reply, Value
from bot.skills.terms import Terms


def order_reply(order: Order, terms: Terms) -> Reply:
    """Say everything about an order's state: contract word, items, every tracking number."""
    return Reply(
        key=f"order_status.{order.status.value}",
        values={
            "order": order.number,
            "status": terms.phrase(f"status.{order.status.value}"),
            "items": tuple(_line(line) for line in order.items),
            "parcels": tuple(_parcel(shipment) for shipment in order.shipments) or None,
            "total": order_total(order),
            "placed": order.placed_at.date() if order.placed_at else None,
        },
        cards=(order_card(order),),
    )


def order_total(order: Order) -> Money:
    """Return what the items cost together."""
    total = sum((line.unit_price.amount * line.quantity for line in order.items), Decimal(0))
    return Money(amount=total, currency=order.currency)


def order_card(order: Order) -> Card:
    """Return the order as a card; it repeats the text and adds nothing private."""
    items: list[dict[str, Any]] = [
        {"title": line.title, "quantity": line.quantity, "options": dict(line.options)}
        for line in order.items
    ]
    parcels = [
        {
            "tracking_number": parcel.tracking_number,
            "carrier": parcel.carrier,
            "status": parcel.status,
            "eta": parcel.eta.isoformat() if parcel.eta else None,
        }
        for parcel in order.shipments
    ]
    total = order_total(order)
    data = {
        "number": order.number,
        "status": order.status.value,
        "items": items,
        "shipments": parcels,
        "total": {"amount": str(total.amount), "currency": total.currency},
    }
    return Card(type="order", data=data)


def _line(line: OrderLine) -> Phrase:
    values: dict[str, Value] = {
        "title": line.title,
        "quantity": line.quantity,
        "price": line.unit_price,
    }
    return Phrase(key="order.line", values=values)


def _parcel(parcel: Shipment) -> Phrase:
    eta = Phrase(key="order.parcel_eta", values={"eta": parcel.eta.date()}) if parcel.eta else None
    last = max(parcel.events, key=lambda event: event.at, default=None)
    seen = None
    if last is not None:
        values: dict[str, Value] = {"text": last.text, "place": last.place, "at": last.at}
        key = "order.parcel_seen_at" if last.place else "order.parcel_seen"
        seen = Phrase(key=key, values=values)
    return Phrase(
        key="order.parcel",
        values={
            "number": " ".join(filter(None, [parcel.carrier, parcel.tracking_number])),
            "eta": eta,
            "seen": seen,
        },
    )
