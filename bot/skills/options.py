"""Find which options of a product a text names: "the black one in M", 黑色的 M 码."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.commerce import Product

_HAN = re.compile(r"[\u3400-\u9fff]")
_BEFORE, _AFTER = r"(?<![0-9a-z\u00df-\u024f'’])", r"(?![0-9a-z\u00df-\u024f'’])"


def option_values(product: Product) -> dict[str, tuple[str, ...]]:
    """Return each option of a product with all values of its variants, in order."""
    found: dict[str, dict[str, None]] = {}
    for variant in product.variants:
        for name, value in variant.options.items():
            found.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in found.items()}


def match_options(
    text: str, product: Product, words: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return which option values a text names, by option, in the order in which they stand.

    `words` gives further names of a value, in any language. Latin words match as whole words,
    Han anywhere; of two that overlap the longer one counts: "navy blue" names no blue.
    """
    folded = _fold(text)
    spans = [
        (start, end, name, value)
        for name, values in option_values(product).items()
        for value in values
        for start, end in _spans(folded, {_fold(w) for w in (value, *words.get(value, ()))})
    ]
    longest = [one for one in spans if not any(_covers(other, one) for other in spans)]
    found: dict[str, dict[str, None]] = {}
    for _, _, name, value in sorted(longest):
        found.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in found.items()}


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[-_‐‑–]", " ", folded).split())


def _spans(text: str, names: Iterable[str]) -> Iterator[tuple[int, int]]:
    for name in names:
        if name:
            around = re.escape(name)
            pattern = around if _HAN.search(name) else f"{_BEFORE}{around}{_AFTER}"
            yield from (match.span() for match in re.finditer(pattern, text))


def _covers(one: tuple[int, int, str, str], other: tuple[int, int, str, str]) -> bool:
    inside = one[0] <= other[0] and other[1] <= one[1]
    return inside and one[1] - one[0] > other[1] - other[0]
