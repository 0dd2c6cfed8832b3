"""Who may see what in the shop: the only place with permissions."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.commerce import (
    Customer,
    CustomerId,
    Order,
    OrderNumber,
    Product,
    ProductId,
    Proof,
    ProofOutcome,
    normal_number,
)
from bot.ports import ProofTries, Shop
from bot.shop.identity import same_email, same_name, same_phone, same_zip

LONGEST_COUNTED = 64
"""Longer numbers are counted by their beginning: nobody's order is called that."""

_NOBODY = CustomerId("nobody")
_UNDATED = datetime.min.replace(tzinfo=UTC)


class GuardedShop:
    """The shop as one shopper may see it: their own orders, or those that a guest has proved."""

    def __init__(
        self,
        shop: Shop,
        tries: ProofTries,
        customer: CustomerId | None,
        proven: frozenset[OrderNumber],
    ) -> None:
        self._shop = shop
        self._tries = tries
        self._customer = customer
        self._proven = proven

    @property
    def customer_id(self) -> CustomerId | None:
        """Return who is signed in, None for a guest."""
        return self._customer

    @property
    def proven(self) -> frozenset[OrderNumber]:
        """Return the orders that this guest has proved, with those proved in this turn."""
        return self._proven

    async def customer(self) -> Customer | None:
        """Return the signed-in customer."""
        return None if self._customer is None else await self._shop.customer(self._customer)

    async def orders(self) -> Sequence[Order]:
        """Return the orders they may see, newest first; what a guest proved ends at signing in."""
        if self._customer is not None:
            return await self._shop.orders_of(self._customer)
        found = [await self._shop.order(number) for number in sorted(self._proven)]
        orders = [order for order in found if order is not None]
        return sorted(orders, key=lambda order: order.placed_at or _UNDATED, reverse=True)

    async def order(self, number: str) -> Order | None:
        """Return an order if they may see it; of their own, the digits alone will do."""
        order = await self._shop.order(number)
        if order is not None and self._may_see(order):
            return order
        digits = normal_number(number)
        if not digits.isdecimal():
            return None
        own = [order for order in await self.orders() if _digits(order.number) == digits]
        return own[0] if len(own) == 1 else None

    async def prove(self, number: str, proof: Proof, now: datetime) -> ProofOutcome:
        """Check a guest's proof and remember a success for this conversation.

        A signed-in shopper sees their own orders only: no proof opens another's to them.
        Unknown numbers are refused, counted and delayed exactly as wrong proofs are.
        """
        if self._customer is not None:
            return (
                ProofOutcome.REFUSED if await self.order(number) is None else ProofOutcome.PROVEN
            )
        order = await self._shop.order(number)
        # Under the order's own number, however it was written: else each spelling had its tries.
        counted = _counted(number if order is None else order.number)
        until = await self._tries.blocked_until(counted)
        if until is not None and now < until:
            return ProofOutcome.WAIT
        # A customer is asked for in any case, so that an unknown number takes no less time.
        owner = await self._shop.customer(_NOBODY if order is None else order.customer_id)
        if order is None or owner is None or not _proves(proof, order, owner):
            await self._tries.failed(counted, now)
            return ProofOutcome.REFUSED
        await self._tries.succeeded(counted)
        self._proven |= {order.number}
        return ProofOutcome.PROVEN

    async def product(self, product: ProductId) -> Product | None:
        """Return one product with live prices and stock."""
        return await self._shop.product(product)

    def _may_see(self, order: Order) -> bool:
        if self._customer is not None:
            return order.customer_id == self._customer
        return normal_number(order.number) in {normal_number(number) for number in self._proven}


def _counted(number: str) -> str:
    """Return what a number is counted under: printable, as databases fail on some characters."""
    return "".join(ch for ch in normal_number(number) if ch.isprintable())[:LONGEST_COUNTED]


def _digits(number: str) -> str:
    return "".join(filter(str.isdecimal, normal_number(number)))


def _proves(proof: Proof, order: Order, owner: Customer) -> bool:
    if proof.email is not None and same_email(proof.email, owner.email):
        return True
    if proof.phone is not None and owner.phone and same_phone(proof.phone, owner.phone):
        return True
    zips = (order.shipping_address.zip, owner.zip)
    return (
        proof.name is not None and same_name(proof.name, owner.name) and same_zip(proof.zip, zips)
    )
