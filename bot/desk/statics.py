"""The desk's own files: templates, style sheet and vendored scripts, read once at start."""

import hashlib
from importlib.resources import files
from typing import Final

from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.contract import ApiError

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Statics:
    """Files by name, each with an address that changes with its content."""

    def __init__(self) -> None:
        folder = files("bot.desk").joinpath("static")
        self._files = {
            file.name: (file.read_bytes(), _TYPES[suffix])
            for file in folder.iterdir()
            if (suffix := "." + file.name.rpartition(".")[2]) in _TYPES
        }
        self._digests = {
            name: hashlib.sha256(content).hexdigest()[:12]
            for name, (content, _) in self._files.items()
        }

    def url(self, name: str) -> str:
        """Return the address of a file; raises KeyError for a name that there is not."""
        return f"/desk/static/{name}?v={self._digests[name]}"

    def response(self, name: str, *, cached: str | None) -> Response:
        """Return a file, to be kept for ever under its present address; raises ApiError."""
        if name not in self._files:
            raise ApiError(404, "unknown_file", "The desk has no such file.")
        content, type_ = self._files[name]
        known = cached == self._digests[name]
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if known else "no-cache",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(content, media_type=type_, headers=headers)


def environment() -> Environment:
    """Return the templates; every value is escaped, a missing one is an error."""
    return Environment(
        loader=PackageLoader("bot.desk"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
