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
    """`discount.card_accepted` v1: a shopper's brand card counts for the visit.

    `points` are null when the loyalty system did not say; the number is masked but for its last digits.
    """

    sessionId: str
    userId: str
    brandId: str
    points: int | None
    maskedNumber: str


SAMPLES: Final[dict[tuple[str, int], dict[str, Any]]] = {
    PROMOTIONS_CHANGED: {
        "promotions": [{"promotionId": "pasta-night", "ver": 3, "status": "active", "storeIds": ["acme-centre"]}]
    },
    CARD_ACCEPTED: {
        "sessionId": "acme-centre.0f5e2f4b8a9c4d1e8f7a6b5c4d3e2f10",
        "userId": "shopper-1",
        "brandId": "alp",
        "points": 1250,
        "maskedNumber": "•••• 4242",
    },
}
"""One sample of every event, checked against its class by a test and shown in docs/events.md."""
