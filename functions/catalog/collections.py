"""What the catalogue keeps, applied by `retailscan migrate`. No TTL here: nothing of this is thrown away."""

from __future__ import annotations

from functions.common.migrations import Collection, Index

_WHOLE = ["int", "long"]
_TEXT = {"bsonType": "string", "minLength": 1}
_TENANT_AND_TIMES = {
    "tenantId": _TEXT,
    "ver": {"bsonType": _WHOLE},
    "createdAt": {"bsonType": "date"},
    "updatedAt": {"bsonType": "date"},
}
_WATERMARK = {
    "bsonType": "object",
    "required": ["t", "q", "s", "e"],
    "properties": {
        "t": {"bsonType": _WHOLE},
        "q": {"bsonType": _WHOLE},
        "s": {"bsonType": "string"},
        "e": {"bsonType": "string"},
    },
}
# Money and quantities are integers: a double in one of these fields is a bug that must not be stored.
_PRODUCT = {
    "bsonType": "object",
    "required": ["tenantId", "storeId", "barcode", "name", "status", "measure", "ver", "createdAt", "updatedAt"],
    "properties": {
        **_TENANT_AND_TIMES,
        "storeId": _TEXT,
        "barcode": {"bsonType": "string", "pattern": "^[0-9]{8,14}$"},
        "name": _TEXT,
        "status": {"enum": ["active", "inactive", "deleted"]},
        "measure": {"enum": ["each", "weight", "volume", "length"]},
        "showInQuickProducts": {"bsonType": "bool"},
        "recalledLots": {"bsonType": "array", "items": {"bsonType": "string"}},
        "units": {
            "bsonType": "array",
            "maxItems": 20,
            "items": {
                "bsonType": "object",
                "required": ["name", "barcode", "quantity"],
                "properties": {
                    "barcode": {"bsonType": "string"},
                    "quantity": {"bsonType": _WHOLE},
                    "price": {"bsonType": [*_WHOLE, "null"]},
                },
            },
        },
        "metadata": {"bsonType": "object"},
        "price": {
            "bsonType": ["object", "null"],
            "required": ["amount", "currency", "w"],
            "properties": {
                "amount": {"bsonType": _WHOLE, "minimum": 0},
                "currency": {"bsonType": "string"},
                "old": {"bsonType": [*_WHOLE, "null"]},
                "w": _WATERMARK,
            },
        },
        "stock": {
            "bsonType": ["object", "null"],
            "required": ["avail", "sold", "holds", "w"],
            "properties": {
                "avail": {"bsonType": _WHOLE},
                "sold": {"bsonType": _WHOLE},
                "holds": {"bsonType": "array"},
                "w": _WATERMARK,
            },
        },
        "outbox": {"bsonType": "array"},
        "audit": {"bsonType": "array"},
    },
}
_AUDIT = {
    "bsonType": "object",
    "required": ["tenantId", "entity", "entityId", "action", "changes", "who", "role", "requestId", "when", "ver"],
    "properties": {
        "tenantId": _TEXT,
        "storeId": _TEXT,
        "entity": {"enum": ["product", "brand", "module", "store", "tenant"]},
        "changes": {"bsonType": "array"},
        "who": _TEXT,
        "when": {"bsonType": "date"},
    },
}
_BRAND = {
    "bsonType": "object",
    "required": ["tenantId", "brandId", "name", "ver", "createdAt", "updatedAt"],
    "properties": {**_TENANT_AND_TIMES, "brandId": _TEXT, "name": _TEXT},
}
_MODULE = {
    "bsonType": "object",
    "required": [
        "tenantId",
        "moduleId",
        "name",
        "version",
        "config",
        "status",
        "permissions",
        "ver",
        "createdAt",
        "updatedAt",
    ],
    "properties": {
        **_TENANT_AND_TIMES,
        "moduleId": _TEXT,
        "name": _TEXT,
        "version": _TEXT,
        "config": {"bsonType": "object"},
        "status": {"enum": ["enabled", "disabled"]},
        "permissions": {"bsonType": "array", "items": {"bsonType": "string"}},
    },
}
_STORE = {
    "bsonType": "object",
    "required": ["_id", "tenantId", "name", "currency", "timeZone", "status", "ver"],
    "properties": {
        "_id": {"bsonType": "string", "pattern": "^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$"},
        "tenantId": _TEXT,
        "name": _TEXT,
        "currency": {"bsonType": "string", "pattern": "^[A-Z]{3}$"},
        "timeZone": _TEXT,
        "status": {"enum": ["active", "inactive", "deleted"]},
        "stockPolicy": {"enum": ["strict", "sell_in_hand"]},
        "codeVersion": {"bsonType": _WHOLE},
        "ver": {"bsonType": _WHOLE},
    },
}
_TENANT_SETTINGS = {
    "bsonType": "object",
    "required": ["tenantId", "name", "ver", "createdAt", "updatedAt"],
    "properties": {
        **_TENANT_AND_TIMES,
        "name": {"enum": ["settings"]},
        "taxes": {"bsonType": ["object", "null"], "required": ["classes"]},
        "rounding": {"enum": ["half_even", "half_up", "half_down"]},
        "checks": {
            "bsonType": "object",
            "properties": {
                "spotCheckShare": {"bsonType": _WHOLE, "minimum": 0, "maximum": 1_000_000},
                "riskAmount": {"bsonType": [*_WHOLE, "null"], "minimum": 0},
                "ageCheck": {"bsonType": "bool"},
            },
        },
        "refundLimit": {"bsonType": [*_WHOLE, "null"], "minimum": 0},
        "receiptFooter": {"bsonType": "string"},
    },
}
# Only documents with something left to finish are in these indexes: the sweeps read nothing else.
_UNSETTLED = Index((("audit.when", 1),), partial={"audit.when": {"$exists": True}})
_UNPUBLISHED = Index((("outbox.at", 1),), partial={"outbox.at": {"$exists": True}})

COLLECTIONS = [
    Collection(
        "products",
        [
            Index((("storeId", 1), ("barcode", 1)), unique=True),
            Index((("storeId", 1), ("status", 1))),
            Index((("storeId", 1), ("categoryId", 1))),
            Index((("storeId", 1), ("brandId", 1))),
            Index((("storeId", 1), ("showInQuickProducts", 1))),
            Index((("storeId", 1), ("name", 1))),
            Index((("storeId", 1), ("createdAt", -1))),
            Index((("storeId", 1), ("units.barcode", 1))),
            # Lists in the order of names without case and accents, and search by the beginnings of words.
            Index((("storeId", 1), ("nameKey", 1), ("barcode", 1))),
            Index((("storeId", 1), ("nameTokens", 1))),
            # Only what is held for a checkout: holds whose checkout nobody finished are found by their end.
            Index((("stock.holds.exp", 1),), partial={"stock.holds.exp": {"$exists": True}}),
            # Only what is out of stock: how much of a store could be bought is looked at every few minutes.
            Index((("storeId", 1), ("stock.avail", 1)), partial={"status": "active", "stock.avail": 0}),
            _UNPUBLISHED,
            _UNSETTLED,
        ],
        {"$jsonSchema": _PRODUCT},
    ),
    Collection(
        "audit_log",
        [
            Index((("storeId", 1), ("entity", 1), ("entityId", 1), ("ver", -1))),
            Index((("tenantId", 1), ("when", -1))),
        ],
        {"$jsonSchema": _AUDIT},
    ),
    Collection("brands", [Index((("tenantId", 1), ("brandId", 1)), unique=True), _UNSETTLED], {"$jsonSchema": _BRAND}),
    Collection(
        "modules", [Index((("tenantId", 1), ("moduleId", 1)), unique=True), _UNSETTLED], {"$jsonSchema": _MODULE}
    ),
    Collection("stores", [Index((("tenantId", 1), ("_id", 1))), _UNSETTLED], {"$jsonSchema": _STORE}),
    Collection(
        "tenant_settings",
        [Index((("tenantId", 1), ("name", 1)), unique=True), _UNSETTLED],
        {"$jsonSchema": _TENANT_SETTINGS},
    ),
]
