"""The auditor on coupons and cards: quiet after good ones, and each thing that may not be is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.common import clock, mongo, redemptions
from retailscan import audit, audit_coupons
from tests.integration.discount.conftest import BERLIN, TENANT, Discount
from tests.integration.discount.conftest import discount as discount
from tests.integration.discount.conftest import world as world
from tests.integration.discount.test_redemptions import claim, order, rule

LIMITED = {"total": 3, "perUser": 2, "budget": 500}


async def findings() -> list[str]:
    return await audit.findings(mongo.database(), None)


@pytest.fixture
async def shopped(discount: Discount) -> Discount:
    """A limited promotion that one order has used, one holds and one has given back."""
    await discount.create("week", status="active", limits=LIMITED)
    limited = rule("week", total=3, perUser=2, budget=500)
    now = clock.now()
    for number, user in ((1, "ann"), (2, "ann"), (3, "bob")):
        assert await claim(number, (limited, None, 100), user=user, now=now) == []
    await redemptions.confirm(TENANT, order(1))
    await redemptions.release(TENANT, order(3))
    return discount


async def purchase(number: int, state: str, **more: Any) -> None:
    """What of a purchase these checks look at."""
    document = {
        "_id": order(number), "tenantId": TENANT, "storeId": BERLIN, "state": state, "updatedAt": clock.now(),
        "dueAt": clock.now(), **more,
    }  # fmt: skip
    await mongo.database()["purchases"].insert_one(document)


async def coupons() -> list[str]:
    return [each for each in await findings() if each.startswith(("coupons:", "cards:", "outbox:"))]


async def test_after_good_orders_there_is_nothing_to_say(shopped: Discount) -> None:
    assert await findings() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"$inc": {"taken": 1}}, "coupons: acme:week:r says 3 times for 200, its orders 2 times for 200"),
        ({"$inc": {"spent": -50}}, "coupons: acme:week:r says 2 times for 150, its orders 2 times for 200"),
        ({"$set": {"holds": []}}, "coupons: acme:week:r says 2 times for 200, its orders 1 times for 100"),
    ],
)
async def test_a_counter_that_says_something_else_than_its_orders_is_found(
    shopped: Discount, change: dict[str, Any], said: str
) -> None:
    await mongo.database()["promotion_counters"].update_one({"_id": "acme:week:r"}, change)
    assert await coupons() == [said]


async def test_a_use_that_nobody_counts_is_found(shopped: Discount) -> None:
    await mongo.database()["promotion_counters"].delete_one({"_id": "acme:week:u:ann"})
    assert await coupons() == ["coupons: acme:week:u:ann was used 1 times, and nobody counts it"]


async def test_a_limit_that_was_passed_is_found_and_one_that_was_lowered_since_is_not(shopped: Discount) -> None:
    await shopped.put("week", limits={"total": 1, "perUser": 1, "budget": 100})
    assert await coupons() == []
    versions = mongo.database()["promotion_versions"]
    await versions.update_many({}, {"$set": {"content.limits.total": 1, "content.limits.budget": 150}})
    assert sorted(await coupons()) == [
        "coupons: acme:week:r was given 2, its total never allowed that",
        "coupons: acme:week:r was given 200, its budget never allowed that",
    ]


@pytest.mark.parametrize(
    ("number", "state", "said"),
    [
        (1, "exit_issued", []),
        (2, "payment_pending", []),
        (3, "cancelled", []),
        (2, "closed", ["is closed, what it claimed is claimed"]),
        (3, "exited", ["is exited, what it claimed is released"]),
        (1, "expired", ["is expired, and its coupons are used"]),
    ],
)
async def test_an_order_whose_coupons_ended_otherwise_is_found(
    shopped: Discount, number: int, state: str, said: list[str]
) -> None:
    await purchase(number, state, redemptions=[{"ruleId": "week"}])
    assert [each async for each in _orders()] == [f"coupons: {order(number)} {each}" for each in said]


async def test_an_order_that_was_given_up_long_ago_and_still_claims_is_found(shopped: Discount) -> None:
    long_ago = clock.now() - timedelta(hours=3)
    await purchase(2, "expired", redemptions=[{"ruleId": "week"}], updatedAt=long_ago)
    assert [each async for each in _orders()] == [f"coupons: {order(2)} is expired and still claims"]


async def test_a_card_that_paid_twice_is_found(shopped: Discount) -> None:
    card = {"cardId": f"{BERLIN}.{'c' * 32}"}
    await purchase(11, "closed", card=card)
    await purchase(12, "expired", card=card)
    assert [each async for each in audit_coupons.cards(mongo.database())] == []
    await purchase(13, "paid", card=card)
    assert [each async for each in audit_coupons.cards(mongo.database())] == [
        f"cards: {card['cardId']} was used for 2 purchases"
    ]


async def test_events_that_wait_are_found(shopped: Discount) -> None:
    event = {"id": "e", "at": clock.now() - timedelta(minutes=2)}
    await mongo.database()["promotions"].update_one({"promotionId": "week"}, {"$push": {"outbox": event}})
    assert await coupons() == ["outbox: 1 promotions hold events older than a minute"]


def _orders() -> Any:
    return audit_coupons.orders(mongo.database())
