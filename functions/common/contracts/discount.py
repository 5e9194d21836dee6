"""What the room of discounts tells the others, all on the topic `discount-events`."""

from __future__ import annotations

from typing import Any, Final, TypedDict

TOPIC: Final = "discount-events"
PROMOTIONS_CHANGED: Final = ("discount.promotions_changed", 1)


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


SAMPLES: Final[dict[tuple[str, int], dict[str, Any]]] = {
    PROMOTIONS_CHANGED: {
        "promotions": [{"promotionId": "pasta-night", "ver": 3, "status": "active", "storeIds": ["acme-centre"]}]
    },
}
"""One sample of every event, checked against its class by a test and shown in docs/events.md."""
