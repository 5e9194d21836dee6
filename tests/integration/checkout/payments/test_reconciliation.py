"""Stripe's list and ours: what is only late is put right, what differs is named, in three kinds."""

from __future__ import annotations

from typing import Any

import pytest

from functions.common import mongo
from tests.integration.checkout.payments.shop import JPY_STORE, KWD_STORE, MILK, PRICES, Shop

DAY = 86_400


async def compare(shop: Shop) -> dict[str, Any]:
    """The schedule fires the day after; what it found, as the operator reads it."""
    shop.wait(DAY)
    assert await shop.fire("reconcile-day") == 204
    reply = await shop.door.get("/v1/reconciliations", headers=shop.manager(role="brand_manager"))
    assert reply.status_code == 200, reply.text
    return dict(reply.json()["data"][0])


async def test_when_all_agrees_nothing_is_found(shop: Shop) -> None:
    _, purchase = await shop.bought({MILK: 2})
    await shop.bought({MILK: 1})
    await shop.begin({MILK: 1})
    await shop.refund(purchase, whole=True)
    found = await compare(shop)
    assert (found["checked"], found["findings"]) == (3, [])
    assert set(found["counts"].values()) == {0}


async def test_what_is_paid_there_and_only_late_here_is_put_right_and_no_finding(shop: Shop) -> None:
    _, checkout = await shop.begin({MILK: 2})
    await shop.pay(checkout)
    found = await compare(shop)
    assert found["findings"] == []
    assert (await shop.purchase(checkout["checkoutId"]))["receipt"]["number"] == 1


async def test_the_three_kinds_of_difference_are_told_apart(shop: Shop) -> None:
    # Missing here: paid at Stripe for a checkout of ours that there is not.
    shop.stripe.api.intents.create(
        {
            "amount": "500", "currency": "eur", "payment_method": "pm_card_visa", "confirm": "true",
            "metadata": {"checkoutId": f"acme-berlin.{'0' * 32}", "tenantId": "acme"},
        }
    )  # fmt: skip
    # Missing there: bought here, and Stripe has never heard of it.
    _, gone = await shop.bought({MILK: 1})
    intents = shop.stripe.book.objects["payment_intent"]
    del intents[gone["payment"]["intentId"]]
    # Another amount: somebody has given money back in Stripe's dashboard.
    _, other = await shop.bought({MILK: 2})
    shop.stripe.api.refunds.create({"payment_intent": other["payment"]["intentId"], "amount": "100"})
    # Somebody else's payments on the same account are nobody's business here.
    shop.stripe.api.intents.create(
        {"amount": "900", "currency": "eur", "payment_method": "pm_card_visa", "confirm": "true"}
    )
    found = await compare(shop)
    assert found["counts"] == {"missingHere": 1, "missingThere": 1, "amountDiffers": 1}
    named = {each["kind"]: each for each in found["findings"]}
    assert named["missing_here"]["theirs"] == {"captured": 500, "refunded": 0}
    assert (named["missing_there"]["checkoutId"], named["missing_there"]["theirs"]) == (gone["_id"], None)
    assert (named["amount_differs"]["ours"], named["amount_differs"]["theirs"]) == (
        {"captured": 320, "refunded": 0}, {"captured": 320, "refunded": 100},
    )  # fmt: skip


async def test_comparing_a_day_again_writes_it_in_the_same_place(shop: Shop) -> None:
    await shop.bought({MILK: 1})
    await compare(shop)
    assert await shop.fire("reconcile-day") == 204
    kept = await mongo.database().reconciliations.find().to_list()
    assert [(each["tenantId"], each["revision"]) for each in kept] == [("acme", 2)]


async def test_another_tenant_sees_nothing_of_it(shop: Shop) -> None:
    await shop.bought({MILK: 1})
    await compare(shop)
    headers = shop.manager(tenant="umbrella", role="brand_manager")
    assert (await shop.door.get("/v1/reconciliations", headers=headers)).json()["data"] == []
    assert (await shop.door.get("/v1/reconciliations", headers=shop.manager())).status_code == 403


@pytest.mark.parametrize(("store", "currency"), [(JPY_STORE, "JPY"), (KWD_STORE, "KWD")])
async def test_currencies_without_and_with_three_decimals_are_paid_and_given_back_exactly(
    shop: Shop, store: str, currency: str
) -> None:
    _, purchase = await shop.bought({MILK: 3}, store)
    total = 3 * PRICES[MILK]
    assert (purchase["currency"], purchase["payment"]["captured"]) == (currency, total)
    reply = await shop.refund(purchase, lines=[{"lineId": purchase["lines"][0]["id"], "quantity": 1000}])
    assert (reply.json()["data"]["amount"], reply.json()["data"]["currency"]) == (PRICES[MILK], currency)
    assert shop.money() == [(purchase["_id"], 1, total, PRICES[MILK])]
    assert (await compare(shop))["findings"] == []


async def test_an_amount_that_no_card_can_pay_is_refused_and_holds_nothing(shop: Shop) -> None:
    await mongo.database().products.update_one(
        {"storeId": KWD_STORE, "barcode": MILK}, {"$set": {"price.amount": 1_234}}
    )
    shopper = await shop.enter(KWD_STORE)
    await shop.fill(shopper, {MILK: 1})
    reply = await shop.check_out(shopper)
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "AMOUNT_NOT_PAYABLE")
    product = await mongo.database().products.find_one({"storeId": KWD_STORE, "barcode": MILK})
    assert product is not None
    assert (product["stock"]["holds"], shop.stripe.ledger()) == ([], [])
