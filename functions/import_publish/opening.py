"""How an import begins: what somebody has ordered, as documents, one a store."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.common import clock
from functions.common.mongo import Document
from functions.common.stores import Store
from functions.import_publish import profiling
from functions.import_publish.core import Deps
from functions.import_publish.domain.staged import COUNTS

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants imported, and how. `key` makes a repeated request the same import."""

    tenant_id: str
    by: str
    stores: Sequence[Store]
    profile: str
    mode: str | None
    name: str
    again: bool = False
    corrects: str | None = None
    key: str | None = None
    # Said once, by what brings files by itself: publish what is clean without asking.
    auto_approve: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


async def opened(deps: Deps, order: Order, state: str, kind: str, due: datetime) -> list[Document]:
    """The documents of new imports, not kept yet. Raises Malformed for an unknown profile."""
    profile = await profiling.profile_of(deps.settings, order.tenant_id, order.profile)
    rules = await profiling.rules_of(deps.settings, order.tenant_id)
    now, group = clock.now(), (order.key or uuid.uuid4().hex)[:32]
    mode = order.mode or profile.get("mode") or "partial"
    fresh: list[Document] = []
    for number, store in enumerate(order.stores):
        fresh.append(
            {
                "_id": group if number == 0 else hashlib.sha256(f"{group}:{store.id}".encode()).hexdigest()[:32],
                "tenantId": order.tenant_id,
                "storeId": store.id,
                "groupId": group,
                "state": state,
                "name": order.name,
                "source": {"kind": kind, "name": order.name},
                "profile": profile,
                "rules": rules,
                "mode": mode,
                "currency": store.currency,
                "timeZone": store.time_zone,
                "again": order.again,
                "corrects": order.corrects,
                "autoApprove": order.auto_approve,
                "duplicateOf": None,
                "counts": dict.fromkeys(COUNTS, 0),
                "codes": {},
                "confirms": {},
                "chunks": 0,
                "confirmed": [],
                "editedBy": [],
                "approval": None,
                "publishAt": None,
                "work": {"fence": 0, "attempts": 0, "until": None, "owner": None},
                "progress": None,
                "result": None,
                "error": None,
                "createdBy": order.by,
                "createdAt": now,
                "updatedAt": now,
                "startedAt": None,
                "finishedAt": None,
                "dueAt": due,
                "ver": 1,
                **order.more,
            }
        )
    return fresh


def object_name(document: Mapping[str, Any]) -> str:
    """What the file of a group of imports is called in the bucket."""
    safe = _UNSAFE.sub("_", document["name"])[-80:].lstrip(".") or "file"
    return f"{document['tenantId']}/{document['groupId']}/{safe}"
