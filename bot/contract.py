"""What every door of the HTTP contract shares: its errors, its limits, its JSON for a text.

No framework here, so that channels, the desk and the commands say the same thing the same way.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any, Protocol

from bot.model import Understanding

LONGEST_TEXT = 10_000
"""Characters of one message; longer ones are refused with 413."""

_KEPT_CONTROLS = "\n\t"


class ApiError(Exception):
    """An answer that isn't a success: raised anywhere behind a route, written by the server."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        expected: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.expected = expected
        self.headers = dict(headers or {})


class Limiter(Protocol):
    """Counts what one key does."""

    async def hit(self, key: str) -> float | None:
        """Count once; return None when allowed, else the seconds to wait."""

    async def close(self) -> None:
        """Let go of connections."""


async def check_limit(limiter: Limiter, key: str) -> None:
    """Count once; raises ApiError (429) with the seconds to wait."""
    wait = await limiter.hit(key)
    if wait is not None:
        seconds = max(1, round(wait + 0.5))
        raise ApiError(
            429,
            "too_many_requests",
            f"Too many requests; try again in {seconds} seconds",
            headers={"Retry-After": str(seconds)},
        )


def error_json(code: str, message: str, expected: str | None = None) -> dict[str, Any]:
    """Return the body of every error."""
    error = {"code": code, "message": message}
    if expected is not None:
        error["expected"] = expected
    return {"error": error}


def clean_text(text: str) -> str:
    """Drop what no person types: control characters (not line ends, tabs) and lone surrogates.

    NUL can't be stored by PostgreSQL, a lone surrogate has no UTF-8, and escape sequences would
    reach the terminals of those who read along.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if plain.isprintable():
        return plain
    return "".join(ch for ch in plain if ch in _KEPT_CONTROLS or _is_sane(ch))


def _is_sane(ch: str) -> bool:
    return unicodedata.category(ch) not in {"Cc", "Cs"}


def understanding_json(understanding: Understanding) -> dict[str, Any]:
    """Return an understanding with the contract's field names."""
    emotion = understanding.emotion
    return {
        "text": understanding.text,
        "language": understanding.language,
        "intent": understanding.intent,
        "confidence": understanding.confidence,
        "ranking": [
            {"intent": guess.intent, "confidence": guess.confidence}
            for guess in understanding.ranking
        ],
        "in_scope": understanding.in_scope,
        "sure": understanding.sure,
        "requests": [
            {"intent": r.intent, "confidence": r.confidence, "start": r.start, "end": r.end}
            for r in understanding.requests
        ],
        "emotion": emotion.name,
        "emotion_confidence": emotion.confidence,
        "emotion_intensity": emotion.intensity,
        "entities": [
            {"type": e.type, "value": e.value, "text": e.text, "start": e.start, "end": e.end}
            for e in understanding.entities
        ],
    }
