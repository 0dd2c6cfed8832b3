"""What all commands share: progress and errors on standard error, only data on standard output."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from bot.ports import Progress

P = ParamSpec("P")
T = TypeVar("T")


def fail(message: str, *, code: int = 1) -> NoReturn:
    """End the command with an error; 2 is for what the caller got wrong, 1 for all else."""
    click.secho(f"Error: {message}", fg="red", err=True)
    sys.exit(code)


def put_json(value: Any) -> None:
    """Write one line of JSON, readable in any language."""
    click.echo(json.dumps(value, ensure_ascii=False))


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Show long work on standard error: bars on a terminal, one line per step elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=total or None)
            bars.update(tasks[label], completed=done, total=total or None)

        yield show


class _Lines:
    """Says once what begins, for logs and pipes."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, label: str, _done: int, _total: int) -> None:
        if label not in self._said:
            self._said.add(label)
            click.echo(f"{label} ...", err=True)


def run_async(command: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Let a click command be a coroutine."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return asyncio.run(command(*args, **kwargs))

    return run
