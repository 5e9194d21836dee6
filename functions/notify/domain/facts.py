"""What an event tells the shopper it is about: which notice, for how long it is worth a push, and what it replaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from functions.notify.domain import changes
from functions.notify.domain.changes import Changes

SESSION_EXPIRING: Final = "session_expiring"
CART_CHANGED: Final = "cart_changed"
CARD_ACCEPTED: Final = "card_accepted"
CHECKOUT_EXPIRING: Final = "checkout_expiring"
PAYMENT_CHANGED: Final = "payment_changed"
PAYMENT_FAILED: Final = "payment_failed"
CHECKOUT_ENDED: Final = "checkout_ended"
PAID: Final = "paid"
REFUNDED: Final = "refunded"

_OF_STATUS: Final = {"failed": PAYMENT_FAILED, "expired": CHECKOUT_ENDED}
"""States of a payment that are the shopper's to act upon. Success is told by `purchase.paid`, when it can be used."""

COLLAPSE: Final = {
    SESSION_EXPIRING: "visit",
    CART_CHANGED: "cart",
    CARD_ACCEPTED: "card",
    CHECKOUT_EXPIRING: "checkout",
    PAYMENT_CHANGED: "checkout",
    PAYMENT_FAILED: "checkout",
    CHECKOUT_ENDED: "checkout",
    PAID: "checkout",
    REFUNDED: "checkout",
}
"""Kind -> what a device shows at most once. FCM knows four such keys at a time for a device, and no more."""

_LASTS: Final = {
    SESSION_EXPIRING: timedelta(minutes=5),
    CART_CHANGED: timedelta(minutes=5),
    CARD_ACCEPTED: timedelta(minutes=10),
    CHECKOUT_EXPIRING: timedelta(minutes=2),
    PAYMENT_CHANGED: timedelta(0),
    PAYMENT_FAILED: timedelta(minutes=15),
    CHECKOUT_ENDED: timedelta(minutes=15),
    PAID: timedelta(hours=1),
    REFUNDED: timedelta(hours=12),
}
"""Kind -> for how long after the fact a push of it still helps; not at all: it is only for apps that look."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to tell a shopper. `at` is when it happened, `until` when nobody should be disturbed by it any more.

    `changes` of a cart are put together with those that follow within seconds; everything else is told at once.
    """

    session_id: str
    user_id: str
    kind: str
    at: datetime
    until: datetime
    data: Mapping[str, Any]
    changes: Changes | None = None


def of_event(kind: str, data: Mapping[str, Any], at: datetime) -> Fact:
    """What the event says. Raises KeyError, TypeError or ValueError when its data is not what its contract says."""
    name, told, changed = _READERS[kind](data, at)
    until = at + _LASTS[name]
    if isinstance(told.get("expiresAt"), str):
        # Warnings of an end are pointless after it.
        until = min(until, datetime.fromisoformat(told["expiresAt"]))
    return Fact(str(data["sessionId"]), str(data["userId"]), name, at, until, told, changed)


def lasting(kind: str, at: datetime) -> datetime:
    """When a notice of this kind, told at `at`, is not worth a push any more."""
    return at + _LASTS[kind]


_Read = tuple[str, Mapping[str, Any], Changes | None]


def _told(kind: str, *names: str) -> Callable[[Mapping[str, Any], datetime], _Read]:
    """A notice that says some of the event's fields; the others are nobody's business on a phone."""
    return lambda data, _at: (kind, {name: data[name] for name in names}, None)


def _payment(data: Mapping[str, Any], _at: datetime) -> _Read:
    return (
        _OF_STATUS.get(data["status"], PAYMENT_CHANGED),
        {name: data[name] for name in ("checkoutId", "status", "total", "currency")},
        None,
    )


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any], datetime], _Read]]] = {
    "session.expiring": _told(SESSION_EXPIRING, "expiresAt", "lines"),
    "session.cart_repriced": lambda data, _at: (CART_CHANGED, {}, changes.repriced(data)),
    "session.cart_stock_changed": lambda data, at: (CART_CHANGED, {}, changes.restocked(data, at)),
    "discount.card_accepted": _told(CARD_ACCEPTED, "brandId", "maskedNumber", "points", "status", "expiresAt"),
    "checkout.expiring": _told(CHECKOUT_EXPIRING, "checkoutId", "expiresAt"),
    "checkout.payment_changed": _payment,
    "purchase.paid": _told(PAID, "checkoutId", "total", "currency"),
    "purchase.refunded": _told(REFUNDED, "checkoutId", "amount", "currency"),
}
