"""Structured logs on standard error: JSON for machines, coloured lines for a terminal.

No message text and no personal data: an exception's frames are written, its words only when
they are Shopbell's own, because a library's may quote what a shopper wrote.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from bot.ports import ShopbellError

_OURS = "bot"
_MOST_CAUSES = 5
_OWN_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access")


def configure(*, level: str = "info", as_json: bool | None = None) -> None:
    """Set up structlog and the standard library's loggers of this process."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    as_json = not sys.stderr.isatty() if as_json is None else as_json
    shared = _shared()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(as_json=as_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    for name in _OWN_HANDLERS:  # uvicorn's own would print what ours leave out
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # Libraries tell too much below a warning: httpx the token in a URL, aiosqlite every text.
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(number)


def safe_exception(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace `exc_info` by the classes and frames of the exception and of its causes."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["trace"] = _frames(error)
    return event


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        safe_exception,
    ]


def _renderer(*, as_json: bool) -> Processor:
    if as_json:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def _frames(error: BaseException) -> str:
    parts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(parts) < _MOST_CAUSES:
        lines = traceback.format_tb(cause.__traceback__)
        words = f": {cause}" if isinstance(cause, ShopbellError) else ""
        parts.append("".join(lines) + type(cause).__qualname__ + words)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\ncaused by\n".join(parts)
