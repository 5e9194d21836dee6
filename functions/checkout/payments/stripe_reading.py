"""Stripe's objects as ours. They are read as plain data, so that this module needs nothing of the library."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from functions.checkout.payments import amounts
from functions.checkout.payments.provider import Intent, Method, Refund, RefundStatus, Status

ORDER = "checkoutId"
"""The key of an intent's metadata that names our checkout."""
REFERENCE = "refundId"
"""The key of a refund's metadata that names our refund."""
_STATES = frozenset(
    {
        "requires_payment_method",
        "requires_confirmation",
        "requires_action",
        "processing",
        "requires_capture",
        "succeeded",
        "canceled",
    }
)
_REFUND_STATES = frozenset({"pending", "requires_action", "succeeded", "failed", "canceled"})
Plain = Mapping[str, Any]


class Unreadable(ValueError):
    """What came is not what Stripe documents."""


def intent(raw: Plain) -> Intent:
    """A PaymentIntent, with `latest_charge` expanded or not. Raises Unreadable."""
    try:
        currency = str(raw["currency"]).upper()
        status = raw["status"]
        if status not in _STATES:
            raise Unreadable(f"an intent cannot be {status}")
        metadata = {str(k): str(v) for k, v in (raw.get("metadata") or {}).items()}
        charge = raw.get("latest_charge")
        charge = charge if isinstance(charge, Mapping) else {}
        captured = status == "succeeded"
        received = raw.get("amount_received", raw["amount"] if captured else 0)
        capturable = raw.get("amount_capturable", raw["amount"] if status == "requires_capture" else 0)
        return Intent(
            id=str(raw["id"]),
            status=cast(Status, status),
            amount=amounts.from_stripe(int(raw["amount"]), currency),
            received=amounts.from_stripe(int(received), currency),
            capturable=amounts.from_stripe(int(capturable), currency),
            currency=currency,
            created=moment(raw["created"]),
            order=metadata.get(ORDER),
            metadata=metadata,
            method=_method(charge),
            error=_error(raw.get("last_payment_error")),
            refunded=amounts.from_stripe(int(charge.get("amount_refunded") or 0), currency),
            client_secret=raw.get("client_secret"),
        )
    except (KeyError, TypeError, AttributeError, amounts.NotPayable) as error:
        raise Unreadable(f"a payment intent: {error!r}") from error


def refund(raw: Plain) -> Refund:
    """A Refund. Raises Unreadable."""
    try:
        currency, status = str(raw["currency"]).upper(), raw["status"]
        if status not in _REFUND_STATES:
            raise Unreadable(f"a refund cannot be {status}")
        return Refund(
            id=str(raw["id"]),
            intent_id=str(raw.get("payment_intent") or ""),
            amount=amounts.from_stripe(int(raw["amount"]), currency),
            currency=currency,
            status=cast(RefundStatus, status),
            created=moment(raw["created"]),
            reference=(raw.get("metadata") or {}).get(REFERENCE),
            error=raw.get("failure_reason"),
        )
    except (KeyError, TypeError, AttributeError, amounts.NotPayable) as error:
        raise Unreadable(f"a refund: {error!r}") from error


def moment(seconds: Any) -> datetime:
    """Stripe's seconds since the epoch, aware."""
    return datetime.fromtimestamp(int(seconds), UTC)


def _method(charge: Plain) -> Method | None:
    details = charge.get("payment_method_details")
    if not isinstance(details, Mapping) or not details.get("type"):
        return None
    kind = str(details["type"])
    card = details.get(kind)
    card = card if isinstance(card, Mapping) else {}
    return Method(kind, card.get("brand"), card.get("last4"))


def _error(raw: Any) -> str | None:
    if not isinstance(raw, Mapping):
        return None
    # A decline says more in decline_code (insufficient_funds) than in code (card_declined).
    return str(raw.get("decline_code") or raw.get("code") or raw.get("type") or "unknown")
