"""Customers and orders of the demo shop that the documentation may name; all are invented."""

from typing import Any

CUSTOMERS: tuple[dict[str, Any], ...] = (
    {
        "id": "C-1001",
        "name": "Mei Lin",
        "email": "mei.lin@example.com",
        "phone": "+1 415-555-0142",
        "zip": "94110",
        "language": "en",
        "addresses": [
            {
                "name": "Mei Lin",
                "line1": "27 Foxglove Lane",
                "line2": "Apt 4",
                "city": "San Francisco",
                "region": "CA",
                "country": "US",
                "zip": "94110",
            }
        ],
        "payment_methods": [
            {"id": "PM-1001-card", "kind": "card", "label": "Visa ···· 4242"},
            {
                "id": "PM-1001-gift",
                "kind": "gift_card",
                "label": "Gift card ···· 7781",
                "balance": "50.00",
                "currency": "USD",
            },
        ],
    },
    {
        "id": "C-1002",
        "name": "王小满",
        "email": "xiaoman@example.com",
        "zip": "310007",
        "language": "zh",
        "addresses": [
            {
                "name": "王小满",
                "line1": "桂花路 18 号 3 幢 502 室",
                "city": "杭州",
                "region": "浙江",
                "country": "CN",
                "zip": "310007",
            }
        ],
        "payment_methods": [{"id": "PM-1002-alipay", "kind": "alipay", "label": "Alipay"}],
    },
    {
        "id": "C-1003",
        "name": "Tom Becker",
        "email": "tom.becker@example.com",
        "phone": "+49 30 23125 117",
        "zip": "10115",
        "language": "en",
        "addresses": [
            {
                "name": "Tom Becker",
                "line1": "Lindenweg 9",
                "city": "Berlin",
                "country": "DE",
                "zip": "10115",
            }
        ],
        "payment_methods": [{"id": "PM-1003-paypal", "kind": "paypal", "label": "PayPal"}],
    },
    {
        "id": "C-1004",
        "name": "Amara Okafor",
        "email": "amara.okafor@example.com",
        "phone": "+44 20 7946 0321",
        "zip": "BS1 4AB",
        "language": "en",
        "addresses": [
            {
                "name": "Amara Okafor",
                "line1": "5 Orchard Terrace",
                "city": "Bristol",
                "country": "GB",
                "zip": "BS1 4AB",
            }
        ],
        "payment_methods": [
            {"id": "PM-1004-card", "kind": "card", "label": "Mastercard ···· 5100"}
        ],
    },
    {
        "id": "C-1005",
        "name": "李文博",
        "email": "wenbo@example.com",
        "zip": "610021",
        "language": "zh",
        "addresses": [
            {
                "name": "李文博",
                "line1": "望江巷 66 号",
                "city": "成都",
                "region": "四川",
                "country": "CN",
                "zip": "610021",
            }
        ],
        "payment_methods": [{"id": "PM-1005-wechat", "kind": "wechat_pay", "label": "WeChat Pay"}],
    },
)

ORDERS: tuple[dict[str, Any], ...] = (
    {
        "number": "SB-20417",
        "customer_id": "C-1001",
        "status": "shipped",
        "skus": ["LL-1016-WHI-M", "LL-1062-100G", "LL-1067-CEL"],
        "parcels": 2,
    },
    {
        "number": "SB-20388",
        "customer_id": "C-1002",
        "status": "delivered",
        "skus": ["LL-1001-WHI-MED", "LL-1011-OSM"],
    },
    {
        "number": "SB-20513",
        "customer_id": "C-1003",
        "status": "pending",
        "skus": ["LL-1030-BLA-100MAH"],
    },
    {
        "number": "SB-19903",
        "customer_id": "C-1004",
        "status": "delivered",
        "skus": ["LL-1017-NAV-M"],
    },
    {
        "number": "SB-20201",
        "customer_id": "C-1004",
        "status": "return_requested",
        "skus": ["LL-1023-YEL-S", "LL-1060-YEL"],
    },
    {
        "number": "SB-20496",
        "customer_id": "C-1004",
        "status": "processing",
        "skus": ["LL-1034-BLA"],
    },
    {
        "number": "SB-20299",
        "customer_id": "C-1005",
        "status": "cancelled",
        "skus": ["LL-1029-WHI-CN"],
    },
)
"""What is given here is made sure of; `generate` fills in the rest from the number's age."""
