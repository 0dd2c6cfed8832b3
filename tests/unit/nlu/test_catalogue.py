"""Which product a text mentions: one alone, or none."""

import pytest

from bot.commerce import Product, ProductId
from bot.nlu.catalogue import ProductNames
from intents.lexicon import words_of

CATALOGUE = {
    "P1": {"en": "Silk Table Lantern", "zh": "丝绸台灯"},
    "P2": {"en": "Paper Moon Pendant Lantern", "zh": "纸月吊灯"},
    "P3": {"en": "Over-Ear Headphones", "zh": "头戴式耳机"},
    "P4": {"en": "Wireless Earbuds Mini", "zh": "迷你无线耳机"},
    "P5": {"en": "Glass Teapot with Infuser", "zh": "玻璃泡茶壶"},
    "P6": {"": "Robe soie"},
    "P7": {"en": "Silk Slip Dress", "zh": "真丝吊带裙"},
    "P8": {"en": "Linen Shirt", "zh": "亚麻衬衫（男款）"},
}


def names(catalogue: dict[str, dict[str, str]] = CATALOGUE) -> ProductNames:
    found = ProductNames(words_of("en").products)
    found.put([Product(id=ProductId(id_), titles=t) for id_, t in catalogue.items()])
    return found


@pytest.mark.parametrize(
    ("text", "product", "stands"),
    [
        ("the silk lantern, please", "P1", "silk lantern"),
        ("do earbuds fit small ears", "P4", "earbuds"),
        ("are over ear headphnes loud", "P3", "over ear headphnes"),
        ("my glass tea pot leaks", "P5", "glass tea pot"),
        ("une robe soie", "P6", "robe soie"),
        ("a dress shirt", "P8", "shirt"),
        ("那个丝绸的台灯坏了", "P1", "丝绸的台灯"),
        ("头戴耳机有吗", "P3", "头戴耳机"),
        ("吊灯怎么装", "P2", "吊灯"),
        ("亚麻衬衫有货吗", "P8", "亚麻衬衫"),
    ],
)
def test_a_clear_mention_is_found_where_it_stands(text: str, product: str, stands: str) -> None:
    (found,) = names().find(text)

    assert found.readings == (("product", product),)
    assert text[found.start : found.end] == stands


@pytest.mark.parametrize(
    "text",
    ["the lantern", "耳机", "is it silk", "丝", "wireless", "with", "", "的的的",
     "lantern headphnes"],
)  # fmt: skip
def test_what_could_be_several_or_none_is_left_alone(text: str) -> None:
    assert [found.readings[0][1] for found in names().find(text)] == []


def test_a_changed_catalogue_is_followed() -> None:
    known = names()
    known.put([Product(id=ProductId("N1"), titles={"en": "Copper Kettle", "zh": "铜壶"})])

    assert [one.readings[0][1] for one in known.find("kettle 铜壶 silk lantern")] == ["N1", "N1"]


def test_an_empty_catalogue_names_nothing() -> None:
    assert ProductNames(words_of("en").products).find("the silk lantern") == []


@pytest.mark.parametrize("piece", ["silk ", "丝绸", "台灯", "头戴", "a", "的", "silk lantern "])
def test_hostile_texts_end(piece: str) -> None:
    text = piece * (10_000 // len(piece))

    assert all(0 <= found.start < found.end <= len(text) for found in names().find(text))
