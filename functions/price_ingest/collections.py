"""What this room keeps, applied by `retailscan migrate`. TTLs are on reports and on what is parked only."""

from __future__ import annotations

from typing import Any

from functions.common.migrations import Collection, Index

_WHOLE = ["int", "long"]
_TEXT = {"bsonType": "string", "minLength": 1}
_DATE = {"bsonType": "date"}
_EXPIRES = Index((("expiresAt", 1),), ttl_seconds=0)
_FIELD = {
    "bsonType": ["object", "null"],
    "required": ["v", "c", "k", "e"],
    "properties": {"v": {"bsonType": _WHOLE, "minimum": 0}, "k": {"bsonType": "array", "minItems": 3, "maxItems": 3}},
}


def _documents(**properties: Any) -> dict[str, Any]:
    return {"$jsonSchema": {"bsonType": "object", "required": [*properties], "properties": properties}}


COLLECTIONS = [
    Collection(
        "stock_movements",
        [Index((("storeId", 1), ("barcode", 1), ("at", -1))), Index((("tenantId", 1), ("recordedAt", -1)))],
        _documents(
            tenantId=_TEXT,
            storeId=_TEXT,
            barcode=_TEXT,
            kind={"enum": ["count", "sale", "return", "adjustment"]},
            q={"bsonType": _WHOLE},
            at={"bsonType": _WHOLE},
            state={"enum": ["pending", "done"]},
            recordedAt=_DATE,
        ),
    ),
    Collection(
        "parked_updates",
        [Index((("storeId", 1), ("barcode", 1))), _EXPIRES],
        {
            "$jsonSchema": {
                "bsonType": "object",
                "required": ["tenantId", "storeId", "barcode", "rev", "expiresAt"],
                "properties": {"tenantId": _TEXT, "storeId": _TEXT, "price": _FIELD, "stock": _FIELD},
            }
        },
    ),
    Collection(
        "price_batches",
        [Index((("tenantId", 1), ("createdAt", -1))), _EXPIRES],
        _documents(
            tenantId=_TEXT,
            batchId=_TEXT,
            door={"enum": ["rest", "topic"]},
            storeIds={"bsonType": "array"},
            createdAt=_DATE,
            expiresAt=_DATE,
        ),
    ),
    Collection(
        "price_batch_parts",
        [Index((("tenantId", 1), ("batchId", 1))), _EXPIRES],
        _documents(tenantId=_TEXT, batchId=_TEXT, counts={"bsonType": "object"}, expiresAt=_DATE),
    ),
    Collection(
        "price_issues",
        [
            Index((("tenantId", 1), ("at", -1))),
            Index((("tenantId", 1), ("batchId", 1), ("index", 1))),
            Index((("storeId", 1), ("at", -1))),
            _EXPIRES,
        ],
        _documents(tenantId=_TEXT, kind={"enum": ["rejected", "conflict"]}, code=_TEXT, at=_DATE, expiresAt=_DATE),
    ),
    Collection(
        "replay_requests",
        [Index((("tenantId", 1), ("at", -1)))],
        _documents(tenantId=_TEXT, by=_TEXT, role=_TEXT, at=_DATE, dryRun={"bsonType": "bool"}),
    ),
]
