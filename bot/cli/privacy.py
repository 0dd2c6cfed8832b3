"""`shopbell privacy`: a customer's right to a copy and to be forgotten."""

import asyncio

import click

from bot.cli.console import put_json, run_async
from bot.settings import read_settings
from bot.shop.records import records_of
from bot.store import privacy as personal
from bot.store.engine import migrate, open_engine


@click.group()
def privacy() -> None:
    """Export or erase what is kept of a customer (or of one conversation)."""


@privacy.command()
@click.argument("customer")
@click.option("--json", is_flag=True, expose_value=False, help="As always: JSON.")
@run_async
async def export(customer: str) -> None:
    """Write everything kept of CUSTOMER (a customer's or a conversation's id) as JSON."""
    settings = read_settings()
    await asyncio.to_thread(migrate, settings.database)
    engine = open_engine(settings.database)
    try:
        kept = await personal.export(engine, customer)
        put_json({**kept, **await records_of(engine, customer)})
    finally:
        await engine.dispose()


@privacy.command()
@click.argument("customer")
@click.option("--json", "as_json", is_flag=True)
@run_async
async def erase(customer: str, *, as_json: bool) -> None:
    """Erase the conversations of CUSTOMER for good; only counts stay.

    Orders are the shop's own records and are not touched.
    """
    settings = read_settings()
    await asyncio.to_thread(migrate, settings.database)
    engine = open_engine(settings.database)
    try:
        counts = await personal.erase(engine, customer)
    finally:
        await engine.dispose()
    if as_json:
        put_json(counts)
    else:
        click.echo("Erased " + ", ".join(f"{n} {what}" for what, n in counts.items()))
