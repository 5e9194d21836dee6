"""What the adapter promises, against the local Stripe; and against localstripe, for what that can do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from functions.checkout.payments.provider import IntentGone, Method, PaymentRefused
from functions.checkout.payments.stripe_payments import StripePayments
from local.stripe import FakeStripe
from local.stripe.server import SECRET_KEY
from tests.integration.checkout.payments.shopper import pay

ORDER = "acme-berlin." + "0" * 32


async def test_an_intent_is_what_was_asked_for_and_nothing_is_paid_yet(payments: StripePayments) -> None:
    intent = await payments.create(ORDER, 1299, "EUR", "automatic", {"storeId": "acme-berlin"}, "k1")
    assert (intent.status, intent.amount, intent.received, intent.currency) == (
        "requires_payment_method", 1299, 0, "EUR",
    )  # fmt: skip
    assert intent.order == ORDER
    assert intent.metadata["storeId"] == "acme-berlin"
    assert (intent.client_secret or "").startswith(intent.id)
    assert str(intent.client_secret) not in repr(intent)
    assert abs(intent.created - datetime.now(UTC)) < timedelta(seconds=5)
    assert (await payments.retrieve(intent.id)).client_secret == intent.client_secret


async def test_the_same_key_is_the_same_intent_and_with_another_amount_it_is_refused(payments: StripePayments) -> None:
    first = await payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1")
    assert await payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1") == first
    with pytest.raises(PaymentRefused) as refusal:
        await payments.create(ORDER, 1300, "EUR", "automatic", {}, "k1")
    assert refusal.value.code == "idempotency_error"


async def test_a_paid_intent_says_what_it_was_paid_with(payments: StripePayments, stripe: FakeStripe) -> None:
    intent = await payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1")
    await pay(stripe, intent)
    paid = await payments.retrieve(intent.id)
    assert (paid.status, paid.received, paid.method) == ("succeeded", 1299, Method("card", "visa", "4242"))
    assert paid.is_final


async def test_a_declined_card_leaves_the_intent_to_be_paid_with_another(
    payments: StripePayments, stripe: FakeStripe
) -> None:
    intent = await payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1")
    await pay(stripe, intent, "pm_card_chargeDeclinedInsufficientFunds")
    declined = await payments.retrieve(intent.id)
    assert (declined.status, declined.error, declined.received) == ("requires_payment_method", "insufficient_funds", 0)
    await pay(stripe, intent, "pm_paypal")
    paid = await payments.retrieve(intent.id)
    assert (paid.status, paid.error, paid.method) == ("succeeded", None, Method("paypal"))
    assert [(row["charges"], row["declined"]) for row in stripe.ledger()] == [(1, 1)]


@pytest.mark.parametrize("amount", [1299, 1000])
async def test_what_was_authorised_is_captured_whole_or_in_part(
    payments: StripePayments, stripe: FakeStripe, amount: int
) -> None:
    intent = await payments.create(ORDER, 1299, "EUR", "manual", {}, "k1")
    await pay(stripe, intent)
    held = await payments.retrieve(intent.id)
    assert (held.status, held.capturable, held.received) == ("requires_capture", 1299, 0)
    taken = await payments.capture(intent.id, amount, "EUR", "c1")
    assert (taken.status, taken.received, taken.capturable, taken.amount) == ("succeeded", amount, 0, 1299)
    assert await payments.capture(intent.id, amount, "EUR", "c1") == taken
    assert (await payments.capture(intent.id, amount, "EUR", "another-key")).received == amount
    assert [row["captured"] for row in stripe.ledger()] == [amount]


async def test_more_than_was_authorised_is_never_captured(payments: StripePayments, stripe: FakeStripe) -> None:
    intent = await payments.create(ORDER, 1299, "EUR", "manual", {}, "k1")
    await pay(stripe, intent)
    with pytest.raises(PaymentRefused) as refusal:
        await payments.capture(intent.id, 1300, "EUR", "c1")
    assert refusal.value.code == "amount_too_large"
    # Stripe has stored that refusal under the key; a capture that is possible goes through all the same.
    with pytest.raises(PaymentRefused):
        await payments.capture(intent.id, 1299, "EUR", "c1")
    assert (await payments.capture(intent.id, 1299, "EUR", "c2")).received == 1299


async def test_cancelling_says_canceled_or_that_it_came_too_late(payments: StripePayments, stripe: FakeStripe) -> None:
    unpaid = await payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1")
    assert (await payments.cancel(unpaid.id, "x1")).status == "canceled"
    assert (await payments.cancel(unpaid.id, "x1")).status == "canceled"
    assert (await payments.cancel(unpaid.id, "x9")).status == "canceled"
    assert "error" in await pay(stripe, unpaid)
    paid = await payments.create(ORDER, 1299, "EUR", "automatic", {}, "k2")
    await pay(stripe, paid)
    late = await payments.cancel(paid.id, "x2")
    assert (late.status, late.received) == ("succeeded", 1299)
    held = await payments.create(ORDER, 1299, "EUR", "manual", {}, "k3")
    await pay(stripe, held)
    assert (await payments.cancel(held.id, "x3")).capturable == 0


async def test_a_cancel_refused_while_the_bank_thinks_is_not_refused_for_ever(
    payments: StripePayments, stripe: FakeStripe
) -> None:
    intent = await payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1")
    await pay(stripe, intent, "pm_sepa_debit")
    assert (await payments.cancel(intent.id, "x1")).status == "processing"
    stripe.api.intents.decide(intent.id, good=False)
    assert (await payments.cancel(intent.id, "x1")).status == "canceled"


async def test_refunds_are_given_once_for_each_reference_even_when_the_keys_are_forgotten(
    payments: StripePayments, stripe: FakeStripe
) -> None:
    intent = await payments.create(ORDER, 1299, "EUR", "automatic", {}, "k1")
    await pay(stripe, intent)
    first = await payments.refund(intent.id, 300, "EUR", "r1", "refund:r1")
    assert (first.status, first.amount, first.reference, first.intent_id) == ("succeeded", 300, "r1", intent.id)
    assert stripe.book.forget_keys() > 0
    assert await payments.refund(intent.id, 300, "EUR", "r1", "refund:r1") == first
    await payments.refund(intent.id, 999, "EUR", "r2", "refund:r2")
    with pytest.raises(PaymentRefused) as refusal:
        await payments.refund(intent.id, 1, "EUR", "r3", "refund:r3")
    assert refusal.value.code == "charge_already_refunded"
    assert {each.reference for each in await payments.refunds_of(intent.id)} == {"r1", "r2"}
    assert (await payments.retrieve(intent.id)).refunded == 1299


async def test_what_stripe_does_not_know_is_gone(payments: StripePayments) -> None:
    with pytest.raises(IntentGone):
        await payments.retrieve("pi_nobody")
    with pytest.raises(IntentGone):
        await payments.capture("pi_nobody", 100, "EUR", "c1")
    with pytest.raises(IntentGone):
        await payments.cancel("pi_nobody", "x1")
    with pytest.raises(IntentGone):
        await payments.refund("pi_nobody", 100, "EUR", "r1", "refund:r1")


async def test_the_list_names_every_intent_once_page_by_page(
    payments: StripePayments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.checkout.payments.stripe_payments.PAGE", 3)
    made = [
        (await payments.create(f"acme-berlin.{n:032x}", 100 + n, "EUR", "automatic", {}, f"k{n}")).id for n in range(8)
    ]
    now = datetime.now(UTC)
    found: list[str] = []
    after: str | None = None
    while True:
        page = await payments.list(now - timedelta(minutes=1), now + timedelta(seconds=2), after)
        found += [intent.id for intent in page.intents]
        after = page.after
        if after is None:
            break
    assert found == made[::-1]
    assert (await payments.list(now - timedelta(hours=2), now - timedelta(hours=1))).intents == ()


@pytest.mark.parametrize(
    ("amount", "currency", "stripes"),
    [(1299, "EUR", 1299), (1299, "JPY", 1299), (12_990, "KWD", 12_990), (500, "ISK", 50_000), (1_200, "MGA", 12)],
)
async def test_amounts_arrive_in_the_unit_of_their_currency(
    payments: StripePayments, stripe: FakeStripe, amount: int, currency: str, stripes: int
) -> None:
    intent = await payments.create(ORDER, amount, currency, "automatic", {}, "k1")
    assert [(row["amount"], row["currency"]) for row in stripe.ledger()] == [(stripes, currency.lower())]
    await pay(stripe, intent)
    paid = await payments.retrieve(intent.id)
    assert (paid.amount, paid.received, paid.currency) == (amount, amount, currency)
    assert (await payments.refund(intent.id, amount, currency, "r1", "refund:r1")).amount == amount


@pytest.mark.parametrize(("amount", "currency"), [(1_299, "KWD"), (1_250, "MGA"), (0, "EUR"), (-5, "EUR"), (5, "XXX")])
async def test_amounts_that_no_card_can_pay_are_refused_before_stripe_is_asked(
    payments: StripePayments, stripe: FakeStripe, amount: int, currency: str
) -> None:
    with pytest.raises(PaymentRefused) as refusal:
        await payments.create(ORDER, amount, currency, "automatic", {}, "k1")
    assert refusal.value.code == "amount_not_payable"
    assert stripe.ledger() == []


# ---- localstripe ---------------------------------------------------------------------------------------------
# It has no idempotency keys, no automatic payment methods, no list by time and no amount_received: what is left is
# that a Stripe written by others understands our requests, and we its answers.


async def pay_elsewhere(url: str, intent_id: str, number: str = "4242424242424242") -> None:
    headers = {"authorization": f"Bearer {SECRET_KEY}"}
    card = {"card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2035", "card[cvc]": "123"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
        method = (await client.post("/v1/payment_methods", data={"type": "card", **card})).json()["id"]
        await client.post(f"/v1/payment_intents/{intent_id}", data={"payment_method": method})
        await client.post(f"/v1/payment_intents/{intent_id}/confirm")


async def test_a_stripe_written_by_others_is_spoken_to_the_same_way(other_stripe: str) -> None:
    payments = StripePayments(SECRET_KEY, api_base=other_stripe, method_types=("card",))
    intent = await payments.create(ORDER, 1299, "EUR", "automatic", {"storeId": "acme-berlin"}, "k1")
    assert (intent.status, intent.amount, intent.currency, intent.order) == (
        "requires_payment_method", 1299, "EUR", ORDER,
    )  # fmt: skip
    await pay_elsewhere(other_stripe, intent.id)
    paid = await payments.retrieve(intent.id)
    assert (paid.status, paid.received) == ("succeeded", 1299)
    assert (await payments.cancel(intent.id, "x1")).status == "succeeded"
    refund = await payments.refund(intent.id, 300, "EUR", "r1", "refund:r1")
    assert (refund.status, refund.amount) == ("succeeded", 300)
    assert await payments.refund(intent.id, 300, "EUR", "r1", "refund:r1") == refund
    assert (await payments.retrieve(intent.id)).refunded == 300

    held = await payments.create(ORDER, 500, "EUR", "manual", {}, "k2")
    await pay_elsewhere(other_stripe, held.id)
    assert (await payments.retrieve(held.id)).status == "requires_capture"
    assert (await payments.capture(held.id, 500, "EUR", "c1")).received == 500

    unpaid = await payments.create(ORDER, 500, "EUR", "automatic", {}, "k3")
    assert (await payments.cancel(unpaid.id, "x2")).status == "canceled"
    with pytest.raises(IntentGone):
        await payments.retrieve("pi_nobody")
    await payments.close()
