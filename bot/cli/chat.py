"""`shopbell chat`: the same pipeline in the terminal."""

import sys
from collections.abc import Callable

import click

from bot.bootstrap import App, new_id, open_app
from bot.channels.web.payloads import dump, turn_json
from bot.cli.console import progress_bars, run_async
from bot.cli.serve import demo_rules
from bot.contract import LONGEST_TEXT, clean_text
from bot.model import Address, Conversation, ConversationId, Inbound, Language, Message, Turn
from bot.server import logs
from bot.server.live import LocalLive
from bot.settings import read_settings


@click.command()
@click.option("--language", help="Language to begin in; later the shopper's messages decide.")
@click.option("--demo", is_flag=True, help="Chat with the demo shop.")
@click.option("--json", "as_json", is_flag=True, help="Write each turn as the HTTP API would.")
@run_async
async def chat(language: str | None, *, demo: bool, as_json: bool) -> None:
    """Chat with the bot here. Choose an offered answer by its number; end with Ctrl-D."""
    settings = read_settings()
    logs.configure(level="error")
    with progress_bars() as progress:
        rules = demo_rules(settings.home) if demo else None
        app = await open_app(settings, live=LocalLive(), demo=demo, rules=rules, progress=progress)
    try:
        spoken = Language(_known(language or app.rules.language, app))
        await _talk(app, spoken, _put if as_json else _show)
    finally:
        await app.close()


def _known(language: str, app: App) -> str:
    if language not in app.languages:
        raise click.BadParameter(f"Expected one of {', '.join(app.languages)}, got {language!r}")
    return language


async def _talk(app: App, language: Language, show: Callable[[Turn], list[str]]) -> None:
    conversation = await app.store.start(
        Conversation(
            id=ConversationId(new_id()),
            address=Address(channel="terminal", user=new_id()),
            language=language,
            started_at=app.now(),
        )
    )
    offered: list[str] = []
    while (text := _read()) is not None:
        if not text:
            continue
        if text.isdigit() and 0 < int(text) <= len(offered):
            text = offered[int(text) - 1]
        turn = await app.assistant.handle(
            Inbound(
                conversation=conversation.id,
                client_id=new_id(),
                text=text,
                received_at=app.now(),
            )
        )
        offered = show(turn)


def _read() -> str | None:
    """Read one message; None at the end of the input."""
    if sys.stdin.isatty():
        click.secho("> ", nl=False, fg="cyan", err=True)
    line = sys.stdin.readline()
    return clean_text(line.strip())[:LONGEST_TEXT] if line else None


def _put(turn: Turn) -> list[str]:
    click.echo(dump(turn_json(turn)))
    return [choice.value for message in turn.replies for choice in message.choices]


def _show(turn: Turn) -> list[str]:
    offered: list[str] = []
    for message in turn.replies:
        click.echo(message.text)
        for choice in message.choices:
            offered.append(choice.value)
            click.secho(f"  [{len(offered)}] {choice.label}", fg="yellow")
        _show_sources(message)
    return offered


def _show_sources(message: Message) -> None:
    for source in message.sources:
        click.secho(f"  — {source.title} (v{source.version})", dim=True)
