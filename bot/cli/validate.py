"""`shopbell validate`: check all data that people edit, before it is used."""

from collections.abc import Iterator

import click

from bot.cli.console import put_json
from bot.commerce import OrderStatus
from bot.settings import SettingsError, read_rules, read_settings
from escalation.model import Reason
from intents.checks import data_problems, missing_words
from intents.model import DataError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write the problems as JSON.")
@click.pass_context
def validate(ctx: click.Context, *, as_json: bool) -> None:
    """Check the rules, the catalogue, phrases and words: exit 1 if something is wrong."""
    problems = list(_problems())
    if as_json:
        put_json({"problems": problems})
    else:
        for problem in problems:
            click.echo(problem, err=True)
        click.echo(f"Problems: {len(problems)}" if problems else "All data is in order")
    ctx.exit(1 if problems else 0)


def _problems() -> Iterator[str]:
    settings = read_settings()
    try:
        read_rules(settings.home)
    except SettingsError as error:
        yield str(error)
    try:
        yield from data_problems(settings.home / "intents")
        yield from missing_words(_keys_of_code())
    except DataError as error:
        yield str(error)


def _keys_of_code() -> Iterator[str]:
    """Return the reply keys that code makes up from its own enumerations."""
    yield from (f"handoff.{reason.value}" for reason in Reason)
    yield from (f"order_status.{status.value}" for status in OrderStatus)
    yield from (f"term.status.{status.value}" for status in OrderStatus)
