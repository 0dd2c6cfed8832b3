"""The words of the widget and of the demo page, for browsers: `GET /api/v1/widget/words`."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from bot.model import Language, Phrase
from bot.ports import Words

# With the glossary of the shop's values: cards name colours and sizes.
_PREFIXES = ("widget.", "demo.", "term.")
_OWN_NAME = "widget.language_name"
# Blanks stay in the wordings, because the browser fills them.
_BLANKS = {
    name: f"{{{name}}}"
    for name in (
        "count",
        "date",
        "name",
        "number",
        "orders",
        "position",
        "price",
        "score",
        "title",
    )
}
# Browsers may use words for five minutes, and older ones for a day while they ask again.
_CACHING = "public, max-age=300, stale-while-revalidate=86400"


def router(words: Words, languages: Sequence[Language], keys: Iterable[str]) -> APIRouter:
    """Return the route; of `keys` it serves those of widget, demo page and glossary.

    An unknown or missing language is answered in the first of `languages`.
    """
    pages = _pages(words, languages, [key for key in keys if key.startswith(_PREFIXES)])
    api = APIRouter(prefix="/api/v1/widget", tags=["widget"])

    @api.get("/words", summary="Words of the widget")
    async def read(
        language: Annotated[str, Query(max_length=64)] = "",
        if_none_match: Annotated[str, Header()] = "",
    ) -> Response:
        body = pages[nearest(language, languages)]
        headers = {"Cache-Control": _CACHING, "ETag": f'"{hashlib.sha256(body).hexdigest()[:20]}"'}
        if headers["ETag"] in if_none_match:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type="application/json")

    return api


def nearest(tag: str, languages: Sequence[Language]) -> Language:
    """Return the language for a browser's tag: "zh-Hant-TW" and "ZH_cn" are zh here."""
    parts = re.split("[-_]", tag.strip().lower())
    for length in range(len(parts), 0, -1):
        wanted = "-".join(parts[:length])
        for language in languages:
            if language.lower() == wanted:
                return language
    return languages[0]


def _pages(
    words: Words, languages: Sequence[Language], keys: Sequence[str]
) -> Mapping[Language, bytes]:
    names = {language: words.say(Phrase(key=_OWN_NAME), language) for language in languages}
    return {language: _page(words, language, names, keys) for language in languages}


def _page(
    words: Words, language: Language, names: Mapping[Language, str], keys: Sequence[str]
) -> bytes:
    said = {key: words.say(Phrase(key=key, values=_BLANKS), language) for key in sorted(keys)}
    page = {"language": language, "languages": names, "words": said}
    return json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()
