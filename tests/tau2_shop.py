"""Turn the retail store of tau2-bench (Sierra Research, MIT) into the contract's JSON lines."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_STATUS = {"processed": "processing"}
"""Their words that differ from ours; `return requested` and such take an underscore."""


def convert(database: Path, folder: Path) -> None:
    """Write customers.jsonl, products.jsonl and orders.jsonl into a folder."""
    data = json.loads(database.read_text(encoding="utf-8"))
    _write(folder / "customers.jsonl", map(_customer, data["users"].values()))
    _write(folder / "products.jsonl", map(_product, data["products"].values()))
    _write(folder / "orders.jsonl", map(_order, data["orders"].values()))


def _write(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def _customer(user: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": user["user_id"],
        "name": f"{user['name']['first_name']} {user['name']['last_name']}",
        "email": user["email"],
        "zip": user["address"]["zip"],
        "addresses": [_address(user["address"])],
        "payment_methods": [_method(method) for method in user["payment_methods"].values()],
    }


def _address(address: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "line1": address["address1"],
        "line2": address["address2"],
        "city": address["city"],
        "region": address["state"],
        "country": address["country"],
        "zip": address["zip"],
    }


def _method(method: Mapping[str, Any]) -> dict[str, Any]:
    label = f"{method.get('brand', method['source'])} {method.get('last_four', '')}".strip()
    kind = "card" if method["source"] == "credit_card" else method["source"]
    made = {"id": method["id"], "kind": kind, "label": label}
    return made | ({"balance": method["balance"]} if "balance" in method else {})


def _product(product: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": product["product_id"],
        "title": product["name"],
        "variants": [
            {
                "sku": variant["item_id"],
                "options": variant["options"],
                "price": variant["price"],
                "currency": "USD",
                "stock": None,
                "available": variant["available"],
            }
            for variant in product["variants"].values()
        ],
    }


def _order(order: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": order["order_id"],
        "customer_id": order["user_id"],
        "status": _STATUS.get(order["status"], order["status"].replace(" ", "_")),
        "currency": "USD",
        "items": [_item(item) for item in order["items"]],
        "shipping_address": _address(order["address"]),
        "shipments": [
            {"tracking_number": tracking, "items": parcel["item_ids"]}
            for parcel in order["fulfillments"]
            for tracking in parcel["tracking_id"]
        ],
        "payments": [
            {
                "method_id": payment["payment_method_id"],
                "amount": payment["amount"],
                "type": payment["transaction_type"],
            }
            for payment in order["payment_history"]
        ],
    }


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sku": item["item_id"],
        "product_id": item["product_id"],
        "title": item["name"],
        "quantity": 1,
        "unit_price": item["price"],
        "options": item["options"],
    }
