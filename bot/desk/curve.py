"""The curve of a shopper's feelings: from turns to the points of a small drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from escalation.summary import level

WIDTH: Final = 240
HEIGHT: Final = 72
_EDGE: Final = 8
"""Room for the dots at the edges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One turn's feeling; x and y in the units of the drawing, up is pleasant."""

    x: float
    y: float
    emotion: str
    intensity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Dots from left to right, and the line that joins them."""

    dots: tuple[Dot, ...]
    middle: float
    """The height of a neutral feeling: at the top when nothing was pleasant."""
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def line(self) -> str:
        """Return the points of an SVG polyline."""
        return " ".join(f"{dot.x:g},{dot.y:g}" for dot in self.dots)


def draw(emotions: Sequence[tuple[str, float]]) -> Curve | None:
    """Draw name and intensity of each turn, oldest first; None when there are none."""
    if not emotions:
        return None
    step = (WIDTH - 2 * _EDGE) / max(1, len(emotions) - 1)
    levels = [_pleasant(name, intensity) for name, intensity in emotions]
    middle = HEIGHT / 2 if max(levels) > 0 else float(_EDGE)
    scale = HEIGHT - _EDGE - middle
    dots = (
        Dot(
            x=round(_EDGE + turn * step, 1),
            y=round(middle - scale * levels[turn], 1),
            emotion=name,
            intensity=intensity,
        )
        for turn, (name, intensity) in enumerate(emotions)
    )
    return Curve(dots=tuple(dots), middle=middle)


def _pleasant(name: str, intensity: float) -> float:
    return intensity if name == "happy" else -level(name, intensity)
