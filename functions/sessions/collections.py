"""What this room keeps: visits with their carts, thrown away when they have ended."""

from __future__ import annotations

from functions.common.migrations import Collection, Index

_TEXT = {"bsonType": "string", "minLength": 1}
_WHOLE = ["int", "long"]
_LINE = {
    "bsonType": "object",
    "required": ["id", "code", "barcode", "name", "quantity", "unitPrice", "amount", "measure", "pack", "fixed", "ver"],
    "properties": {
        "id": _TEXT,
        "barcode": _TEXT,
        "quantity": {"bsonType": _WHOLE, "minimum": 1},
        "unitPrice": {"bsonType": [*_WHOLE, "null"]},
        "amount": {"bsonType": _WHOLE, "minimum": 0},
        "pack": {"bsonType": _WHOLE, "minimum": 1},
        "ver": {"bsonType": _WHOLE},
    },
}
_LIVE = {"status": "active"}

COLLECTIONS = [
    Collection(
        "sessions",
        [
            # MongoDB removes a visit a minute or more after its end, so every read checks the end itself.
            Index((("expiresAt", 1),), ttl_seconds=0),
            Index((("storeId", 1), ("userId", 1), ("createdAt", -1))),
            # Live carts with a product whose price changes, and those that promotions may concern.
            Index((("storeId", 1), ("cart.lines.barcode", 1)), partial=_LIVE),
            Index((("tenantId", 1), ("cart.quotedAt", 1)), partial=_LIVE),
            Index((("storeId", 1), ("handover.id", 1)), partial={"handover.id": {"$exists": True}}),
            Index((("outbox.at", 1),), partial={"outbox.at": {"$exists": True}}),
        ],
        {
            "$jsonSchema": {
                "bsonType": "object",
                "required": ["tenantId", "storeId", "userId", "status", "createdAt", "expiresAt"],
                "properties": {
                    "tenantId": _TEXT,
                    "storeId": _TEXT,
                    "userId": _TEXT,
                    "status": {"enum": ["active", "ended", "handed_over"]},
                    "createdAt": {"bsonType": "date"},
                    "expiresAt": {"bsonType": "date"},
                    "endedAt": {"bsonType": "date"},
                    "lastActionAt": {"bsonType": "date"},
                    "noticeAt": {"bsonType": ["date", "null"]},
                    "cart": {
                        "bsonType": "object",
                        "required": ["ver", "lines"],
                        "properties": {
                            "ver": {"bsonType": _WHOLE, "minimum": 1},
                            "lines": {"bsonType": "array", "maxItems": 200, "items": _LINE},
                            "codes": {"bsonType": "array", "maxItems": 20, "items": _TEXT},
                            "total": {"bsonType": _WHOLE},
                        },
                    },
                    "checkout": {"bsonType": ["object", "null"], "required": ["id", "cartVer", "at"]},
                    "card": {"bsonType": ["object", "null"], "required": ["cardId", "brandId", "attachedUntil"]},
                    "handover": {"bsonType": ["object", "null"], "required": ["id", "cartVer", "expiresAt"]},
                    "outbox": {"bsonType": "array"},
                },
            }
        },
    )
]
