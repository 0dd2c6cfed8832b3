"""A report in the terminal. Colour follows NO_COLOR, width the terminal: rich sees to both."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.nlu.evaluation.report import (
    Automation,
    Calibration,
    Classified,
    Report,
    ScopeFound,
    Section,
    Share,
    Subject,
)

T = TypeVar("T")

_CONFUSIONS = 10
_STRAYS = 5
_NOTHING = "–"
_NARROW = 60
"""Columns of a terminal below which headings are short and ranges left out."""
_WEAK = 0.7
"""An F1 below this is marked."""


def show(report: Report, names: Mapping[str, str], console: Console | None = None) -> None:
    """Print the whole report on standard output; `names` are the languages' own."""
    out = console or Console(highlight=False, emoji=False, markup=False)
    out.print(Text("How well messages are understood", style="bold"))
    narrow = out.width < _NARROW
    for line in _about(report.subject, report.overall.phrases):
        out.print(line, style="dim")
    out.print(_summary(report, names, narrow=narrow))
    for language, section in report.languages.items():
        out.rule(Text(names.get(language, language), style="bold"), align="left")
        for table in _details(section, narrow=narrow):
            out.print(table)


def _about(subject: Subject, phrases: int) -> Iterable[str]:
    model = subject.model or "the shop's own"
    places = f" from {', '.join(subject.sources)}" if subject.sources else ""
    yield f"{phrases} phrases{places}, model: {model}, encoder: {subject.encoder}"
    if not subject.sources:
        yield (
            "A fifth of the training phrases, held back from a model that was trained on the "
            "rest: the same writers' phrases, so expect less of what shoppers write. Better: "
            "--data with phrases that others wrote."
        )
    if subject.trained_on:
        yield f"The model was trained on {subject.trained_on} of the phrases: too good to be true."
    for one in subject.unknown:
        yield f"The model doesn't know {one.label} ({one.count} phrases, the first: {one.place})."
    if subject.without_emotions:
        yield f"The model knows no emotions: {subject.without_emotions} phrases were left out."


# -- summary ------------------------------------------------------------


def _summary(report: Report, names: Mapping[str, str], *, narrow: bool) -> Table:
    columns = {names.get(key, key): section for key, section in report.languages.items()}
    if len(columns) > 1:
        columns["together"] = report.overall
    table = _table("", *columns)
    for label, cells in _rows(list(columns.values())):
        table.add_row(label, *(cell.partition(" (")[0] for cell in cells) if narrow else cells)
    return table


def _rows(sections: Sequence[Section]) -> Iterable[tuple[str, list[str]]]:
    for label, cell in _CELLS.items():
        cells = [cell(section) for section in sections]
        if set(cells) != {_NOTHING}:
            yield label, cells


def _of(part: T | None, cell: Callable[[T], str]) -> str:
    return _NOTHING if part is None else cell(part)


def _near(found: Classified) -> str:
    return _NOTHING if found.near == found.strict else _with_range(found.near)


_CELLS: Mapping[str, Callable[[Section], str]] = {
    "phrases": lambda s: str(s.phrases),
    "right intent": lambda s: _of(s.intents, lambda i: _with_range(i.strict)),
    "  or a near one": lambda s: _of(s.intents, _near),
    "  macro F1": lambda s: _of(s.intents, lambda i: _number(i.macro_f1)),
    "calibration error": lambda s: _of(s.calibration, lambda c: _percent(c.ece)),
    "answered as set now": lambda s: _of(s.doubt, lambda d: _percent(d.dial.answered.value)),
    "  of these wrong": lambda s: _of(s.doubt, lambda d: _percent(d.dial.wrong.value)),
    "out of scope: AUROC": lambda s: _of(s.scope, lambda f: _number(f.auroc)),
    "  refused": lambda s: _of(s.scope, lambda f: _percent(f.refused.value)),
    "in scope kept": lambda s: _of(s.scope, lambda f: _percent(f.kept.value)),
    "right emotion": lambda s: _of(s.emotions, lambda e: _with_range(e.strict)),
    "  emotion macro F1": lambda s: _of(s.emotions, lambda e: _number(e.macro_f1)),
    "time p50": lambda s: f"{s.latency.p50:.1f} ms",
    "  p95": lambda s: f"{s.latency.p95:.1f} ms",
}
"""A row that has nothing in any column is left out."""


# -- one language ------------------------------------------------------------


def _details(section: Section, *, narrow: bool) -> Iterable[Table]:
    if section.doubt is not None:
        yield _automation(section.doubt.automation)
    if section.calibration is not None:
        yield _reliability(section.calibration)
    if section.intents is not None:
        yield _labels(section.intents, "intent", narrow=narrow)
        yield from _confusions(section.intents)
    if section.scope is not None:
        yield from _let_in(section.scope)
    if section.emotions is not None:
        yield _labels(section.emotions, "emotion", narrow=narrow)
        yield from _confusions(section.emotions)


def _automation(rows: Sequence[Automation]) -> Table:
    table = _table("accepted error", "answered", "of these wrong", "if as sure as")
    for row in rows:
        table.add_row(
            _percent(row.accepted_error, digits=None),
            _percent(row.answered.value),
            _percent(row.wrong.value),
            _number(row.threshold),
            style="bold" if row.asked_for else None,
        )
    return table


def _reliability(calibration: Calibration) -> Table:
    table = _table("confidence", "on average", "right", "phrases")
    for b in calibration.bins:
        if b.count:
            stretch = f"{b.low:.0%}-{b.high:.0%}"
            table.add_row(stretch, _percent(b.confidence), _percent(b.accuracy), str(b.count))
    return table


def _labels(found: Classified, kind: str, *, narrow: bool) -> Table:
    wide = ("precision", "recall", "F1", "phrases")
    table = _table(kind, *(("prec.", "rec.", "F1", "n") if narrow else wide))
    for one in sorted(found.labels, key=lambda one: (one.f1, one.label)):
        table.add_row(
            one.label,
            *(f"{value:.2f}" for value in (one.precision, one.recall, one.f1)),
            str(one.support),
            style="red" if one.f1 < _WEAK else None,
        )
    return table


def _confusions(found: Classified) -> Iterable[Table]:
    if found.confusions:
        table = _phrases("meant → taken for", "times", "for example")
        for pair in found.confusions[:_CONFUSIONS]:
            example = Text(pair.examples[0], style="dim")
            table.add_row(f"{pair.wanted} → {pair.said}", str(pair.count), example)
        yield table


def _let_in(scope: ScopeFound) -> Iterable[Table]:
    if scope.let_in:
        table = _phrases("out of scope, let in", "taken for")
        for stray in scope.let_in[:_STRAYS]:
            table.add_row(Text(stray.text, style="dim"), stray.intent)
        yield table


# -- cells ------------------------------------------------------------


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, overflow="fold")
    for other in others:
        table.add_column(other, justify="right")
    return table


def _phrases(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _percent(value: float | None, digits: int | None = 1) -> str:
    if value is None:
        return _NOTHING
    return f"{100 * value:.{digits}f} %" if digits is not None else f"{100 * value:g} %"


def _number(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.3f}"


def _with_range(share: Share | None) -> str:
    if share is None or share.value is None:
        return _NOTHING
    return f"{_percent(share.value)} ({100 * share.low:.0f}-{100 * share.high:.0f})"
