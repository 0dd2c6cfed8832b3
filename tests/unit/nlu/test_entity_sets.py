"""What whole messages name: entities_{en,zh}.yml, written before the finders were."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.commerce import Product, ProductId
from bot.model import Language
from bot.nlu.entities import EntityExtractor, open_extractor
from bot.settings import ShopRules

HERE = Path(__file__).parent
NOON_IN_SHANGHAI = datetime(2026, 11, 18, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def extractor() -> EntityExtractor:
    found = open_extractor(ShopRules())
    path = HERE.parents[2] / "bot/shop/demo/products.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found.learn([Product(id=ProductId(line["id"]), titles=line["title"]) for line in lines])
    return found


def cases() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path.stem.split("_")[1], case["say"], case.get("find", {}))
        for path in sorted(HERE.glob("entities_*.yml"))
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("language", "text", "find"), cases())
def test_messages_name_what_people_see_in_them(
    language: str, text: str, find: dict[str, Any], extractor: EntityExtractor
) -> None:
    entities = extractor.extract(text, Language(language), now=NOON_IN_SHANGHAI)

    expected = Counter(
        (type_, str(value))
        for type_, values in find.items()
        for value in (values if isinstance(values, list) else [values])
    )
    assert Counter((e.type, e.value) for e in entities) == expected
    assert all(e.text == text[e.start : e.end] for e in entities)
