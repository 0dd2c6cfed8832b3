"""Permissions, as a shopper with bad intent would try them: through the real shop and tries."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commerce import CustomerId, OrderNumber, Proof, ProofOutcome
from bot.shop.access import GuardedShop
from bot.shop.importer import import_folder
from bot.shop.sql import SqlShop
from bot.store.engine import open_engine
from bot.store.tries import SqlProofTries
from tests.contract.shop_values import write_shop

ANA = CustomerId("c1")
RIGHT = Proof(email="ana@example.com")
WRONG = Proof(email="xiaoman@example.com")


class Desk:
    """Opens the shop for one shopper after another, with one clock and one count of tries."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.now = datetime(2026, 2, 1, tzinfo=UTC)
        self._shop = SqlShop(engine)
        self._tries = SqlProofTries(
            engine, tries=5, delay_seconds=30, longest=3600, now=lambda: self.now
        )

    def guest(self, *proven: str) -> GuardedShop:
        numbers = frozenset(OrderNumber(number) for number in proven)
        return GuardedShop(self._shop, self._tries, None, numbers)

    def signed_in(self, customer: CustomerId, *proven: str) -> GuardedShop:
        numbers = frozenset(OrderNumber(number) for number in proven)
        return GuardedShop(self._shop, self._tries, customer, numbers)


@pytest.fixture
async def desk(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    engine = open_engine(sqlite_url)
    await import_folder(engine, write_shop(tmp_path / "shop"))
    yield Desk(engine)
    await engine.dispose()


async def _see(shop: GuardedShop, *numbers: str) -> list[str]:
    found = [await shop.order(number) for number in numbers]
    return [order.number for order in found if order is not None]


# -- guests ------------------------------------------------------------


@pytest.mark.parametrize(
    "proof",
    [
        RIGHT,
        Proof(email="  ANA@EXAMPLE.COM "),
        Proof(phone="020 7946 0321"),
        Proof(phone="+44 (0)20-7946-0321"),
        Proof(phone="0044 20 7946 0321"),
        Proof(name="ana DE LA  cruz", zip="bs1 9zz"),
        Proof(name="de la Cruz, Ana", zip="BS14AB"),
    ],
)
async def test_a_guest_proves_an_order_by_what_only_its_owner_knows(
    desk: Desk, proof: Proof
) -> None:
    shop = desk.guest()

    assert await shop.prove("sb 100", proof, desk.now) is ProofOutcome.PROVEN
    assert shop.proven == {"#SB-100"}
    assert await _see(shop, "SB100") == ["#SB-100"]


@pytest.mark.parametrize(
    "proof",
    [
        WRONG,
        Proof(),
        Proof(email=""),
        Proof(phone=""),
        Proof(phone="0321"),
        Proof(phone="7946 0321"),
        Proof(phone="+1 20 7946 0321"),
        Proof(name="Ana de la Cruz"),
        Proof(zip="BS1 4AB"),
        Proof(name="", zip=""),
        Proof(name="Ana", zip="BS1 4AB"),
        Proof(name="Ana de la Cruz", zip="310007"),
        Proof(email="%", phone="%", name="%", zip="%"),
        Proof(email="' OR '1'='1"),
        Proof(email="ana@example.com\0"),
    ],
)
async def test_half_a_proof_or_a_wrong_one_is_refused(desk: Desk, proof: Proof) -> None:
    shop = desk.guest()

    assert await shop.prove("SB-100", proof, desk.now) is ProofOutcome.REFUSED
    assert shop.proven == frozenset()
    assert await _see(shop, "SB-100") == []


async def test_one_proved_order_opens_no_other_of_the_same_customer(desk: Desk) -> None:
    shop = desk.guest()
    await shop.prove("SB-100", RIGHT, desk.now)

    assert await _see(shop, "SB-100", "SB-101", "SB-102", "SB-200") == ["#SB-100"]
    assert [order.number for order in await shop.orders()] == ["#SB-100"]
    assert await shop.customer() is None


async def test_anothers_order_is_refused_with_ones_own_email(desk: Desk) -> None:
    shop = desk.guest()
    await shop.prove("SB-100", RIGHT, desk.now)

    assert await shop.prove("SB-200", RIGHT, desk.now) is ProofOutcome.REFUSED
    assert await _see(shop, "SB-200") == []


async def test_proved_orders_come_newest_first(desk: Desk) -> None:
    shop = desk.guest("SB-101", "SB-100", "SB-102")

    assert [order.number for order in await shop.orders()] == ["SB-102", "#SB-100", "SB-101"]


async def test_missing_data_of_the_customer_proves_nothing(desk: Desk) -> None:
    shop = desk.guest()

    for proof in (Proof(phone=""), Proof(name="王小满", zip=""), Proof(phone="13800138000")):
        assert await shop.prove("SB-200", proof, desk.now) is ProofOutcome.REFUSED
    right = Proof(name="王小满", zip="310007")
    assert await shop.prove("SB-200", right, desk.now) is ProofOutcome.PROVEN


# -- guessing ------------------------------------------------------------


@pytest.mark.parametrize(
    "number", ["SB-100", "SB-999", "'; DROP TABLE orders; --", "\0", "9" * 9999]
)
async def test_an_unknown_number_is_answered_as_a_wrong_proof_is(desk: Desk, number: str) -> None:
    shop = desk.guest()
    outcomes = [await shop.prove(number, WRONG, desk.now) for _ in range(7)]

    assert outcomes == [ProofOutcome.REFUSED] * 5 + [ProofOutcome.WAIT] * 2


async def test_while_the_delay_runs_even_the_right_proof_waits(desk: Desk) -> None:
    for _ in range(5):
        await desk.guest().prove("SB-100", WRONG, desk.now)

    assert await desk.guest().prove("#sb100", RIGHT, desk.now) is ProofOutcome.WAIT
    desk.now += timedelta(seconds=31)
    assert await desk.guest().prove("SB-100", RIGHT, desk.now) is ProofOutcome.PROVEN


async def test_a_success_forgets_the_wrong_tries(desk: Desk) -> None:
    for _ in range(4):
        await desk.guest().prove("SB-100", WRONG, desk.now)
    await desk.guest().prove("SB-100", RIGHT, desk.now)

    outcomes = [await desk.guest().prove("SB-100", WRONG, desk.now) for _ in range(5)]

    assert outcomes == [ProofOutcome.REFUSED] * 5


async def test_guessing_numbers_opens_nothing(desk: Desk) -> None:
    shop = desk.guest()

    outcomes = {await shop.prove(f"SB-{n}", WRONG, desk.now) for n in range(95, 110)}

    assert outcomes == {ProofOutcome.REFUSED}
    assert await _see(shop, *(f"SB-{n}" for n in range(95, 205))) == []


# -- signed in ------------------------------------------------------------


async def test_a_signed_in_shopper_sees_all_their_orders_and_no_other(desk: Desk) -> None:
    shop = desk.signed_in(ANA)

    assert [order.number for order in await shop.orders()] == ["SB-102", "#SB-100", "SB-101"]
    assert await _see(shop, "SB-100", "SB-200") == ["#SB-100"]
    customer = await shop.customer()
    assert customer is not None
    assert customer.id == ANA


async def test_no_proof_opens_anothers_order_to_a_signed_in_shopper(desk: Desk) -> None:
    shop = desk.signed_in(CustomerId("c2"), "SB-102")

    assert await shop.prove("SB-100", RIGHT, desk.now) is ProofOutcome.REFUSED
    assert await _see(shop, "SB-100", "SB-102") == []
    assert await shop.prove("SB-200", Proof(), desk.now) is ProofOutcome.PROVEN


async def test_an_unknown_customer_sees_nothing(desk: Desk) -> None:
    shop = desk.signed_in(CustomerId("' OR '1'='1"))

    assert list(await shop.orders()) == []
    assert await shop.customer() is None
    assert await _see(shop, "SB-100") == []


# -- numbers without their letters ------------------------------------------------------------


async def test_digits_alone_name_an_order_that_they_may_see(desk: Desk) -> None:
    assert await _see(desk.signed_in(ANA), "102", "200") == ["SB-102"]
    assert await _see(desk.guest(), "102", "200") == []
    assert await _see(desk.guest("SB-200"), "102", "200") == ["SB-200"]


async def test_digits_alone_are_proved_like_the_whole_number(desk: Desk) -> None:
    assert await desk.guest().prove("100", WRONG, desk.now) is ProofOutcome.REFUSED
    assert await desk.guest().prove("100", RIGHT, desk.now) is ProofOutcome.PROVEN
    assert await desk.guest().prove("999", RIGHT, desk.now) is ProofOutcome.REFUSED


async def test_both_spellings_share_their_tries(desk: Desk) -> None:
    for number in ("100", "SB-100", "sb 100", "#100", "100"):
        assert await desk.guest().prove(number, WRONG, desk.now) is ProofOutcome.REFUSED

    assert await desk.guest().prove("SB-100", RIGHT, desk.now) is ProofOutcome.WAIT
