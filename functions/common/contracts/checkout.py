"""What becomes of checkouts and purchases, all on the topic `checkout-events`. Money in minor units of `currency`."""

from __future__ import annotations

from typing import Any, Final, TypedDict

TOPIC: Final = "checkout-events"
PAYMENT_CHANGED: Final = ("checkout.payment_changed", 1)
PAYMENT_MISMATCH: Final = ("checkout.payment_mismatch", 1)
EXPIRING: Final = ("checkout.expiring", 1)
INTERVENTION_OPENED: Final = ("checkout.intervention_opened", 1)
INTERVENTION_ENDED: Final = ("checkout.intervention_ended", 1)
PAID: Final = ("purchase.paid", 1)
EXITED: Final = ("purchase.exited", 1)
CLOSED: Final = ("purchase.closed", 1)
REFUNDED: Final = ("purchase.refunded", 1)


class PaymentChanged(TypedDict):
    """`checkout.payment_changed` v1: how the payment of a checkout goes on.

    `status` is succeeded, processing, failed (another method may be tried), cancelled or expired; `code` is the reason
    of a failure as the provider names it, or of a cancellation.
    """

    checkoutId: str
    sessionId: str
    userId: str
    status: str
    code: str | None
    total: int
    currency: str


class PaymentMismatch(TypedDict):
    """`checkout.payment_mismatch` v1: the provider took something else than was asked for; a matter for people."""

    checkoutId: str
    intentId: str
    expected: int
    received: int
    expectedCurrency: str
    receivedCurrency: str


class Expiring(TypedDict):
    """`checkout.expiring` v1: a checkout that is not paid ends at `expiresAt` (RFC 3339)."""

    checkoutId: str
    sessionId: str
    userId: str
    expiresAt: str
    total: int
    currency: str


class InterventionOpened(TypedDict):
    """`checkout.intervention_opened` v1: staff have to look at a basket; `kind` is age, spot_check or risk."""

    checkoutId: str
    sessionId: str
    userId: str
    interventionId: str
    kind: str


class InterventionEnded(TypedDict):
    """`checkout.intervention_ended` v1: `status` is approved or rejected; `reason` is what staff said."""

    checkoutId: str
    sessionId: str
    userId: str
    interventionId: str
    kind: str
    status: str
    reason: str
    by: str


class Paid(TypedDict):
    """`purchase.paid` v1: the provider has the money. `items` counts units. `paidAt` is RFC 3339."""

    checkoutId: str
    sessionId: str
    userId: str
    total: int
    currency: str
    items: int
    paidAt: str


class Exited(TypedDict):
    """`purchase.exited` v1: the shopper has left with what was paid for; the purchase can be closed.

    `override` is the reason why staff have let the shopper out without the pass, null when it was the pass.
    """

    checkoutId: str
    sessionId: str
    userId: str
    exitedAt: str
    override: str | None


class SoldLine(TypedDict):
    """A line as it was sold; `quantity` in thousandths, `barcode` the product's own. `gross` was paid for it."""

    lineId: str
    barcode: str
    name: str
    quantity: int
    measure: str
    categoryId: str | None
    brandId: str | None
    unitPrice: int | None
    amount: int
    discount: int
    net: int
    tax: int
    gross: int


class SoldShare(TypedDict):
    """What was sold at one tax rate, a percentage as text."""

    rate: str
    net: int
    tax: int
    gross: int


class SoldPromotion(TypedDict):
    """A promotion that the basket got, in which version, and what it took off."""

    promotionId: str
    version: int
    code: str | None
    discount: int


class SoldBy(TypedDict):
    """What was paid with; `type` is the provider's name of the method."""

    provider: str
    type: str | None
    brand: str | None
    amount: int


class Closed(TypedDict):
    """`purchase.closed` v1: the whole purchase, once the shopper has left. Times are RFC 3339."""

    checkoutId: str
    sessionId: str
    userId: str
    receiptNumber: int | None
    paidAt: str
    exitedAt: str | None
    currency: str
    lines: list[SoldLine]
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int
    shares: list[SoldShare]
    promotions: list[SoldPromotion]
    payment: SoldBy | None
    refunded: int


class Refunded(TypedDict):
    """`purchase.refunded` v1: `amount` went back with this refund, `refunded` in all."""

    checkoutId: str
    sessionId: str
    userId: str
    refundId: str
    amount: int
    refunded: int
    total: int
    currency: str


_WHO: Final = {
    "checkoutId": "acme-centre.3c9909afec25354d551dae21590bb26e",
    "sessionId": "acme-centre.0f5e2f4b8a9c4d1e8f7a6b5c4d3e2f10",
    "userId": "shopper-1",
}
_INTERVENTION: Final = "acme-centre.3c9909afec25354d551dae21590bb26e.1"

SAMPLES: Final[dict[tuple[str, int], dict[str, Any]]] = {
    PAYMENT_CHANGED: {**_WHO, "status": "failed", "code": "card_declined", "total": 1299, "currency": "EUR"},
    PAYMENT_MISMATCH: {
        "checkoutId": _WHO["checkoutId"],
        "intentId": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "expected": 1299,
        "received": 1199,
        "expectedCurrency": "EUR",
        "receivedCurrency": "EUR",
    },
    EXPIRING: {**_WHO, "expiresAt": "2026-11-20T10:00:00Z", "total": 1299, "currency": "EUR"},
    INTERVENTION_OPENED: {**_WHO, "interventionId": _INTERVENTION, "kind": "age"},
    INTERVENTION_ENDED: {
        **_WHO,
        "interventionId": _INTERVENTION,
        "kind": "age",
        "status": "rejected",
        "reason": "too young",
        "by": "staff-7",
    },
    PAID: {**_WHO, "total": 1299, "currency": "EUR", "items": 3, "paidAt": "2026-11-20T09:58:00Z"},
    EXITED: {**_WHO, "exitedAt": "2026-11-20T10:01:00Z", "override": None},
    CLOSED: {
        **_WHO,
        "receiptNumber": 4711,
        "paidAt": "2026-11-20T09:58:00Z",
        "exitedAt": "2026-11-20T10:01:00Z",
        "currency": "EUR",
        "lines": [
            {
                "lineId": "3c9909af",
                "barcode": "4006381333931",
                "name": "Pen",
                "quantity": 3000,
                "measure": "each",
                "categoryId": "office",
                "brandId": "stabilo",
                "unitPrice": 433,
                "amount": 1299,
                "discount": 0,
                "net": 1092,
                "tax": 207,
                "gross": 1299,
            }
        ],
        "subtotal": 1299,
        "discount": 0,
        "net": 1092,
        "tax": 207,
        "total": 1299,
        "shares": [{"rate": "19", "net": 1092, "tax": 207, "gross": 1299}],
        "promotions": [{"promotionId": "pasta-night", "version": 3, "code": None, "discount": 0}],
        "payment": {"provider": "stripe", "type": "card", "brand": "visa", "amount": 1299},
        "refunded": 0,
    },
    REFUNDED: {**_WHO, "refundId": "b1946ac9", "amount": 433, "refunded": 433, "total": 1299, "currency": "EUR"},
}
"""One sample of every event, checked against its class by a test and shown in docs/events.md."""
