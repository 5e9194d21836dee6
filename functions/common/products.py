"""The product document that three rooms share: its shape, its version and the part of it that scans cache.

`catalog` owns the collection, `price_ingest` writes price, stock, ver and updatedAt, `scan` reads. No I/O here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypedDict, cast

import orjson

COLLECTION = "products"

ACTIVE, INACTIVE, DELETED = "active", "inactive", "deleted"
Status = Literal["active", "inactive", "deleted"]
Measure = Literal["each", "weight", "volume", "length"]

VERSION_LIMIT = 10**16
"""Versions are below this: sixteen digits, also when Lua compares them as text."""


class Watermark(TypedDict):
    """Which message wrote a field last: source time in microseconds, sequence, source, event id."""

    t: int
    q: int
    s: str
    e: str


class PriceField(TypedDict):
    """Minor units of `currency`; per piece, or per kilogram, litre or metre for a measured product."""

    amount: int
    currency: str
    w: Watermark
    old: int | None


class StockField(TypedDict):
    """Thousandths of the base unit: free to sell, sold since the last count, and who holds what."""

    avail: int
    sold: int
    holds: list[dict[str, Any]]
    w: Watermark
    recent: list[dict[str, Any]]


class Unit(TypedDict, total=False):
    """A pack of the product with a barcode of its own; `quantity` in thousandths, `price` in minor units."""

    name: str
    barcode: str
    quantity: int
    price: int | None


class ProductDocument(TypedDict, total=False):
    """One product of one store, as MongoDB holds it."""

    _id: Any
    tenantId: str
    storeId: str
    barcode: str
    name: str
    description: str | None
    brandId: str | None
    categoryId: str | None
    status: Status
    showInQuickProducts: bool
    measure: Measure
    taxClass: str | None
    imageUrl: str | None
    ageRestriction: int | None
    recalledLots: list[str]
    units: list[Unit]
    metadata: dict[str, Any]
    price: PriceField | None
    stock: StockField | None
    ver: int
    outbox: list[dict[str, Any]]
    createdAt: datetime
    updatedAt: datetime


class CachedPrice(TypedDict):
    """`at` is the source's time of the price, in microseconds since the epoch."""

    amount: int
    currency: str
    at: int


class CachedStock(TypedDict):
    """`avail` in thousandths; `at` is the source's time of the figure, in microseconds."""

    avail: int
    at: int


class CachedProduct(TypedDict):
    """What a scan needs of a product. Fields are only ever added: old and new revisions share one cache."""

    id: str
    tenantId: str
    barcode: str
    name: str
    brandId: str | None
    categoryId: str | None
    status: Status
    measure: Measure
    taxClass: str | None
    imageUrl: str | None
    ageRestriction: int | None
    recalledLots: list[str]
    units: list[Unit]
    price: CachedPrice | None
    stock: CachedStock | None
    updatedAt: int


CACHED_FIELDS: Mapping[str, int] = dict.fromkeys(
    (
        "tenantId",
        "storeId",
        "barcode",
        "name",
        "brandId",
        "categoryId",
        "status",
        "measure",
        "taxClass",
        "imageUrl",
        "ageRestriction",
        "recalledLots",
        "units",
        "price.amount",
        "price.currency",
        "price.w.t",
        "stock.avail",
        "stock.w.t",
        "ver",
        "updatedAt",
    ),
    1,
)
"""The projection of a read that fills the cache."""


def first_version(now: datetime) -> int:
    """The version a product is born with: its time in milliseconds, so that one born again goes on upwards."""
    return int(now.timestamp() * 1000)


def new_document(
    *,
    tenant_id: str,
    store_id: str,
    barcode: str,
    name: str,
    now: datetime,
    description: str | None = None,
    brand_id: str | None = None,
    category_id: str | None = None,
    status: Status = "active",
    show_in_quick_products: bool = False,
    measure: Measure = "each",
    tax_class: str | None = None,
    image_url: str | None = None,
    age_restriction: int | None = None,
    recalled_lots: Sequence[str] = (),
    units: Iterable[Unit] = (),
    metadata: Mapping[str, Any] | None = None,
    price: PriceField | None = None,
    stock: StockField | None = None,
) -> ProductDocument:
    """A product that was never stored: every field present, no `_id` (the driver adds it)."""
    return {
        "tenantId": tenant_id,
        "storeId": store_id,
        "barcode": barcode,
        "name": name,
        "description": description,
        "brandId": brand_id,
        "categoryId": category_id,
        "status": status,
        "showInQuickProducts": show_in_quick_products,
        "measure": measure,
        "taxClass": tax_class,
        "imageUrl": image_url,
        "ageRestriction": age_restriction,
        "recalledLots": list(recalled_lots),
        "units": list(units),
        "metadata": dict(metadata or {}),
        "price": price,
        "stock": stock,
        "ver": first_version(now),
        "outbox": [],
        "createdAt": now,
        "updatedAt": now,
    }


def price_field(amount: int, currency: str, watermark: Watermark, old: int | None = None) -> PriceField:
    """A price as the document holds it."""
    return {"amount": amount, "currency": currency, "w": watermark, "old": old}


def stock_field(avail: int, watermark: Watermark) -> StockField:
    """A stock figure nobody has sold from yet, as the document holds it."""
    return {"avail": avail, "sold": 0, "holds": [], "w": watermark, "recent": []}


def is_absent(doc: Mapping[str, Any]) -> bool:
    """Whether scans treat the product as unknown. It stays stored, because its version must go on upwards."""
    return bool(doc.get("status") == DELETED)


def to_cached(doc: Mapping[str, Any]) -> bytes:
    """The part of a document that scans need, as JSON; `null` for a deleted product."""
    if is_absent(doc):
        return b"null"
    cached: CachedProduct = {
        "id": str(doc.get("_id", "")),
        "tenantId": doc["tenantId"],
        "barcode": doc["barcode"],
        "name": doc["name"],
        "brandId": doc.get("brandId"),
        "categoryId": doc.get("categoryId"),
        "status": doc.get("status", "active"),
        "measure": doc.get("measure", "each"),
        "taxClass": doc.get("taxClass"),
        "imageUrl": doc.get("imageUrl"),
        "ageRestriction": doc.get("ageRestriction"),
        "recalledLots": doc.get("recalledLots") or [],
        "units": doc.get("units") or [],
        "price": _cached_price(doc.get("price")),
        "stock": _cached_stock(doc.get("stock")),
        "updatedAt": _micros(doc.get("updatedAt")),
    }
    return orjson.dumps(cached)


def from_cached(payload: bytes) -> CachedProduct:
    """The reverse of `to_cached` for a product that is there."""
    return cast(CachedProduct, orjson.loads(payload))


def _cached_price(price: Mapping[str, Any] | None) -> CachedPrice | None:
    if price is None:
        return None
    return {"amount": price["amount"], "currency": price["currency"], "at": _source_time(price)}


def _cached_stock(stock: Mapping[str, Any] | None) -> CachedStock | None:
    return None if stock is None else {"avail": stock["avail"], "at": _source_time(stock)}


def _source_time(field: Mapping[str, Any]) -> int:
    return int((field.get("w") or {}).get("t", 0))


def _micros(at: datetime | None) -> int:
    if at is None:
        return 0
    # A driver without tz_aware hands out naive UTC.
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1_000_000)
