"""Suggest products that search found for what the shopper looks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.commerce import Product, ProductId
from bot.model import Choice, Localized, Phrase, Reply, Task
from bot.payloads import write_payload
from bot.ports import Done, ShopAccess, Step
from bot.skills.product_view import in_stock, price_phrase, product_card
from bot.skills.reading import ReadingSkill
from bot.skills.terms import Terms


@dataclass(frozen=True, slots=True)
class RecommendationSkill(ReadingSkill):
    """Shows what is in stock among the products found, at most three."""

    terms: Terms

    name: ClassVar[str] = "recommendation"
    slots: ClassVar[Mapping[str, tuple[str, ...]]] = {"product": (), "text": ()}

    async def step(
        self,
        task: Task,
        shop: ShopAccess,
        now: datetime,  # noqa: ARG002 - the port's parameter
    ) -> Step:
        """List the products; `product` holds their ids, joined by commas, best first."""
        ids = [part for part in task.slots["product"].split(",") if part]
        found = [await shop.product(ProductId(part)) for part in ids]
        buyable = [p for p in found if p is not None and any(map(in_stock, p.variants))]
        if not buyable:
            return Done(reply=Reply(key="recommendation.nothing"))
        lines = tuple(_line(product) for product in buyable)
        return Done(
            reply=Reply(
                key="recommendation.list",
                values={"products": lines},
                cards=tuple(map(product_card, buyable)),
                choices=tuple(map(_choice, buyable)) if len(buyable) > 1 else (),
            )
        )


def _choice(product: Product) -> Choice:
    """Offer to tell more of a product: "the second one" behind a list means it."""
    title = Phrase(key="choice.plain", values={"text": Localized(texts=product.titles)})
    return Choice(label=title, value=write_payload("product_question", product=product.id))


def _line(product: Product) -> Phrase:
    values = {"title": Localized(texts=product.titles), "price": price_phrase(product.variants)}
    return Phrase(key="product.line", values=values)
