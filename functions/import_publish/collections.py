"""What this room keeps, applied by `retailscan migrate`. Only what is staged and what undoes it ends by itself."""

from __future__ import annotations

from typing import Any

from functions.common.migrations import Collection, Index
from functions.import_publish.domain import states

_WHOLE = ["int", "long"]
_TEXT = {"bsonType": "string", "minLength": 1}
_DATE = {"bsonType": "date"}
_OBJECT = {"bsonType": "object"}
_EXPIRES = Index((("expireAt", 1),), ttl_seconds=0)
_CHUNKS = Index((("tenantId", 1), ("importId", 1), ("n", 1)), unique=True)


def _documents(_more: dict[str, Any] | None = None, /, **properties: Any) -> dict[str, Any]:
    schema = {"bsonType": "object", "required": [*properties], "properties": {**properties, **(_more or {})}}
    return {"$jsonSchema": schema}


COLLECTIONS = [
    Collection(
        "imports",
        [
            Index((("tenantId", 1), ("createdAt", -1))),
            Index((("tenantId", 1), ("state", 1), ("createdAt", -1))),
            Index((("storeId", 1), ("createdAt", -1))),
            Index((("tenantId", 1), ("groupId", 1))),
            # One file is on its way once in a store and profile; two that come at the same moment meet here.
            Index((("tenantId", 1), ("fileKey", 1)), unique=True, partial={"fileKey": {"$exists": True}}),
            # What the sweep has to look at, and when; imports that are over are not in it.
            Index((("dueAt", 1),), partial={"dueAt": {"$exists": True}}),
        ],
        _documents(
            {"fileKey": _TEXT, "dueAt": _DATE},
            tenantId=_TEXT,
            storeId=_TEXT,
            groupId=_TEXT,
            state={"enum": sorted(states.STATES)},
            name=_TEXT,
            source=_OBJECT,
            profile=_OBJECT,
            rules=_OBJECT,
            mode={"enum": ["partial", "full"]},
            currency={"bsonType": "string", "pattern": "^[A-Z]{3}$"},
            counts=_OBJECT,
            createdBy=_TEXT,
            createdAt=_DATE,
            updatedAt=_DATE,
            ver={"bsonType": _WHOLE},
        ),
    ),
    Collection(
        "product_staging",
        # The second answers alone what is left to publish: a chunk is far too large to be looked into for that.
        [_CHUNKS, Index((("tenantId", 1), ("storeId", 1), ("importId", 1), ("state", 1), ("n", 1))), _EXPIRES],
        _documents(
            tenantId=_TEXT,
            storeId=_TEXT,
            importId=_TEXT,
            n={"bsonType": _WHOLE},
            kind={"enum": ["rows", "withdraw"]},
            counts=_OBJECT,
            rows={"bsonType": "array"},
            state={"enum": ["staged", "published", "failed"]},
            fence={"bsonType": _WHOLE},
            expireAt=_DATE,
        ),
    ),
    Collection(
        "import_undo",
        [_CHUNKS, _EXPIRES],
        _documents(
            tenantId=_TEXT,
            storeId=_TEXT,
            importId=_TEXT,
            n={"bsonType": _WHOLE},
            rows={"bsonType": "array"},
            expireAt=_DATE,
        ),
    ),
    Collection(
        "import_failures",
        [
            Index((("tenantId", 1), ("batchId", 1), ("n", 1)), unique=True),
            Index((("tenantId", 1), ("status", 1), ("createdAt", -1))),
            Index((("tenantId", 1), ("createdAt", -1))),
            Index((("storeId", 1), ("createdAt", -1))),
            # A corrected file finds by these what it resolves; a retry its line.
            Index((("tenantId", 1), ("batchId", 1), ("items.barcode", 1))),
            Index((("tenantId", 1), ("batchId", 1), ("items.line", 1))),
        ],
        _documents(
            tenantId=_TEXT,
            storeId=_TEXT,
            batchId=_TEXT,
            n={"bsonType": _WHOLE},
            reason=_TEXT,
            items={"bsonType": "array"},
            status={"enum": ["pending", "failed", "retried", "resolved"]},
            createdAt=_DATE,
            updatedAt=_DATE,
        ),
    ),
    Collection(
        "import_profiles",
        [Index((("tenantId", 1), ("name", 1)), unique=True)],
        _documents(tenantId=_TEXT, name=_TEXT, profile=_OBJECT, ver={"bsonType": _WHOLE}),
    ),
    Collection(
        "import_rules",
        [Index((("tenantId", 1),), unique=True)],
        _documents(tenantId=_TEXT, rules=_OBJECT, ver={"bsonType": _WHOLE}),
    ),
    Collection(
        "import_connections",
        [Index((("tenantId", 1), ("name", 1)), unique=True)],
        # Nothing in it signs in anywhere: `secret` says which version in Secret Manager does.
        _documents(tenantId=_TEXT, name=_TEXT, kind=_TEXT, settings=_OBJECT, createdAt=_DATE, ver={"bsonType": _WHOLE}),
    ),
    Collection(
        "import_schedules",
        [
            Index((("tenantId", 1), ("name", 1)), unique=True),
            Index((("tenantId", 1), ("connection", 1))),
            Index((("nextAt", 1),), partial={"nextAt": {"$exists": True}}),
            Index((("lease.until", 1),), partial={"lease.until": {"$type": "date"}}),
        ],
        _documents(
            {"nextAt": _DATE},
            tenantId=_TEXT,
            name=_TEXT,
            connection=_TEXT,
            cron=_TEXT,
            timeZone=_TEXT,
            enabled={"bsonType": "bool"},
            lease=_OBJECT,
            runs={"bsonType": "array"},
            createdAt=_DATE,
            ver={"bsonType": _WHOLE},
        ),
    ),
]
