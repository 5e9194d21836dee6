"""The guards of carts: nothing is overwritten, held by two, taken twice, counted twice or used after its time."""

from __future__ import annotations

import pytest

from functions.common.carts import Visit
from functions.sessions.domain import carts as rules
from tests.guards.guard import OUT, Guard, both_ways, fields_but, red_without, weaken
from tests.integration.sessions import test_carts as carts
from tests.integration.sessions import test_handovers as handovers
from tests.integration.sessions import test_locks_and_cards as locks
from tests.integration.sessions.conftest import Shopping


@both_ways
async def test_the_version_in_the_condition_of_an_edit(
    guard: Guard, shopping: Shopping, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        weaken(monkeypatch, fields_but("cart.ver"))
    with red_without(guard):
        await carts.test_many_scans_at_once_are_all_in_the_cart_or_refused_out_loud(shopping)


@both_ways
async def test_the_mark_of_a_keyed_scan(guard: Guard, shopping: Shopping, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(rules, "mark_of", lambda _key: None)
    with red_without(guard):
        await carts.test_a_repeated_scan_with_its_key_is_added_once_also_when_the_first_died_before_its_answer(shopping)


@both_ways
async def test_the_version_a_checkout_asks_for(
    guard: Guard, shopping: Shopping, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        weaken(monkeypatch, lambda query: fields_but("cart.ver")(query) if "cart.lines.0" in query else query)
    with red_without(guard):
        await locks.test_an_old_version_an_empty_cart_and_another_shopper_s_are_not_held(shopping)


@both_ways
async def test_the_lock_of_another_checkout(guard: Guard, shopping: Shopping, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        weaken(monkeypatch, fields_but("$or"))
    with red_without(guard):
        await locks.test_of_ten_checkouts_at_once_one_holds_the_cart(shopping)


@both_ways
async def test_the_cart_that_is_not_held_in_the_condition_of_an_edit(
    guard: Guard, shopping: Shopping, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        weaken(monkeypatch, fields_but("checkout"))
    with red_without(guard):
        await locks.test_a_card_is_not_put_on_or_taken_off_while_a_checkout_holds_the_cart(shopping)


@both_ways
async def test_the_one_till_that_gets_a_cart(guard: Guard, shopping: Shopping, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        weaken(monkeypatch, fields_but("status"))
    with red_without(guard):
        await handovers.test_of_two_tills_one_gets_it(shopping)


@both_ways
async def test_the_end_of_a_card(guard: Guard, shopping: Shopping, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(Visit, "card_at", lambda self, _now: self.card)
    with red_without(guard):
        await locks.test_a_card_changes_what_the_cart_costs_until_its_time_is_over(shopping)


@both_ways
async def test_the_end_of_a_visit(guard: Guard, shopping: Shopping, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(Visit, "is_over", lambda *_: False)
    with red_without(guard):
        await carts.test_an_expired_or_ended_visit_has_no_cart_any_more(shopping)
