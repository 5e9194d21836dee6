"""What this room keeps: a document for each purchase, what they add up to by day, prices and stock-outs over time."""

from __future__ import annotations

from functions.common.migrations import Collection, Index

RECEIPTS, DAYS, PRODUCTS, POINTS = "sales_receipts", "sales_days", "sales_products", "price_points"
STOCK_OUTS, AVAILABILITY = "stock_outs", "availability_days"
_WHOLE = ["int", "long"]
_TEXT = {"bsonType": "string", "minLength": 1}
_DAY = {"bsonType": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}

COLLECTIONS = [
    Collection(
        RECEIPTS,
        [
            Index((("storeId", 1), ("day", 1))),
            # What a day came to stays; single receipts are checkout's own.
            Index((("expiresAt", 1),), ttl_seconds=0),
        ],
        {
            "$jsonSchema": {
                "bsonType": "object",
                "required": ["tenantId", "storeId", "kind", "expiresAt"],
                "properties": {
                    "tenantId": _TEXT,
                    "storeId": _TEXT,
                    "kind": {"enum": ["purchase", "card", "intervention"]},
                    "day": _DAY,
                    "hour": {"bsonType": _WHOLE, "minimum": 0, "maximum": 23},
                    "total": {"bsonType": _WHOLE},
                    "lines": {"bsonType": "array"},
                    "refunds": {"bsonType": "array"},
                    "expiresAt": {"bsonType": "date"},
                },
            }
        },
    ),
    Collection(
        POINTS,
        [
            Index((("storeId", 1), ("barcode", 1), ("field", 1), ("at", -1))),
            Index((("expiresAt", 1),), ttl_seconds=0),
        ],
        {
            "$jsonSchema": {
                "bsonType": "object",
                "required": ["tenantId", "storeId", "barcode", "field", "at", "value", "expiresAt"],
                "properties": {
                    "tenantId": _TEXT,
                    "storeId": _TEXT,
                    "barcode": _TEXT,
                    "field": {"enum": ["price", "stock"]},
                    "at": {"bsonType": "date"},
                    "value": {"bsonType": _WHOLE},
                    "expiresAt": {"bsonType": "date"},
                },
            }
        },
    ),
    Collection(
        STOCK_OUTS,
        [
            # A page of either list, and what a look compares with: only products that it is about are in them.
            Index((("storeId", 1), ("since", 1), ("_id", 1)), partial={"since": {"$type": "date"}}),
            Index((("storeId", 1), ("seconds", -1), ("_id", 1)), partial={"until": {"$type": "date"}}),
            # One that is out of stock has none.
            Index((("expiresAt", 1),), ttl_seconds=0),
        ],
        {
            "$jsonSchema": {
                "bsonType": "object",
                "required": ["tenantId", "storeId", "barcode", "rev", "seen", "since", "times", "seconds"],
                "properties": {
                    "tenantId": _TEXT,
                    "storeId": _TEXT,
                    "barcode": _TEXT,
                    "rev": {"bsonType": _WHOLE},
                    "seen": {"bsonType": "array", "maxItems": 400},
                    "since": {"bsonType": ["date", "null"]},
                    "until": {"bsonType": ["date", "null"]},
                    "times": {"bsonType": _WHOLE, "minimum": 0},
                    "seconds": {"bsonType": _WHOLE, "minimum": 0},
                    "expiresAt": {"bsonType": "date"},
                },
            }
        },
    ),
    Collection(
        AVAILABILITY,
        [Index((("storeId", 1), ("day", -1)))],
        {
            "$jsonSchema": {
                "bsonType": "object",
                "required": ["tenantId", "storeId", "day", "slot", "looks", "sumListed", "sumOut"],
                "properties": {
                    "tenantId": _TEXT,
                    "storeId": _TEXT,
                    "day": _DAY,
                    "looks": {"bsonType": _WHOLE, "minimum": 1},
                    "sumListed": {"bsonType": _WHOLE, "minimum": 0},
                    "sumOut": {"bsonType": _WHOLE, "minimum": 0},
                },
            }
        },
    ),
    Collection(
        PRODUCTS,
        [Index((("storeId", 1), ("day", -1)))],
        {
            "$jsonSchema": {
                "bsonType": "object",
                "required": ["tenantId", "storeId", "day", "rev", "products"],
                "properties": {
                    "tenantId": _TEXT,
                    "storeId": _TEXT,
                    "day": _DAY,
                    "rev": {"bsonType": _WHOLE},
                    "products": {"bsonType": "array", "maxItems": 500},
                },
            }
        },
    ),
    Collection(
        DAYS,
        [
            Index((("storeId", 1), ("day", -1))),
            # All stores of a tenant side by side.
            Index((("tenantId", 1), ("day", -1))),
            # Only days that something has happened to since they were added up: the job reads nothing else.
            Index((("dueAt", 1),), partial={"dueAt": {"$exists": True}}),
        ],
        {
            "$jsonSchema": {
                "bsonType": "object",
                "required": ["tenantId", "storeId", "day", "rev"],
                "properties": {
                    "tenantId": _TEXT,
                    "storeId": _TEXT,
                    "day": _DAY,
                    "rev": {"bsonType": _WHOLE},
                    "dueAt": {"bsonType": "date"},
                    "receipts": {"bsonType": _WHOLE, "minimum": 0},
                    "products": {"bsonType": "array", "maxItems": 50},
                },
            }
        },
    ),
]
