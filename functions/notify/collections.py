"""What this room keeps: the notices of visits, thrown away soon after the visit."""

from __future__ import annotations

from functions.common.migrations import Collection, Index

_WHOLE = ["int", "long"]
_TEXT = {"bsonType": "string", "minLength": 1}
_DEVICE = {
    "bsonType": "object",
    "required": ["id", "token", "platform", "language", "registeredAt"],
    "properties": {"id": _TEXT, "token": _TEXT, "platform": {"enum": ["android", "ios", "web"]}},
}
_NOTICE = {
    "bsonType": "object",
    "required": ["id", "event", "kind", "text", "count", "at", "data", "push"],
    "properties": {"id": {"bsonType": _WHOLE}, "kind": _TEXT, "at": {"bsonType": "date"}},
}

COLLECTIONS = [
    Collection(
        "notices",
        [
            # MongoDB removes it a minute or more later: nobody has a token for the visit by then.
            Index((("expiresAt", 1),), ttl_seconds=0),
            Index((("tenantId", 1), ("devices.token", 1)), partial={"devices.token": {"$exists": True}}),
            # Only where something is left to do: the sweep reads nothing else.
            Index((("dueAt", 1),), partial={"dueAt": {"$exists": True}}),
        ],
        {
            "$jsonSchema": {
                "bsonType": "object",
                "required": ["tenantId", "storeId", "userId", "ver", "lastId", "expiresAt", "devices", "notices"],
                "properties": {
                    "tenantId": _TEXT,
                    "storeId": _TEXT,
                    "userId": _TEXT,
                    "ver": {"bsonType": _WHOLE},
                    "lastId": {"bsonType": _WHOLE},
                    "expiresAt": {"bsonType": "date"},
                    "dueAt": {"bsonType": "date"},
                    "devices": {"bsonType": "array", "maxItems": 5, "items": _DEVICE},
                    "notices": {"bsonType": "array", "maxItems": 50, "items": _NOTICE},
                    "seen": {"bsonType": "array", "maxItems": 200},
                },
            }
        },
    )
]
