"""`shopbell evaluate`: how well the understanding understands, measured on labelled phrases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bot.bootstrap import open_cached_encoder, open_nlu
from bot.cli.console import fail, progress_bars, put_json
from bot.model import Language
from bot.nlu.evaluation.data import Halves, read_labelled, split_phrases
from bot.nlu.evaluation.evaluate import Task
from bot.nlu.evaluation.evaluate import evaluate as run
from bot.nlu.evaluation.page import page
from bot.nlu.evaluation.payload import report_json
from bot.nlu.evaluation.report import Report
from bot.nlu.evaluation.table import show
from bot.nlu.recognizer import NluRecognizer, open_recognizer
from bot.nlu.training import train
from bot.ports import Encoder, Progress
from bot.settings import Settings, ShopRules, read_rules, read_settings
from intents.loader import load_languages
from intents.model import BadPhrasesError

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_ERROR = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command()
@click.option("--model", type=_FOLDER, help="A folder made by `shopbell train --out`.")
@click.option(
    "--data",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A file or folder of labelled phrases (Rasa 3.1 NLU); may be given several times.",
)
@click.option(
    "--language", help="Only this language; phrases in no language's folder count as it."
)
@click.option(
    "--accept-error",
    type=_ERROR,
    help="Also show what this accepted error buys, for example 0.03.",
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page here.")
@click.option("--json", "as_json", is_flag=True, help="Write the report as JSON.")
def evaluate(
    model: Path | None,
    data: tuple[Path, ...],
    language: str | None,
    accept_error: float | None,
    html: Path | None,
    *,
    as_json: bool,
) -> None:
    """Measure the understanding on labelled phrases.

    Without --data, a fifth of the phrases that the shop trains on is held back, and a model is
    trained on the rest, which takes a minute or two.
    """
    spoken = _language(language)
    if model is not None and not data:
        raise click.UsageError("Expected --data with the phrases to ask --model about")
    if html is not None and not html.parent.is_dir():
        raise click.BadParameter(f"{html}: expected a file in a folder that exists")
    settings = read_settings()
    rules = read_rules(settings.home)
    try:
        halves = None if data else split_phrases(settings.home, spoken)
        task = Task(
            labelled=halves.asked if halves else read_labelled(data, spoken),
            model=str(model) if model else None,
            sources=tuple(map(str, data)),
            language=spoken,
            accepted_error=rules.understand.accepted_error,
            wanted_error=accept_error,
        )
        with progress_bars() as progress, _opened(settings, rules, model, halves, progress) as one:
            report = run(one, task, progress)
    except BadPhrasesError as error:
        fail(str(error), code=2)
    _put(report, html, as_json=as_json)


def _language(name: str | None) -> Language | None:
    known = load_languages()
    if name is not None and name not in known:
        raise click.BadParameter(f"expected one of {', '.join(known)}, got {name!r}")
    return Language(name) if name else None


@contextmanager
def _opened(
    settings: Settings,
    rules: ShopRules,
    model: Path | None,
    halves: Halves | None,
    progress: Progress,
) -> Iterator[NluRecognizer]:
    """Open the model that was asked for; with halves, one that is trained on the first now."""
    encoder = open_cached_encoder(settings, progress)
    try:
        if model is not None:
            yield open_recognizer(encoder, model, rules=rules)
        elif halves is None:
            yield open_nlu(settings, rules, encoder, progress)
        else:
            with TemporaryDirectory(prefix="shopbell-") as folder:
                yield _trained(encoder, rules, halves, Path(folder) / "model", progress)
    finally:
        encoder.close()


def _trained(
    encoder: Encoder, rules: ShopRules, halves: Halves, folder: Path, progress: Progress
) -> NluRecognizer:
    train(
        encoder,
        halves.learnt.intents,
        halves.learnt.emotions,
        reject=rules.understand.reject,
        out=folder,
        progress=progress,
    )
    return open_recognizer(encoder, folder, rules=rules)


def _put(report: Report, html: Path | None, *, as_json: bool) -> None:
    names = {language: info.name for language, info in load_languages().items()}
    if html is not None:
        try:
            html.write_text(page(report, names), encoding="utf-8")
        except OSError as error:
            fail(f"{html}: expected a file that can be written, but {error.strerror}", code=2)
    if as_json:
        put_json(report_json(report))
    else:
        show(report, names)
    if html is not None:
        click.echo(f"The page is in {html}", err=True)
