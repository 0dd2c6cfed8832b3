"""`shopbell shop`: bring a shop's data in and out."""

import asyncio
from pathlib import Path

import click

from bot.cli.console import progress_bars, put_json, run_async
from bot.settings import read_settings
from bot.shop.importer import ImportReport, export_folder, import_folder
from bot.store.engine import migrate, open_engine

_JSON = click.option("--json", "as_json", is_flag=True, help="Write the counts as JSON.")


@click.group()
def shop() -> None:
    """Import or export customers, products, orders and coupons (JSON lines)."""


@shop.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_JSON
@run_async
async def import_(folder: Path, *, as_json: bool) -> None:
    """Import the *.jsonl files of FOLDER, all or nothing; the same key is updated."""
    settings = read_settings()
    await asyncio.to_thread(migrate, settings.database)
    engine = open_engine(settings.database)
    try:
        with progress_bars() as progress:
            report = await import_folder(engine, folder, progress)
    finally:
        await engine.dispose()
    _show("Imported", report, as_json=as_json)


@shop.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@_JSON
@run_async
async def export(folder: Path, *, as_json: bool) -> None:
    """Write the whole shop into FOLDER, in the form that `import` reads."""
    settings = read_settings()
    await asyncio.to_thread(migrate, settings.database)
    engine = open_engine(settings.database)
    try:
        report = await export_folder(engine, folder)
    finally:
        await engine.dispose()
    _show("Exported", report, as_json=as_json)


def _show(done: str, report: ImportReport, *, as_json: bool) -> None:
    if as_json:
        put_json(dict(report.counts))
    else:
        counts = ", ".join(f"{count} {kind}" for kind, count in report.counts.items())
        click.echo(f"{done} {counts or 'nothing: no file of the import was there'}")
