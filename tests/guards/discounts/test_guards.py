"""The guards of cards and coupons: nothing is used twice, after its time, beyond its limit or by somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.common import mongo, redemption_counters, redemptions
from functions.common.brand_cards import Card
from functions.common.carts import Visit
from functions.discount import accepting, brand_card
from functions.discount.brand_card import Answer
from functions.discount.card_repository import MongoBrands, MongoCards
from functions.discount.loyalty import Breaker
from tests.guards.guard import OUT, Guard, Query, both_ways, fields_but, red_without, weaken
from tests.integration.discount import test_card_claims as claims
from tests.integration.discount import test_cards as scans
from tests.integration.discount import test_loyalty as loyalty
from tests.integration.discount import test_redemptions as coupons
from tests.integration.discount.card_room import ALP, CardRoom, session_id
from tests.support import World


def without_part(patch: pytest.MonkeyPatch, *names: str) -> None:
    """A counter that does not ask for these any more when it takes one more."""
    fits = redemption_counters._fits
    patch.setattr(
        redemption_counters,
        "_fits",
        lambda limit, hold: {name: value for name, value in fits(limit, hold).items() if name not in names},
    )


# ---- cards ---------------------------------------------------------------------------------------------------


@both_ways
async def test_the_end_of_a_card_when_a_checkout_claims_it(
    guard: Guard, cards: CardRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def whenever(query: Query) -> Query:
        return {k: [{"usedBy": None}] if k == "$or" else v for k, v in query.items()}

    if guard == OUT:
        weaken(monkeypatch, whenever)
    with red_without(guard):
        await claims.test_an_expired_card_is_never_accepted_though_it_is_still_stored(cards, 100)


@both_ways
async def test_the_one_checkout_of_a_card(guard: Guard, cards: CardRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        weaken(monkeypatch, fields_but("$or"))
    with red_without(guard):
        await claims.test_of_a_hundred_checkouts_one_gets_the_card(cards)


@both_ways
async def test_the_visit_of_a_card(guard: Guard, cards: CardRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        weaken(monkeypatch, fields_but("sessionId"))
    with red_without(guard):
        await claims.test_a_card_of_another_tenant_store_or_visit_is_none(cards, {"session": session_id("b")})


@both_ways
async def test_the_unique_index_of_cards(guard: Guard, cards: CardRoom) -> None:
    if guard == OUT:
        await mongo.database().discountcards.drop_index("tenantId_1_cardKey_1")
    with red_without(guard):
        await scans.test_of_a_hundred_phones_that_show_one_card_one_gets_it(cards)


@both_ways
async def test_the_look_whether_a_card_is_in_use(
    guard: Guard, cards: CardRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def make_room(self: MongoCards, document: mongo.Document, *_: Any) -> None:
        await self._collection.delete_many({"tenantId": document["tenantId"], "cardKey": document["cardKey"]})

    async def never(*_: Any) -> bool:
        return False

    if guard == OUT:
        monkeypatch.setattr(MongoCards, "_in_use", never)
        monkeypatch.setattr(MongoCards, "_make_room", make_room)
    with red_without(guard):
        await claims.test_a_used_card_cannot_be_scanned_again_by_anybody_for_its_ten_minutes(cards)


@both_ways
async def test_the_end_of_a_card_when_it_is_read(
    guard: Guard, cards: CardRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(Card, "is_over", lambda *_: False)
        monkeypatch.setattr(Visit, "card_at", lambda self, _: self.card)
    with red_without(guard):
        await scans.test_after_ten_minutes_the_card_is_gone_though_it_is_still_stored(cards)


@both_ways
async def test_whose_card_it_is(guard: Guard, cards: CardRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(Answer, "accepted", True)
    with red_without(guard):
        await scans.test_a_card_that_is_not_the_shoppers_or_not_of_this_chain_is_none(cards, f"{ALP}:978012345602", "")


@both_ways
async def test_whose_brand_it_is(guard: Guard, cards: CardRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    async def always(*_: Any) -> bool:
        return True

    if guard == OUT:
        monkeypatch.setattr(MongoBrands, "has", always)
    with red_without(guard):
        await scans.test_a_card_that_is_not_the_shoppers_or_not_of_this_chain_is_none(cards, "1111111111", "")


# ---- the loyalty system --------------------------------------------------------------------------------------


@both_ways
async def test_the_age_of_what_the_loyalty_system_said(
    guard: Guard, cards: CardRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(brand_card, "TRUSTED_FOR", timedelta(days=365))
    with red_without(guard):
        await loyalty.test_what_it_said_a_day_ago_is_not_trusted_any_more_though_it_is_still_stored(cards)


@both_ways
async def test_to_whom_it_said_it(guard: Guard, cards: CardRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(accepting, "_pseudonym", lambda *_: "anybody")
    with red_without(guard):
        await loyalty.test_what_it_said_to_one_shopper_gives_another_nothing(cards)


@both_ways
async def test_the_breaker(guard: Guard, cards: CardRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(Breaker, "admit", lambda _: None)
    with red_without(guard):
        await loyalty.test_after_five_failures_it_is_left_alone_then_tried_once_then_asked_again(cards)


# ---- coupons -------------------------------------------------------------------------------------------------


@both_ways
async def test_how_often_a_promotion_may_be_given(guard: Guard, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        without_part(monkeypatch, "taken")
    with red_without(guard):
        await coupons.test_of_two_hundred_shoppers_fifty_get_what_there_is_fifty_times(world)


@both_ways
async def test_the_budget_of_a_promotion(guard: Guard, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        without_part(monkeypatch, "spent")
    with red_without(guard):
        await coupons.test_a_budget_is_never_overspent(world)


@both_ways
async def test_one_hold_for_an_order(guard: Guard, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        without_part(monkeypatch, "holds.id")
    with red_without(guard):
        await coupons.test_a_process_that_dies_in_between_is_finished_by_the_next(world, "redemption.after_counters")


@both_ways
async def test_what_a_counter_remembers(guard: Guard, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        without_part(monkeypatch, "recent")
    with red_without(guard):
        await coupons.test_a_claim_that_slept_while_another_was_paid_takes_nothing_twice(world)


@both_ways
async def test_the_two_ends_of_an_order(guard: Guard, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        every = [redemptions.CLAIMED, redemptions.CONFIRMED, redemptions.RELEASED]
        monkeypatch.setattr(redemptions, "ENDS", {redemptions.CONFIRMED: every, redemptions.RELEASED: every})
    with red_without(guard):
        await coupons.test_confirm_and_release_at_one_moment_exclude_each_other(world)


@both_ways
async def test_what_is_given_back_when_a_basket_cannot_have_all(
    guard: Guard, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> None:
        return None

    if guard == OUT:
        monkeypatch.setattr(redemptions, "give_back", nothing)
    with red_without(guard):
        await coupons.test_a_basket_gets_all_of_its_promotions_or_takes_nothing(world)


@both_ways
async def test_how_long_a_claim_is_left_alone(guard: Guard, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(redemptions, "ABANDONED_AFTER", timedelta(0))
    with red_without(guard):
        await coupons.test_a_claim_is_kept_while_its_order_can_be_paid_and_an_hour_at_least(world)
