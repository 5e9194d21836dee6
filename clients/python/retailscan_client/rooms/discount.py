"""Promotions of a tenant as versioned rules, what a basket gets by them and why, and the brand cards of shoppers.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from typing import Literal

from retailscan_client.connection import Connection, Listing, new_key, part
from retailscan_client.models import (
    CardTakenOff,
    CardView,
    DryRun,
    DryRunView,
    NewPromotion,
    PromotionBody,
    PromotionRemoved,
    PromotionView,
    ScannedCard,
    VersionView,
)


class Discount:
    """Promotions of a tenant as versioned rules, what a basket gets by them and why, and the brand cards of
    shoppers.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def accept_card(self, body: ScannedCard, *, idempotency_key: str | None = None) -> CardView:
        """Put a brand card on your visit; it is good for ten minutes and one checkout.

        The body may have 2,048 bytes.

        Roles: shopper.
        """
        answer: CardView = self._connection.data(
            "POST", "/v1/discount-cards", scheme="session", body=body, key=idempotency_key or new_key()
        )
        return answer

    def take_card_off(self) -> CardTakenOff:
        """Take the card off your visit; may be repeated.

        Roles: shopper.
        """
        answer: CardTakenOff = self._connection.data("DELETE", "/v1/discount-cards/current", scheme="session")
        return answer

    def read_current_card(self) -> CardView:
        """The card on your visit.

        Roles: shopper.
        """
        answer: CardView = self._connection.data("GET", "/v1/discount-cards/current", scheme="session")
        return answer

    def list_promotions(
        self, *, limit: int | None = None, status: Literal["draft", "active", "ended"] | None = None
    ) -> Listing[PromotionView]:
        """List the promotions of your stores.

        Roles: brand_manager.

        `limit`: default: 20.
        """
        answer: Listing[PromotionView] = self._connection.listing(
            "/v1/promotions", scheme="identity", query={"limit": limit, "status": status}
        )
        return answer

    def create_promotion(self, body: NewPromotion, *, idempotency_key: str | None = None) -> PromotionView:
        """Add a promotion, as a draft or active at once.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: PromotionView = self._connection.data(
            "POST", "/v1/promotions", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def remove_promotion(self, promotion_id: str) -> PromotionRemoved:
        """Take a promotion away at once.

        Roles: brand_manager.
        """
        answer: PromotionRemoved = self._connection.data(
            "DELETE", f"/v1/promotions/{part(promotion_id)}", scheme="identity"
        )
        return answer

    def read_promotion(self, promotion_id: str) -> PromotionView:
        """Read a promotion.

        Roles: brand_manager.
        """
        answer: PromotionView = self._connection.data("GET", f"/v1/promotions/{part(promotion_id)}", scheme="identity")
        return answer

    def replace_promotion(
        self, promotion_id: str, body: PromotionBody, *, idempotency_key: str | None = None
    ) -> PromotionView:
        """Write the next version of a promotion.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: PromotionView = self._connection.data(
            "PUT",
            f"/v1/promotions/{part(promotion_id)}",
            scheme="identity",
            body=body,
            key=idempotency_key or new_key(),
        )
        return answer

    def list_promotion_versions(self, promotion_id: str, *, limit: int | None = None) -> Listing[VersionView]:
        """Every version of a promotion: what it said, who wrote it, what was changed.

        Roles: brand_manager.

        `limit`: default: 20.
        """
        answer: Listing[VersionView] = self._connection.listing(
            f"/v1/promotions/{part(promotion_id)}/versions", scheme="identity", query={"limit": limit}
        )
        return answer

    def dry_run(self, body: DryRun) -> DryRunView:
        """What a basket would cost, and what each promotion has to do with it.

        The body may have 262,144 bytes.

        Roles: brand_manager.
        """
        answer: DryRunView = self._connection.data(
            "POST", "/v1/promotions:dry-run", scheme="identity", body=body, repeatable=True
        )
        return answer
