"""What this room keeps: purchases and the days of stores, for good."""

from __future__ import annotations

from functions.checkout.closing_days import DAY_CLOSINGS
from functions.checkout.payments.event_store import EVENTS
from functions.checkout.reconciliation_store import RECONCILIATIONS
from functions.common.migrations import Collection, Index
from functions.common.retail import purchase_states as states

_TEXT = {"bsonType": "string", "minLength": 1}
_WHOLE = {"bsonType": ["int", "long"]}
_AMOUNT = {"bsonType": ["int", "long"], "minimum": 0}
_PURCHASE = {
    "bsonType": "object",
    "required": [
        *("tenantId", "storeId", "userId", "sessionId", "cartVer", "state", "rev"),
        *("currency", "expiresAt", "createdAt", "updatedAt", "history"),
    ],
    "properties": {
        "tenantId": _TEXT,
        "storeId": _TEXT,
        "userId": _TEXT,
        "sessionId": _TEXT,
        "cartVer": _WHOLE,
        "state": {"enum": list(states.STATES)},
        "rev": _WHOLE,
        "currency": {"bsonType": "string", "pattern": "^[A-Z]{3}$"},
        "refunded": _AMOUNT,
        "lines": {"bsonType": "array", "maxItems": 200},
        "totals": {
            "bsonType": ["object", "null"],
            "properties": {name: _AMOUNT for name in ("subtotal", "discount", "net", "tax", "total")},
        },
        "holds": {"bsonType": "array"},
        "interventions": {"bsonType": "array"},
        "refunds": {"bsonType": "array", "maxItems": 200},
        "outbox": {"bsonType": "array"},
        "expiresAt": {"bsonType": "date"},
        "createdAt": {"bsonType": "date"},
        "updatedAt": {"bsonType": "date"},
        "dueAt": {"bsonType": "date"},
        "live": {"enum": [True]},
    },
}

PURCHASES = Collection(
    "purchases",
    [
        # One visit, one checkout under way: whoever taps twice, on however many devices.
        Index((("storeId", 1), ("sessionId", 1)), unique=True, partial={"live": True}),
        Index((("storeId", 1), ("createdAt", -1))),
        Index((("storeId", 1), ("state", 1), ("createdAt", -1))),
        Index((("storeId", 1), ("interventions.status", 1)), partial={"interventions.status": {"$exists": True}}),
        Index((("storeId", 1), ("payment.intentId", 1)), partial={"payment.intentId": {"$exists": True}}),
        # The numbers of a store's receipts: each once.
        Index((("storeId", 1), ("receipt.number", 1)), unique=True, partial={"receipt.number": {"$exists": True}}),
        # What a day closing adds up.
        Index((("storeId", 1), ("receipt.at", 1)), partial={"receipt.at": {"$exists": True}}),
        Index((("storeId", 1), ("refunds.at", 1)), partial={"refunds.at": {"$exists": True}}),
        # Only what is left to finish is in these: the sweep reads nothing else.
        Index((("dueAt", 1),), partial={"dueAt": {"$exists": True}}),
        Index((("outbox.at", 1),), partial={"outbox.at": {"$exists": True}}),
        Index((("refunds.dueAt", 1),), partial={"refunds.dueAt": {"$exists": True}}),
    ],
    {"$jsonSchema": _PURCHASE},
)

COLLECTIONS = [PURCHASES, EVENTS, RECONCILIATIONS, DAY_CLOSINGS]
