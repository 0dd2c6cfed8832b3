"""One product as phrases and as a card, with live prices and stock."""

from collections.abc import Sequence
from decimal import Decimal

from bot.commerce import Money, Product, Variant
from bot.model import Card, Localized, Phrase, Value
from bot.skills.options import option_values
from bot.skills.terms import Terms


def in_stock(variant: Variant) -> bool:
    """Return whether a variant can be bought now; an uncounted one can."""
    return variant.available and variant.stock != 0


def price_phrase(variants: Sequence[Variant]) -> Phrase | None:
    """Return the price, or the lowest one if the variants differ; None without variants."""
    prices = [v.price for v in variants if in_stock(v)] or [v.price for v in variants]
    if not prices:
        return None
    lowest = min(prices, key=_amount)
    same = lowest.amount == max(prices, key=_amount).amount
    return Phrase(key="product.price" if same else "product.price_from", values={"price": lowest})


def facts(product: Product, terms: Terms) -> dict[str, Value]:
    """Return the values that every reply about a product can use."""
    return {
        "title": Localized(texts=product.titles),
        "description": Localized(texts=product.descriptions),
        "price": price_phrase(product.variants),
        "options": _option_lines(product, terms),
    }


def product_card(product: Product) -> Card:
    """Return the product as a card."""
    variants = [
        {
            "sku": v.sku,
            "options": dict(v.options),
            "price": {"amount": str(v.price.amount), "currency": v.price.currency},
            "in_stock": in_stock(v),
        }
        for v in product.variants
    ]
    return Card(
        type="product",
        data={
            "id": product.id,
            "titles": dict(product.titles),
            "url": product.url,
            "image": product.image,
            "variants": variants,
        },
    )


def values_phrases(values: Sequence[str], terms: Terms) -> tuple[Phrase, ...]:
    """Return option values as phrases of the glossary."""
    return tuple(terms.phrase(value) for value in values)


def _option_lines(product: Product, terms: Terms) -> tuple[Phrase, ...]:
    return tuple(
        Phrase(
            key="product.option",
            values={
                "name": terms.phrase(name),
                "values": tuple(_value(product, name, value, terms) for value in values),
            },
        )
        for name, values in option_values(product).items()
    )


def _value(product: Product, name: str, value: str, terms: Terms) -> Phrase:
    """Mark a value of which nothing is left."""
    shown = terms.phrase(value)
    left = any(in_stock(v) for v in product.variants if v.options.get(name) == value)
    return shown if left else Phrase(key="product.value_sold_out", values={"value": shown})


def _amount(price: Money) -> Decimal:
    return price.amount
