"""The rules of brands, modules and stores: small documents of a tenant, edited under a version. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.common.product_edits import EPOCH, AuditEntry, Change, Editor, audit_entry, diff, same

BRAND_FIELDS = ("name", "description", "logoUrl", "metadata")
MODULE_FIELDS = ("name", "version", "config", "status", "permissions")
TENANT_FIELDS = ("taxes", "rounding", "checks", "refundLimit", "receiptFooter")
STORE_FIELDS = ("name", "timeZone", "status", "stockPolicy", "labelTemplates", "address")

STORE_CODE_ISSUER = "retailscan-catalog"
STORE_CODE_AUDIENCE = "check-in"
STORE_CODE_TYP = "store+jwt"
# A poster has no end: the version is what makes it void. Verifiers want an end, so it gets a far one.
STORE_CODE_LIFE = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """One decided edit of a small document: the fields to set and its audit entry."""

    fresh: Mapping[str, Any]
    entry: AuditEntry


def new(entity: str, name: str, fields: Mapping[str, Any], editor: Editor) -> RecordWrite:
    """A brand, module or store that never was; `fresh` is the document without its name and its tenant."""
    changes = [Change(field, None, value) for field, value in fields.items()]
    entry = audit_entry(entity, name, "created", changes, 1, editor)
    stamps = {"ver": 1, "deletedAt": None, "createdAt": editor.now, "updatedAt": editor.now}
    return RecordWrite({**fields, **stamps, "edit": {"op": entry["id"]}}, entry)


def edited(
    entity: str, name: str, before: Mapping[str, Any], patch: Mapping[str, Any], allowed: Sequence[str], editor: Editor
) -> RecordWrite | None:
    """An edit of a record that is there; None when it would change nothing."""
    changes = diff(before, patch, allowed)
    return _record(entity, name, before, "updated", changes, {}, editor) if changes else None


def removed(entity: str, name: str, before: Mapping[str, Any], editor: Editor) -> RecordWrite | None:
    """The record is gone for everybody but the audit; None when it was already."""
    if before.get("deletedAt") is not None:
        return None
    return _record(entity, name, before, "deleted", [], {"deletedAt": editor.now}, editor)


def revived(
    entity: str, name: str, before: Mapping[str, Any], fields: Mapping[str, Any], editor: Editor
) -> RecordWrite:
    """A removed record comes back with new contents."""
    changes = [Change(f, before.get(f), v) for f, v in fields.items() if not same(before.get(f), v)]
    return _record(entity, name, before, "revived", changes, {"deletedAt": None}, editor)


def marked(
    entity: str, name: str, before: Mapping[str, Any], action: str, fresh: Mapping[str, Any], editor: Editor
) -> RecordWrite:
    """A change that is not an editor's field, such as the next version of the check-in code."""
    changes = [Change(field, before.get(field), value) for field, value in fresh.items()]
    return _record(entity, name, before, action, changes, {}, editor)


def made_by(before: Mapping[str, Any], editor: Editor) -> bool:
    """Whether this very request wrote the record last."""
    return str((before.get("edit") or {}).get("op", "")).startswith(editor.op + ".")


def _record(
    entity: str,
    name: str,
    before: Mapping[str, Any],
    action: str,
    changes: Sequence[Change],
    more: Mapping[str, Any],
    editor: Editor,
) -> RecordWrite:
    entry = audit_entry(entity, name, action, changes, int(before["ver"]) + 1, editor)
    fresh = {change.field: change.after for change in changes}
    return RecordWrite({**fresh, **more, "updatedAt": editor.now, "edit": {"op": entry["id"]}}, entry)


def next_code(before: Mapping[str, Any], editor: Editor) -> dict[str, Any]:
    """The next version of a store's check-in code: every older one is void."""
    return {"codeVersion": code_version(before) + 1, "codeIssuedAt": editor.now}


def code_version(store: Mapping[str, Any]) -> int:
    """The version of the check-in code that is valid now."""
    return int(store.get("codeVersion", 1))


def store_code_claims(store: Mapping[str, Any]) -> dict[str, Any]:
    """What the code at the entrance says; the same text for the same version, however often it is printed."""
    issued: datetime = store.get("codeIssuedAt") or EPOCH
    return {
        "iss": STORE_CODE_ISSUER,
        "aud": STORE_CODE_AUDIENCE,
        "sub": store["_id"],
        "storeId": store["_id"],
        "tenantId": store["tenantId"],
        "codeVersion": code_version(store),
        "iat": int(issued.timestamp()),
        "exp": int((issued + STORE_CODE_LIFE).timestamp()),
    }
