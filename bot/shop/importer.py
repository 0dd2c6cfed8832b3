"""Bring a shop in from a folder of JSON lines, all or nothing, and write it out again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.ports import Progress, ShopUnavailableError, StoreUnavailableError
from bot.shop import tables
from bot.shop.jsonl import BadImportError, Numbered, line_of, read_file
from bot.shop.lines import (
    FILES,
    ProductLine,
    Record,
)
from bot.shop.rows import MAIN, Fields, fields_of, row_of, variant_rows
from bot.shop.sql import CATALOGUE, product_lines
from bot.store.engine import fetch, writing

CHUNK = 200
"""Records written between two reports of progress, and ids asked for at once."""

T = TypeVar("T")
Records = Mapping[str, Sequence[Numbered[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """How many records of each file were imported or exported."""

    counts: Mapping[str, int]


async def import_folder(
    engine: AsyncEngine, folder: Path, progress: Progress | None = None
) -> ImportReport:
    """Import the files that a folder holds, in one transaction; what has the same key is updated.

    Raises:
        BadImportError: a line isn't as expected; nothing was imported.
        ShopUnavailableError: the database failed; nothing was imported.
    """
    records = read_folder(folder)
    try:
        async with writing(engine) as connection:
            await _check_customers(connection, records)
            await write_records(connection, records, progress)
    except StoreUnavailableError as error:
        raise ShopUnavailableError(f"{error} Nothing was imported.") from error
    return ImportReport(counts={kind: len(some) for kind, some in records.items()})


async def export_folder(engine: AsyncEngine, folder: Path) -> ImportReport:
    """Write the whole shop as files that `import_folder` takes; each file is replaced at once."""
    try:
        # Orders first: a customer who comes meanwhile is then exported with their order.
        shop = {kind: await _read(engine, kind) for kind in reversed(list(FILES))}
    except StoreUnavailableError as error:
        raise ShopUnavailableError(str(error)) from error
    _write_folder(folder, shop)
    return ImportReport(counts={kind: len(shop[kind]) for kind in FILES})


def read_folder(folder: Path) -> dict[str, list[Numbered[Any]]]:
    """Read every file of the contract that is there; raises BadImportError."""
    found = {kind: folder / f"{kind}.jsonl" for kind in FILES}
    there = {kind: path for kind, path in found.items() if path.is_file()}
    if not there:
        expected = ", ".join(path.name for path in found.values())
        raise BadImportError([f"Expected one or more of {expected} in {folder}, but found none"])
    records: dict[str, list[Numbered[Any]]] = {}
    problems: list[str] = []
    for kind, path in there.items():
        records[kind], wrong = read_file(path, FILES[kind])
        problems += wrong
    if problems:
        raise BadImportError(problems)
    return records


async def write_records(
    connection: AsyncConnection, records: Records, progress: Progress | None = None
) -> None:
    """Insert records or update those that are there, within the caller's transaction."""
    for kind, numbered in records.items():
        done = 0
        for some in _chunks(list(enumerate(numbered))):
            rows = [row_of(one.record, position) for position, one in some]
            await _upsert(connection, MAIN[kind], rows)
            if kind == "products":
                await _replace_variants(connection, [one.record for _, one in some])
            done += len(some)
            if progress is not None:
                progress(kind, done, len(numbered))


async def _check_customers(connection: AsyncConnection, records: Records) -> None:
    """Refuse orders of customers whom neither the files nor the database know."""
    named = {one.record.id for one in records.get("customers", ())}
    orders = [one for one in records.get("orders", ()) if one.record.customer_id not in named]
    table = tables.customers
    for some in _chunks(sorted({one.record.customer_id for one in orders})):
        named |= set(await connection.scalars(select(table.c.id).where(table.c.id.in_(some))))
    problems = [
        f"orders.jsonl line {one.line}: customer_id: expected the id of a customer in "
        f"customers.jsonl or imported before, but got {one.record.customer_id!r:.60}"
        for one in orders
        if one.record.customer_id not in named
    ]
    if problems:
        raise BadImportError(problems)


async def _upsert(connection: AsyncConnection, table: Table, rows: Sequence[Fields]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    replaced = {c.name: new.excluded[c.name] for c in table.columns if c.name not in keys}
    await connection.execute(
        new.on_conflict_do_update(index_elements=keys, set_=replaced), list(rows)
    )


async def _replace_variants(connection: AsyncConnection, products: Sequence[ProductLine]) -> None:
    table = tables.variants
    ids = [product.id for product in products]
    await connection.execute(delete(table).where(table.c.product_id.in_(ids)))
    rows = [row for product in products for row in variant_rows(product)]
    for some in _chunks(rows):
        await connection.execute(table.insert(), some)


async def _read(engine: AsyncEngine, kind: str) -> Sequence[Record]:
    table = MAIN[kind]
    if kind == "products":
        return product_lines(await fetch(engine, CATALOGUE))
    rows = await fetch(engine, select(table).order_by(*table.primary_key))
    return [FILES[kind].model_validate(fields_of(table, row)) for row in rows]


def _write_folder(folder: Path, shop: Mapping[str, Sequence[Record]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind, records in shop.items():
        _write_file(folder / f"{kind}.jsonl", records)


def _write_file(path: Path, records: Sequence[Record]) -> None:
    new = path.with_suffix(".jsonl.new")
    with new.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line_of(record) + "\n" for record in records)
    new.replace(path)


def _chunks(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
