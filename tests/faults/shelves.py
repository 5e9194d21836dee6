"""What a store is before anybody comes: its shelves, its tenant's settings, its promotions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from functions.common.products import Watermark, new_document, price_field, stock_field
from functions.common.retail import promotion_codec
from functions.common.retail.promotion_rules import Rule
from tests.faults.shop import barcode_of

TENANT = "acme"
PRICE = 250
_MARK: Watermark = {"t": 1, "q": 0, "s": "erp", "e": "first"}
Database = Any


async def settle_terms(db: Database, **terms: Any) -> None:
    """The tenant's settings: taxes, and when staff have to look."""
    taxes = {"classes": {"standard": [{"name": "VAT", "percent": "19"}]}, "default": "standard"}
    here = {"tenantId": TENANT, "name": "settings"}
    await db["tenant_settings"].update_one(here, {"$set": {"taxes": taxes, **_new(), **terms}}, upsert=True)


async def open_store(
    db: Database,
    name: str,
    shelves: Sequence[int],
    *,
    policy: str = "strict",
    currency: str = "EUR",
    age: int | None = None,
) -> list[str]:
    """A store with so many pieces of each product; their barcodes. The last one has the age limit."""
    await db["stores"].insert_one(
        {
            "_id": name, "tenantId": TENANT, "name": name, "currency": currency, "timeZone": "Europe/Berlin",
            "status": "active", "stockPolicy": policy, "codeVersion": 1, "labelTemplates": [], **_new(),
        }
    )  # fmt: skip
    barcodes = [barcode_of(number) for number in range(len(shelves))]
    documents = []
    for number, (barcode, pieces) in enumerate(zip(barcodes, shelves, strict=True)):
        kept: Any = {**stock_field(pieces * 1000, _MARK), "count": pieces * 1000}
        document = new_document(
            tenant_id=TENANT,
            store_id=name,
            barcode=barcode,
            name=f"Product {number}",
            now=datetime.now(UTC),
            price=price_field(PRICE, currency, _MARK),
            stock=kept,
            age_restriction=age if number == len(shelves) - 1 else None,
        )
        documents.append(dict(document))
    await db["products"].insert_many(documents)
    return barcodes


async def promote(db: Database, rule: Rule) -> None:
    """An active promotion of all stores."""
    own = {"tenantId": TENANT, "promotionId": rule.id, "status": "active", "deletedAt": None, "storeIds": None}
    await db["promotions"].insert_one({**promotion_codec.to_dict(rule), **own, **_new(), "edit": "first"})


def _new() -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"ver": 1, "createdAt": now, "updatedAt": now}
