"""A report as one self-contained HTML page: no script, nothing that is fetched."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.nlu.evaluation.plots import curve_plot, histogram_plot, reliability_plot
from bot.nlu.evaluation.report import Report, Share


def page(report: Report, names: Mapping[str, str]) -> str:
    """Return the page; `names` are what the languages call themselves."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - 40 ms

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "number": _number, "whole": _whole}
    environment.globals |= {
        "curve_plot": curve_plot,
        "reliability_plot": reliability_plot,
        "histogram_plot": histogram_plot,
    }
    template = environment.get_template("page.html")
    return template.render(report=report, names=names, **_shape(report))


def _shape(report: Report) -> dict[str, Any]:
    """Return which parts the report has: the page leaves out what no phrase tells of."""
    sections = report.languages.values()
    shares = [s.intents for s in sections if s.intents]
    return {
        "has_intents": bool(shares),
        "has_near": any(one.near != one.strict for one in shares),
        "has_out_of_scope": any(s.scope and s.scope.refused.of for s in sections),
        "has_emotions": any(s.emotions for s in sections),
    }


_THIN = "\N{NARROW NO-BREAK SPACE}"
_NOTHING = "–"


def _percent(value: Share | float | None, digits: int = 1) -> str:
    share = value.value if isinstance(value, Share) else value
    return _NOTHING if share is None else f"{100 * share:.{digits}f}{_THIN}%"


def _whole(value: float) -> str:
    """Write a share that is a round number of percent, or nearly."""
    return f"{100 * value:.3g}{_THIN}%"


def _number(value: float | None, digits: int = 2) -> str:
    return _NOTHING if value is None else f"{value:.{digits}f}"
