"""The auditor finds what is broken with purchases, and nothing where nothing is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.checkout import opening
from functions.common import clock, mongo
from retailscan import audit_purchases
from retailscan.audit_purchases import Charge
from tests.integration.checkout.floor import PEN, STORE, WINE, Floor, Shopper

LONG_AGO = timedelta(hours=2)


async def sold(floor: Floor) -> Shopper:
    """A store with one purchase that is paid, one that was cancelled and one that waits for staff."""
    await floor.open()
    await floor.shelf(PEN, 250, 10)
    await floor.shelf(WINE, 900, 10, age=18)
    shopper, gone, waiting = [
        await floor.shopper({PEN: 2}),
        await floor.shopper({PEN: 1}),
        await floor.shopper({WINE: 1}),
    ]
    await shopper.buy()
    purchase, _ = await gone.check_out()
    await opening.cancel(floor.deps, purchase, clock.now())
    await waiting.check_out()
    assert await floor.findings() == []
    return shopper


async def broken(floor: Floor, change: dict[str, Any], **query: Any) -> str:
    """What is found after somebody has changed the purchase."""
    done = await mongo.collection("purchases").update_one(query or {"state": "exit_issued"}, change)
    assert done.modified_count == 1
    return "\n".join(await floor.findings())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"$set": {"payment.captured": 499}}, "costs 500 and 499 was paid"),
        ({"$set": {"lines.0.gross": 1}}, "costs 500, its lines 1"),
        ({"$set": {"refunded": 100}}, "says that 100 came back, its refunds 0"),
        ({"$set": {"receipt.number": 2}}, "have gaps or doubles"),
        ({"$set": {"receipt": None}}, "is exit_issued without a receipt"),
        ({"$set": {"pass.usedAt": clock.now()}}, "was used, and it is exit_issued"),
        ({"$set": {"lines.0.quantity": 3000}}, "takes {'4006381333931': 3000} and sold {'4006381333931': 2000}"),
        ({"$set": {"dueAt": clock.now() - LONG_AGO}}, "stood still"),
        ({"$unset": {"dueAt": ""}}, "neither over nor looked after"),
        ({"$set": {"outbox": [{"id": "1", "at": clock.now() - LONG_AGO}]}}, "hold events older than a minute"),
        ({"$set": {"refunds": [{"id": "1", "amount": 0, "state": "succeeded"}]}}, "deeds of the kind refund"),
        ({"$set": {"tenantId": "bolt"}}, "under a foreign tenant"),
        ({"$set": {"payment.intentId": "pi_other"}}, "the provider knows of no payment"),
    ],
)
async def test_what_is_wrong_with_a_paid_purchase_is_found(floor: Floor, change: dict[str, Any], found: str) -> None:
    await sold(floor)
    assert found in await broken(floor, change)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"$set": {"payment.captured": 250}}, "is cancelled, and 250 was paid"),
        ({"$set": {"receipt": {"number": 2}}}, "is cancelled and has a receipt or a pass"),
    ],
)
async def test_what_is_wrong_with_a_cancelled_one_is_found(floor: Floor, change: dict[str, Any], found: str) -> None:
    await sold(floor)
    assert found in await broken(floor, change, state="cancelled")


async def test_a_decision_of_staff_that_nobody_wrote_down_is_found(floor: Floor) -> None:
    await sold(floor)
    found = await broken(floor, {"$set": {"interventions.0.status": "approved"}}, state="payment_pending")
    assert "1 deeds of the kind intervention, 0 are written down" in found


async def test_stock_that_an_ended_purchase_holds_is_found_in_time(
    floor: Floor, later: Callable[[float], None]
) -> None:
    await sold(floor)
    (gone,) = await floor.purchases(state="cancelled")
    until = clock.now() + timedelta(hours=1)
    await floor.deps.holds.reserve("acme", STORE, gone["_id"], {PEN: 1000}, until)
    assert await floor.findings() == []
    later(3600)
    assert any("is cancelled and still holds stock" in each for each in await floor.findings())


async def test_a_hold_twice_and_a_cart_that_stays_locked_are_found(
    floor: Floor, later: Callable[[float], None]
) -> None:
    await sold(floor)
    (gone,) = await floor.purchases(state="cancelled")
    (held,) = await floor.purchases(state="payment_pending")
    product = await mongo.collection("products").find_one({"barcode": WINE})
    assert product is not None
    await mongo.collection("products").update_one(
        {"barcode": WINE},
        {"$push": {"stock.holds": product["stock"]["holds"][0]}, "$inc": {"stock.avail": -1000}},
    )
    lock = {"id": gone["_id"], "cartVer": 1, "at": clock.now()}
    await mongo.collection("sessions").update_one({"_id": gone["sessionId"]}, {"$set": {"checkout": lock}})
    later(16 * 60)
    found = "\n".join(await floor.findings())
    assert f"{held['_id']} holds {WINE} twice" in found
    assert f"is locked by {gone['_id']}, which is cancelled" in found


async def test_what_the_providers_ledger_says_otherwise_is_found(floor: Floor) -> None:
    await sold(floor)
    (paid,) = await floor.purchases(state="exit_issued")
    (gone,) = await floor.purchases(state="cancelled")
    intent = paid["payment"]["intentId"]

    async def found(*ledger: Charge) -> str:
        return "\n".join([each async for each in audit_purchases.charges(mongo.database(), ledger)])

    right = Charge(intent, paid["_id"], 500, 0, "EUR")
    assert await found(right) == ""
    assert "knows of no payment" in await found()
    assert "was charged 2 times" in await found(right, Charge("pi_2", paid["_id"], 500, 0, "EUR"))
    assert "costs 500 EUR, paid was 400 EUR" in await found(right._replace(received=400))
    assert "paid was 500 USD" in await found(right._replace(currency="USD"))
    assert "gave back 0, by the provider 100" in await found(right._replace(refunded=100))
    assert "is cancelled, and the provider keeps 250" in await found(right, Charge("pi_3", gone["_id"], 250, 0, "EUR"))
    assert "which is no purchase" in await found(right, Charge("pi_4", "somebody else's", 1, 0, "EUR"))
