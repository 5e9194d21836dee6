"""The catalogue's facts, all on the topic `catalog-events`."""

from __future__ import annotations

from typing import Any, Final, TypedDict

TOPIC: Final = "catalog-events"
PRICE_CHANGED: Final = ("catalog.price_changed", 1)
PRODUCT_PUBLISHED: Final = ("catalog.product_published", 2)
PRODUCT_CHANGED: Final = ("catalog.product_changed", 2)
PRODUCT_WITHDRAWN: Final = ("catalog.product_withdrawn", 2)
MAX_CHANGES: Final = 500
MAX_PRODUCTS: Final = 500


class Change(TypedDict):
    """A price (minor units) or stock (thousandths) before and after; `sourceTime` is RFC 3339, `ver` the product's."""

    barcode: str
    field: str
    old: int | None
    new: int
    currency: str | None
    sourceTime: str
    ver: int


class PriceChanged(TypedDict):
    """`catalog.price_changed` v1: at most 500 changes of one store."""

    changes: list[Change]


class ProductVersion(TypedDict):
    """A product of the event's store, and the version that made the fact."""

    barcode: str
    ver: int


class EditedProduct(TypedDict):
    """A product of the event's store, and the names of the fields that have other values now."""

    barcode: str
    changed: list[str]
    ver: int


class ProductPublishedV2(TypedDict):
    """`catalog.product_published` v2: up to 500 products of one store that can be scanned from now on."""

    products: list[ProductVersion]


class ProductChangedV2(TypedDict):
    """`catalog.product_changed` v2: up to 500 products of one store, each with the fields that are other now."""

    products: list[EditedProduct]


class ProductWithdrawnV2(TypedDict):
    """`catalog.product_withdrawn` v2: up to 500 products of one store that cannot be scanned any more."""

    products: list[ProductVersion]


SAMPLES: Final[dict[tuple[str, int], dict[str, Any]]] = {
    PRICE_CHANGED: {
        "changes": [
            {
                "barcode": "4006381333931",
                "field": "price",
                "old": 199,
                "new": 149,
                "currency": "EUR",
                "sourceTime": "2026-11-20T09:30:00Z",
                "ver": 1795166400001,
            }
        ]
    },
    PRODUCT_PUBLISHED: {"products": [{"barcode": "4006381333931", "ver": 1795166400000}]},
    PRODUCT_CHANGED: {"products": [{"barcode": "4006381333931", "changed": ["name", "brandId"], "ver": 1795166400002}]},
    PRODUCT_WITHDRAWN: {"products": [{"barcode": "4006381333931", "ver": 1795166400003}]},
}
"""One sample of every event, checked against its class by a test and shown in docs/events.md."""
