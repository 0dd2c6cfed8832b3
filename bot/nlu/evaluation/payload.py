"""A report as JSON."""

from dataclasses import fields, is_dataclass
from typing import Any

from bot.nlu.evaluation.report import Report, Share

FORMAT = 1
"""Grows when a key is renamed or taken away; new keys may come at any time."""
_DIGITS = 6


def report_json(report: Report) -> dict[str, Any]:
    """Return a report with the names of its fields as keys; None where there was nothing."""
    return {"format": FORMAT, **_plain(report)}


def _plain(value: Any) -> Any:
    if isinstance(value, Share):
        rounded = {name: _plain(getattr(value, name)) for name in ("value", "low", "high")}
        return {"hits": value.hits, "of": value.of, **rounded}
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return round(value, _DIGITS) if isinstance(value, float) else value
