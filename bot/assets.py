"""Files that every page asks for: read and packed once, answered with an ETag."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""What is served, by suffix; all of it is text. The system's own table may lack some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One text file, as it is and packed."""

    content: bytes
    packed: bytes
    type: str
    digest: str


def read_asset(content: bytes, suffix: str) -> Asset:
    """Pack a file for serving; raises KeyError for a suffix that isn't served."""
    return Asset(
        content=content,
        packed=gzip.compress(content, mtime=0),
        type=TYPES[suffix],
        digest=hashlib.sha256(content).hexdigest()[:12],
    )


def respond(asset: Asset, request: Request, headers: Mapping[str, str]) -> Response:
    """Answer with a file: packed for whoever takes gzip, and 304 for whoever has it already."""
    packed = _takes_gzip(request.headers.get("accept-encoding", ""))
    # The two forms differ in their bytes, so their tags must differ (RFC 9110, 8.8.3.3).
    tag = f'"{asset.digest}-gzip"' if packed else f'"{asset.digest}"'
    said = {**headers, "ETag": tag, "Vary": "Accept-Encoding"}
    if _has(tag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=said)
    if packed:
        said["Content-Encoding"] = "gzip"
    return Response(asset.packed if packed else asset.content, 200, said, media_type=asset.type)


def _takes_gzip(accepted: str) -> bool:
    for offer in accepted.lower().split(","):
        coding, *parameters = (part.strip() for part in offer.split(";"))
        if coding in {"gzip", "*"}:
            return not any(_is_zero(parameter) for parameter in parameters)
    return False


def _is_zero(parameter: str) -> bool:
    return parameter.startswith("q=") and parameter[2:].strip("0.") == ""


def _has(tag: str, known: str) -> bool:
    offered = {one.strip().removeprefix("W/") for one in known.split(",")}
    return tag in offered or "*" in offered
