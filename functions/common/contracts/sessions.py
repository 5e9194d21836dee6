"""What visits tell the others, all on the topic `session-events`."""

from __future__ import annotations

from typing import Any, Final, TypedDict

TOPIC: Final = "session-events"
EXPIRING: Final = ("session.expiring", 1)
CART_REPRICED: Final = ("session.cart_repriced", 1)
CART_STOCK_CHANGED: Final = ("session.cart_stock_changed", 1)
HANDED_OVER: Final = ("session.cart_handed_over", 1)


class Expiring(TypedDict):
    """`session.expiring` v1: a visit with something in its cart ends at `expiresAt` (RFC 3339) if nothing happens."""

    sessionId: str
    userId: str
    expiresAt: str
    lines: int


class PriceChange(TypedDict):
    """A unit price of a line before and after, minor units. `barcode` is that of the pack, if one was scanned."""

    barcode: str
    name: str
    old: int | None
    new: int | None
    currency: str


class CartRepriced(TypedDict):
    """`session.cart_repriced` v1: a live cart costs something else, and not because the shopper edited it.

    `changes` is empty when promotions made the difference; `oldTotal` is null when nobody had asked for the total.
    """

    sessionId: str
    userId: str
    cartVersion: int
    changes: list[PriceChange]
    currency: str
    oldTotal: int | None
    total: int


class StockChange(TypedDict):
    """A product of which nothing is left; `available` in thousandths."""

    barcode: str
    name: str
    available: int


class CartStockChanged(TypedDict):
    """`session.cart_stock_changed` v1: the store says that products in a live cart are sold out."""

    sessionId: str
    userId: str
    changes: list[StockChange]


class CartHandedOver(TypedDict):
    """`session.cart_handed_over` v1: a till has taken the cart, and the visit is over."""

    sessionId: str
    userId: str
    cartVersion: int
    by: str


SAMPLES: Final[dict[tuple[str, int], dict[str, Any]]] = {
    EXPIRING: {
        "sessionId": "acme-centre.0f5e2f4b8a9c4d1e8f7a6b5c4d3e2f10",
        "userId": "shopper-1",
        "expiresAt": "2026-11-20T10:00:00Z",
        "lines": 3,
    },
    CART_REPRICED: {
        "sessionId": "acme-centre.0f5e2f4b8a9c4d1e8f7a6b5c4d3e2f10",
        "userId": "shopper-1",
        "cartVersion": 4,
        "changes": [{"barcode": "4006381333931", "name": "Pen", "old": 199, "new": 149, "currency": "EUR"}],
        "currency": "EUR",
        "oldTotal": 398,
        "total": 298,
    },
    CART_STOCK_CHANGED: {
        "sessionId": "acme-centre.0f5e2f4b8a9c4d1e8f7a6b5c4d3e2f10",
        "userId": "shopper-1",
        "changes": [{"barcode": "4006381333931", "name": "Pen", "available": 0}],
    },
    HANDED_OVER: {
        "sessionId": "acme-centre.0f5e2f4b8a9c4d1e8f7a6b5c4d3e2f10",
        "userId": "shopper-1",
        "cartVersion": 4,
        "by": "till-7",
    },
}
"""One sample of every event, checked against its class by a test and shown in docs/events.md."""
