"""Stripe did the work and the reply was lost, or it failed, or it was busy: always at most one charge a checkout."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from functions.checkout.payments import stripe_payments
from functions.checkout.payments.provider import Intent, PaymentsDown
from functions.checkout.payments.stripe_payments import StripePayments
from functions.common import clock
from local.stripe import FakeStripe
from local.stripe.server import PUBLISHABLE_KEY, SECRET_KEY
from tests.integration.checkout.payments.shopper import pay

ORDER = "acme-berlin." + "0" * 32
LOST = ["drop", "500", "stored-500", "drop-before", "500-before", "stored-500-before", "429", "garbage"]


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library pauses for half a second and more; a test need not."""
    import stripe

    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.02)
    monkeypatch.setattr(stripe_payments, "_pause", lambda _error, _attempt: 0.01)


async def until_done(work, tries: int = 8):  # type: ignore[no-untyped-def]
    """What a saga does: the same call with the same key until it is answered."""
    for _ in range(tries):
        try:
            return await work()
        except PaymentsDown:
            continue
    raise AssertionError("it never came through")


@pytest.mark.parametrize("effect", LOST)
@pytest.mark.parametrize("times", [1, 3, 6])
async def test_whatever_happens_to_the_answer_there_is_one_charge(
    payments: StripePayments, stripe: FakeStripe, effect: str, times: int
) -> None:
    stripe.faults.add("create", effect, times=times)
    intent = await until_done(lambda: payments.create(ORDER, 1299, "EUR", "manual", {}, "k1"))
    await pay(stripe, intent)
    stripe.faults.add("capture", effect, times=times)
    taken = await until_done(lambda: payments.capture(intent.id, 1000, "EUR", "c1"))
    assert (taken.status, taken.received) == ("succeeded", 1000)
    stripe.faults.add("refund", effect, times=times)
    refund = await until_done(lambda: payments.refund(intent.id, 400, "EUR", "r1", "refund:r1"))
    assert refund.amount == 400
    assert sum(rule.struck for rule in stripe.faults.rules) >= 3, "the faults were never reached"
    paid = [row for row in stripe.ledger() if row["charges"]]
    assert [(row["intent"], row["charges"], row["captured"], row["refunded"]) for row in paid] == [
        (intent.id, 1, 1000, 400)
    ]


@pytest.mark.parametrize("effect", LOST)
async def test_a_cancel_whose_answer_is_lost_is_a_cancel(
    payments: StripePayments, stripe: FakeStripe, effect: str
) -> None:
    intent = await payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1")
    stripe.faults.add("cancel", effect, times=3)
    assert (await until_done(lambda: payments.cancel(intent.id, "x1"))).status == "canceled"
    assert (await payments.retrieve(intent.id)).status == "canceled"


async def test_the_same_order_of_keys_finds_the_same_intent_however_often_it_is_asked_for(
    payments: StripePayments, stripe: FakeStripe
) -> None:
    """Stripe repeats a failure of its own for a day; behind it lies the second key, for everybody."""
    stripe.faults.add("create", "stored-500", times=1)
    found = {
        (await until_done(lambda: payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1"))).id for _ in range(5)
    }
    assert len(found) == 1
    # The first try left an intent that nobody can pay: its secret has never been told.
    strays = [row for row in stripe.ledger() if row["intent"] not in found]
    assert [(row["order"], row["charges"]) for row in strays] == [(ORDER, 0)]


async def test_an_outage_that_stripe_remembers_for_a_day_is_over_a_minute_after_its_end(
    payments: StripePayments, stripe: FakeStripe
) -> None:
    """Every key was answered with a failure, and would be until tomorrow; a checkout cannot wait for so long."""
    begun = clock.seconds()
    clock.freeze(lambda: begun)
    try:
        made = await payments.create(ORDER, 1299, "EUR", "manual", {}, "made")
        for verb in ("create", "cancel"):
            stripe.faults.add(verb, "stored-500-before")
        works: tuple[Callable[[], Awaitable[Intent]], ...] = (
            lambda: payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1"),
            lambda: payments.cancel(made.id, "x1"),
        )
        for work in works:
            for _ in range(3):
                with pytest.raises(PaymentsDown):
                    await work()
        stripe.faults.rules.clear()
        clock.freeze(lambda: begun + 61)
        assert [(await work()).status for work in works] == ["requires_payment_method", "canceled"]
        assert (await works[0]()).id == (await works[0]()).id
    finally:
        clock.freeze(None)


@pytest.mark.parametrize("effect", ["hang", "slow"])
async def test_one_that_hangs_is_given_up_in_time_and_found_afterwards(
    payments: StripePayments, stripe: FakeStripe, effect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_payments, "TOTAL_SECONDS", 0.3)
    stripe.faults.add("create", effect, times=1, seconds=1.0)
    started = asyncio.get_running_loop().time()
    with pytest.raises(PaymentsDown):
        await payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1")
    assert asyncio.get_running_loop().time() - started < 0.9
    await asyncio.sleep(1.0)
    intent = await until_done(lambda: payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1"))
    assert [row["intent"] for row in stripe.ledger()] == [intent.id]


async def test_fifty_who_ask_at_once_with_one_key_get_one_intent(payments: StripePayments, stripe: FakeStripe) -> None:
    stripe.faults.add("create", "slow", times=1, seconds=0.1)
    stripe.faults.add("create", "drop", share=0.3)
    work = [until_done(lambda: payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1"), 60) for _ in range(50)]
    assert len({intent.id for intent in await asyncio.gather(*work)}) == 1
    assert len(stripe.ledger()) == 1


async def test_a_key_that_stripe_does_not_take_is_an_outage_and_not_a_refusal(stripe: FakeStripe) -> None:
    payments = StripePayments("sk_test_wrong", api_base=stripe.url)
    with pytest.raises(PaymentsDown):
        await payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1")
    await payments.close()


async def test_a_stripe_that_is_not_there_is_an_outage(free_port) -> None:  # type: ignore[no-untyped-def]
    payments = StripePayments(SECRET_KEY, api_base=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(PaymentsDown):
        await payments.retrieve("pi_1")
    await payments.close()


async def test_an_app_may_pay_its_own_intent_and_nothing_else(payments: StripePayments, stripe: FakeStripe) -> None:
    mine = await payments.create(ORDER, 1299, "EUR", "manual", {}, "k1")
    other = await payments.create(ORDER, 1299, "EUR", "manual", {}, "k2")
    form = {"client_secret": str(mine.client_secret), "key": PUBLISHABLE_KEY, "payment_method": "pm_card_visa"}
    async with httpx.AsyncClient(base_url=stripe.url, trust_env=False) as client:
        assert (await client.post(f"/v1/payment_intents/{other.id}/confirm", data=form)).status_code == 401
        assert (await client.post(f"/v1/payment_intents/{mine.id}/capture", data=form)).status_code == 401
        assert (await client.post(f"/v1/payment_intents/{mine.id}/confirm", data=form)).status_code == 200
        assert (await client.post("/v1/refunds", data={"payment_intent": mine.id})).status_code == 401
