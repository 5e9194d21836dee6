"""What an intent means for its purchase."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.checkout.payments.provider import Intent
from functions.checkout.payments.verdicts import Ended, Held, Mismatch, Pending, Received, Verdict, judge


def intent(**more: Any) -> Intent:
    said = {"id": "pi_1", "status": "requires_payment_method", "amount": 1000, "received": 0, "capturable": 0}
    return Intent(**{**said, "currency": "EUR", "created": datetime(2026, 11, 21, tzinfo=UTC), **more})


@pytest.mark.parametrize(
    ("given", "due", "verdict"),
    [
        (intent(), 1000, Pending("waiting")),
        (intent(error="card_declined"), 1000, Pending("failed", "card_declined")),
        (intent(status="requires_action", error="card_declined"), 1000, Pending("waiting")),
        (intent(status="processing"), 1000, Pending("processing")),
        (intent(status="requires_capture", capturable=1000), 1000, Held(1000)),
        (intent(status="requires_capture", capturable=1000), 700, Held(700)),
        (intent(status="requires_capture", capturable=600), 700, Mismatch(700, "EUR", 600, "EUR")),
        (intent(status="succeeded", received=1000), 1000, Received()),
        (intent(status="succeeded", received=700), 700, Received()),
        (intent(status="succeeded", received=1000), 700, Mismatch(700, "EUR", 1000, "EUR")),
        (intent(status="succeeded", received=900), 1000, Mismatch(1000, "EUR", 900, "EUR")),
        (intent(status="succeeded", received=1000, currency="USD"), 1000, Mismatch(1000, "EUR", 1000, "USD")),
        (intent(amount=999), 1000, Mismatch(1000, "EUR", 999, "EUR")),
        (intent(status="canceled"), 1000, Ended()),
        (intent(status="canceled", amount=5, currency="USD"), 1000, Mismatch(1000, "EUR", 5, "USD")),
    ],
)
def test_the_provider_is_the_judge(given: Intent, due: int, verdict: Verdict) -> None:
    assert judge(given, asked=1000, due=due, currency="EUR") == verdict
