"""Stripe did the work and its answer was lost, at every step of a checkout: one charge, one receipt, nothing over."""

from __future__ import annotations

import asyncio
import math
import random
import uuid
from typing import Any

import pytest

from functions.checkout import advancing, wiring
from functions.checkout.payments import stripe_payments
from functions.common import mongo
from tests.integration.checkout.payments.shop import GUM, MILK, STORE, WINE, Shop, Shopper

EFFECTS = ["drop", "500", "stored-500", "drop-before", "500-before", "stored-500-before", "429", "hang", "garbage"]


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    import stripe

    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.02)
    monkeypatch.setattr(stripe_payments, "_pause", lambda _error, _attempt: 0.01)
    # Waits of a second stand for those of half a minute.
    monkeypatch.setattr(stripe_payments, "TOTAL_SECONDS", 1.0)


async def insist(shop: Shop, shopper: Shopper, key: str) -> dict[str, Any]:
    """The app repeats its request with its key until it is answered."""
    for _ in range(12):
        reply = await shop.check_out(shopper, key)
        if reply.status_code == 201:
            return dict(reply.json()["data"])
        assert reply.status_code in (409, 503, 504), reply.text
        await asyncio.sleep(0.05)
    raise AssertionError("it was never answered")


async def nothing_is_held() -> bool:
    return await mongo.database().products.count_documents({"storeId": STORE, "stock.holds.0": {"$exists": True}}) == 0


@pytest.mark.parametrize("effect", EFFECTS)
async def test_a_checkout_is_charged_once_whatever_becomes_of_the_answers(shop: Shop, effect: str) -> None:
    shopper, key = await shop.enter(), uuid.uuid4().hex
    await shop.fill(shopper, {MILK: 2})
    faults = shop.stripe.faults
    faults.add("create", effect, times=3, seconds=2.0)
    checkout = await insist(shop, shopper, key)
    await shop.pay(checkout)
    faults.add("read", effect, times=2, seconds=2.0)
    await shop.tell()
    for _ in range(3):
        shop.wait(120)
        await shop.fire("sweep-payments")
        await shop.fire("reconcile")
    assert {rule.verb for rule in faults.rules if rule.struck} == {"create", "read"}, "a fault was never reached"
    purchase = await shop.purchase(checkout["checkoutId"])
    assert (purchase["state"], purchase["receipt"]["number"]) == ("exit_issued", 1)
    assert shop.money() == [(checkout["checkoutId"], 1, 320, 0)]
    assert await nothing_is_held()
    assert (await insist(shop, shopper, key))["checkoutId"] == checkout["checkoutId"]


@pytest.mark.parametrize("effect", EFFECTS)
async def test_a_cancelled_checkout_is_never_charged_whatever_becomes_of_the_answers(shop: Shop, effect: str) -> None:
    shopper, checkout = await shop.begin({MILK: 2})
    shop.stripe.faults.add("cancel", effect, times=3, seconds=2.0)
    path = f"/v1/checkouts/{checkout['checkoutId']}/cancel"
    for _ in range(4):
        await shop.door.post(path, headers=shopper.headers)
        shop.wait(60)
        await shop.fire("sweep-checkouts")
    assert (await shop.purchase(checkout["checkoutId"]))["state"] == "cancelled"
    assert "error" in await shop.pay(checkout)
    assert (shop.money(), await nothing_is_held()) == ([], True)


@pytest.mark.parametrize("count", [30, pytest.param(500, marks=pytest.mark.soak)])
async def test_paying_and_the_end_of_the_window_at_the_same_moment_is_one_or_the_other(shop: Shop, count: int) -> None:
    """Cancel first, then release: paid and released together is what must never be."""
    chance, ends = random.Random(20_261_121), dict[str, int]()
    # A product is held by two hundred checkouts at a time.
    goods = [(GUM, MILK, WINE)[number % 3] for number in range(count)]
    begun = [(await shop.begin({barcode: 1}))[1] for barcode in goods]
    shop.wait(15 * 60 + 1)

    async def race(number: int, checkout: dict[str, Any]) -> None:
        async def pays() -> None:
            await asyncio.sleep(chance.uniform(0, 0.05))
            await shop.pay(checkout)

        async def closes() -> None:
            await asyncio.sleep(chance.uniform(0, 0.05))
            await advancing.look_after(wiring.deps(), await shop.purchase(checkout["checkoutId"]))

        # On a busy machine one of both might always win: of ten, one pays before and one after.
        if number < 2:
            for each in (pays, closes) if number else (closes, pays):
                await each()
        else:
            await asyncio.gather(pays(), closes())

    for start in range(0, count, 10):
        await asyncio.gather(*(race(n, checkout) for n, checkout in enumerate(begun[start : start + 10])))
    await shop.tell()
    for _ in range(3):
        shop.wait(700)
        await shop.fire("sweep-checkouts")
    paid = {str(order) for order, charges, captured, refunded in shop.money() if captured > refunded}
    left = dict.fromkeys((GUM, MILK, WINE), 1_000_000)
    for barcode, checkout in zip(goods, begun, strict=True):
        purchase = await shop.purchase(checkout["checkoutId"])
        ends[purchase["state"]] = ends.get(purchase["state"], 0) + 1
        assert (purchase["state"] in ("exit_issued", "closed")) == (purchase["_id"] in paid), purchase["history"]
        left[barcode] -= 1000 * (purchase["_id"] in paid)
    assert set(ends) <= {"exit_issued", "closed", "expired"}
    assert len(ends) >= 2, f"both ends must have been reached: {ends}"
    async for product in mongo.database().products.find({"storeId": STORE, "barcode": {"$in": list(left)}}):
        assert (product["stock"]["avail"], product["stock"]["holds"]) == (left[product["barcode"]], [])
    numbers = await mongo.database().purchases.distinct("receipt.number", {"receipt": {"$ne": None}})
    assert sorted(numbers) == list(range(1, len(paid) + 1))


async def test_a_basket_that_staff_look_at_is_authorised_first_and_captured_once_they_agree(shop: Shop) -> None:
    await mongo.database().products.update_one({"storeId": STORE, "barcode": WINE}, {"$set": {"ageRestriction": 18}})
    shopper, checkout = await shop.begin({WINE: 1})
    await shop.pay(checkout)
    await shop.tell()
    assert [row["captured"] for row in shop.stripe.ledger()] == [0]
    purchase = await shop.purchase(checkout["checkoutId"])
    assert (purchase["state"], purchase["payment"]["status"]) == ("payment_pending", "requires_capture")
    (intervention,) = purchase["interventions"]
    shop.stripe.faults.add("capture", "drop", times=2)
    staff = shop.manager("ray", role="store_staff")
    for verb, body in (("claim", None), ("approve", {"reason": "grey hair"})):
        reply = await shop.door.post(f"/v1/interventions/{intervention['id']}/{verb}", json=body, headers=staff)
        assert reply.status_code == 200, reply.text
    shop.wait(120)
    await shop.fire("reconcile")
    assert (await shop.purchase(checkout["checkoutId"]))["state"] == "exit_issued"
    assert shop.money() == [(checkout["checkoutId"], 1, 800, 0)]
    assert shopper


async def test_checkouts_whose_windows_close_within_a_second_are_ended_by_one_task(shop: Shop) -> None:
    begun = [(await shop.begin({barcode: 1}))[1] for barcode in (GUM, MILK, WINE)]
    closing = [(await shop.purchase(each["checkoutId"]))["expiresAt"] for each in begun]
    asked = [(body, at) for path, body, at in shop.asked if path == "/tasks/advance"]
    seconds = {math.ceil(each.timestamp()) for each in closing}
    assert [body for body, _ in asked] == [{}] * len(seconds)
    assert {at.timestamp() for _, at in asked if at is not None} == seconds
    shop.wait(15 * 60 + 1)
    assert set(await shop.do_tasks("/tasks/advance")) == {204}
    ended = [(await shop.purchase(each["checkoutId"]))["state"] for each in begun]
    assert ended == ["expired"] * 3
    assert (shop.money(), await nothing_is_held()) == ([], True)
