"""The guards of payments: believed only when signed, taken once, given back once and by two, paid as agreed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from functions.checkout import refund_rules, refunding, settling, webhooks
from functions.checkout.payments import signatures, stripe_payments, verdicts
from functions.checkout.payments.provider import PaymentsDown
from functions.checkout.payments.stripe_payments import StripePayments
from functions.common.purchases import Purchases
from local.stripe import FakeStripe
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.integration.checkout.payments import test_conformance as conformance
from tests.integration.checkout.payments import test_lost_answers as lost
from tests.integration.checkout.payments import test_refunds as refunds
from tests.integration.checkout.payments import test_troubled as troubled
from tests.integration.checkout.payments import test_webhooks as knocks
from tests.integration.checkout.payments.shop import Shop


@both_ways
async def test_the_signature(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(signatures, "verify", lambda *_args: None)
    with red_without(guard):
        await knocks.test_no_forged_webhook_is_believed_and_none_breaks_the_door(shop, 1)


@both_ways
async def test_the_age_of_a_signature(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(signatures, "TOLERANCE_SECONDS", 10**9)
    with red_without(guard):
        await knocks.test_no_forged_webhook_is_believed_and_none_breaks_the_door(shop, 1)


@both_ways
async def test_secrets_that_are_not_empty(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    verify = signatures.verify
    if guard == OUT:

        def trusting(body: bytes, header: str | None, secrets: Any, now: float) -> None:
            # As if an empty secret were one.
            import hashlib
            import hmac

            at, given = signatures._parts(header or "")
            if hmac.new(b"", b"%d.%s" % (at, body), hashlib.sha256).hexdigest() not in given:
                verify(body, header, secrets, now)

        monkeypatch.setattr(signatures, "verify", trusting)
    with red_without(guard):
        await knocks.test_a_door_without_secrets_believes_nobody(shop)


@both_ways
async def test_events_of_nobody_are_kept(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    apply = webhooks._apply
    if guard == OUT:

        async def impatient(*args: Any) -> str:
            return await apply(*args) or "done"

        monkeypatch.setattr(webhooks, "_apply", impatient)
    with red_without(guard):
        await knocks.test_an_event_before_our_own_record_of_the_payment_waits_and_is_not_lost(shop)


@both_ways
async def test_the_amount_that_was_agreed(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        judge = verdicts.judge

        def lenient(*args: Any, **named: Any) -> Any:
            found = judge(*args, **named)
            return verdicts.Received() if isinstance(found, verdicts.Mismatch) else found

        monkeypatch.setattr(verdicts, "judge", lenient)
    with red_without(guard):
        await knocks.test_another_amount_than_was_asked_for_buys_nothing_and_goes_back(shop)


@both_ways
async def test_the_word_of_staff_before_the_capture(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(settling, "_is_clear", lambda _purchase: True)
    with red_without(guard):
        await lost.test_a_basket_that_staff_look_at_is_authorised_first_and_captured_once_they_agree(shop)


@both_ways
async def test_a_stray_intent_ends(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:

        async def nothing(*_args: Any) -> None:
            return None

        monkeypatch.setattr(webhooks, "end_stray", nothing)
    with red_without(guard):
        await knocks.test_an_intent_that_a_stored_failure_hid_is_ended_and_never_paid_beside_the_other(shop)


# ---- refunds -------------------------------------------------------------------------------------------------


@both_ways
async def test_the_revision_that_a_refund_was_worked_out_from(
    guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(Purchases, "_write", _careless)
    with red_without(guard):
        await refunds.test_many_refunds_at_once_never_give_back_more_than_was_paid(shop, 50)


async def _careless(
    self: Purchases,
    purchase: Mapping[str, Any],
    now: Any,
    fresh: dict[str, Any],
    gone: dict[str, Any],
    push: dict[str, Any],
    events: Any,
    where: Any,
    repeatable: bool,
) -> dict[str, Any] | None:
    """Writes over whatever is there."""
    from pymongo import ReturnDocument

    if events:
        push = {**push, "outbox": {"$each": list(events)}}
    update: dict[str, Any] = {"$set": {**fresh, "updatedAt": now}, "$inc": {"rev": 1}}
    update |= ({"$unset": gone} if gone else {}) | ({"$push": push} if push else {})
    return await self._scope(purchase).find_one_and_update(
        {"_id": purchase["_id"]}, update, return_document=ReturnDocument.AFTER
    )


@both_ways
async def test_the_second_person(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(refund_rules, "needs_second_person", lambda *_args: False)
    with red_without(guard):
        await refunds.test_above_the_limit_a_second_person_has_to_agree(shop)


@both_ways
async def test_the_second_person_is_another(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        approve = refunding.approve

        async def anybody(deps: Any, purchase: Any, refund_id: str, person: Any, now: Any) -> Any:
            somebody = refunding.Person(f"{person.sub}-twin", person.role, person.request_id)
            return await approve(deps, purchase, refund_id, somebody, now)

        monkeypatch.setattr(refunding, "approve", anybody)
    with red_without(guard):
        await refunds.test_above_the_limit_a_second_person_has_to_agree(shop)


@both_ways
async def test_what_one_person_gave_in_all(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(refund_rules, "needs_second_person", lambda _purchase, amount, limit: amount > limit)
    with red_without(guard):
        await refunds.test_many_small_refunds_count_like_a_large_one(shop)


@both_ways
async def test_a_failed_refund_is_taken_out(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(refund_rules, "undone", lambda purchase, _refund: purchase["account"])
    with red_without(guard):
        await refunds.test_a_refund_that_the_bank_sends_back_is_taken_out_of_the_account(shop)


# ---- the adapter ---------------------------------------------------------------------------------------------


@both_ways
async def test_the_reference_of_a_refund(
    guard: Guard, payments: StripePayments, stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:

        async def nobody(*_args: Any) -> None:
            return None

        monkeypatch.setattr(StripePayments, "_known_refund", nobody)
    with red_without(guard):
        await conformance.test_refunds_are_given_once_for_each_reference_even_when_the_keys_are_forgotten(
            payments, stripe
        )


def _without_keys_of_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    change = StripePayments._change

    async def never_anew(*args: Any, anew: bool = False) -> Any:
        return await change(*args)

    monkeypatch.setattr(StripePayments, "_change", never_anew)


@both_ways
async def test_the_next_key_after_a_stored_failure(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    # The key of the minute would make up for it, and has a guard of its own.
    _without_keys_of_the_minute(monkeypatch)
    if guard == OUT:
        monkeypatch.setattr(stripe_payments, "_KEYS", 1)
    import stripe

    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    with red_without(guard):
        await lost.test_a_checkout_is_charged_once_whatever_becomes_of_the_answers(shop, "stored-500")


@both_ways
async def test_the_key_of_the_minute(
    guard: Guard, payments: StripePayments, stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        _without_keys_of_the_minute(monkeypatch)
    monkeypatch.setattr("stripe.HTTPClient.INITIAL_DELAY", 0.01)
    with red_without(guard):
        try:
            await troubled.test_an_outage_that_stripe_remembers_for_a_day_is_over_a_minute_after_its_end(
                payments, stripe
            )
        except PaymentsDown as down:
            raise AssertionError("it was never over") from down
