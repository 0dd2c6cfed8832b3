"""What search may know of the catalogue: titles and text, never prices or stock."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.commerce import Product, localized
from bot.model import Language, Phrase
from bot.ports import Words
from knowledge_base.model import Document, Kind

TOPICS = ("product_question", "recommendation")
"""The intents that the catalogue answers."""


def product_documents(
    products: Sequence[Product], languages: Sequence[str], words: Words | None = None
) -> list[Document]:
    """Make one document for each product and language.

    With `words`, categories, options and attributes are also called what the language calls
    them (keys `term.<value>`); the shop's own word stays beside it.
    """
    return [
        Document(
            id=product.id,
            kind=Kind.PRODUCT,
            language=language,
            title=product.title(language),
            text="\n".join(line for line in _lines(product, language, words) if line),
            source="catalogue",
            topics=TOPICS,
            url=product.url,
            codes=tuple(variant.sku for variant in product.variants),
        )
        for product in products
        for language in languages
    ]


def _lines(product: Product, language: str, words: Words | None) -> Iterator[str]:
    yield product.description(language)
    yield " · ".join(
        _called(name, language, words) for name in (product.category, product.brand) if name
    )
    for name, values in _options(product).items():
        listed = ", ".join(_called(value, language, words) for value in values)
        yield f"{_called(name, language, words)}: {listed}"
    for name, value in product.attributes.items():
        if text := _text(value, language):
            yield f"{_called(name, language, words)}: {text}"


def _options(product: Product) -> dict[str, tuple[str, ...]]:
    """Return each option with all values that a variant has, in order."""
    found: dict[str, dict[str, None]] = {}
    for variant in product.variants:
        for name, value in variant.options.items():
            found.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in found.items()}


def _called(value: str, language: str, words: Words | None) -> str:
    """Return a word of the shop as the language calls it, the shop's own beside it."""
    key = f"term.{'_'.join(value.casefold().split())}"
    if words is None or not words.variants(key, Language(language)):
        return value
    said = words.say(Phrase(key=key), Language(language))
    return said if said.casefold() == value.casefold() else f"{said} ({value})"


def _text(value: Any, language: str) -> str:
    match value:
        case Mapping():
            return localized({str(k): str(v) for k, v in value.items()}, language)
        case list() | tuple():
            return ", ".join(str(part) for part in value)
        case None:
            return ""
        case _:
            return str(value)
