"""Checkouts under fire in real processes: taps, lost answers, webhooks, last pieces, closing windows, refunds.

One suite for all of it, two processes at the checkout's door, a MongoDB that removes nothing by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from tests.faults.conftest import FULL, Run
from tests.faults.shoppers import Refused, Shopper
from tests.faults.till import DOOR, PLENTY, RECONCILE, SWEEP, Till, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
EFFECTS = ("drop", "500", "stored-500", "429", "hang")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def till(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Till]:
    async with opened(20261121, tmp_path_factory.mktemp("till")) as running:
        yield running


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _calm(till: Till) -> AsyncIterator[None]:
    yield
    await till.calm()


def p99(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)]


# ---- F08 -----------------------------------------------------------------------------------------------------


async def test_f08_fifty_taps_are_one_checkout_and_of_ten_devices_one_gets_it(run: Run, till: Till) -> None:
    """50 parallel taps with one key, ten devices with keys of their own: one order, one charge, one receipt."""
    store, rounds = "acme-taps", run.size(2, 100)
    (pen,) = await till.store(store, [PLENTY])
    tapping, sharing = await till.crowd(rounds, store, {pen: 1}), await till.crowd(rounds, store, {pen: 2})
    for one, other in zip(tapping, sharing, strict=True):
        replies = await asyncio.gather(*(one.tap("same") for _ in range(50)))
        replies += [await one.tap("same"), await one.tap("same")]
        good = {reply.content for reply in replies if reply.status_code == 201}
        assert {each.split(b'"metadata"')[0] for each in good} == {replies[-1].content.split(b'"metadata"')[0]}
        run.reached("taps while the first was served", sum(reply.status_code == 409 for reply in replies))
        run.reached("taps answered from the record", sum("idempotent-replayed" in reply.headers for reply in replies))
        await one.pay(replies[-1].json()["data"])

        replies = await asyncio.gather(*(other.tap(f"device {n}") for n in range(10)))
        (won,) = [reply.json()["data"] for reply in replies if reply.status_code == 201]
        lost = [reply.json()["error"]["code"] for reply in replies if reply.status_code != 201]
        assert set(lost) <= {"CHECKOUT_IN_PROGRESS", "CART_CHANGED"}, lost
        run.reached("devices that came too late", len(lost))
        await other.pay(won)
    await till.in_state("exit_issued", count=2 * rounds, storeId=store)
    assert Counter(row["charges"] for row in await till.ledger(store)) == {1: 2 * rounds}
    assert await till.stock(store, pen) == (PLENTY - 3 * rounds, 0, 3 * rounds)
    assert await till.receipts(store) == list(range(1, 1 + 2 * rounds))
    assert await till.findings() == []
    run.must_have_reached("taps while the first was served", "devices that came too late")


# ---- F09 -----------------------------------------------------------------------------------------------------


async def test_f09_stripe_did_it_and_the_answer_was_lost(run: Run, till: Till) -> None:
    """Broken connections, failures after the effect, rate limits, silence: the app taps again, and pays once."""
    storms = [(each,) for each in EFFECTS] if FULL else [EFFECTS]
    count = run.size(12, 200)
    for number, storm in enumerate(storms):
        store = f"acme-lost-{number}"
        crowd = await till.customers(count, store)
        share = 0.15 if len(storm) > 1 else 0.4
        rules = [{"verb": "create", "effect": "hang", "times": 2, "seconds": 30}] if "hang" in storm else []
        rules += [{"verb": "*", "effect": each, "share": share} for each in storm if each != "hang"]
        rules += [{"verb": "create", "effect": "hang", "share": 0.4, "seconds": 30}] if storm == ("hang",) else []
        await till.stripe("POST", "faults", rules)
        checkouts = await asyncio.gather(*(each.check_out() for each in crowd))
        paid = await asyncio.gather(*(one.pay(each) for one, each in zip(crowd, checkouts, strict=True)))
        assert all(paid)
        for rule in await till.stripe("GET", "faults"):
            run.reached(rule["effect"], rule["struck"])
        await till.stripe("POST", "faults", [])
        await till.over(jump=60)
        assert await till.states(store) == {"exit_issued": count}
        paid_once = [row for row in await till.ledger(store) if row["charges"]]
        assert Counter(row["charges"] for row in paid_once) == {1: count}
        assert await till.receipts(store) == list(range(1, 1 + count))
        assert await till.sold(store) == count
    assert await till.findings() == []
    run.must_have_reached(*EFFECTS)


# ---- F11, F12, F13 -------------------------------------------------------------------------------------------


async def try_and_pay(one: Shopper, checkout: dict[str, Any]) -> None:
    """Declined, then asked for a password that is not given, then paid: seven events."""
    await one.pay(checkout, "pm_card_chargeDeclined")
    await one.pay(checkout, "pm_card_chargeDeclinedInsufficientFunds")
    assert await one.pay(checkout)


async def test_f11_f12_webhooks_five_times_backwards_and_days_later(run: Run, till: Till) -> None:
    """All are held back, then sent in the opposite order, each five times at once, while the app taps again."""
    count = run.size(5, 10)
    for number in range(run.size(1, 20)):
        store = f"acme-hooks-{number}"
        crowd = await till.customers(count, store)
        await till.stripe("POST", "webhooks", {"hold": True, "reverse": True, "duplicate": 1.0, "copies": 5})
        checkouts = await asyncio.gather(*(each.check_out() for each in crowd))
        await asyncio.gather(*(try_and_pay(one, each) for one, each in zip(crowd, checkouts, strict=True)))
        released = (await till.stripe("POST", "webhooks/release"))["released"]
        again = await asyncio.gather(*(each.check_out() for each in crowd))
        assert [each["checkoutId"] for each in again] == [each["checkoutId"] for each in checkouts]
        run.reached("events turned round", released)
        run.reached("deliveries", 5 * released)
        await till.in_state("exit_issued", count=count, seconds=60, storeId=store)
        await till.over()
        before = await till.lasting(store)
        run.reached("events days later", await send_again(till, store))
        await till.over()
        assert await till.lasting(store) == before
        assert all([step["state"] for step in each["history"]].count("paid") == 1 for each in before)
        assert await till.sold(store) == count
        assert await till.receipts(store) == list(range(1, 1 + count))
    assert await till.findings() == []
    run.must_have_reached("events turned round", "events days later")


async def send_again(till: Till, store: str) -> int:
    """Four days later Stripe sends all of a store's events again; how many."""
    await till.stripe("POST", "webhooks", {})
    mine = {"order": {"$regex": f"^{store}[.]"}}
    days = {"receivedAt": {"$subtract": ["$receivedAt", 4 * 86_400_000]}}
    await till.db["payment_events"].update_many(mine, [{"$set": days}])
    events = [each["_id"] async for each in till.db["payment_events"].find(mine)]
    await asyncio.gather(*(till.stripe("POST", f"events/{each}/resend") for each in events))
    return len(events)


async def test_f12_a_webhook_comes_before_our_own_record_of_the_payment(run: Run, till: Till) -> None:
    """Paid between Stripe's answer and our write: the event is kept, and looked at again."""
    store, count = "acme-early", run.size(3, 50)
    crowd = await till.customers(count, store)
    till.die_at(["pi.after_create_before_save:sleep:2000"])
    taps = [asyncio.create_task(each.check_out()) for each in crowd]
    secret = {"authorization": "Bearer sk_test_local"}
    paid: set[str] = set()
    while len(paid) < count:
        for row in await till.ledger(store):
            if row["intent"] not in paid:
                path = f"/v1/payment_intents/{row['intent']}/confirm"
                reply = await till.bank.post(path, data={"payment_method": "pm_card_visa"}, headers=secret)
                if reply.status_code == 200:
                    paid.add(row["intent"])
        await asyncio.sleep(0.02)
    unknown = {"storeId": store, "state": "reserved"}
    run.reached("paid before our record of it", await till.db["purchases"].count_documents(unknown))
    await asyncio.gather(*taps, return_exceptions=True)
    till.die_at([])
    await till.over(jump=20)
    assert await till.states(store) == {"exit_issued": count}
    assert await till.findings() == []
    run.must_have_reached("paid before our record of it")


async def test_f13_the_webhook_s_door_is_down_and_events_are_never_sent(run: Run, till: Till) -> None:
    """Paid while nobody takes webhooks, a share of them lost for good: comparing with Stripe settles them all."""
    store, count = "acme-deaf", run.size(10, 300)
    crowd = await till.customers(count, store)
    checkouts = await asyncio.gather(*(each.check_out() for each in crowd))
    before = (await till.stripe("GET", "webhooks"))["counts"]
    await till.stripe("POST", "webhooks", {"lose": 0.3 if not FULL else 0.05})
    await till.suite.stop_door(DOOR)
    assert all(await asyncio.gather(*(one.pay(each) for one, each in zip(crowd, checkouts, strict=True))))
    started = time.monotonic()
    for _ in range(2):  # it comes by every five minutes
        await till.later(300, storeId=store)
        await till.fire(RECONCILE)
    assert await till.states(store) == {"exit_issued": count}
    run.reached("settled by asking", count)
    run.reached("milliseconds for all", round(1000 * (time.monotonic() - started)))
    counts = (await till.stripe("GET", "webhooks"))["counts"]
    run.reached("events lost for good", counts["lost"] - before["lost"])
    run.reached("deliveries refused", counts["refused"] - before["refused"])
    await till.stripe("POST", "webhooks", {})
    await till.suite.restart_door(DOOR)
    await till.over()
    assert await till.receipts(store) == list(range(1, 1 + count))
    assert await till.findings() == []
    run.must_have_reached("settled by asking", "events lost for good", "deliveries refused")


# ---- F14 -----------------------------------------------------------------------------------------------------


async def race(run: Run, till: Till, crowd: list[Shopper]) -> list[float]:
    """All tap at once; who gets it pays. How long each waited for the answer."""
    took = []

    async def one(shopper: Shopper) -> None:
        started = time.monotonic()
        try:
            checkout = await shopper.check_out()
        except Refused as refused:
            run.reached("told that it is gone" if refused.code == "OUT_OF_STOCK" else refused.code)
        else:
            assert await shopper.pay(checkout)
            run.reached("bought")
        took.append(time.monotonic() - started)

    await asyncio.gather(*(one(each) for each in crowd))
    return took


@pytest.mark.parametrize("lines", [1, 5])
async def test_f14_two_hundred_shoppers_and_the_last_fifty(run: Run, till: Till, lines: int) -> None:
    """Everybody taps at the same moment; in baskets of five every product is the last one."""
    stores = [f"acme-last-{lines}-{n}" for n in range(run.size(1, 20))]
    shoppers, pieces = run.size(200 if lines == 1 else 60, 200), run.size(50 if lines == 1 else 15, 50)
    crowd = []
    for store in stores:
        barcodes = await till.store(store, [pieces] * lines)
        # Half the baskets are filled the other way round.
        crowd += await till.crowd(shoppers // 2, store, dict.fromkeys(barcodes, 1))
        crowd += await till.crowd(shoppers // 2, store, dict.fromkeys(reversed(barcodes), 1))
    took = await race(run, till, crowd)
    run.reached("milliseconds to an answer, p99", round(1000 * p99(took)))
    run.reached("taps nobody answered in time", sum(each.taps - 1 for each in crowd))
    await till.over(jump=60)
    for store in stores:
        assert [await till.stock(store, each) for each in barcodes] == [(0, 0, pieces)] * lines
        assert (await till.states(store))["exit_issued"] == pieces
        assert len([row for row in await till.ledger(store) if row["charges"]]) == pieces
        assert await till.receipts(store) == list(range(1, 1 + pieces))
    assert run.counts["bought"] == pieces * len(stores)
    assert run.counts["told that it is gone"] == (shoppers - pieces) * len(stores)
    assert await till.findings() == []


# ---- F15 -----------------------------------------------------------------------------------------------------

SURE = 2
"""Shoppers of whom it is certain how they fare, at either end."""


async def test_f15_who_pays_as_the_window_closes_has_paid_or_has_not(run: Run, till: Till) -> None:
    """Windows close one after the other while their shoppers pay: what Stripe took is sold, all else is free."""
    store, count = "acme-edge", run.size(40, 500)
    crowd = await till.customers(count, store)
    checkouts = await asyncio.gather(*(each.check_out() for each in crowd))
    await till.later(15 * 60 + 1, storeId=store)
    await till.stripe("POST", "webhooks", {"hold": True})  # of what Stripe took nobody hears but by asking
    # In the order in which the sweep comes by, each pays about when it is their turn: a little before, or after.
    turns = sorted(zip(crowd, checkouts, strict=True), key=lambda pair: pair[1]["expiresAt"])
    doors = [asyncio.Event() for _ in range(count + 1)]

    async def pays(turn: int, one: Shopper, checkout: dict[str, Any]) -> bool:
        # The last come when all is over: however slow the sweep is, somebody is too late.
        near = count if turn >= count - SURE else min(max(0, turn - till.random.randint(-1, 2)), count - 1)
        await doors[near].wait()
        return await one.pay(checkout)

    # The first have paid before it begins: however fast it is, somebody is in time.
    in_time = [await one.pay(checkout) for one, checkout in turns[:SURE]]
    paying = [asyncio.create_task(pays(turn, *pair)) for turn, pair in enumerate(turns) if turn >= SURE]
    closing = asyncio.create_task(_close_windows(till))
    looking = asyncio.create_task(_see_who_is_next(till, store, doors))
    paid = [*in_time, *await asyncio.gather(*paying)]
    looking.cancel()
    closing.cancel()
    await asyncio.gather(closing, looking, return_exceptions=True)
    await till.stripe("POST", "webhooks/release")
    await till.over()
    ends = await till.states(store)
    run.reached("paid in time", sum(paid))
    run.reached("too late", len(paid) - sum(paid))
    assert ends == {"exit_issued": sum(paid), "expired": count - sum(paid)}
    rescued = {"storeId": store, "history.state": {"$all": ["cancelling", "paid"]}}
    run.reached("cancelled, and paid already", await till.db["purchases"].count_documents(rescued))
    assert await till.sold(store) == sum(paid)
    assert await till.receipts(store) == list(range(1, 1 + sum(paid)))
    assert await till.findings() == []
    run.must_have_reached("paid in time", "too late", *(["cancelled, and paid already"] if FULL else []))


async def _close_windows(till: Till) -> None:
    while True:
        await till.fire(SWEEP)


async def _see_who_is_next(till: Till, store: str, doors: Sequence[asyncio.Event]) -> None:
    while True:
        over = await till.db["purchases"].count_documents({"storeId": store, "state": {"$ne": "payment_pending"}})
        for door in doors[: over + 1]:
            door.set()
        await asyncio.sleep(0.002)
