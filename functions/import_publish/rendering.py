"""Between the wire and the documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.common import auth
from functions.common.mongo import Document
from functions.import_publish import schemas


def imports_query(principal: auth.Principal, query: schemas.ImportQuery) -> Document:
    """The filter of a list of imports: what the caller asks for, within what he may see."""
    wanted: Document = {}
    if query.state is not None:
        wanted["state"] = query.state
    allowed = None if "*" in principal.store_ids else sorted(principal.store_ids)
    if query.store_id is not None:
        wanted["storeId"] = query.store_id if allowed is None or query.store_id in allowed else {"$in": []}
    elif allowed is not None:
        wanted["storeId"] = {"$in": allowed}
    if principal.role == auth.ERP:
        wanted["createdBy"] = principal.sub
    return wanted


def import_view(document: Mapping[str, Any]) -> schemas.ImportView:
    """An import without what only machines need."""
    return schemas.ImportView.model_validate(
        {
            **{name: document[name] for name in ("groupId", "storeId", "state", "name", "mode", "counts", "codes")},
            **{name: document[name] for name in ("error", "createdBy", "createdAt", "updatedAt", "ver")},
            "importId": document["_id"],
            "source": {name: value for name, value in document["source"].items() if name != "object"},
        }
    )
