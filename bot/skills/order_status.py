"""Where an order is: for who is signed in, and for guests who prove that it is theirs."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from bot.commerce import Order, OrderStatus, Proof, ProofOutcome, normal_number
from bot.model import Choice, Phrase, Reply, Task, Value
from bot.ports import Done, Failed, Need, ShopAccess, Step
from bot.skills.order_view import order_reply
from bot.skills.reading import ReadingSkill
from bot.skills.terms import Terms

PROOF_SLOTS = ("email", "phone", "zip", "name")
SHOWN_CHOICES = 5

_UNDER_WAY = frozenset({OrderStatus.PENDING, OrderStatus.PROCESSING, OrderStatus.SHIPPED})


@dataclass(frozen=True, slots=True)
class OrderStatusSkill(ReadingSkill):
    """Tells the state of an order, its items and every tracking number."""

    terms: Terms

    name: ClassVar[str] = "order_status"
    slots: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "order_number": ("order_number",),
        "email": ("email",),
        "phone": ("phone",),
        "zip": ("zip",),
        "name": (),
    }

    async def step(self, task: Task, shop: ShopAccess, now: datetime) -> Step:
        """Find the order, ask which one, or ask for a proof."""
        number = task.slots.get("order_number")
        if number is None:
            return await self._without_number(task, shop)
        order = await shop.order(number)
        if order is not None:
            return self._show(order)
        if shop.customer_id is not None:
            return await self._not_theirs(task, shop)
        return await self._prove(task, number, shop, now)

    def _show(self, order: Order) -> Done:
        return Done(reply=order_reply(order, self.terms))

    async def _without_number(self, task: Task, shop: ShopAccess) -> Step:
        orders = await shop.orders()
        if not orders:
            return self._ask_number(task, (), signed_in=shop.customer_id is not None)
        under_way = [order for order in orders if order.status in _UNDER_WAY]
        if len(under_way) == 1 or len(orders) == 1:
            return self._show((under_way or list(orders))[0])
        return self._ask_number(task, under_way or orders, signed_in=True)

    def _ask_number(self, task: Task, orders: Sequence[Order], *, signed_in: bool) -> Step:
        if signed_in and not orders:
            return Done(reply=Reply(key="order_status.no_orders"))
        key = "order_status.which" if orders else "order_status.ask_number"
        choices = tuple(self._choice(order) for order in orders[:SHOWN_CHOICES])
        progress = task.asked != "order_number"
        reply = Reply(key=key, choices=choices)
        return Need(slot="order_number", reply=reply, task=task, progress=progress)

    def _choice(self, order: Order) -> Choice:
        title = order.items[0].title if order.items else ""
        values: dict[str, Value] = {
            "order": order.number,
            "title": title,
            "status": self.terms.phrase(f"status.{order.status.value}"),
        }
        return Choice(label=Phrase(key="order.choice", values=values), value=order.number)

    async def _not_theirs(self, task: Task, shop: ShopAccess) -> Step:
        orders = await shop.orders()
        choices = tuple(self._choice(order) for order in orders[:SHOWN_CHOICES])
        values = {"order": task.slots["order_number"]}
        reply = Reply(key="order_status.not_yours", values=values, choices=choices)
        return Need(
            slot="order_number", reply=reply, task=_without(task, "order_number"), progress=False
        )

    async def _prove(self, task: Task, number: str, shop: ShopAccess, now: datetime) -> Step:
        proof = Proof(**{slot: task.slots.get(slot) for slot in PROOF_SLOTS})
        if not _is_complete(proof):
            return self._ask_proof(task, number, proof)
        digest = _digest(number, proof)
        if task.slots.get("refused") == digest:
            return self._refused(task, failed_proof=False)
        outcome = await shop.prove(number, proof, now)
        if outcome is ProofOutcome.PROVEN:
            order = await shop.order(number)
            return self._show(order) if order else Failed(why="a proven order went away")
        if outcome is ProofOutcome.WAIT:
            reply = Reply(key="order_status.wait")
            return Need(slot="proof", reply=reply, task=task, progress=False)
        slots = {**task.slots, "refused": digest}
        return self._refused(replace(task, slots=slots), failed_proof=True)

    def _ask_proof(self, task: Task, number: str, proof: Proof) -> Need:
        half = proof.zip is not None or proof.name is not None
        key = "order_status.ask_name" if half else "order_status.ask_proof"
        progress = task.asked != "proof"
        reply = Reply(key=key, values={"order": number})
        return Need(slot="proof", reply=reply, task=task, progress=progress)

    def _refused(self, task: Task, *, failed_proof: bool) -> Need:
        """Say the same whether the order exists or not."""
        reply = Reply(key="order_status.not_matched", values={"order": task.slots["order_number"]})
        return Need(
            slot="proof", reply=reply, task=task, progress=False, failed_proof=failed_proof
        )


def _is_complete(proof: Proof) -> bool:
    return bool(proof.email or proof.phone or (proof.name and proof.zip))


def _without(task: Task, slot: str) -> Task:
    return replace(task, slots={k: v for k, v in task.slots.items() if k != slot})


def _digest(number: str, proof: Proof) -> str:
    """Mark a refused try, so that the same one is neither looked at nor counted again."""
    said = "\x1f".join([normal_number(number), *(str(getattr(proof, s)) for s in PROOF_SLOTS)])
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
