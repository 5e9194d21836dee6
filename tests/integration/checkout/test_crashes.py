"""A process dies between any two effects: another one, or the sweep, brings the purchase to a right end.

The basket has all that can be held: scarce stock, a coupon that goes once, and a brand card.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from functions.checkout import opening
from functions.checkout.core import Deps
from functions.common import clock, failpoints, mongo
from functions.common.errors import Problem
from functions.common.failpoints import FailpointHit
from functions.common.retail import purchase_states as states
from functions.common.retail.promotion_rules import Amount, Limits, Match, Rule
from tests.integration.checkout.floor import INK, PEN, Floor, Shopper

OPENING = (
    *("order.after_insert", "order.after_lock", "order.before_priced", "card.after_claim"),
    *("redemption.after_record", "redemption.after_counters", "redemption.after_claim"),
    *("stock.after_reserve_line", "order.before_reserved", "pi.before_create", "pi.after_create_before_save"),
    "order.after_pi_saved",
)
PAYING = (
    *("payment.before_paid", "payment.after_paid", "commit.after_line", "redemption.after_confirmed"),
    *("receipt.before_issue", "receipt.before_insert", "receipt.after_insert"),
    *("pass.before_issue", "pass.after_issue", "relay.after_publish_before_mark"),
)
CLOSING = ("close.after_stock", "close.after_visit", "close.after_move")
CANCELLING = (
    *("cancel.after_begin", "cancel.before_intent", "cancel.after_intent", "release.after_stock"),
    *("redemption.after_released", "release.after_redemptions", "release.after_card", "release.after_unlock"),
    "cancel.before_end",
)

ONE_OFF = Rule("welcome", Amount(Match(), 100), codes=frozenset({"HELLO"}), limits=Limits(total=1, per_user=1))
MEMBERS = Rule("members", Amount(Match(), 50), groups=frozenset({"gold"}))
TOTAL = 2 * (250 - 100 - 50) + (990 - 100 - 50)


async def shop(floor: Floor, policy: str = "strict") -> Shopper:
    """A shop where of everything there is just enough for one basket, and the shopper who has it."""
    await floor.open(policy)
    await floor.shelf(PEN, 250, 2)
    await floor.shelf(INK, 990, 1)
    await floor.promotion(ONE_OFF)
    await floor.promotion(MEMBERS)
    shopper = await floor.shopper({PEN: 2, INK: 1}, codes=("HELLO",))
    await shopper.show_card("gold")
    assert await shopper.agree() == TOTAL
    return shopper


async def dies(point: str, work: object) -> bool:
    """Whether whoever does the work dies at this point."""
    failpoints.configure(f"{point}:raise")
    try:
        await work  # type: ignore[misc]
    except FailpointHit:
        return True
    finally:
        failpoints.configure("")
    return False


async def everything_is_free(floor: Floor, shopper: Shopper) -> None:
    assert (await floor.avail(PEN), await floor.avail(INK)) == ((2, 0, 0), (1, 0, 0))
    counter = await mongo.collection("promotion_counters").find_one({"_id": "acme:welcome:r"})
    assert counter is None or (counter["taken"], counter["holds"]) == (0, [])
    assert (await shopper.card())["usedBy"] is None
    assert (await shopper.visit())["checkout"] is None


async def everything_is_used(floor: Floor, shopper: Shopper) -> None:
    assert (await floor.avail(PEN), await floor.avail(INK)) == ((0, 0, 2), (0, 0, 1))
    counter = await mongo.collection("promotion_counters").find_one({"_id": "acme:welcome:r"})
    assert counter is not None
    assert (counter["taken"], counter["holds"]) == (1, [])
    assert (await shopper.card())["usedAt"] is not None


@pytest.mark.parametrize("point", OPENING)
async def test_who_taps_again_after_a_crash_buys_once(floor: Floor, point: str) -> None:
    shopper = await shop(floor)
    assert await dies(point, shopper.check_out())
    other: Deps = floor.fresh()
    purchase, intent = await shopper.check_out(deps=other)
    assert intent is not None
    floor.purse.pay(intent.id)
    purchase = await shopper.look(deps=other)
    assert (purchase["state"], purchase["receipt"]["number"]) == (states.EXIT_ISSUED, 1)
    assert len(floor.purse.intents) == 1
    await everything_is_used(floor, shopper)
    assert await floor.findings() == []


@pytest.mark.parametrize("point", OPENING)
async def test_whom_nobody_hears_of_again_holds_nothing_in_the_end(
    floor: Floor, point: str, later: Callable[[float], None]
) -> None:
    shopper = await shop(floor)
    assert await dies(point, shopper.check_out())
    other = floor.fresh()
    later(31)
    await floor.sweep(other)
    later(15 * 60)
    await floor.sweep(other)
    await floor.sweep(other)
    assert (await shopper.purchase())["state"] in states.GIVEN_UP
    assert {each.status for each in floor.purse.intents.values()} <= {"canceled"}
    await everything_is_free(floor, shopper)
    assert await floor.findings() == []


@pytest.mark.parametrize("point", OPENING)
async def test_a_checkout_whose_process_died_can_be_cancelled_at_once(floor: Floor, point: str) -> None:
    shopper = await shop(floor)
    assert await dies(point, shopper.check_out())
    purchase = await opening.cancel(floor.fresh(), await shopper.purchase(), clock.now())
    assert purchase["state"] == states.CANCELLED
    await everything_is_free(floor, shopper)
    assert await floor.findings() == []


@pytest.mark.parametrize("point", PAYING)
async def test_what_was_paid_when_the_process_died_ends_with_one_receipt(
    floor: Floor, point: str, later: Callable[[float], None]
) -> None:
    shopper = await shop(floor)
    _, intent = await shopper.check_out()
    assert intent is not None
    floor.purse.pay(intent.id)
    died = await dies(point, shopper.look())
    # Of events that were told and not marked nothing is known but that they are told once more.
    assert died == (point != "relay.after_publish_before_mark")
    other = floor.fresh()
    later(15 * 60)
    await floor.sweep(other)
    await floor.sweep(other)
    purchase = await shopper.purchase()
    assert (purchase["state"], purchase["receipt"]["number"]) == (states.EXIT_ISSUED, 1)
    assert purchase["outbox"] == []
    assert len(floor.purse.ledger()) == 1
    await everything_is_used(floor, shopper)
    assert await floor.findings() == []


@pytest.mark.parametrize("point", CLOSING)
async def test_a_purchase_is_closed_once_whoever_dies_over_it(
    floor: Floor, point: str, later: Callable[[float], None]
) -> None:
    shopper = await shop(floor, "sell_in_hand")
    purchase = await shopper.buy()
    left = await floor.deps.purchases.move(purchase, states.EXITED, now=clock.now())
    assert left is not None
    assert await dies(point, shopper.look())
    later(60)
    await floor.sweep(floor.fresh())
    assert (await shopper.purchase())["state"] == states.CLOSED
    assert (await shopper.visit())["status"] == "ended"
    await everything_is_used(floor, shopper)
    assert await floor.findings() == []


@pytest.mark.parametrize("point", CANCELLING)
async def test_a_cancellation_goes_on_where_its_process_died(
    floor: Floor, point: str, later: Callable[[float], None]
) -> None:
    shopper = await shop(floor)
    await shopper.check_out()
    assert await dies(point, opening.cancel(floor.deps, await shopper.purchase(), clock.now()))
    other = floor.fresh()
    later(60)
    await floor.sweep(other)
    purchase = await shopper.purchase()
    assert purchase["state"] == states.CANCELLED
    await everything_is_free(floor, shopper)
    again, _ = await shopper.check_out("again", deps=other)
    assert again["state"] == states.PAYMENT_PENDING
    assert await floor.findings() == []


@pytest.mark.parametrize("point", CANCELLING)
async def test_what_is_paid_while_a_cancellation_is_dead_is_paid_or_was_never_possible(
    floor: Floor, point: str, later: Callable[[float], None]
) -> None:
    shopper = await shop(floor)
    _, intent = await shopper.check_out()
    assert intent is not None
    assert await dies(point, opening.cancel(floor.deps, await shopper.purchase(), clock.now()))
    paid = not floor.purse.intents[intent.id].is_final
    if paid:
        floor.purse.pay(intent.id)
    later(60)
    await floor.sweep(floor.fresh())
    purchase = await shopper.purchase()
    assert purchase["state"] == (states.EXIT_ISSUED if paid else states.CANCELLED)
    await (everything_is_used if paid else everything_is_free)(floor, shopper)
    assert await floor.findings() == []


@pytest.mark.parametrize("point", ["order.after_lock", "card.after_claim", "stock.after_reserve_line"])
async def test_who_slept_while_the_checkout_was_given_up_gives_back_what_was_taken_since(
    floor: Floor, point: str
) -> None:
    import asyncio

    shopper = await shop(floor)
    failpoints.configure(f"{point}:sleep:300")
    sleeper = asyncio.create_task(shopper.check_out())
    while not await mongo.collection("purchases").find_one({"state": {"$in": ["open", "priced"]}}):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    purchase = await opening.cancel(floor.fresh(), await shopper.purchase(), clock.now())
    assert purchase["state"] == states.CANCELLED
    with pytest.raises(Problem):
        await sleeper
    failpoints.configure("")
    await everything_is_free(floor, shopper)
    assert await floor.findings() == []


async def test_a_hold_of_a_checkout_that_has_ended_goes_back_even_if_its_taker_died(
    floor: Floor, later: Callable[[float], None]
) -> None:
    shopper = await shop(floor)
    await shopper.check_out()
    purchase = await opening.cancel(floor.deps, await shopper.purchase(), clock.now())
    await floor.deps.holds.reserve("acme", "acme-centre", purchase["_id"], {PEN: 1000}, purchase["expiresAt"])
    assert await floor.avail(PEN) == (1, 1, 0)
    later(20 * 60)
    await floor.sweep()
    await everything_is_free(floor, shopper)
    assert await floor.findings() == []
