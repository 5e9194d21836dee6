"""A checkout from the cart to the pass: agreed, held, paid once; or refused with a reason, and nothing held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

import orjson
import pytest

from functions.checkout import giving_up, opening
from functions.checkout.payments.provider import Intent
from functions.checkout.refusals import Refusal
from functions.common import brand_cards, clock, mongo, stock_holds, stores
from functions.common.errors import Conflict, Problem, TooMany, Unavailable
from functions.common.pubsub import OutMessage
from functions.common.retail import purchase_states as states
from tests.integration.checkout.floor import INK, PEN, STORE, WINE, Floor

Told = list[tuple[str, OutMessage]]


def kinds(told: Told) -> list[str]:
    return [orjson.loads(message.data)["type"] for _, message in told]


class Refused(NamedTuple):
    """What the app was told."""

    status: int
    code: str
    details: Any


async def refused(coroutine: Any) -> Refused:
    with pytest.raises(Problem) as caught:
        await coroutine
    return Refused(caught.value.status, caught.value.code, caught.value.details)


async def test_a_basket_is_held_while_it_is_paid_and_sold_when_it_was(floor: Floor, told: Told) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    await floor.shelf(INK, 990, 5)
    shopper = await floor.shopper({PEN: 2, INK: 1})
    purchase, intent = await shopper.check_out()
    assert intent is not None
    assert (purchase["state"], intent.amount, intent.currency) == (states.PAYMENT_PENDING, 1490, "EUR")
    assert await floor.avail(PEN) == (8, 2, 0)
    assert (await shopper.visit())["checkout"]["id"] == purchase["_id"]
    assert [step["state"] for step in purchase["history"]] == ["open", "priced", "reserved", "payment_pending"]

    floor.purse.pay(intent.id)
    purchase = await shopper.look()
    assert purchase["state"] == states.EXIT_ISSUED
    assert purchase["receipt"]["number"] == 1
    assert purchase["pass"]["usedAt"] is None
    assert purchase["payment"]["captured"] == 1490
    assert (purchase["totals"]["net"], purchase["totals"]["tax"]) == (1252, 238)
    assert await floor.avail(PEN) == (8, 0, 2)
    assert await floor.avail(INK) == (4, 0, 1)
    assert kinds(told) == ["checkout.payment_changed", "purchase.paid"]
    assert await floor.findings() == []


async def test_nothing_secret_is_kept_of_a_payment(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    _, intent = await shopper.check_out()
    assert intent is not None
    assert intent.client_secret is not None
    assert intent.client_secret not in str(await shopper.purchase())


async def test_a_double_tap_is_one_checkout(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    done = await asyncio.gather(*(shopper.check_out() for _ in range(20)))
    assert len({purchase["_id"] for purchase, _ in done}) == 1
    assert len({intent.id for _, intent in done if intent is not None}) == 1
    assert len(floor.purse.intents) == 1
    assert await floor.avail(PEN) == (9, 1, 0)


async def test_of_ten_devices_with_one_cart_one_checks_out(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    done = await asyncio.gather(*(shopper.check_out(f"device-{n}") for n in range(10)), return_exceptions=True)
    won = [each for each in done if not isinstance(each, BaseException)]
    lost = [each for each in done if isinstance(each, Problem)]
    assert (len(won), len(lost)) == (1, 9)
    assert {each.code for each in lost} == {"CHECKOUT_IN_PROGRESS"}
    assert await floor.avail(PEN) == (9, 1, 0)
    paid = won[0][1]
    assert isinstance(paid, Intent)
    floor.purse.pay(paid.id)
    await shopper.look()
    assert (await refused(shopper.check_out("once more"))).code == "CHECKOUT_IN_PROGRESS"
    assert await floor.findings() == []


async def test_fifty_shoppers_race_for_the_last_items_and_nobody_else_pays(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 12)
    await floor.shelf(INK, 990, 12)
    shoppers = [await floor.shopper({PEN: 1, INK: 1}) for _ in range(50)]
    done = await asyncio.gather(*(shopper.buy() for shopper in shoppers), return_exceptions=True)
    sold = [each for each in done if not isinstance(each, BaseException)]
    refused = [each for each in done if isinstance(each, Conflict)]
    assert (len(sold), len(refused)) == (12, 38)
    assert {each.code for each in refused} == {"OUT_OF_STOCK"}
    assert {each["state"] for each in sold} == {states.EXIT_ISSUED}
    assert sorted(each["receipt"]["number"] for each in sold) == list(range(1, 13))
    assert (await floor.avail(PEN), await floor.avail(INK)) == ((0, 0, 12), (0, 0, 12))
    assert len(floor.purse.ledger()) == 12
    locked = [shopper for shopper in shoppers if (await shopper.visit())["checkout"] is not None]
    assert {each.caller.sub for each in locked} == {each["userId"] for each in sold}
    assert await floor.findings() == []


async def test_a_total_that_has_changed_is_refused_with_the_cart_as_it_is_now(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 2})
    await floor.price(PEN, 300)
    problem = await refused(shopper.check_out())
    assert (problem.status, problem.code, problem.details["total"]) == (409, "PRICE_CHANGED", 600)
    assert problem.details["cart"]["total"] == 600
    assert problem.details["cart"]["lines"][0]["oldPrice"]["unitPrice"] == 250
    assert (await shopper.visit())["checkout"] is None
    assert (await shopper.purchase())["state"] == states.CANCELLED
    # The same tap again gets the same answer; the next one, with the new total, goes through.
    assert (await refused(shopper.check_out())).code == "PRICE_CHANGED"
    purchase, _ = await shopper.check_out("agreed", total=600)
    assert purchase["state"] == states.PAYMENT_PENDING
    assert await floor.findings() == []


async def test_what_is_out_of_stock_is_named_and_nothing_stays_held(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    await floor.shelf(INK, 990, 1)
    first, second = await floor.shopper({PEN: 1, INK: 1}), await floor.shopper({PEN: 1, INK: 1})
    await first.check_out()
    problem = await refused(second.check_out())
    assert problem.code == "OUT_OF_STOCK"
    assert [each["lineId"] for each in problem.details["lines"]] == ["00000001"]
    assert await floor.avail(PEN) == (9, 1, 0)
    assert floor.sold_out == [INK]
    # As soon as the first one gives up, there is one again.
    await opening.cancel(floor.deps, await first.purchase(), clock.now())
    purchase, _ = await second.check_out("again")
    assert purchase["state"] == states.PAYMENT_PENDING
    assert await floor.findings() == []


async def test_who_sells_what_is_in_hand_asks_nobody_and_counts_it_when_the_shopper_has_left(floor: Floor) -> None:
    await floor.open("sell_in_hand")
    await floor.shelf(PEN, 250, 1)
    shopper = await floor.shopper({PEN: 3})
    purchase = await shopper.buy()
    assert purchase["state"] == states.EXIT_ISSUED
    assert await floor.avail(PEN) == (1, 0, 0)
    left = await floor.deps.purchases.move(purchase, states.EXITED, now=clock.now())
    assert left is not None
    purchase = await shopper.look()
    assert purchase["state"] == states.CLOSED
    assert await floor.avail(PEN) == (0, 0, 3)
    assert (await shopper.visit())["status"] == "ended"
    assert await floor.findings() == []


async def test_a_declined_card_is_news_and_another_one_may_be_tried(floor: Floor, told: Told) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    _, intent = await shopper.check_out()
    assert intent is not None
    floor.purse.set(intent.id, "requires_payment_method", "insufficient_funds")
    purchase = await shopper.look()
    assert (purchase["state"], purchase["payment"]["error"]) == (states.PAYMENT_PENDING, "insufficient_funds")
    assert [orjson.loads(message.data)["data"]["status"] for _, message in told] == ["failed"]
    floor.purse.pay(intent.id)
    assert (await shopper.look())["state"] == states.EXIT_ISSUED
    assert await floor.findings() == []


async def test_a_basket_that_costs_nothing_is_paid_at_once(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 0, 10)
    shopper = await floor.shopper({PEN: 1})
    purchase, intent = await shopper.check_out()
    assert (purchase["state"], intent) == (states.EXIT_ISSUED, None)
    assert await floor.avail(PEN) == (9, 0, 1)
    assert floor.purse.calls["create"] == 0
    assert await floor.findings() == []


async def test_cancelling_cancels_the_payment_first_and_then_lets_go(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    _, intent = await shopper.check_out()
    assert intent is not None
    held: list[tuple[int, int, int]] = []
    floor.purse.down.add("cancel")
    purchase = await opening.cancel(floor.deps, await shopper.purchase(), clock.now())
    held.append(await floor.avail(PEN))
    assert purchase["state"] == states.CANCELLING
    floor.purse.down.clear()
    purchase = await opening.cancel(floor.deps, purchase, clock.now())
    assert purchase["state"] == states.CANCELLED
    assert held == [(9, 1, 0)]
    assert await floor.avail(PEN) == (10, 0, 0)
    assert floor.purse.intents[intent.id].status == "canceled"
    assert (await shopper.visit())["checkout"] is None
    again = await opening.cancel(floor.deps, purchase, clock.now())
    assert again["state"] == states.CANCELLED
    assert await floor.findings() == []


async def test_a_paid_checkout_cannot_be_cancelled(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    _, intent = await shopper.check_out()
    assert intent is not None
    floor.purse.pay(intent.id)
    # The server has not heard of it yet: the provider says so when it is asked to cancel.
    problem = await refused(opening.cancel(floor.deps, await shopper.purchase(), clock.now()))
    assert problem.code == "ALREADY_PAID"
    assert (await shopper.purchase())["state"] == states.EXIT_ISSUED
    assert await floor.findings() == []


async def test_a_window_that_closes_ends_the_checkout(floor: Floor, told: Told, later: Callable[[float], None]) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    purchase, _ = await shopper.check_out()
    later(13.5 * 60)
    await floor.sweep()
    assert kinds(told) == ["checkout.expiring"]
    await floor.sweep()
    assert (await shopper.purchase())["state"] == states.PAYMENT_PENDING
    later(2 * 60)
    await floor.sweep()
    purchase = await shopper.purchase()
    assert (purchase["state"], purchase["refusal"]["code"]) == (states.EXPIRED, "WINDOW_CLOSED")
    assert kinds(told) == ["checkout.expiring", "checkout.payment_changed"]
    assert await floor.avail(PEN) == (10, 0, 0)
    assert await floor.findings() == []


@pytest.mark.parametrize("moment", ["before the cancel", "during the cancel", "after the cancel"])
async def test_who_pays_as_the_window_closes_has_paid_or_has_not(
    floor: Floor, later: Callable[[float], None], moment: str
) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    _, intent = await shopper.check_out()
    assert intent is not None
    later(15.1 * 60)
    if moment == "before the cancel":
        floor.purse.pay(intent.id)
    elif moment == "during the cancel":
        floor.purse.at_cancel = lambda found: None if found.is_final else (floor.purse.pay(found.id), None)[1]
    await floor.sweep()
    purchase = await shopper.purchase()
    if moment == "after the cancel":
        assert purchase["state"] == states.EXPIRED
        assert await floor.avail(PEN) == (10, 0, 0)
        with pytest.raises(AssertionError):
            floor.purse.pay(intent.id)
    else:
        assert purchase["state"] == states.EXIT_ISSUED
        assert await floor.avail(PEN) == (9, 0, 1)
    assert await floor.findings() == []


async def test_a_payment_under_way_at_the_bank_is_waited_for_and_never_released(
    floor: Floor, later: Callable[[float], None]
) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    _, intent = await shopper.check_out()
    assert intent is not None
    floor.purse.set(intent.id, "processing")
    later(15.1 * 60)
    await floor.sweep()
    assert (await shopper.purchase())["extended"] is True
    later(11 * 60)
    for _ in range(3):
        await floor.sweep()
        assert (await shopper.purchase())["state"] == states.CANCELLING
        assert await floor.avail(PEN) == (9, 1, 0)
        later(60)
    floor.purse.set(intent.id, "requires_payment_method")
    floor.purse.pay(intent.id)
    await floor.sweep()
    assert (await shopper.purchase())["state"] == states.EXIT_ISSUED
    assert await floor.findings() == []


async def test_when_the_provider_is_down_the_checkout_stands_and_the_same_tap_goes_on(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    floor.purse.silent.add("create")
    with pytest.raises(Unavailable):
        await shopper.check_out()
    assert (await shopper.purchase())["state"] == states.RESERVED
    floor.purse.silent.clear()
    purchase, intent = await shopper.check_out()
    assert purchase["state"] == states.PAYMENT_PENDING
    assert intent is not None
    assert len(floor.purse.intents) == 1


async def test_a_payment_that_was_made_but_never_heard_of_is_cancelled_too(
    floor: Floor, later: Callable[[float], None]
) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    floor.purse.silent.add("create")
    with pytest.raises(Unavailable):
        await shopper.check_out()
    floor.purse.silent.clear()
    purchase = await opening.cancel(floor.deps, await shopper.purchase(), clock.now())
    assert purchase["state"] == states.CANCELLED
    assert [each.status for each in floor.purse.intents.values()] == ["canceled"]
    assert await floor.avail(PEN) == (10, 0, 0)
    assert await floor.findings() == []


async def test_another_amount_than_was_asked_for_is_no_sale(floor: Floor, told: Told) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 2})
    _, intent = await shopper.check_out()
    assert intent is not None
    floor.purse.pay(intent.id, amount=1)
    purchase = await shopper.look()
    assert (purchase["state"], purchase["refusal"]["code"]) == (states.CANCELLED, "PAYMENT_MISMATCH")
    assert floor.purse.intents[intent.id].refunded == 1
    assert await floor.avail(PEN) == (10, 0, 0)
    assert "checkout.payment_mismatch" in kinds(told)
    assert await floor.findings() == []


async def test_a_visit_that_is_over_and_a_cart_that_was_edited_are_refused(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    over, edited, ended, empty = [await floor.shopper({PEN: 1}) for _ in range(4)]
    sessions = mongo.collection("sessions")
    here = {"_id": over.caller.session_id}
    await sessions.update_one(here, {"$set": {"expiresAt": clock.now() - timedelta(seconds=1)}})
    await sessions.update_one({"_id": ended.caller.session_id}, {"$set": {"status": "ended"}})
    await sessions.update_one({"_id": empty.caller.session_id}, {"$set": {"cart.lines": []}})
    assert (await refused(over.check_out())).code == "SESSION_EXPIRED"
    assert (await refused(ended.check_out())).code == "SESSION_ENDED"
    assert (await refused(empty.check_out())).code == "CART_EMPTY"
    problem = await refused(edited.check_out(cart_ver=7))
    assert problem.code == "CART_CHANGED"
    assert problem.details["cart"]["cartVersion"] == 1
    assert await floor.findings() == []


async def test_a_cart_that_a_dead_process_locked_for_an_ended_checkout_is_free_for_the_next(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    purchase, _ = await shopper.check_out()
    await opening.cancel(floor.deps, purchase, clock.now())
    lock = {"id": purchase["_id"], "cartVer": 1, "at": clock.now()}
    await mongo.collection("sessions").update_one({"_id": shopper.caller.session_id}, {"$set": {"checkout": lock}})
    again, _ = await shopper.check_out("again")
    assert again["state"] == states.PAYMENT_PENDING
    assert (await shopper.visit())["checkout"]["id"] == again["_id"]


async def test_a_product_that_is_no_longer_sold_is_named(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    await mongo.collection("products").update_one({}, {"$set": {"status": "inactive"}})
    problem = await refused(shopper.check_out())
    assert problem.code == "ITEMS_NOT_FOR_SALE"
    assert problem.details["lines"] == [{"lineId": "00000000", "code": "PRODUCT_NOT_FOR_SALE"}]


async def test_who_stays_is_let_go_of_in_the_end(floor: Floor, told: Told, later: Callable[[float], None]) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    await shopper.buy()
    later(3600 * 3)
    await floor.sweep()
    assert (await shopper.purchase())["state"] == states.EXIT_ISSUED
    later(3601)
    await floor.sweep()
    assert (await shopper.purchase())["state"] == states.CLOSED
    closed = next(orjson.loads(m.data) for _, m in told if orjson.loads(m.data)["type"] == "purchase.closed")
    assert (closed["data"]["exitedAt"], closed["data"]["receiptNumber"]) == (None, 1)
    assert closed["storeId"] == STORE
    assert await floor.findings() == []


async def test_wine_waits_for_staff_and_the_money_is_taken_afterwards(floor: Floor, told: Told) -> None:
    await floor.open()
    await floor.shelf(WINE, 900, 10, age=18)
    shopper = await floor.shopper({WINE: 1})
    purchase, intent = await shopper.check_out()
    assert intent is not None
    assert [each["kind"] for each in purchase["interventions"]] == ["age"]
    assert kinds(told) == ["checkout.intervention_opened"]
    floor.purse.pay(intent.id)
    purchase = await shopper.look()
    assert purchase["state"] == states.PAYMENT_PENDING
    assert floor.purse.intents[intent.id].status == "requires_capture"


async def test_of_two_who_write_upon_one_look_the_second_is_told_that_it_came_too_late(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    purchase, _ = await shopper.check_out()
    assert await giving_up.begin(floor.deps, purchase, Refusal("CANCELLED_BY_SHOPPER"), clock.now()) is not None
    assert await floor.deps.purchases.change(purchase, now=clock.now(), values={"noticeAt": clock.now()}) is None
    assert (
        await floor.deps.purchases.move(purchase, states.PAID, now=clock.now(), values={"paidAt": clock.now()}) is None
    )
    assert (await shopper.look())["state"] == states.CANCELLED


async def test_who_comes_while_too_many_hold_a_product_taps_again_and_goes_on(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock_holds, "MOST_HOLDS", 1)
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    first, second = await floor.shopper({PEN: 1}), await floor.shopper({PEN: 1})
    await first.check_out()
    for _ in range(2):
        with pytest.raises(TooMany) as busy:
            await second.check_out()
        assert (busy.value.code, busy.value.retry_after) == ("STOCK_BUSY", 2)
    await opening.cancel(floor.deps, await first.purchase(), clock.now())
    purchase, _ = await second.check_out()
    assert purchase["state"] == states.PAYMENT_PENDING
    assert await floor.findings() == []


async def test_a_card_that_runs_out_after_the_total_was_agreed_is_said_to_have_run_out(
    floor: Floor, later: Callable[[float], None]
) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    await shopper.show_card("gold")

    async def dies(**_: Any) -> None:
        raise RuntimeError("the process dies")

    cards: Any = SimpleNamespace(claim=dies, find=brand_cards.find, release=brand_cards.release, use=brand_cards.use)
    with pytest.raises(RuntimeError):
        await shopper.check_out(deps=replace(floor.deps, cards=cards))
    assert (await shopper.purchase())["state"] == states.PRICED
    later(11 * 60)
    with pytest.raises(Conflict) as refused:
        await shopper.check_out()
    assert refused.value.code == "CARD_EXPIRED"
    assert await floor.findings() == []


async def test_a_store_that_is_closed_sells_nothing(floor: Floor) -> None:
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    for status in ("inactive", "active"):
        await mongo.collection("stores").update_one({"_id": STORE}, {"$set": {"status": status}})
        stores.forget()
        if status == "inactive":
            with pytest.raises(Conflict) as refused:
                await shopper.check_out()
            assert refused.value.code == "STORE_CLOSED"
    purchase, _ = await shopper.check_out("again")
    assert purchase["state"] == states.PAYMENT_PENDING


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_payment_that_the_provider_does_not_know_is_not_taken_for_a_cancelled_one(
    floor: Floor, later: Callable[[float], None], cancelled: bool
) -> None:
    """Somebody has put the key of another account in: the payment can be made all the same, and may have been."""
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    shopper = await floor.shopper({PEN: 1})
    purchase, intent = await shopper.check_out()
    assert intent is not None
    known = floor.purse.intents.pop(intent.id)
    if cancelled:
        await opening.cancel(floor.deps, purchase, clock.now())
    else:
        with pytest.raises(Unavailable):
            await shopper.look()
    later(16 * 60)
    await floor.sweep()
    assert (await shopper.purchase())["state"] in states.UNPAID
    assert await floor.avail(PEN) == (9, 1, 0), "it may be paid, so it is held"
    # The right key is back, and the shopper had paid.
    floor.purse.intents[intent.id] = known
    floor.purse.pay(intent.id)
    later(60)
    await floor.sweep()
    assert (await shopper.purchase())["state"] == states.EXIT_ISSUED
    assert await floor.findings() == []
