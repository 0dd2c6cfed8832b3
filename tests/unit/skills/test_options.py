"""Which options of a product a text names, in either language."""

from decimal import Decimal

import pytest

from bot.commerce import Money, Product, ProductId, Variant
from bot.skills.options import match_options, option_values

WORDS = {
    "black": ("black", "黑色", "黑的"),
    "blue": ("blue", "蓝色"),
    "navy blue": ("navy blue", "dark blue", "藏青色", "深蓝色"),
    "M": ("M 码", "M码", "中码"),
    "500 ml": ("500 毫升", "500毫升"),
}


def _product(**options: tuple[str, ...]) -> Product:
    price = Money(amount=Decimal(1), currency="USD")
    variants = [
        Variant(sku=f"{name}-{value}", price=price, options={name: value})
        for name, values in options.items()
        for value in values
    ]
    return Product(id=ProductId("p"), titles={"": "p"}, variants=tuple(variants))


SHIRT = _product(color=("black", "blue", "navy blue"), size=("S", "M", "XL", "XXL"))
BOTTLE = _product(capacity=("500 ml", "1.5 L"), set=("2-person",))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("do you have it in Black?", {"color": ("black",)}),
        ("BLACK, size m please", {"color": ("black",), "size": ("M",)}),
        ("有黑色 M 码的吗", {"color": ("black",), "size": ("M",)}),
        ("要M码黑的", {"size": ("M",), "color": ("black",)}),
        ("navy blue", {"color": ("navy blue",)}),
        ("navy-blue", {"color": ("navy blue",)}),
        ("深蓝色有吗", {"color": ("navy blue",)}),
        ("blue or navy blue", {"color": ("blue", "navy blue")}),
        ("blue, no, black", {"color": ("blue", "black")}),
        ("XXL", {"size": ("XXL",)}),
        ("ＸＬ", {"size": ("XL",)}),
        ("what's in it? I'm asking", {}),
        ("blackboard and blues", {}),
        ("", {}),
        ("(.*)[", {}),
    ],
)
def test_colours_and_sizes(text: str, named: dict[str, tuple[str, ...]]) -> None:
    assert match_options(text, SHIRT, WORDS) == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("the 500 ml one", {"capacity": ("500 ml",)}),
        ("500毫升", {"capacity": ("500 ml",)}),
        ("1500 ml", {}),
        ("1.5 l", {"capacity": ("1.5 L",)}),
        ("for 2 person", {"set": ("2-person",)}),
    ],
)
def test_sizes_with_numbers(text: str, named: dict[str, tuple[str, ...]]) -> None:
    assert match_options(text, BOTTLE, WORDS) == named


def test_without_words_the_shops_own_values_are_understood() -> None:
    assert match_options("black 黑色", SHIRT, {}) == {"color": ("black",)}


def test_the_values_of_an_option_keep_their_order() -> None:
    assert option_values(SHIRT)["size"] == ("S", "M", "XL", "XXL")
