"""Checkouts whose processes die at every step, rights that are over or used, refunds at once, and wrong payments."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from functions.checkout.papers import passes
from functions.common import exit_pass
from tests.faults.conftest import FULL, Run
from tests.faults.dying import GOLD, POINTS, Dying, points_in_the_code
from tests.faults.shelves import TENANT, promote
from tests.faults.shop import until
from tests.faults.shoppers import Refused, Shopper
from tests.faults.till import Till, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
MANY = 10_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def till(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Till]:
    async with opened(20261122, tmp_path_factory.mktemp("till")) as running:
        yield running


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _calm(till: Till) -> AsyncIterator[None]:
    yield
    await till.calm()


# ---- F10 -----------------------------------------------------------------------------------------------------


async def test_f10_processes_die_at_every_step_and_every_checkout_ends_right(run: Run, till: Till) -> None:
    """2,000 checkouts in full, and twenty deaths at each of the points; in small size one death at each."""
    assert points_in_the_code() == set(POINTS), "whoever adds a step to a checkout adds its point to dying.py"
    dying = Dying(
        till, run, wanted=run.size(1, 20), chance=0.02 if FULL else 0.5, checkouts=run.size(20, 2_000), at_once=12
    )
    await dying.open()
    await dying.play(run.size(240, 3_600))
    await till.over(run.size(60, 600))
    assert await dying.differences() == []
    assert await till.findings() == []
    assert [point for point in POINTS if dying.deaths()[point] < dying.wanted] == []
    run.must_have_reached("deaths", "points where processes died", "paid", "given up")


# ---- F25 -----------------------------------------------------------------------------------------------------


async def said(replies: list[httpx.Response]) -> Counter[str]:
    """What doors answered: codes of refusals, or the status."""
    return Counter(each.json()["error"]["code"] if each.is_error else str(each.status_code) for each in replies)


async def test_f25_what_is_over_opens_nothing_though_nothing_removes_it(run: Run, till: Till) -> None:
    """An expired visit, token and card, at a MongoDB that keeps them all."""
    store, uses = "acme-over", run.size(20, 1_000)
    (pen,) = await till.store(store, [MANY])
    if not await till.db["promotions"].count_documents({"promotionId": GOLD.id}):
        await promote(till.db, GOLD)
    one = await till.enter(store, {pen: 1})
    past: Any = [{"$set": {"expiresAt": {"$subtract": ["$$NOW", 1000]}}}]
    await till.db["sessions"].update_one({"_id": one.session_id}, past)
    taps = [await one.tap(f"over {n}") for n in range(uses)]
    looks = [await till.http.get("/v1/cart", headers=one.headers) for _ in range(uses)]
    assert all(each.status_code in (401, 404, 409) for each in taps + looks), await said(taps + looks)
    run.reached("uses of an expired visit", len(taps) + len(looks))

    other = await till.enter(store, {pen: 1})
    for late in (-1, -299, -301):
        token = till.suite.issuer.session_token(
            other.name, tenant_id=TENANT, store_id=store, session_id=other.session_id, lives_s=late - 60
        )
        other.headers = {"authorization": f"Bearer {token}"}
        replies = [await other.tap(f"stale {n}") for n in range(uses // 10)]
        assert {each.status_code for each in replies} == {401}
        run.reached("uses of an expired token", len(replies))

    for number in range(max(2, uses // 20)):
        member = await till.enter(store, {pen: 1}, groups=("gold",))
        assert member.cart["total"] == 200
        await till.db["discountcards"].update_one({"sessionId": member.session_id}, past)
        over: Any = [{"$set": {"card.attachedUntil": {"$subtract": ["$$NOW", 1000]}}}]
        await till.db["sessions"].update_one({"_id": member.session_id}, over)
        with pytest.raises(Refused) as refused:
            await member.check_out(f"card {number}")
        assert refused.value.code == "CARD_EXPIRED"
        run.reached("uses of an expired card")
    await till.over()
    assert (await till.states(store)).keys() == {"cancelled"}
    assert [row for row in await till.ledger(store) if row["charges"]] == []
    assert await till.findings() == []
    run.must_have_reached("uses of an expired visit", "uses of an expired token", "uses of an expired card")


async def test_f25_a_pass_opens_one_gate_once(run: Run, till: Till) -> None:
    """A hundred show it at once; screenshots of it, and passes that have run out or are not valid yet, open nothing."""
    store, rounds = "acme-gate", run.size(1, 20)
    (pen,) = await till.store(store, [MANY])
    await till.store("acme-gate-2", [1])
    for one in await till.crowd(2 * rounds, store, {pen: 1}):
        checkout = await one.check_out()
        await one.pay(checkout)
        name = checkout["checkoutId"]
        await till.in_state("exit_issued", count=1, _id=name)
        purchase = await till.db["purchases"].find_one({"_id": name})
        assert purchase is not None
        for minutes in (-16, 5):
            text = _signed(till, purchase, timedelta(minutes=minutes))
            assert (await said([await one.show(text)])).keys() <= {"PASS_EXPIRED", "PASS_INVALID"}
            run.reached("clocks that differ by minutes")
        text = await one.exit_pass(name)
        elsewhere = await till.http.post("/v1/stores/acme-gate-2/exits", json={"pass": text}, headers=till.gate)
        assert await said([elsewhere]) == {"PASS_OTHER_STORE": 1}
        replies = await asyncio.gather(*(one.show(text) for _ in range(100)))
        assert await said(replies) == {"200": 1, "PASS_USED": 99}
        run.reached("shown after it was used", 99)
        await till.in_state("closed", count=1, _id=name)
        assert await said([await one.show(text)]) == {"PASS_USED": 1}
        with pytest.raises(Refused, match="PASS_USED"):
            await one.exit_pass(name)
    await till.over()
    assert await till.states(store) == {"closed": 2 * rounds}
    assert await till.findings() == []
    run.must_have_reached("shown after it was used")


def _signed(till: Till, purchase: dict[str, Any], shift: timedelta) -> str:
    """The pass as checkout would have issued it at another time."""
    real = passes.current(purchase)
    moved = dataclasses.replace(real, issued_at=real.issued_at + shift, expires_at=real.expires_at + shift)
    return exit_pass.sign(moved, till.suite.issuer.private_jwk("exit"))


# ---- B2 -------------------------------------------------------------------------------------------------------

OTHERWISE: dict[str, dict[str, Any]] = {
    "less than was asked for": {"amount": 200},
    "more than was asked for": {"amount": 300},
    "another currency": {"currency": "usd"},
    "as was asked for": {},
}


async def test_b2_what_was_not_asked_for_buys_nothing_and_goes_back(run: Run, till: Till) -> None:
    """Intents that somebody has changed, paid at once or authorised for staff, and processes dying over them."""
    store, rounds = "acme-otherwise", run.size(1, 25)
    plain, wine = await till.store(store, [MANY, MANY], age=18)
    honest: set[str] = set()
    for number in range(2 * rounds):
        looked_at = bool(number % 2)
        crowd = await till.crowd(len(OTHERWISE), store, {wine if looked_at else plain: 1})
        checkouts = [await one.check_out(f"other {number}") for one in crowd]
        till.die_at(["payment.after_mismatch_undone:kill9"])
        for one, checkout, (kind, change) in zip(crowd, checkouts, OTHERWISE.items(), strict=True):
            assert checkout["total"] == 250
            await till.stripe("POST", f"intents/{checkout['payment']['intentId']}/change", change)
            await one.pay(checkout)  # which may be cancelled again before the shopper has looked
            run.reached(f"authorised: {kind}" if looked_at else f"paid: {kind}")
        if not looked_at:
            honest.add(checkouts[-1]["checkoutId"])
        await _somebody_died(till, number + 1)
        await till.calm()
        await till.over()
    run.reached("deaths over it", till.deaths()["payment.after_mismatch_undone"])
    purchases = {each["_id"]: each for each in await till.lasting(store)}
    assert {name for name, each in purchases.items() if each["receipt"] is not None} == honest
    wrong = [each for each in purchases.values() if (each["payment"] or {}).get("mismatch")]
    assert len(wrong) == 2 * rounds * 3, "each was noticed, once"
    assert {each["state"] for each in wrong} == {"cancelled"}
    for row in await till.ledger(store):
        assert row["charges"] == 1, "the bank never said yes to it"
        assert row["captured"] - row["refunded"] == (250 if row["order"] in honest else 0), row
    for barcode, sold in ((plain, len(honest)), (wine, 0)):
        assert await till.stock(store, barcode) == (MANY - sold, 0, sold)
    assert await till.findings() == []
    kinds = [kind for kind, change in OTHERWISE.items() if change]
    run.must_have_reached(*(f"{how}: {kind}" for how in ("paid", "authorised") for kind in kinds), "deaths over it")


async def _somebody_died(till: Till, times: int) -> None:
    """Until so many processes have died over payments of something else."""

    async def enough() -> bool:
        return till.deaths()["payment.after_mismatch_undone"] >= times

    await until(enough, 30)


# ---- B1 and B3 -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
async def test_b1_b3_fifty_refunds_at_once_give_back_what_was_paid(run: Run, till: Till, currency: str) -> None:
    """Currencies with two, no and three decimals; as many refunds of one piece as there are, and five times more."""
    store = f"acme-{currency.lower()}"
    (pen,) = await till.store(store, [MANY], currency=currency)
    for one in await till.crowd(run.size(1, 20), store, {pen: 10}):
        name = await _fifty_refunds(run, till, one, currency)
        rows = [row for row in await till.ledger(store) if row["order"] == name]
        assert [(row["captured"], row["refunded"]) for row in rows] == [(2500, 2500)]
    await till.over()
    assert (await till.states(store)).keys() == {"refunded"}
    assert (await till.stock(store, pen))[0] == MANY
    assert await till.findings() == []
    run.must_have_reached("refunds given", "refunds refused")


async def _fifty_refunds(run: Run, till: Till, one: Shopper, currency: str) -> str:
    checkout = await one.check_out()
    assert (checkout["total"], checkout["currency"]) == (2500, currency)
    await one.pay(checkout)
    name = str(checkout["checkoutId"])
    await till.in_state("exit_issued", count=1, _id=name)
    lines = [{"lineId": checkout["lines"][0]["lineId"], "quantity": 1000}]
    body = {"lines": lines, "reason": "brought back", "restock": True}
    path = f"/v1/stores/{one.store}/purchases/{name}/refunds"

    async def back() -> httpx.Response:
        headers = {**till.staff(), "Idempotency-Key": uuid.uuid4().hex}
        return await till.http.post(path, json=body, headers=headers)

    replies = await asyncio.gather(*(back() for _ in range(50)))
    codes = Counter(reply.status_code for reply in replies)
    assert codes[201] == 10, await said(replies)
    run.reached("refunds given", codes[201])
    run.reached("refunds refused", codes[409] + codes[422])
    return name
