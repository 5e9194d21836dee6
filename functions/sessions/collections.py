"""What check-in keeps: visits, thrown away when they have ended."""

from __future__ import annotations

from functions.common.migrations import Collection, Index

_TEXT = {"bsonType": "string", "minLength": 1}

COLLECTIONS = [
    Collection(
        "sessions",
        [
            # MongoDB removes a visit a minute or more after its end, so every read checks the end itself.
            Index((("expiresAt", 1),), ttl_seconds=0),
            Index((("storeId", 1), ("userId", 1), ("createdAt", -1))),
        ],
        {
            "$jsonSchema": {
                "bsonType": "object",
                "required": ["tenantId", "storeId", "userId", "status", "createdAt", "expiresAt"],
                "properties": {
                    "tenantId": _TEXT,
                    "storeId": _TEXT,
                    "userId": _TEXT,
                    "status": {"enum": ["active", "ended"]},
                    "createdAt": {"bsonType": "date"},
                    "expiresAt": {"bsonType": "date"},
                    "endedAt": {"bsonType": "date"},
                },
            }
        },
    )
]
