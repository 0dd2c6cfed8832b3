"""`shopbell understand` and `shopbell train`: the understanding by itself."""

import asyncio
import json
import queue
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from bot.bootstrap import open_cached_encoder, open_nlu
from bot.cli.console import fail, progress_bars, put_json
from bot.contract import understanding_json
from bot.model import Language
from bot.nlu.recognizer import NluRecognizer, open_recognizer
from bot.nlu.training import train_folder
from bot.settings import read_rules, read_settings

AHEAD = 64
"""Lines that may be under way before the oldest must be written."""


@click.command()
@click.option(
    "--model",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder made by `shopbell train --out`; by default the shop's own model.",
)
@click.option("--json", is_flag=True, expose_value=False, help="As always: JSON lines.")
def understand(model: Path | None) -> None:
    """Understand JSON lines from standard input.

    In: {"text": "where is my order", "language": "en"} (language is optional)

    Out: in the same order, one line each, with intent, confidence, emotion, entities ...
    """
    settings = read_settings()
    rules = read_rules(settings.home)
    with progress_bars() as progress:
        encoder = open_cached_encoder(settings, progress)
        if model is None:
            recognizer = open_nlu(settings, rules, encoder, progress)
        else:
            recognizer = open_recognizer(encoder, model, rules=rules)
    try:
        _pipe(recognizer, sys.stdin)
    finally:
        encoder.close()


def _pipe(recognizer: NluRecognizer, lines: Iterable[str]) -> None:
    """Understand lines side by side, and write each as soon as those before it are written."""
    under_way: queue.Queue[Future[dict[str, Any]] | None] = queue.Queue(maxsize=AHEAD)
    broken: list[BaseException] = []
    writer = threading.Thread(target=_write, args=(under_way, broken))
    writer.start()
    problem: str | None = None
    with _loop_beside() as loop:
        try:
            for text, language in _requests(lines):
                if not broken:
                    answer = _answer(recognizer, text, language)
                    under_way.put(asyncio.run_coroutine_threadsafe(answer, loop))
        except ValueError as error:
            problem = str(error)
        finally:
            under_way.put(None)
            writer.join()
    if broken:
        raise broken[0]
    if problem is not None:
        fail(problem, code=2)


@contextmanager
def _loop_beside() -> Iterator[asyncio.AbstractEventLoop]:
    """Run one event loop in a thread: starting one for each line takes longer than the reading."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _answer(
    recognizer: NluRecognizer, text: str, language: Language | None
) -> dict[str, Any]:
    return understanding_json(await recognizer.understand_in(text, language))


def _write(
    under_way: "queue.Queue[Future[dict[str, Any]] | None]", broken: list[BaseException]
) -> None:
    """Write answers until the last; after a failure empty the queue, or its filler would wait."""
    while (future := under_way.get()) is not None:
        if broken:
            continue
        try:
            put_json(future.result())
            sys.stdout.flush()
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits
            broken.append(error)


def _requests(lines: Iterable[str]) -> Iterator[tuple[str, Language | None]]:
    for number, read in enumerate(lines, start=1):
        line = read.removeprefix("\ufeff") if number == 1 else read
        if line.strip():
            yield _request(number, line)


def _request(number: int, line: str) -> tuple[str, Language | None]:
    expected = 'expected {"text": "...", "language": "zh|en"?}'
    try:
        data = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {number}: {expected}, but it is no JSON ({error})") from error
    text = data.get("text") if isinstance(data, dict) else None
    language = data.get("language") if isinstance(data, dict) else None
    if not isinstance(text, str) or not isinstance(language, str | None):
        message = f"line {number}: {expected}, but got {line.strip():.80}"
        raise ValueError(message)  # noqa: TRY004 - a wrong line, whatever is wrong with it
    return text, Language(language) if language else None


@click.command()
@click.option(
    "--intents",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of Rasa 3.1 NLU files; by default Shopbell's and the shop's own phrases.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Where to put the model.")
@click.option("--json", "as_json", is_flag=True, help="Write where the model is as JSON.")
def train(folder: Path | None, out: Path | None, *, as_json: bool) -> None:
    """Train the heads on the phrases; `serve` does so by itself when phrases change."""
    settings = read_settings()
    rules = read_rules(settings.home)
    with progress_bars() as progress:
        encoder = open_cached_encoder(settings, progress)
        try:
            model = train_folder(settings, rules, encoder, folder, out, progress)
        finally:
            encoder.close()
    if as_json:
        put_json({"model": str(model)})
    else:
        click.echo(f"The model is in {model}")
