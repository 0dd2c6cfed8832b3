"""The promises of the `Shop` port; an adapter joins by a fixture that gives the same shop."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commerce import CustomerId, Money, OrderStatus, PostalAddress, ProductId
from bot.ports import Shop, ShopUnavailableError
from bot.shop.importer import import_folder
from bot.shop.sql import SqlShop
from bot.store.engine import open_engine
from tests.contract.shop_values import write_shop

ODD_TEXTS = (
    "",
    " ",
    "#",
    "'; DROP TABLE orders; --",
    "SB-100' OR '1'='1",
    "%",
    "SB-1__",
    "\0",
    "SB-100\0",
    "\ud800",
    "9" * 10_000,
    "订单",
)


@pytest.fixture
async def shop(engine: AsyncEngine, tmp_path: Path) -> Shop:
    await import_folder(engine, write_shop(tmp_path / "shop"))
    return SqlShop(engine, currency="EUR")


@pytest.mark.parametrize(
    "written",
    [
        "#SB-100",
        "sb100",
        " Sb 100 ",
        "＃SB-100",
        "SB\u2013100",
        "ＳＢ－１００",
        "sb\u00a0１00",
        "SB \u2212 100",
    ],
)
async def test_an_order_is_found_however_its_number_is_written(shop: Shop, written: str) -> None:
    order = await shop.order(written)

    assert order is not None
    assert order.number == "#SB-100"


async def test_an_order_has_all_its_parts(shop: Shop) -> None:
    order = await shop.order("SB-100")

    assert order is not None
    assert order.status is OrderStatus.SHIPPED
    assert order.placed_at == datetime(2026, 1, 1, 19, 4, 5, tzinfo=UTC)
    assert [(line.sku, line.quantity) for line in order.items] == [("p2-w", 2), ("gone", 1)]
    assert order.items[0].unit_price == Money(amount=Decimal("74.10"), currency="USD")
    assert order.items[0].options == {"color": "white"}
    assert order.shipping_address == PostalAddress(
        line1="5 Orchard Terrace", city="Bristol", country="GB", zip="BS1 9ZZ"
    )
    assert [parcel.tracking_number for parcel in order.shipments] == ["HX1", "HX2"]
    assert order.shipments[0].eta == datetime(2026, 1, 9, tzinfo=UTC)
    assert order.shipments[0].items == (0,)
    assert order.shipments[0].events[0].place == "Leeds"
    assert [(str(p.amount.amount), p.type) for p in order.payments] == [
        ("148.30", "payment"),
        ("0.10", "refund"),
    ]
    assert order.payments[0].at == datetime(2026, 1, 2, 3, 5, tzinfo=UTC)


async def test_what_is_no_number_finds_nothing_and_harms_nothing(shop: Shop) -> None:
    for text in ODD_TEXTS:
        assert await shop.order(text) is None
        assert await shop.customer(CustomerId(text)) is None
        assert await shop.product(ProductId(text)) is None
        assert list(await shop.orders_of(CustomerId(text))) == []
        assert list(await shop.order_numbers([text])) == []
    assert await shop.order("SB-100") is not None


async def test_orders_come_newest_first_and_undated_ones_last(shop: Shop) -> None:
    orders = await shop.orders_of(CustomerId("c1"))

    assert [order.number for order in orders] == ["SB-102", "#SB-100", "SB-101"]


async def test_a_customer_is_found_by_the_exact_id(shop: Shop) -> None:
    customer = await shop.customer(CustomerId("c1"))

    assert customer is not None
    assert (customer.name, customer.tier, customer.points) == ("Ana de la Cruz", "Gold", 2100)
    assert customer.addresses[0].line2 == "Flat 2"
    assert await shop.customer(CustomerId("C1")) is None


async def test_a_balance_without_currency_is_in_that_of_the_shop(shop: Shop) -> None:
    customer = await shop.customer(CustomerId("c1"))

    assert customer is not None
    assert customer.payment_methods[0].balance == Money(amount=Decimal("17.30"), currency="EUR")
    assert customer.payment_methods[1].balance is None


async def test_a_product_has_titles_by_language_and_exact_prices(shop: Shop) -> None:
    product = await shop.product(ProductId("p2"))

    assert product is not None
    assert (product.title("zh"), product.description("en")) == ("亚麻衬衫", "Breathable.")
    assert product.carbon_kg == Decimal("6.90")
    assert [(v.sku, v.stock, v.available) for v in product.variants] == [
        ("p2-w", 3, True),
        ("p2-b", 0, False),
    ]
    assert product.variants[0].price == Money(amount=Decimal("74.10"), currency="USD")


async def test_a_title_without_language_is_that_of_all(shop: Shop) -> None:
    product = await shop.product(ProductId("p1"))

    assert product is not None
    assert product.title("zh") == product.title("en") == "Gift wrap"
    assert product.variants[0].stock is None


async def test_the_catalogue_keeps_its_order(shop: Shop) -> None:
    products = await shop.products()

    assert [(product.id, len(product.variants)) for product in products] == [("p2", 2), ("p1", 1)]


async def test_coupons_keep_their_conditions(shop: Shop) -> None:
    (coupon,) = await shop.coupons()

    assert (coupon.code, coupon.kind, coupon.value) == ("TEA8", "amount", Decimal("8.00"))
    assert (coupon.minimum, coupon.tiers) == (Decimal(50), ("Silk",))
    assert coupon.ends_at == datetime(2026, 3, 1, tzinfo=UTC)


async def test_tokens_that_are_order_numbers_are_told(shop: Shop) -> None:
    tokens = ["where", "is", "sb200", "and", "SB 100", "sb-200", *map(str, range(2000))]

    assert list(await shop.order_numbers(tokens)) == ["SB-200", "#SB-100"]


async def test_unknown_fields_reach_the_bot(shop: Shop) -> None:
    customer, order = await shop.customer(CustomerId("c1")), await shop.order("SB-100")

    assert customer is not None
    assert order is not None
    assert customer.extra == {"newsletter": {"on": True, "score": 0.5}}
    assert order.extra == {"delivery_fee": "6.90"}
    assert order.items[0].extra == {"gift": True}


async def test_a_shop_out_of_reach_says_so(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path}/broken.db")
    shop = SqlShop(engine)

    for answer in (shop.order("1"), shop.customer(CustomerId("1")), shop.products()):
        with pytest.raises(ShopUnavailableError, match="Expected a database"):
            await answer
    await engine.dispose()


async def test_letters_that_all_numbers_begin_with_may_be_left_out(shop: Shop) -> None:
    order = await shop.order("# 102")

    assert order is not None
    assert order.number == "SB-102"
    assert await shop.order("02") is None
    # Told only where it is asked for: tokens of a text stay what they are.
    assert list(await shop.order_numbers(["102"])) == []
