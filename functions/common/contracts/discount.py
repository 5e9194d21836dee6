"""What the room of discounts tells the others, all on the topic `discount-events`."""

from __future__ import annotations

from typing import Any, Final, TypedDict

TOPIC: Final = "discount-events"
PROMOTIONS_CHANGED: Final = ("discount.promotions_changed", 1)
CARD_ACCEPTED: Final = ("discount.card_accepted", 1)


class ChangedPromotion(TypedDict):
    """A promotion, the version that made the fact, and what it is now: active, ended or removed.

    `storeIds` are the stores whose baskets it may concern, before or now; null for all stores of the tenant.
    """

    promotionId: str
    ver: int
    status: str
    storeIds: list[str] | None


class PromotionsChanged(TypedDict):
    """`discount.promotions_changed` v1: baskets of the tenant may get other prices from now on."""

    promotions: list[ChangedPromotion]


class CardAccepted(TypedDict):
    """`discount.card_accepted` v1: a brand card is on a visit until `expiresAt` (RFC 3339).

    `status` is degraded when the loyalty system did not answer; `points` are null when it has said none.
    """

    sessionId: str
    userId: str
    cardId: str
    brandId: str
    maskedNumber: str
    points: int | None
    status: str
    expiresAt: str


SAMPLES: Final[dict[tuple[str, int], dict[str, Any]]] = {
    PROMOTIONS_CHANGED: {
        "promotions": [{"promotionId": "pasta-night", "ver": 3, "status": "active", "storeIds": ["acme-centre"]}]
    },
    CARD_ACCEPTED: {
        "sessionId": "acme-centre.0f0e0d0c0b0a09080706050403020100",
        "userId": "shopper-1",
        "cardId": "acme-centre.1f1e1d1c1b1a19181716151413121110",
        "brandId": "acme-dairy",
        "maskedNumber": "****3456",
        "points": 1250,
        "status": "confirmed",
        "expiresAt": "2026-11-20T09:40:00.000Z",
    },
}
"""One sample of every event, checked against its class by a test and shown in docs/events.md."""
