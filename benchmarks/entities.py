"""Entities: precision and recall by type on the held-out messages, and the time they take.

    python -m benchmarks.entities

The messages are tests/unit/nlu/entities_{en,zh}.yml: those up to the "Second round" were written
before the finders, the second round after them and read once before anything was mended for it.
What is known to be missed (`misses`) counts as missed here.
"""

import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bot.commerce import Product, ProductId
from bot.model import Language
from bot.nlu.catalogue import ProductNames
from bot.nlu.entities import EntityExtractor, open_extractor
from bot.settings import ShopRules
from intents.lexicon import words_of

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 18, 4, tzinfo=UTC)
ROUNDS = 20
MANY = 20_000
Named = Counter[tuple[str, str]]


def main() -> None:
    """Print the tables."""
    extractor = open_extractor(ShopRules())
    products = demo_products()
    extractor.learn(products)
    for language in ("en", "zh"):
        print_found(extractor, language)
    for language in ("en", "zh"):
        texts = [case["say"] for case in messages(language)]
        took = times(texts, partial(extractor.extract, language=Language(language), now=NOW))
        print(f"{language}: a message p50 {took[0]:.3f} ms, p95 {took[1]:.3f} ms")
    print_products(products)


def print_found(extractor: EntityExtractor, language: str) -> None:
    """Print precision and recall by type."""
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for case in messages(language):
        entities = extractor.extract(case["say"], Language(language), now=NOW)
        got: Named = Counter((e.type, e.value) for e in entities)
        want = named(case.get("find", {})) + named(case.get("misses", {}))
        for counter, pairs in ((right, want & got), (wrong, got - want), (missed, want - got)):
            for (type_, _), times_ in pairs.items():
                counter[type_] += times_
    print(f"{language:<18}{'precision':>10}{'recall':>8}{'things':>8}")
    for type_ in sorted(right | wrong | missed):
        found, there = right[type_] + wrong[type_], right[type_] + missed[type_]
        precision, recall = right[type_] / max(1, found), right[type_] / max(1, there)
        print(f"  {type_:<16}{precision:>10.3f}{recall:>8.3f}{there:>8}")


def print_products(products: Sequence[Product]) -> None:
    """Print what looking for products costs, in the demo's catalogue and a large one."""
    texts = [case["say"] for language in ("en", "zh") for case in messages(language)]
    for catalogue in (products, many_products(products)):
        names = ProductNames(words_of("en").products)
        started = time.perf_counter()
        names.put(catalogue)
        built = 1000 * (time.perf_counter() - started)
        p50, p95 = times(texts, names.find)
        print(
            f"{len(catalogue):>6} products: built in {built:.0f} ms, "
            f"a message p50 {p50:.3f} ms, p95 {p95:.3f} ms"
        )


def messages(language: str) -> list[dict[str, Any]]:
    """Read the held-out messages of a language."""
    path = ROOT / "tests" / "unit" / "nlu" / f"entities_{language}.yml"
    read: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read


def named(found: Mapping[str, Any]) -> Named:
    """Return the (type, value) pairs of one message's `find`."""
    return Counter(
        (type_, str(value))
        for type_, values in found.items()
        for value in (values if isinstance(values, list) else [values])
    )


def times(texts: list[str], find: Callable[[str], object]) -> tuple[float, float]:
    """Return the median and 95th percentile of one call, in ms of this thread's CPU time."""
    took = []
    for text in texts * ROUNDS:
        started = time.thread_time()
        find(text)
        took.append(1000 * (time.thread_time() - started))
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def demo_products() -> list[Product]:
    """Read the demo shop's catalogue."""
    path = ROOT / "bot" / "shop" / "demo" / "products.jsonl"
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Product(id=ProductId(line["id"]), titles=line["title"]) for line in lines]


def many_products(products: Sequence[Product]) -> list[Product]:
    """Make up a large catalogue: words of the demo's titles, shuffled, each with a number."""
    rng = random.Random(0)
    english = [word for p in products for word in p.titles["en"].split()]
    chinese = [p.titles["zh"] for p in products]
    return [
        Product(
            id=ProductId(f"P{number}"),
            titles={
                "en": f"{' '.join(rng.sample(english, 4))} {number}",
                "zh": f"{rng.choice(chinese)[:2]}{rng.choice(chinese)}{number}",
            },
        )
        for number in range(MANY)
    ]


if __name__ == "__main__":
    main()
