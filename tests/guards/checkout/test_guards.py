"""The guards of checkouts: one at a time, agreed to, held, paid once, released only when nobody can pay any more."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from functions.checkout import advancing, giving_up, interventions, paying, pricing, reserving, sweeping
from functions.common import mongo, stock
from functions.common.purchases import COLLECTION, Purchases
from tests.guards.guard import OUT, Guard, both_ways, fields_but, red_without, weaken
from tests.integration.checkout import test_checking_out as checkouts
from tests.integration.checkout import test_crashes as crashes
from tests.integration.checkout import test_interventions as looks
from tests.integration.checkout.floor import Floor
from tests.integration.common import test_stock_holds as holds
from tests.support import World

Later = Callable[[float], None]
Told = checkouts.Told


def idle(result: Any = None) -> Callable[..., Any]:
    """Something that does nothing."""

    async def nothing(*_: Any, **__: Any) -> Any:
        return result

    return nothing


@both_ways
async def test_the_state_that_a_write_was_decided_on(
    guard: Guard, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        weaken(monkeypatch, fields_but("state", "rev"))
    with red_without(guard):
        await checkouts.test_of_two_who_write_upon_one_look_the_second_is_told_that_it_came_too_late(floor)


@both_ways
async def test_one_checkout_of_a_visit_at_a_time(guard: Guard, floor: Floor) -> None:
    if guard == OUT:
        await mongo.collection(COLLECTION).drop_index("storeId_1_sessionId_1")
    with red_without(guard):
        await checkouts.test_of_ten_devices_with_one_cart_one_checks_out(floor)


@both_ways
async def test_the_total_that_the_shopper_has_seen(guard: Guard, floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(pricing, "_check", lambda *_: None)
    with pytest.raises(pytest.fail.Exception) if guard == OUT else red_without(guard):
        await checkouts.test_a_total_that_has_changed_is_refused_with_the_cart_as_it_is_now(floor)


@both_ways
async def test_what_is_left_when_stock_is_held(guard: Guard, floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        weaken(monkeypatch, fields_but("stock.avail"))
    with red_without(guard):
        await checkouts.test_fifty_shoppers_race_for_the_last_items_and_nobody_else_pays(floor)


@both_ways
async def test_one_hold_of_an_order(guard: Guard, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        weaken(monkeypatch, fields_but("stock.holds.order"))
    with red_without(guard):
        await holds.test_reserving_committing_and_releasing_may_be_repeated(world)


@both_ways
async def test_one_sale_of_an_order(guard: Guard, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    record = stock.record

    async def another(**given: Any) -> Any:
        return await record(**{**given, "movement": {**given["movement"], "id": uuid.uuid4().hex}})

    if guard == OUT:
        monkeypatch.setattr(stock, "record", another)
    with red_without(guard):
        await holds.test_reserving_committing_and_releasing_may_be_repeated(world)


@both_ways
async def test_the_key_that_a_payment_is_made_under(
    guard: Guard, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(paying, "key_of", lambda _: uuid.uuid4().hex)
    with red_without(guard):
        await crashes.test_who_taps_again_after_a_crash_buys_once(floor, "pi.after_create_before_save")


@both_ways
async def test_cancelling_before_releasing(
    guard: Guard, floor: Floor, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(giving_up, "_may_have_payment", lambda _: False)
    with red_without(guard):
        await checkouts.test_who_pays_as_the_window_closes_has_paid_or_has_not(floor, later, "during the cancel")


@both_ways
async def test_only_a_provider_that_has_cancelled_lets_go(
    guard: Guard, floor: Floor, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def let_go(deps: Any, purchase: Any, _now: Any) -> Any:
        await reserving.release(deps, purchase)
        return purchase

    if guard == OUT:
        monkeypatch.setattr(giving_up, "_later", let_go)
    with red_without(guard):
        await checkouts.test_a_payment_under_way_at_the_bank_is_waited_for_and_never_released(floor, later)


@both_ways
async def test_giving_back_what_was_taken_for_a_checkout_that_had_ended(
    guard: Guard, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def as_it_is(deps: Any, purchase: Any) -> Any:
        return await deps.purchases.by_id(purchase["_id"])

    if guard == OUT:
        monkeypatch.setattr(advancing, "_as_it_is", as_it_is)
    with red_without(guard):
        await crashes.test_who_slept_while_the_checkout_was_given_up_gives_back_what_was_taken_since(
            floor, "stock.after_reserve_line"
        )


@both_ways
async def test_the_end_of_a_hold(guard: Guard, floor: Floor, later: Later, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(sweeping, "_settle_holds", idle())
    with red_without(guard):
        await crashes.test_a_hold_of_a_checkout_that_has_ended_goes_back_even_if_its_taker_died(floor, later)


@both_ways
async def test_the_time_after_which_somebody_else_goes_on(
    guard: Guard, floor: Floor, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(Purchases, "due", idle([]))
    with red_without(guard):
        await crashes.test_whom_nobody_hears_of_again_holds_nothing_in_the_end(floor, "order.before_reserved", later)


@both_ways
async def test_staff_before_the_money_is_taken(
    guard: Guard, floor: Floor, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(paying, "capture_of", lambda _: "automatic")
    with red_without(guard):
        await checkouts.test_wine_waits_for_staff_and_the_money_is_taken_afterwards(floor, told)


@both_ways
async def test_whose_it_is_to_decide(guard: Guard, floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(interventions, "check_mine", lambda *_: None)
    with pytest.raises(pytest.fail.Exception) if guard == OUT else red_without(guard):
        await looks.test_what_a_colleague_has_taken_on_is_his(floor)
