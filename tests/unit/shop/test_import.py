"""Importing and exporting a shop: all or nothing, every complaint with its line, nothing lost."""

import json
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commerce import CustomerId, ProductId
from bot.ports import ShopUnavailableError
from bot.shop.importer import export_folder, import_folder
from bot.shop.jsonl import MOST_PROBLEMS, BadImportError
from bot.shop.sql import SqlShop
from bot.store.engine import migrate, open_engine
from tests.contract.shop_values import FILES, write_shop

COUPON = '{"code": "A", "title": "t", "kind": "percent", "value": %s}\n'
CUSTOMER = '{"id": "%s", "name": "N", "email": "n@example.com"}\n'
ORDER = (
    '{"number": "%s", "customer_id": "%s", "status": "pending", "currency": "USD", "items": [], '
    '"shipping_address": {"line1": "1", "city": "c", "country": "GB", "zip": "z"}}\n'
)


def _alone(folder: Path, name: str, text: str | bytes) -> Path:
    folder.mkdir(exist_ok=True)
    data = text.encode() if isinstance(text, str) else text
    (folder / f"{name}.jsonl").write_bytes(data)
    return folder


def _contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


# -- what comes in goes out ------------------------------------------------------------


async def test_the_report_counts_each_file(engine: AsyncEngine, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []

    report = await import_folder(
        engine, write_shop(tmp_path / "in"), lambda *step: told.append(step)
    )

    assert report.counts == {"customers": 2, "products": 2, "orders": 4, "coupons": 1}
    assert told == [(name, count, count) for name, count in report.counts.items()]


async def test_a_round_trip_changes_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    await import_folder(engine, write_shop(tmp_path / "in"))
    await export_folder(engine, tmp_path / "first")
    url = f"sqlite+aiosqlite:///{tmp_path}/other.db"
    migrate(url)
    other = open_engine(url)

    await import_folder(other, tmp_path / "first")
    await export_folder(other, tmp_path / "second")
    await other.dispose()

    assert _contents(tmp_path / "first") == _contents(tmp_path / "second")


async def test_unknown_fields_are_written_back_at_every_depth(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    await import_folder(engine, write_shop(tmp_path / "in"))
    await export_folder(engine, tmp_path / "out")
    out = {
        name: [json.loads(line) for line in text.splitlines()]
        for name, text in _contents(tmp_path / "out").items()
    }
    customer, order = out["customers.jsonl"][0], out["orders.jsonl"][0]
    product = next(one for one in out["products.jsonl"] if one["id"] == "p2")

    assert customer["newsletter"] == {"on": True, "score": 0.5}
    assert customer["addresses"][0]["door"] == "green"
    assert customer["payment_methods"][1]["brand"] == "visa"
    assert product["season"] is None
    assert product["attributes"]["weight"] == 0.2
    assert product["variants"][0]["shelf"] == 4
    assert (order["delivery_fee"], order["items"][0]["gift"]) == ("6.90", True)
    assert (order["shipments"][0]["weight"], order["payments"][0]["auth"]) == (1.5, "x")
    assert order["shipments"][0]["events"][0]["code"] == "S1"
    assert out["coupons.jsonl"][0]["category"] == "tea"


async def test_money_stays_exact_and_is_written_as_text(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    exact = "12345678901234567.89"
    await import_folder(engine, _alone(tmp_path / "in", "coupons", COUPON % exact))
    await export_folder(engine, tmp_path / "out")

    assert json.loads(_contents(tmp_path / "out")["coupons.jsonl"])["value"] == exact


async def test_a_second_import_updates_by_key(engine: AsyncEngine, tmp_path: Path) -> None:
    await import_folder(engine, write_shop(tmp_path / "in"))
    order = FILES["orders"].splitlines(keepends=True)[0].replace("#SB-100", "sb100")
    product = FILES["products"].splitlines(keepends=True)[0].replace('"p2-b"', '"p2-r"')
    again = _alone(tmp_path / "again", "orders", order.replace('"shipped"', '"delivered"'))

    await import_folder(engine, _alone(again, "products", product))
    shop = SqlShop(engine)
    changed, bought = await shop.order("SB-100"), await shop.product(ProductId("p2"))

    assert changed is not None
    assert bought is not None
    assert (changed.number, changed.status) == ("sb100", "delivered")
    assert [variant.sku for variant in bought.variants] == ["p2-w", "p2-r"]
    assert len(await shop.products()) == 2
    assert len(await shop.orders_of(CustomerId("c1"))) == 3


async def test_blank_lines_bom_and_windows_line_ends_are_fine(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    text = "\ufeff" + (CUSTOMER % "a").replace("\n", "\r\n") + "\r\n  \n" + CUSTOMER % "b\u2028c"

    report = await import_folder(engine, _alone(tmp_path / "in", "customers", text))

    assert report.counts == {"customers": 2}


# -- what is wrong is told ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "line", "told"),
    [
        ("customers", "{", "expected one JSON object, but got '{'"),
        ("customers", "[1, 2]", "valid dictionary or instance"),
        ("customers", '{"id": "a"} {"id": "b"}', "expected one JSON object"),
        ("customers", '{"id": "a", "email": "e"}', "name: Field required"),
        ("customers", '{"id": "", "name": "n", "email": "e"}', "id: "),
        ("customers", '{"id": "a\\u0000", "name": "n", "email": "e"}', "without NUL"),
        ("customers", '{"id": "a\\ud800", "name": "n", "email": "e"}', "half surrogate"),
        ("customers", '{"id": "a", "name": "n", "email": "e", "points": 1.5}', "points: "),
        ("customers", '{"a":' * 50_000, "nested too deeply"),
        ("coupons", COUPON % "NaN", "expected a JSON number, but got NaN"),
        ("coupons", COUPON % '"ten"', "value: "),
        ("coupons", COUPON % "-1", "value: "),
        ("coupons", COUPON % "1e999999999", "value: "),
        ("coupons", COUPON % ("1" * 5000), "integer string conversion"),
        ("orders", ORDER % ("#- ", "c1"), "number: expected an order number"),
        ("orders", (ORDER % ("1", "c1")).replace("pending", "lost"), "'pending', 'processing'"),
        ("orders", (ORDER % ("1", "c1")).replace("USD", "dollars"), "currency: "),
        (
            "products",
            '{"id": "p", "title": "t", "variants": [%s, %s]}'
            % (('{"sku": "s", "price": 1, "currency": "USD"}',) * 2),
            "each sku once in a product, but got 's' twice",
        ),
    ],
)
async def test_a_bad_line_is_named_and_nothing_is_imported(
    sqlite_url: str, tmp_path: Path, name: str, line: str, told: str
) -> None:
    engine = open_engine(sqlite_url)
    good = FILES[name].splitlines(keepends=True)[0]
    folder = write_shop(tmp_path / "in", **{name: good + line})

    with pytest.raises(BadImportError) as caught:
        await import_folder(engine, folder)

    assert str(caught.value).startswith(f"{name}.jsonl line 2: ")
    assert told in str(caught.value)
    assert await SqlShop(engine).customer(CustomerId("c1")) is None
    await engine.dispose()


async def test_text_that_is_not_utf8_is_named(sqlite_url: str, tmp_path: Path) -> None:
    engine = open_engine(sqlite_url)
    folder = _alone(tmp_path / "in", "customers", b'{"id": "\xff"}\n')

    with pytest.raises(
        BadImportError, match=r"customers.jsonl line 1: expected UTF-8, but byte 9"
    ):
        await import_folder(engine, folder)
    await engine.dispose()


async def test_one_number_twice_is_an_error_however_written(
    sqlite_url: str, tmp_path: Path
) -> None:
    engine = open_engine(sqlite_url)
    folder = write_shop(tmp_path / "in", orders=ORDER % ("SB-1", "c1") + ORDER % ("#sb1", "c1"))

    with pytest.raises(BadImportError, match=r"line 2: expected each key once.*line 1 already"):
        await import_folder(engine, folder)
    await engine.dispose()


async def test_an_order_of_nobody_is_an_error(engine: AsyncEngine, tmp_path: Path) -> None:
    folder = write_shop(tmp_path / "in", orders=ORDER % ("1", "c1") + ORDER % ("2", "c9"))

    with pytest.raises(BadImportError, match=r"orders.jsonl line 2: customer_id: .* got 'c9'"):
        await import_folder(engine, folder)

    assert await SqlShop(engine).order("1") is None
    assert list(await SqlShop(engine).products()) == []


async def test_an_order_of_a_customer_imported_before_is_fine(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    await import_folder(engine, _alone(tmp_path / "one", "customers", CUSTOMER % "c7"))

    report = await import_folder(engine, _alone(tmp_path / "two", "orders", ORDER % ("7", "c7")))

    assert report.counts == {"orders": 1}


async def test_only_so_many_bad_lines_are_told(sqlite_url: str, tmp_path: Path) -> None:
    engine = open_engine(sqlite_url)
    folder = _alone(tmp_path / "in", "customers", "?\n" * (MOST_PROBLEMS + 5))

    with pytest.raises(BadImportError) as caught:
        await import_folder(engine, folder)

    assert str(caught.value).count("\n") == MOST_PROBLEMS
    assert str(caught.value).endswith("... and 5 more")
    await engine.dispose()


async def test_a_folder_without_files_is_an_error(sqlite_url: str, tmp_path: Path) -> None:
    engine = open_engine(sqlite_url)

    with pytest.raises(BadImportError, match=r"Expected one or more of customers.jsonl"):
        await import_folder(engine, tmp_path)
    await engine.dispose()


async def test_a_database_that_fails_midway_keeps_nothing(sqlite_url: str, tmp_path: Path) -> None:
    engine = open_engine(sqlite_url)

    def fail(name: str, done: int, _total: int) -> None:
        if name == "orders":
            raise OSError(f"disk full after {done}")

    with pytest.raises(ShopUnavailableError, match="Nothing was imported"):
        await import_folder(engine, write_shop(tmp_path / "in"), fail)

    assert await SqlShop(engine).customer(CustomerId("c1")) is None
    await engine.dispose()
