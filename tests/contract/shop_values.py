"""A small shop with every field of the contract, as lines of its files."""

from pathlib import Path

FILES = {
    "customers": """\
{"id": "c1", "name": "Ana de la Cruz", "email": "Ana@Example.com", "phone": "+44 20 7946 0321", \
"zip": "BS1 4AB", "language": "en", "tier": "Gold", "points": 2100, "addresses": [{"name": "Ana", \
"line1": "5 Orchard Terrace", "line2": "Flat 2", "city": "Bristol", "region": "Avon", \
"country": "GB", "zip": "BS1 4AB", "door": "green"}], "payment_methods": [{"id": "pm1", \
"kind": "gift_card", "label": "Gift card 7781", "balance": 17.30}, {"id": "pm2", "kind": "card", \
"label": "Visa 4242", "brand": "visa"}], "newsletter": {"on": true, "score": 0.5}}
{"id": "c2", "name": "王小满", "email": "xiaoman@example.com", \
"addresses": [], "payment_methods": []}
""",
    "products": """\
{"id": "p2", "title": {"en": "Linen Shirt", "zh": "亚麻衬衫"}, "category": "clothing", \
"brand": "Heron & Reed", "description": {"en": "Breathable.", "zh": "透气。"}, \
"attributes": {"material": {"en": "linen", "zh": "亚麻"}, "weight": 0.2}, \
"url": "https://shop.example/p2", "image": "https://shop.example/p2.jpg", "carbon_kg": "6.90", \
"variants": [{"sku": "p2-w", "options": {"color": "white"}, "price": "74.10", "currency": "usd", \
"stock": 3, "available": true, "shelf": 4}, {"sku": "p2-b", "options": {"color": "black"}, \
"price": 74.1, "currency": "USD", "stock": 0, "available": false}], "season": null}
{"id": "p1", "title": "Gift wrap", "variants": [{"sku": "p1", "options": {}, "price": 2, \
"currency": "USD", "stock": null, "available": true}]}
""",
    "orders": """\
{"number": "#SB-100", "customer_id": "c1", "placed_at": "2026-01-02T03:04:05+08:00", \
"status": "shipped", "currency": "USD", "items": [{"sku": "p2-w", "product_id": "p2", \
"title": "Linen Shirt", "quantity": 2, "unit_price": 74.10, "options": {"color": "white"}, \
"gift": true}, {"sku": "gone", "product_id": "gone", "title": "Old hat", "quantity": 1, \
"unit_price": "0.10"}], "shipping_address": {"line1": "5 Orchard Terrace", "city": "Bristol", \
"country": "GB", "zip": "BS1 9ZZ"}, "shipments": [{"carrier": "Heron Express", \
"tracking_number": "HX1", "status": "in_transit", "eta": "2026-01-09", "items": [0], \
"events": [{"at": "2026-01-03T00:00:00Z", "place": "Leeds", "text": "Sent", "code": "S1"}], \
"weight": 1.5}, {"tracking_number": "HX2"}], "payments": [{"method_id": "pm2", "kind": "card", \
"amount": 148.30, "type": "payment", "at": "2026-01-02T03:05:00", "auth": "x"}, \
{"method_id": "pm2", "amount": "0.10", "type": "refund"}], "delivery_fee": "6.90"}
{"number": "SB-101", "customer_id": "c1", "status": "pending", "currency": "USD", "items": [], \
"shipping_address": {"line1": "5", "city": "Bristol", "country": "GB", "zip": "BS1 4AB"}, \
"shipments": [], "payments": []}
{"number": "SB-102", "customer_id": "c1", "placed_at": "2026-01-05T00:00:00Z", \
"status": "delivered", "currency": "USD", "items": [], "shipping_address": {"line1": "5", \
"city": "Bristol", "country": "GB", "zip": "BS1 4AB"}, "shipments": [], "payments": []}
{"number": "SB-200", "customer_id": "c2", "placed_at": "2026-01-05T00:00:00Z", \
"status": "delivered", "currency": "USD", "items": [], \
"shipping_address": {"line1": "桂花路 18 号", \
"city": "杭州", "country": "CN", "zip": "310007"}, "shipments": [], "payments": []}
""",
    "coupons": """\
{"code": "TEA8", "title": {"en": "8 off tea", "zh": "茶品减 8"}, "kind": "amount", \
"value": "8.00", "minimum": 50, "currency": "USD", "starts_at": "2026-01-01T00:00:00Z", \
"ends_at": "2026-03-01T00:00:00Z", "tiers": ["Silk"], "category": "tea"}
""",
}


def write_shop(folder: Path, **changed: str) -> Path:
    """Write the files into a folder; `changed` replaces files by name."""
    folder.mkdir(exist_ok=True)
    for name, text in {**FILES, **changed}.items():
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder
