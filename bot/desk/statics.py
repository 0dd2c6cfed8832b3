"""The desk's own files: templates, style sheet and vendored scripts, read once at start."""

from importlib.resources import files

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.assets import TYPES, read_asset, respond
from bot.contract import ApiError


class Statics:
    """Files by name, each with an address that changes with its content."""

    def __init__(self) -> None:
        folder = files("bot.desk").joinpath("static")
        self._files = {
            file.name: read_asset(file.read_bytes(), suffix)
            for file in folder.iterdir()
            if (suffix := "." + file.name.rpartition(".")[2]) in TYPES
        }

    def url(self, name: str) -> str:
        """Return the address of a file; raises KeyError for a name that there is not."""
        return f"/desk/static/{name}?v={self._files[name].digest}"

    def response(self, name: str, request: Request) -> Response:
        """Return a file, to be kept for ever under its present address; raises ApiError."""
        if name not in self._files:
            raise ApiError(404, "unknown_file", "The desk has no such file.")
        file = self._files[name]
        known = request.query_params.get("v") == file.digest
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if known else "no-cache",
            "X-Content-Type-Options": "nosniff",
        }
        return respond(file, request, headers)


def environment() -> Environment:
    """Return the templates; every value is escaped, a missing one is an error."""
    return Environment(
        loader=PackageLoader("bot.desk"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
