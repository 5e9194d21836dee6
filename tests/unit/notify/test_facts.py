"""Which notice an event becomes, and for how long it may disturb anybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.common.contracts import checkout, discount, sessions
from functions.notify.domain import facts
from tests.unit.notify.builders import NOW, WHO, payment, seconds

SAMPLES = {kind: sample for each in (sessions, discount, checkout) for (kind, _), sample in each.SAMPLES.items()}
TOLD = {
    "session.expiring": "session_expiring",
    "session.cart_repriced": "cart_changed",
    "session.cart_stock_changed": "cart_changed",
    "discount.card_accepted": "card_accepted",
    "checkout.payment_changed": "payment_failed",
    "checkout.expiring": "checkout_expiring",
    "purchase.paid": "paid",
    "purchase.refunded": "refunded",
}


@pytest.mark.parametrize("kind", TOLD)
def test_the_sample_of_every_contract_can_be_told(kind: str) -> None:
    fact = facts.of_event(kind, SAMPLES[kind], NOW)
    assert (fact.kind, fact.session_id, fact.user_id) == (TOLD[kind], SAMPLES[kind]["sessionId"], "shopper-1")
    assert "userId" not in fact.data
    assert "sessionId" not in fact.data


@pytest.mark.parametrize("kind", TOLD)
def test_an_event_that_lacks_something_is_noticed(kind: str) -> None:
    for left_out in SAMPLES[kind]:
        data = {name: value for name, value in SAMPLES[kind].items() if name != left_out}
        with_less: Any
        try:
            with_less = facts.of_event(kind, data, NOW)
        except KeyError:
            continue
        assert left_out not in with_less.data


@pytest.mark.parametrize(
    ("status", "kind", "worth"),
    [
        ("failed", "payment_failed", timedelta(minutes=15)),
        ("expired", "checkout_ended", timedelta(minutes=15)),
        ("processing", "payment_changed", timedelta(0)),
        ("succeeded", "payment_changed", timedelta(0)),
        ("cancelled", "payment_changed", timedelta(0)),
    ],
)
def test_only_what_is_the_shoppers_to_act_upon_is_pushed_of_a_payment(status: str, kind: str, worth: timedelta) -> None:
    fact = payment(status)
    assert (fact.kind, fact.until - fact.at) == (kind, worth)
    assert fact.data == {"checkoutId": "c1", "status": status, "total": 1299, "currency": "EUR"}


def test_a_warning_of_an_end_is_over_with_it() -> None:
    soon = {**WHO, "expiresAt": seconds(60).isoformat(), "lines": 2}
    late = {**WHO, "expiresAt": seconds(3600).isoformat(), "lines": 2}
    assert facts.of_event("session.expiring", soon, NOW).until == seconds(60)
    assert facts.of_event("session.expiring", late, NOW).until == seconds(300)


def test_devices_know_no_more_than_the_four_keys_that_fcm_keeps() -> None:
    assert len(set(facts.COLLAPSE.values())) <= 4
    assert set(facts.COLLAPSE) >= set(TOLD.values())
