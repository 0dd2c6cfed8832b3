"""Questions about one product: what it is, its variants, its price, what is left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.commerce import Product, ProductId, Variant
from bot.model import Reply, Task
from bot.ports import Done, ShopAccess, Step
from bot.skills.options import match_options, option_values
from bot.skills.product_view import facts, in_stock, price_phrase, product_card, values_phrases
from bot.skills.reading import ReadingSkill
from bot.skills.terms import Terms

_LOOKS = frozenset({"color", "size"})
"""Slots that name a value of the option of their name."""


@dataclass(frozen=True, slots=True)
class ProductQuestionSkill(ReadingSkill):
    """Answers from the live catalogue; search has found the product before."""

    terms: Terms

    name: ClassVar[str] = "product_question"
    slots: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "product": (), "text": (), "color": (), "size": (),
    }  # fmt: skip

    async def step(
        self,
        task: Task,
        shop: ShopAccess,
        now: datetime,  # noqa: ARG002 - the port's parameter
    ) -> Step:
        """Answer about the option that the text names, else about the whole product."""
        product = await shop.product(ProductId(task.slots["product"]))
        if product is None:
            return Done(reply=Reply(key="product.gone"))
        return Done(reply=self._reply(product, task.slots))

    def _reply(self, product: Product, slots: Mapping[str, str]) -> Reply:
        named = self._named(product, slots.get("text", ""))
        missing = self._missing(product, slots, named)
        values = facts(product, self.terms)
        key = "product.details"
        if missing:
            key, values["wanted"] = "product.not_in", values_phrases(missing, self.terms)
        elif named:
            fitting = _fitting(product, named)
            flat = [value for group in named.values() for value in group]
            values["wanted"] = values_phrases(flat, self.terms)
            values["price"] = price_phrase(fitting or product.variants)
            key = _availability(fitting)
        return Reply(key=key, values=values, cards=(product_card(product),))

    def _missing(
        self, product: Product, slots: Mapping[str, str], named: Mapping[str, object]
    ) -> list[str]:
        """Return the color and the size that are wanted, and none of the product's is."""
        missing = []
        for kind in sorted(_LOOKS & slots.keys()):
            names = {kind, *self.terms.spellings.get(kind, ())}
            offered = {o: v for o, v in option_values(product).items() if o.casefold() in names}
            if offered and not offered.keys() & named.keys():
                every = [value for values in offered.values() for value in values]
                if not self._are_like(slots[kind], every):
                    missing.append(slots[kind])
        return missing

    def _are_like(self, wanted: str, values: Sequence[str]) -> bool:
        """Say whether a value has the wanted word in it, as "brick red" has "red"."""
        spelled = self.terms.spelled(values)
        words = [word for value in values for word in (value, *spelled.get(value, ()))]
        return any(wanted.casefold() in word.casefold() for word in words)

    def _named(self, product: Product, text: str) -> dict[str, tuple[str, ...]]:
        every = [value for values in option_values(product).values() for value in values]
        return match_options(text, product, self.terms.spelled(every))


def _fitting(product: Product, named: Mapping[str, tuple[str, ...]]) -> list[Variant]:
    return [
        variant
        for variant in product.variants
        if all(variant.options.get(name) in values for name, values in named.items())
    ]


def _availability(fitting: list[Variant]) -> str:
    if not fitting:
        return "product.no_such_variant"
    return "product.available" if any(map(in_stock, fitting)) else "product.sold_out"
