"""From numbers to the geometry of drawings; the template puts the marks and words on."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Final

from bot.nlu.evaluation.measures import Bin, Point, wilson
from bot.nlu.evaluation.report import Doubt, Histogram

WIDTH: Final = 400
HEIGHT: Final = 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 14, 40
_LEAST_TOP = 0.1
"""The error axis reaches at least this high, so that good curves look good."""
_UNSTEADY = 0.15
"""Below this share answered, an error is one of few answers: it doesn't stretch the axis."""


_MOST_MARKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis: where it is in the drawing, and the number it stands for."""

    at: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A point that is marked, with the two shares that it stands for."""

    x: float
    y: float
    across: float
    up: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The room inside the axes, and how numbers become places in it."""

    across: tuple[float, float] = (0.0, 1.0)
    up: tuple[float, float] = (0.0, 1.0)
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM
    width: float = WIDTH
    height: float = HEIGHT

    def x(self, value: float) -> float:
        """Return where a number stands from left to right; beyond the axis, at its end."""
        return _placed(value, self.across, self.left, self.right)

    def y(self, value: float) -> float:
        """Return where a number stands from the bottom up."""
        return _placed(value, self.up, self.bottom, self.top)

    def columns(self, values: Sequence[float]) -> tuple[Tick, ...]:
        """Return the marks below."""
        return tuple(Tick(at=self.x(value), value=value) for value in values)

    def rows(self, values: Sequence[float]) -> tuple[Tick, ...]:
        """Return the marks on the left."""
        return tuple(Tick(at=self.y(value), value=value) for value in values)


def _placed(value: float, span: tuple[float, float], start: float, end: float) -> float:
    share = (value - span[0]) / ((span[1] - span[0]) or 1.0)
    return round(start + min(max(share, 0.0), 1.0) * (end - start), 1)


# -- answers and errors ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePlot:
    """Errors over answers; `dots` are the accepted errors, `dial` is the setting now."""

    frame: Frame
    columns: tuple[Tick, ...]
    rows: tuple[Tick, ...]
    line: str
    other: str
    """The line with out-of-scope phrases; empty where there are none."""
    dots: tuple[Dot, ...]
    dial: Dot | None


def curve_plot(doubt: Doubt) -> CurvePlot:
    """Draw a risk-coverage curve."""
    step, top = _scale([*doubt.curve, *doubt.with_out_of_scope])
    frame = Frame(up=(0.0, top))
    now = doubt.dial
    return CurvePlot(
        frame=frame,
        columns=frame.columns([0, 0.25, 0.5, 0.75, 1]),
        rows=frame.rows([step * i for i in range(round(top / step) + 1)]),
        line=_line(frame, doubt.curve),
        other=_line(frame, doubt.with_out_of_scope),
        dots=tuple(
            _dot(frame, row.answered.value, row.wrong.value)
            for row in doubt.automation
            if row.answered.value and row.wrong.value is not None
        ),
        dial=_dot(frame, now.answered.value, now.wrong.value) if now.answered.hits else None,
    )


def _scale(points: Sequence[Point]) -> tuple[float, float]:
    """Return the distance of marks, and where the axis ends: at the mark above all errors."""
    highest = max([_LEAST_TOP, *(p.error for p in points if p.answered >= _UNSTEADY)])
    step = next((step for step in (0.02, 0.05, 0.1) if highest / step <= _MOST_MARKS), 0.2)
    return step, step * ceil(highest / step - 1e-9)


def _line(frame: Frame, points: Sequence[Point]) -> str:
    return " ".join(f"{frame.x(p.answered):g},{frame.y(p.error):g}" for p in points)


def _dot(frame: Frame, across: float | None, up: float | None) -> Dot:
    across, up = across or 0.0, up or 0.0
    return Dot(x=frame.x(across), y=frame.y(up), across=across, up=up)


# -- calibration ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One bin: its share right, the ends of that share's range, and how many phrases it has."""

    x: float
    y: float
    low: float
    high: float
    radius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityPlot:
    """How often answers were right, by how sure they were; honest ones lie on the diagonal."""

    frame: Frame
    columns: tuple[Tick, ...]
    rows: tuple[Tick, ...]
    marks: tuple[Mark, ...]


def reliability_plot(bins: Sequence[Bin]) -> ReliabilityPlot:
    """Draw a reliability diagram; a dot's area grows with the number of phrases."""
    frame, quarters = Frame(), [0, 0.25, 0.5, 0.75, 1]
    most = max([1, *(b.count for b in bins)])
    return ReliabilityPlot(
        frame=frame,
        columns=frame.columns(quarters),
        rows=frame.rows(quarters),
        marks=tuple(_mark(frame, b, b.count / most) for b in bins if b.count),
    )


def _mark(frame: Frame, one: Bin, amount: float) -> Mark:
    right = one.accuracy or 0.0
    low, high = wilson(round(right * one.count), one.count)
    return Mark(
        x=frame.x(one.confidence or 0.0),
        y=frame.y(right),
        low=frame.y(low),
        high=frame.y(high),
        radius=round(2.5 + 6 * sqrt(amount), 1),
    )


# -- scope ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramPlot:
    """How scores are spread: one area for each group, and the threshold between them."""

    frame: Frame
    inside: str
    outside: str
    threshold: float | None


def histogram_plot(histogram: Histogram) -> HistogramPlot:
    """Draw two groups of scores over each other, each as high as its fullest stretch."""
    frame = Frame(across=(histogram.edges[0], histogram.edges[-1]), left=12, bottom=HEIGHT - 30)
    return HistogramPlot(
        frame=frame,
        inside=_area(frame, histogram.edges, histogram.inside),
        outside=_area(frame, histogram.edges, histogram.outside),
        threshold=None if histogram.threshold is None else frame.x(histogram.threshold),
    )


def _area(frame: Frame, edges: Sequence[float], heights: Sequence[float]) -> str:
    """Return the points of a stepped area; empty for no phrases."""
    most = max(heights, default=0.0)
    if not most:
        return ""
    points = [(edges[0], 0.0)]
    for left, right, height in zip(edges, edges[1:], heights, strict=False):
        points += [(left, height / most * 0.94), (right, height / most * 0.94)]
    points.append((edges[-1], 0.0))
    return " ".join(f"{frame.x(x):g},{frame.y(y):g}" for x, y in points)
