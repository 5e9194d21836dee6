"""The pages on which brand managers, store staff and operators see and steer what the public API offers them.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from typing import Literal

from retailscan_client.connection import Connection, Listing, part
from retailscan_client.models import (
    AvailabilityDay,
    PlatformHealth,
    ProductDay,
    SalesDay,
    SoldProduct,
    StockOut,
    StoreSales,
    TimelinePoint,
)


class Admin:
    """The pages on which brand managers, store staff and operators see and steer what the public API offers them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read_health(self, *, errors: int | None = None) -> PlatformHealth:
        """How doors, queues, caches and prices do, and the latest errors.

        Roles: operator.

        `errors`: how many of the latest errors; default: 20.
        """
        answer: PlatformHealth = self._connection.data(
            "GET", "/v1/platform/health", scheme="identity", query={"errors": errors}
        )
        return answer

    def list_store_sales(self, *, from_: str, to: str, limit: int | None = None) -> Listing[StoreSales]:
        """What each of one's stores sold in a period, whoever sold most first.

        Roles: brand_manager, store_manager.

        `limit`: default: 20.
        """
        answer: Listing[StoreSales] = self._connection.listing(
            "/v1/sales", scheme="identity", query={"from": from_, "to": to, "limit": limit}
        )
        return answer

    def list_availability(
        self, store_id: str, *, from_: str | None = None, to: str | None = None, limit: int | None = None
    ) -> Listing[AvailabilityDay]:
        """How much of what a store lists could be bought, day by day, the latest first.

        Roles: brand_manager, store_manager.

        `limit`: default: 20.
        """
        answer: Listing[AvailabilityDay] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/availability",
            scheme="identity",
            query={"from": from_, "to": to, "limit": limit},
        )
        return answer

    def read_product_sales(
        self, store_id: str, barcode: str, *, from_: str | None = None, to: str | None = None, limit: int | None = None
    ) -> Listing[ProductDay]:
        """What was sold of a product, day by day, the latest first.

        Roles: brand_manager, store_manager.

        `limit`: default: 20.
        """
        answer: Listing[ProductDay] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/products/{part(barcode)}/sales",
            scheme="identity",
            query={"from": from_, "to": to, "limit": limit},
        )
        return answer

    def read_timeline(
        self, store_id: str, barcode: str, *, field: Literal["price", "stock"] | None = None, limit: int | None = None
    ) -> Listing[TimelinePoint]:
        """How a product's price or stock went, the latest first, for three months.

        Roles: brand_manager, store_manager, store_staff.

        `field`: default: price.
        `limit`: default: 20.
        """
        answer: Listing[TimelinePoint] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/products/{part(barcode)}/timeline",
            scheme="identity",
            query={"field": field, "limit": limit},
        )
        return answer

    def list_sales(
        self,
        store_id: str,
        *,
        from_: str | None = None,
        to: str | None = None,
        limit: int | None = None,
        products: int | None = None,
    ) -> Listing[SalesDay]:
        """What a store sold, day by day, the latest first.

        Roles: brand_manager, store_manager.

        `limit`: default: 20.
        `products`: of each day so many that brought most; default: 50.
        """
        answer: Listing[SalesDay] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/sales",
            scheme="identity",
            query={"from": from_, "to": to, "limit": limit, "products": products},
        )
        return answer

    def list_product_sales(
        self, store_id: str, *, from_: str, to: str, limit: int | None = None
    ) -> Listing[SoldProduct]:
        """What a store sold in a period by product, what brought most first; of each day the 500 that brought
        most.

        Roles: brand_manager, store_manager.

        `limit`: default: 20.
        """
        answer: Listing[SoldProduct] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/sales/products",
            scheme="identity",
            query={"from": from_, "to": to, "limit": limit},
        )
        return answer

    def list_stock_outs(
        self, store_id: str, *, when: Literal["now", "before"] | None = None, limit: int | None = None
    ) -> Listing[StockOut]:
        """Products out of stock, the longest first; or those that were, by how long in all.

        Roles: brand_manager, store_manager.

        `when`: default: now.
        `limit`: default: 20.
        """
        answer: Listing[StockOut] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/stock-outs", scheme="identity", query={"when": when, "limit": limit}
        )
        return answer
