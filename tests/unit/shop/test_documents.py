"""What search learns of the catalogue."""

import zoneinfo
from decimal import Decimal

import pytest

from bot.commerce import Money, Product, ProductId, Variant
from bot.shop.documents import product_documents
from bot.words import ReplyWords
from intents.replies import load_replies
from knowledge_base.model import Kind


def _variant(color: str, stock: int) -> Variant:
    price = Money(amount=Decimal("74.31"), currency="USD")
    return Variant(sku=f"sku-{color}", price=price, options={"color": color}, stock=stock)


SHIRT = Product(
    id=ProductId("p1"),
    titles={"en": "Linen Shirt", "zh": "亚麻衬衫"},
    category="clothing",
    brand="Heron & Reed",
    descriptions={"en": "Breathable.", "zh": "透气。"},
    attributes={"material": {"en": "linen", "zh": "亚麻"}, "tags": ["new", "summer"], "gap": None},
    url="https://shop.example/p1",
    variants=(_variant("white", 987), _variant("brick red", 0)),
)


@pytest.fixture(scope="module")
def words() -> ReplyWords:
    replies = {language: load_replies(language) for language in ("en", "zh")}
    return ReplyWords(replies, zone=zoneinfo.ZoneInfo("UTC"))


def test_there_is_one_document_for_each_language() -> None:
    documents = product_documents([SHIRT], ["en", "zh"])

    assert [(d.id, d.kind, d.language, d.title) for d in documents] == [
        ("p1", Kind.PRODUCT, "en", "Linen Shirt"),
        ("p1", Kind.PRODUCT, "zh", "亚麻衬衫"),
    ]
    assert documents[0].url == "https://shop.example/p1"


def test_the_text_tells_description_brand_options_and_attributes() -> None:
    english, chinese = product_documents([SHIRT], ["en", "zh"])

    assert english.text.splitlines() == [
        "Breathable.",
        "clothing · Heron & Reed",
        "color: white, brick red",
        "material: linen",
        "tags: new, summer",
    ]
    assert "透气。" in chinese.text
    assert "material: 亚麻" in chinese.text


def test_the_glossary_puts_the_shops_own_words_into_the_language(words: ReplyWords) -> None:
    english, chinese = product_documents([SHIRT], ["en", "zh"], words)

    assert "颜色 (color): 白色 (white), 砖红色 (brick red)" in chinese.text
    assert "服饰 (clothing) · Heron & Reed" in chinese.text
    assert "color: white, brick red" in english.text


def test_prices_and_stock_are_never_in_it(words: ReplyWords) -> None:
    for document in product_documents([SHIRT], ["en", "zh"], words):
        everything = f"{document.title}\n{document.text}"
        assert not any(secret in everything for secret in ("74", "USD", "987", "sku"))


def test_a_title_for_all_languages_serves_each() -> None:
    plain = Product(id=ProductId("p2"), titles={"": "Gift wrap"})

    assert [(d.language, d.title, d.text) for d in product_documents([plain], ["en", "zh"])] == [
        ("en", "Gift wrap", ""),
        ("zh", "Gift wrap", ""),
    ]
