"""What this room keeps: promotions as they are now, and every version there ever was."""

from __future__ import annotations

from functions.common.migrations import Collection, Index

_WHOLE = ["int", "long"]
_TEXT = {"bsonType": "string", "minLength": 1}
_STORES = {"bsonType": ["array", "null"], "items": _TEXT}
# What a promotion gives is checked by the code that applies it; here is what every reader relies on.
_PROMOTION = {
    "bsonType": "object",
    "required": [
        "tenantId",
        "promotionId",
        "ver",
        "status",
        "storeIds",
        "benefit",
        "deletedAt",
        "createdAt",
        "updatedAt",
        "edit",
    ],
    "properties": {
        "tenantId": _TEXT,
        "promotionId": _TEXT,
        "ver": {"bsonType": _WHOLE},
        "status": {"enum": ["draft", "active", "ended"]},
        "storeIds": _STORES,
        "priority": {"bsonType": _WHOLE},
        "stacking": {"enum": ["stack", "best_deal", "exclusive"]},
        "benefit": {"bsonType": "object", "required": ["type"]},
        "codes": {"bsonType": "array", "items": _TEXT},
        "deletedAt": {"bsonType": ["date", "null"]},
        "createdAt": {"bsonType": "date"},
        "updatedAt": {"bsonType": "date"},
        "outbox": {"bsonType": "array"},
        "audit": {"bsonType": "array"},
    },
}
_VERSION = {
    "bsonType": "object",
    "required": ["tenantId", "promotionId", "ver", "action", "changes", "content", "who", "role", "requestId", "when"],
    "properties": {
        "tenantId": _TEXT,
        "promotionId": _TEXT,
        "ver": {"bsonType": _WHOLE},
        "action": {"enum": ["created", "updated", "activated", "ended", "removed"]},
        "changes": {"bsonType": "array"},
        "content": {"bsonType": "object"},
        "who": _TEXT,
        "when": {"bsonType": "date"},
    },
}

COLLECTIONS = [
    Collection(
        "promotions",
        [
            Index((("tenantId", 1), ("promotionId", 1)), unique=True),
            Index((("tenantId", 1), ("status", 1), ("promotionId", 1))),
            # Only what is left to finish is in these: the sweep reads nothing else.
            Index((("outbox.at", 1),), partial={"outbox.at": {"$exists": True}}),
            Index((("audit.when", 1),), partial={"audit.when": {"$exists": True}}),
        ],
        {"$jsonSchema": _PROMOTION},
    ),
    Collection(
        "promotion_versions",
        [Index((("tenantId", 1), ("promotionId", 1), ("ver", -1)), unique=True)],
        {"$jsonSchema": _VERSION},
    ),
]
