"""`shopbell models`: prepare what serving needs, so that it starts at once."""

import asyncio
import shutil

import click

from bot.bootstrap import open_cached_encoder, open_nlu
from bot.cli.console import progress_bars, put_json
from bot.settings import Settings, read_rules, read_settings


@click.group()
def models() -> None:
    """Build the encoder and the trained heads."""


@models.command()
@click.option("--demo", is_flag=True, help="Also encode the demo shop's articles and products.")
@click.option(
    "--serving-only", is_flag=True, help="Remove what only training of encoders would need."
)
@click.option("--json", "as_json", is_flag=True, help="Write where the models are as JSON.")
def build(*, demo: bool, serving_only: bool, as_json: bool) -> None:
    """Build what is missing, once; what is there and sound is left alone."""
    settings = read_settings()
    with progress_bars() as progress:
        encoder = open_cached_encoder(settings, progress)
        try:
            recognizer = open_nlu(settings, read_rules(settings.home), encoder, progress)
            if demo:
                from bot.bootstrap import encode_demo  # noqa: PLC0415 - reads the demo's data

                asyncio.run(encode_demo(settings, recognizer, progress))
        finally:
            encoder.close()
    if serving_only:
        _slim(settings)
    if as_json:
        put_json({"cache": str(settings.cache)})
    else:
        click.echo(f"The models are ready in {settings.cache}", err=True)


def _slim(settings: Settings) -> None:
    from bot.nlu.build import reference_folder  # noqa: PLC0415 - only here

    shutil.rmtree(reference_folder(settings.cache), ignore_errors=True)
