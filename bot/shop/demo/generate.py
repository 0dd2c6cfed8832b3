"""Make the demo shop's customers and orders: `python -m bot.shop.demo.generate`, by hand.

Seeded, so that it always writes the same files. Products and coupons are written by people; this
only reads the products. All dates are relative to ANCHOR, which `load_demo` moves to today.
"""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from bot.shop.demo.names import PLACES, Place
from bot.shop.demo.showcase import CUSTOMERS, ORDERS

Record: TypeAlias = dict[str, Any]

ANCHOR = datetime(2026, 1, 15, tzinfo=UTC)
"""Midnight of the day on which the newest order is placed."""
SEED = 20417
CUSTOMER_COUNT, ORDER_COUNT, DAYS = 200, 600, 400
FIRST_NUMBER, LAST_NUMBER = 10001, 20522
FREE_DELIVERY, DELIVERY = Decimal(65), Decimal("6.90")
SILK, GOLD = 500, 2000
CARRIERS = ("Heron Express", "Blue Kite Parcel", "Northlight Post")
LABELS = {
    "card": "Visa ···· {}",
    "paypal": "PayPal",
    "apple_pay": "Apple Pay",
    "alipay": "Alipay",
    "wechat_pay": "WeChat Pay",
    "gift_card": "Gift card ···· {}",
}
SCANS = {
    "en": (
        "Parcel handed to the carrier",
        "Left the sorting centre",
        "Out for delivery",
        "Delivered",
    ),
    "zh": ("包裹已揽收", "已离开分拨中心", "正在派送", "已签收"),
}
HUBS = {"en": "Rotterdam", "zh": "杭州"}


def main() -> None:
    """Write customers.jsonl and orders.jsonl beside this file."""
    folder = Path(__file__).parent
    lines = (folder / "products.jsonl").read_text(encoding="utf-8").splitlines()
    products = [json.loads(line) for line in lines]
    dice = random.Random(SEED)  # noqa: S311 - invented people, no secrets
    customers = [dict(customer) for customer in CUSTOMERS]
    customers += _people(dice, CUSTOMER_COUNT - len(customers))
    orders = _orders(dice, customers, products)
    _give_points(customers, orders)
    _write(folder / "customers.jsonl", customers)
    _write(folder / "orders.jsonl", orders)


def _people(dice: random.Random, count: int) -> list[Record]:
    people: list[Record] = []
    seen: set[str] = {customer["name"] for customer in CUSTOMERS}
    while len(people) < count:
        place = dice.choices(PLACES, [place.share for place in PLACES])[0]
        name = _name(dice, place)
        if name not in seen:
            seen.add(name)
            people.append(_person(dice, place, name, number=1000 + len(seen)))
    return people


def _name(dice: random.Random, place: Place) -> str:
    given, family = dice.choice(place.given), dice.choice(place.family)
    return f"{family}{given}" if place.country == "CN" else f"{given} {family}"


def _person(dice: random.Random, place: Place, name: str, *, number: int) -> Record:
    city, region, code = dice.choice(place.cities)
    address = {
        "name": name,
        "line1": dice.choice(place.streets).format(dice.randint(1, 180)),
        "city": city,
        "country": place.country,
        "zip": _digits(dice, code),
    } | ({"region": region} if region else {})
    kinds = dice.sample(place.payments, k=dice.choice((1, 1, 2)))
    person = {
        "id": f"C-{number}",
        "name": name,
        "email": _email(name, number, dice),
        "zip": address["zip"],
        "language": place.language,
        "addresses": [address],
        "payment_methods": [_method(dice, kind, number) for kind in kinds],
    }
    return person | ({"phone": _digits(dice, place.phone)} if place.phone else {})


def _email(name: str, number: int, dice: random.Random) -> str:
    plain = name.encode("ascii", "ignore").decode().strip().lower().replace(" ", ".")
    host = dice.choice(("example.com", "example.org", "example.net", "mail.example"))
    return f"{plain}@{host}" if plain == name.lower().replace(" ", ".") else f"c{number}@{host}"


def _digits(dice: random.Random, pattern: str) -> str:
    return "".join(str(dice.randint(0, 9)) if ch == "#" else ch for ch in pattern)


def _method(dice: random.Random, kind: str, number: int) -> Record:
    label = LABELS[kind].format(f"{dice.randint(0, 9999):04}")
    method: Record = {"id": f"PM-{number}-{kind}", "kind": kind, "label": label}
    if kind == "gift_card":
        method |= {"balance": f"{dice.choice((12.5, 25, 50, 100)):.2f}", "currency": "USD"}
    return method


def _orders(
    dice: random.Random, customers: Sequence[Record], products: Sequence[Record]
) -> list[Record]:
    shown = [dict(order) for order in ORDERS]
    taken = {order["number"] for order in shown}
    others = list(customers[len(CUSTOMERS) :])
    eagerness = [dice.paretovariate(1.3) for _ in others]
    ages = sorted(
        (DAYS * dice.random() ** 1.6 for _ in range(ORDER_COUNT - len(shown))), reverse=True
    )
    ages[-1] = 0
    made = []
    for age in ages:
        number = _number(age, taken)
        taken.add(number)
        customer = dice.choices(others, eagerness)[0]
        made.append(_order(dice, number, customer, age, products))
    made += [_shown(dice, order, customers, products) for order in shown]
    return sorted(made, key=lambda order: str(order["number"]))


def _number(age: float, taken: set[str]) -> str:
    """Return a free number that fits the order's age in days: numbers grow with time."""
    number = round(LAST_NUMBER - age / DAYS * (LAST_NUMBER - FIRST_NUMBER))
    while f"SB-{number}" in taken:
        number -= 1
    return f"SB-{max(number, FIRST_NUMBER)}"


def _shown(
    dice: random.Random, order: Record, customers: Sequence[Record], products: Sequence[Record]
) -> Record:
    customer = next(one for one in customers if one["id"] == order["customer_id"])
    number = int(order["number"].removeprefix("SB-"))
    age = (LAST_NUMBER - number) / (LAST_NUMBER - FIRST_NUMBER) * DAYS
    return _order(
        dice,
        order["number"],
        customer,
        age,
        products,
        status=order["status"],
        skus=order["skus"],
        parcels=order.get("parcels", 1),
    )


def _order(
    dice: random.Random,
    number: str,
    customer: Record,
    age: float,
    products: Sequence[Record],
    *,
    status: str | None = None,
    skus: Sequence[str] = (),
    parcels: int | None = None,
) -> Record:
    placed = _placed(age)
    status = status or _status(dice, age)
    items = _items(dice, products, str(customer["language"]), skus)
    goods = sum((Decimal(item["unit_price"]) * item["quantity"] for item in items), Decimal())
    fee = Decimal() if goods > FREE_DELIVERY else DELIVERY
    parcels = parcels or (2 if len(items) > 1 and dice.random() < 0.2 else 1)  # noqa: PLR2004
    return {
        "number": number,
        "customer_id": customer["id"],
        "placed_at": _text(placed),
        "status": status,
        "currency": "USD",
        "items": items,
        "shipping_address": customer["addresses"][0],
        "shipments": _shipments(dice, customer, status, placed, len(items), parcels),
        "payments": _payments(dice, customer, status, placed, goods + fee),
        "delivery_fee": f"{fee:.2f}",
    }


def _placed(age: float) -> datetime:
    """Return when an order was placed; on the newest day early, so that it is past by now."""
    placed = ANCHOR + timedelta(minutes=20) - timedelta(days=age)
    return placed.replace(microsecond=0)


def _status(dice: random.Random, age: float) -> str:
    if age < 1:
        return dice.choices(("pending", "processing"), (7, 3))[0]
    if age < 3:  # noqa: PLR2004 - days
        return dice.choices(("pending", "processing", "shipped", "cancelled"), (2, 4, 5, 1))[0]
    if age < 5.5:  # noqa: PLR2004
        return dice.choices(("shipped", "cancelled"), (9, 1))[0]
    if age < 9:  # noqa: PLR2004
        return dice.choices(("shipped", "delivered", "cancelled"), (12, 5, 1))[0]
    late = 0 if age > 45 else 1  # noqa: PLR2004
    weights = (20, 2, 4 * late, 3 * late)
    return dice.choices(
        ("delivered", "cancelled", "return_requested", "exchange_requested"), weights
    )[0]


def _items(
    dice: random.Random, products: Sequence[Record], language: str, skus: Sequence[str]
) -> list[Record]:
    variants = {v["sku"]: (p, v) for p in products for v in p["variants"]}
    chosen = skus or dice.choices(list(variants), k=dice.choices((1, 2, 3, 4), (8, 6, 3, 1))[0])
    return [
        {
            "sku": sku,
            "product_id": product["id"],
            "title": product["title"][language],
            "quantity": 1 if skus else dice.choices((1, 2, 3), (12, 3, 1))[0],
            "unit_price": variant["price"],
            "options": variant["options"],
        }
        for sku, (product, variant) in ((sku, variants[sku]) for sku in chosen)
    ]


def _shipments(
    dice: random.Random, customer: Record, status: str, placed: datetime, lines: int, parcels: int
) -> list[Record]:
    if status in {"pending", "processing", "cancelled"}:
        return []
    arrived = status != "shipped"
    made = []
    for parcel in range(parcels):
        sent = placed + timedelta(hours=dice.randint(9, 30) + 5 * parcel)
        made.append(
            {
                "carrier": dice.choice(CARRIERS),
                "tracking_number": f"HX{dice.randrange(10**10, 10**11)}",
                "status": "delivered" if arrived else "in_transit",
                "eta": _text(max(sent, ANCHOR) + timedelta(days=dice.randint(1, 4), hours=12)),
                "items": [line for line in range(lines) if line % parcels == parcel],
                "events": _events(dice, customer, sent, arrived=arrived),
            }
        )
        if arrived:
            del made[-1]["eta"]
    return made


def _events(
    dice: random.Random, customer: Record, sent: datetime, *, arrived: bool
) -> list[Record]:
    language, city = str(customer["language"]), customer["addresses"][0]["city"]
    places = (HUBS[language], HUBS[language], city, city)
    hours = (0, dice.randint(8, 20), dice.randint(44, 70), dice.randint(72, 76))
    events = [
        {"at": _text(sent + timedelta(hours=hour)), "place": place, "text": text}
        for hour, place, text in zip(hours, places, SCANS[language], strict=True)
    ]
    past = [event for event in events[:2] if event["at"] < _text(ANCHOR)]
    return events if arrived else (past or events[:1])


def _payments(
    dice: random.Random, customer: Record, status: str, placed: datetime, total: Decimal
) -> list[Record]:
    method = dice.choice(
        [m for m in customer["payment_methods"] if m["kind"] != "gift_card"]
        or customer["payment_methods"]
    )
    paid = {
        "method_id": method["id"],
        "kind": method["kind"],
        "amount": f"{total:.2f}",
        "type": "payment",
        "at": _text(placed),
    }
    if status != "cancelled":
        return [paid]
    back = min(placed + timedelta(days=dice.randint(3, 6)), ANCHOR)
    return [paid, paid | {"type": "refund", "at": _text(max(back, placed + timedelta(hours=2)))}]


def _give_points(customers: Iterable[Record], orders: Iterable[Record]) -> None:
    """Give each customer the points and tier of what was delivered, as the shop's articles say."""
    points: dict[str, int] = {}
    for order in orders:
        if order["status"] == "delivered":
            paid = Decimal(order["payments"][0]["amount"]) - Decimal(order["delivery_fee"])
            points[order["customer_id"]] = points.get(order["customer_id"], 0) + int(paid)
    for customer in customers:
        have = points.get(customer["id"], 0)
        tier = "Gold" if have >= GOLD else "Silk" if have >= SILK else "Paper"
        customer |= {"tier": tier, "points": have}


def _text(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
