"""How a product is edited: the decision as data, with its audit entry and its event. Pure.

Two rooms edit products: the catalogue, one at a time by hand, and the import, five hundred at a time from a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict, cast

from functions.common.contracts import catalog as events
from functions.common.moments import in_millis
from functions.common.product_names import searchable
from functions.common.products import (
    ACTIVE,
    DELETED,
    PriceField,
    ProductDocument,
    StockField,
    Watermark,
    new_document,
)

MOST_METADATA_KEYS = 50

# What an editor may set. Everything else of a product belongs to another stream or to the catalogue itself.
PRODUCT_FIELDS = (
    "name",
    "description",
    "brandId",
    "categoryId",
    "status",
    "showInQuickProducts",
    "measure",
    "taxClass",
    "imageUrl",
    "ageRestriction",
    "recalledLots",
    "units",
    "metadata",
)
STATED = ("price", "stock")
MERGED = frozenset({"metadata"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EventKind = tuple[str, int]


class Invalid(ValueError):
    """A value breaks a rule; `code` is stable, the text is for people."""

    def __init__(self, message: str, *, code: str = "INVALID", field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field


def parse_if_match(header: str | None) -> int | None:
    """The version an `If-Match: "123"` header names, None without a header.

    Raises Invalid for anything else, also for lists and weak tags: ignoring a lock silently would lose edits.
    """
    if header is None or header.strip() == "*":
        return None
    found = re.fullmatch(r'"?(\d{1,18})"?', header.strip(), re.ASCII)
    if not found:
        raise Invalid('If-Match must be one version, as in "1700000000000"', code="INVALID_IF_MATCH")
    return int(found.group(1))


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after."""

    field: str
    before: object
    after: object


def diff(before: Mapping[str, Any], patch: Mapping[str, Any], allowed: Sequence[str]) -> list[Change]:
    """What a patch really changes; nothing changed is an empty list and must cause no write.

    Raises Invalid when the patch names a field outside `allowed`; the schema refuses that first, this is the
    second lock. In a merged field null removes a key.
    """
    foreign = patch.keys() - set(allowed)
    if foreign:
        raise Invalid("only the fields of the schema can be changed", code="FIELD_NOT_EDITABLE")
    changes = []
    for field in allowed:
        if field not in patch:
            continue
        old, new = before.get(field), patch[field]
        if field in MERGED:
            new = merged(old or {}, new)
        if not same(old, new):
            changes.append(Change(field, old, new))
    return changes


def merged(old: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The object after a merge patch of its first level (RFC 7396).

    Raises Invalid when more keys would be left than an object may have.
    """
    result = dict(old)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = value
    if len(result) > MOST_METADATA_KEYS:
        message = f"must not have more than {MOST_METADATA_KEYS} keys"
        raise Invalid(message, code="TOO_MANY_KEYS", field="metadata")
    return result


def same(one: object, other: object) -> bool:
    """Equality of JSON values: True is not 1 and 1 is not 1.0, though Python says so."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def event_for(before: str | None, after: str, changed: Sequence[str]) -> EventKind | None:
    """The event that a change of a product means to the other rooms; None when they need not know.

    Also a product created inactive is published: the price stream applies what it has parked for it.
    """
    if after == DELETED:
        return None if before in (None, DELETED) else events.PRODUCT_WITHDRAWN
    if before in (None, DELETED):
        return events.PRODUCT_PUBLISHED
    if before != after:
        return events.PRODUCT_PUBLISHED if after == ACTIVE else events.PRODUCT_WITHDRAWN
    return events.PRODUCT_CHANGED if changed and after == ACTIVE else None


# ---- products ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Editor:
    """Who edits, in which request. `op` names the edit: a repeated request has the same one."""

    who: str
    role: str
    request_id: str
    op: str
    now: datetime


def editor(who: str, role: str, request_id: str, op: str, now: datetime) -> Editor:
    """Who edits now; the time as MongoDB keeps it, in whole milliseconds, so that replies show what is stored."""
    return Editor(who, role, request_id, op, in_millis(now))


@dataclass(frozen=True, slots=True)
class Initial:
    """Price and stock of a product until the price stream states others; times are watermarks."""

    price: PriceField | None = None
    stock: StockField | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One decided edit of a product: a new document, or fields for the version that was read.

    `after` is the whole document as it will be, `fresh` the fields to set (an update only).
    """

    after: ProductDocument
    before_ver: int | None
    fresh: Mapping[str, Any]
    entry: AuditEntry
    event: Mapping[str, Any] | None


def micros(moment: datetime) -> int:
    """Microseconds since the epoch, exactly: a float of seconds would round the last digit."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def new_product(
    tenant_id: str, store_id: str, code: str, fields: Mapping[str, Any], initial: Initial, editor: Editor
) -> Write:
    """A product that never was. `fields` are checked and complete."""
    base = new_document(
        tenant_id=tenant_id,
        store_id=store_id,
        barcode=code,
        name=fields["name"],
        now=editor.now,
        price=initial.price,
        stock=initial.stock,
    )
    document = cast(ProductDocument, {**base, **fields, **searchable(fields["name"])})
    empty: tuple[object, ...] = (None, [], {}, False)
    changes = [Change(name, None, fields[name]) for name in PRODUCT_FIELDS if fields[name] not in empty]
    changes += [Change(name, None, _plain(document, name)) for name in STATED if document.get(name)]
    return _write(None, document, {}, changes, "created", editor)


def edited(before: ProductDocument, patch: Mapping[str, Any], editor: Editor) -> Write | None:
    """An edit of a product that is there; None when it would change nothing."""
    changes = diff(before, patch, PRODUCT_FIELDS)
    if not changes:
        return None
    return _edit(before, {change.field: change.after for change in changes}, changes, "updated", editor)


def revived(before: ProductDocument, fields: Mapping[str, Any], initial: Initial, editor: Editor) -> Write:
    """A deleted product comes back; its version goes on upwards.

    Price and stock obey their watermarks here too: an initial value older than the stream's is ignored.
    """
    changes = diff(before, {**fields, "metadata": {}}, PRODUCT_FIELDS)
    changes = [change for change in changes if change.field != "metadata"]
    if not same(before.get("metadata") or {}, fields["metadata"]):
        changes.append(Change("metadata", before.get("metadata"), fields["metadata"]))
    fresh = {change.field: change.after for change in changes}
    for name, given in (("price", initial.price), ("stock", initial.stock)):
        standing: Any = before.get(name)
        if given is not None and (standing is None or _newer(given["w"], standing["w"])):
            fresh[name] = given
            changes.append(Change(name, _plain(before, name), _plain({name: given}, name)))
    return _edit(before, fresh, changes, "revived", editor)


def withdrawn(before: ProductDocument, editor: Editor) -> Write | None:
    """The product is no longer sold; None when it is gone already. The document stays: its version goes on."""
    if before["status"] == DELETED:
        return None
    changes = [Change("status", before["status"], DELETED)]
    return _edit(before, {"status": DELETED}, changes, "deleted", editor)


def last_edit(document: Mapping[str, Any]) -> int:
    """The version the last edit made; price and stock have moved `ver` on since."""
    return int((document.get("edit") or {}).get("ver", 0))


def made_by(document: Mapping[str, Any], editor: Editor) -> str | None:
    """What this very request did to the product before, None if nothing."""
    edit = document.get("edit") or {}
    if not str(edit.get("op", "")).startswith(editor.op + "."):
        return None
    return "updated" if edit["action"] == "updated" else "created"


def _newer(one: Watermark, other: Watermark) -> bool:
    return (one["t"], one["q"], one["s"]) > (other["t"], other["q"], other["s"])


def _plain(document: Mapping[str, Any], field: str) -> object:
    """A price or stock as the audit shows it: without watermarks and holds."""
    value = document.get(field)
    if value is None:
        return None
    keys = ("amount", "currency") if field == "price" else ("avail",)
    return {key: value[key] for key in keys}


def _edit(before: ProductDocument, fresh: dict[str, Any], changes: list[Change], action: str, editor: Editor) -> Write:
    if "name" in fresh:
        fresh |= searchable(fresh["name"])
    after = cast(ProductDocument, {**before, **fresh, "ver": before["ver"] + 1, "updatedAt": editor.now, "outbox": []})
    return _write(before, after, fresh, changes, action, editor)


def _write(
    before: ProductDocument | None,
    after: ProductDocument,
    fresh: Mapping[str, Any],
    changes: Sequence[Change],
    action: str,
    editor: Editor,
) -> Write:
    names = [change.field for change in changes]
    kind = event_for(before["status"] if before else None, after["status"], names)
    return Write(
        after=after,
        before_ver=before["ver"] if before else None,
        fresh=fresh,
        entry=audit_entry("product", after["barcode"], action, changes, after["ver"], editor),
        event=_event(kind, after, names, editor) if kind else None,
    )


def _event(kind: EventKind, after: ProductDocument, changed: list[str], editor: Editor) -> dict[str, Any]:
    """The outbox entry. Its id names the version it speaks of, so that it is the same however often it is made."""
    product: dict[str, Any] = {"barcode": after["barcode"], "ver": after["ver"]}
    if kind == events.PRODUCT_CHANGED:
        product["changed"] = changed
    return {
        "id": f"{after['storeId']}:{after['barcode']}:{after['ver']}",
        "type": kind[0],
        "version": kind[1],
        "at": editor.now,
        "data": {"products": [product]},
    }


# ---- audit ------------------------------------------------------------------------------------------------


class AuditEntry(TypedDict):
    """Who changed what, when, in which request. Written once, never changed."""

    id: str
    entity: str
    entityId: str
    action: str
    changes: list[dict[str, Any]]
    who: str
    role: str
    requestId: str
    when: datetime
    ver: int


def audit_entry(
    entity: str, entity_id: str, action: str, changes: Sequence[Change], ver: int, editor: Editor
) -> AuditEntry:
    """The entry of one edit; its id is the same when the request is repeated."""
    return {
        "id": f"{editor.op}.{entity}.{entity_id}.{ver}",
        "entity": entity,
        "entityId": entity_id,
        "action": action,
        "changes": [{"field": c.field, "before": c.before, "after": c.after} for c in changes],
        "who": editor.who,
        "role": editor.role,
        "requestId": editor.request_id,
        "when": editor.now,
        "ver": ver,
    }
