"""What is made of a report: JSON, a table in the terminal, a page."""

import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.nlu.evaluation.page import page
from bot.nlu.evaluation.payload import report_json
from bot.nlu.evaluation.plots import curve_plot, histogram_plot, reliability_plot
from bot.nlu.evaluation.report import Doubt, Report
from bot.nlu.evaluation.table import show
from tests.unit.nlu.evaluation.reports import NAMES, full_report, held_back_report

GUIDE = Path(__file__).parents[4] / "docs" / "how-to" / "measure-understanding.md"


# -- JSON ------------------------------------------------------------


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def test_every_key_is_documented() -> None:
    described = GUIDE.read_text(encoding="utf-8").partition("## JSON")[2]

    keys = set(_keys(report_json(full_report()))) - set(NAMES)

    assert keys - set(re.findall(r"`(\w+)`", described)) == set()


def test_json_says_what_the_report_says() -> None:
    report = full_report()
    data = json.loads(json.dumps(report_json(report), allow_nan=False))

    assert data["format"] == 1
    assert list(data["languages"]) == ["en", "zh"]
    strict = data["languages"]["zh"]["intents"]["strict"]
    intents = report.languages["zh"].intents
    assert intents is not None
    assert (strict["hits"], strict["of"]) == (intents.strict.hits, intents.strict.of)
    assert strict["low"] < strict["value"] < strict["high"]
    assert json.dumps(report_json(held_back_report()), allow_nan=False)


# -- terminal ------------------------------------------------------------


def _shown(report: Report, width: int, **options: Any) -> str:
    out = io.StringIO()
    show(report, NAMES, Console(file=out, width=width, highlight=False, markup=False, **options))
    return out.getvalue()


def test_the_table_shows_every_part() -> None:
    shown = _shown(full_report(), 100)

    for words in (
        *("English", "中文", "together", "right intent", "near one", "calibration error"),
        *("accepted error", "AUROC", "right emotion", "taken for", "confidence", "p95"),
        *("refund_status", "gift_wrapping", "x.yml:7", "trained on 2", "[red]", "phrases/[bold]"),
    ):
        assert words in shown
    assert "\x1b" not in shown


def test_a_narrow_terminal_cuts_no_figure() -> None:
    report = full_report()
    section, shown = report.languages["zh"], _shown(report, 44)

    assert section.intents is not None
    assert f"{section.intents.macro_f1:.3f} " in shown
    assert "…" not in shown
    assert " % (" in _shown(report, 80)
    assert " % (" not in shown


@pytest.mark.parametrize("width", [38, 60, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    console = Console(width=width)
    lines = _shown(full_report(), width).splitlines()

    assert max(console.render_str(line, markup=False).cell_len for line in lines) <= width


def test_colours_are_left_out_where_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = re.compile(r"\x1b\[[\d;]*3[1-7]m")
    assert coloured.search(_shown(full_report(), 80, force_terminal=True, color_system="standard"))

    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured.search(_shown(full_report(), 80, force_terminal=True))


def test_a_part_without_phrases_is_left_out() -> None:
    shown = _shown(held_back_report(), 80)

    assert "held back" in shown
    assert "4 phrases were left out" in shown
    assert "right emotion" not in shown
    assert "AUROC" not in shown
    assert "together" not in shown


# -- page ------------------------------------------------------------


class _Page(HTMLParser):
    """Notes tags, ids, what is fetched, and whether every tag is closed."""

    VOID = frozenset({"meta", "br", "wbr", "col"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        self.ids += [value for key in ("id",) if (value := values.get(key))]
        self.links += [v for key in ("src", "href", "xlink:href") if (v := values.get(key))]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("report", [full_report(), held_back_report()], ids=["full", "held back"])
def test_the_page_is_whole_and_fetches_nothing(report: Report) -> None:
    text = page(report, NAMES)
    read = _Page(text)

    assert read.open == []
    assert not {"script", "link", "img", "iframe"} & set(read.tags)
    assert len(read.ids) == len(set(read.ids))
    assert {link.removeprefix("#") for link in read.links} <= set(read.ids)
    assert "url(" not in text
    assert "None" not in text
    assert "nan" not in re.findall(r"\bnan\b", text)


def test_what_shoppers_wrote_is_no_markup() -> None:
    text = page(full_report(), NAMES)

    assert "[red]&lt;b&gt;refund_status&lt;/b&gt; 7," in text
    assert "tiny &lt;1&gt;" in text


def test_every_drawing_has_a_name_and_its_figures_in_a_table() -> None:
    text = page(full_report(), NAMES)

    for drawing in re.findall(r'<svg[^>]*role="img"[^>]*>', text):
        name = re.search(r'aria-labelledby="([^"]+)"', drawing)
        assert name is not None
        assert f'<title id="{name[1]}">' in text
    assert text.count('role="img"') == 6
    for panel in re.findall(r"<figure>.*?(?=<figure>|</section>)", text, re.DOTALL):
        assert "<table" in panel


def test_the_page_says_what_to_be_careful_with() -> None:
    text = page(full_report(), NAMES)
    held_back = page(held_back_report(), NAMES)

    assert "trained on 2 of these" in text
    assert "gift_wrapping</b> (3 phrases" in text
    assert "held back" not in text
    assert "held back" in held_back
    assert "4 phrases that tell one were left out" in held_back
    assert 'id="emotions"' not in held_back


# -- plots ------------------------------------------------------------


def _doubt() -> Doubt:
    doubt = full_report().overall.doubt
    assert doubt is not None
    return doubt


def test_the_curve_is_drawn_to_scale() -> None:
    doubt = _doubt()
    plot = curve_plot(doubt)

    points = [tuple(map(float, pair.split(","))) for pair in plot.line.split()]
    assert len(points) == len(doubt.curve)
    frame, top = plot.frame, plot.rows[-1].value
    for (x, y), point in zip(points, doubt.curve, strict=True):
        assert x == pytest.approx(
            frame.left + point.answered * (frame.right - frame.left), abs=0.06
        )
        share = min(point.error / top, 1)
        assert y == pytest.approx(frame.bottom - share * (frame.bottom - frame.top), abs=0.06)
    assert top >= max(p.error for p in doubt.curve if p.answered >= 0.15)
    assert plot.dial is not None
    assert (plot.dial.across, plot.dial.up) == (
        doubt.dial.answered.value,
        doubt.dial.wrong.value,
    )


def test_marks_of_calibration_stand_in_their_range() -> None:
    calibration = full_report().overall.calibration
    assert calibration is not None

    plot = reliability_plot(calibration.bins)

    assert len(plot.marks) == sum(one.count > 0 for one in calibration.bins)
    assert all(mark.high <= mark.y <= mark.low for mark in plot.marks)
    fullest = max(calibration.bins, key=lambda one: one.count)
    largest = max(plot.marks, key=lambda mark: mark.radius)
    assert largest.x == plot.frame.x(fullest.confidence or 0)


def test_areas_of_scores_stand_on_the_axis() -> None:
    scope = full_report().languages["en"].scope
    assert scope is not None
    assert scope.histogram is not None

    plot = histogram_plot(scope.histogram)

    for area in (plot.inside, plot.outside):
        heights = [float(pair.split(",")[1]) for pair in area.split()]
        assert heights[0] == heights[-1] == plot.frame.bottom
        assert min(heights) >= plot.frame.top
    assert plot.threshold == plot.frame.x(0.2)
