"""What this room keeps: promotions and their versions, how often they were given, and brand cards in visits."""

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
_BENEFITS = {
    "bsonType": "array",
    "items": {"bsonType": "object", "required": ["code", "text"], "properties": {"code": _TEXT, "text": _TEXT}},
}
_REDEMPTION = {
    "bsonType": "object",
    "required": ["tenantId", "storeId", "userId", "attempt", "state", "items", "counters", "at"],
    "properties": {
        "tenantId": _TEXT,
        "storeId": _TEXT,
        "userId": _TEXT,
        "attempt": {"bsonType": _WHOLE},
        "state": {"enum": ["claiming", "claimed", "confirmed", "released"]},
        "items": {"bsonType": "array"},
        "counters": {"bsonType": "array", "items": _TEXT},
        "at": {"bsonType": "date"},
    },
}
# The database itself lets no counter go below what its holds have taken.
_COUNTER = {
    "bsonType": "object",
    "required": ["tenantId", "ruleId", "taken", "spent", "holds", "recent"],
    "properties": {
        "tenantId": _TEXT,
        "ruleId": _TEXT,
        "taken": {"bsonType": _WHOLE, "minimum": 0},
        "spent": {"bsonType": _WHOLE, "minimum": 0},
        "holds": {"bsonType": "array"},
        "recent": {"bsonType": "array"},
    },
}
_CARD = {
    "bsonType": "object",
    "required": [
        *("tenantId", "storeId", "sessionId", "userId", "brandId", "cardKey", "maskedNumber", "groups", "points"),
        *("benefits", "status", "asOf", "scannedAt", "expiresAt", "usedBy"),
    ],
    "properties": {
        "tenantId": _TEXT,
        "storeId": _TEXT,
        "sessionId": _TEXT,
        "userId": _TEXT,
        "brandId": _TEXT,
        "cardKey": {"bsonType": "string", "minLength": 64, "maxLength": 64},
        "maskedNumber": {"bsonType": "string", "maxLength": 8},
        "groups": {"bsonType": "array", "items": _TEXT},
        "points": {"bsonType": [*_WHOLE, "null"]},
        "benefits": _BENEFITS,
        "status": {"enum": ["confirmed", "degraded"]},
        "asOf": {"bsonType": ["date", "null"]},
        "scannedAt": {"bsonType": "date"},
        "expiresAt": {"bsonType": "date"},
        "usedBy": {"bsonType": ["string", "null"]},
        "usedAt": {"bsonType": "date"},
        "outbox": {"bsonType": "array"},
    },
}
_ANSWER = {
    "bsonType": "object",
    "required": ["tenantId", "brandId", "holder", "active", "groups", "points", "benefits", "at"],
    "properties": {
        "tenantId": _TEXT,
        "brandId": _TEXT,
        "holder": {"enum": ["this", "another", "open"]},
        "active": {"bsonType": "bool"},
        "groups": {"bsonType": "array", "items": _TEXT},
        "benefits": _BENEFITS,
        "at": {"bsonType": "date"},
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
    Collection(
        "promotion_redemptions",
        [Index((("tenantId", 1), ("userId", 1), ("at", -1)))],
        {"$jsonSchema": _REDEMPTION},
    ),
    Collection(
        "promotion_counters",
        [
            Index((("tenantId", 1), ("ruleId", 1))),
            # Only counters with holds are in it, and those that orders have left behind come first.
            Index((("holds.at", 1),), partial={"holds.at": {"$exists": True}}),
        ],
        {"$jsonSchema": _COUNTER},
    ),
    Collection(
        "discountcards",
        [
            # MongoDB removes a card a minute or more after its end, so every question asks for the end itself.
            Index((("scannedAt", 1),), ttl_seconds=600),
            # A card is on one visit at a time, in whichever store of the tenant.
            Index((("tenantId", 1), ("cardKey", 1)), unique=True),
            Index((("storeId", 1), ("sessionId", 1), ("scannedAt", -1))),
            Index((("outbox.at", 1),), partial={"outbox.at": {"$exists": True}}),
        ],
        {"$jsonSchema": _CARD},
    ),
    Collection(
        "loyalty_answers",
        [Index((("at", 1),), ttl_seconds=86_400)],
        {"$jsonSchema": _ANSWER},
    ),
]
