"""What follows from the records of a plan: the writes, the audit entries, the ledger's counts and the events. Pure.

All of it is made of the plan alone, so that whoever continues a chunk makes the very same, under the same ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from functions.common.contracts import catalog as events
from functions.common.product_edits import PRODUCT_FIELDS, STATED, EventKind, event_for
from functions.common.product_names import searchable
from functions.import_publish.domain.plan import (
    CREATED,
    MOST_MARKS,
    Context,
    Record,
    first_price,
    first_stock,
    mark_of,
    whole,
)

_EDITABLE = frozenset(PRODUCT_FIELDS)
_EMPTY: tuple[object, ...] = (None, [], {}, False)


class Fact(NamedTuple):
    """An event in the making."""

    id: str
    kind: EventKind
    data: dict[str, Any]


def entry_id(record: Mapping[str, Any], context: Context) -> str:
    """The id of an edit's audit entry, by which the product knows its last edit too."""
    return f"{context.op}.product.{record['barcode']}.{record['ver']}"


def document(record: Mapping[str, Any], row: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The product that a row creates, as it is stored."""
    fields = whole(row["v"])
    now = context.editor.now
    return {
        "tenantId": context.tenant_id,
        "storeId": context.store_id,
        "barcode": record["barcode"],
        **fields,
        **searchable(fields["name"]),
        "price": first_price(row, context),
        "stock": first_stock(row, context),
        "ver": record["ver"],
        "edit": {"op": entry_id(record, context), "ver": record["ver"], "action": CREATED},
        "imports": [mark_of(record, context.op)],
        "outbox": [],
        "createdAt": now,
        "updatedAt": now,
    }


def update(record: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The update that makes a record true in the version that it was decided on."""
    fresh: dict[str, Any] = {**record["after"], "ver": record["ver"], "updatedAt": context.editor.now}
    if "name" in fresh:
        fresh |= searchable(fresh["name"])
    if is_edit(record):
        fresh["edit"] = {"op": entry_id(record, context), "ver": record["ver"], "action": record["action"]}
    return {"$set": fresh, "$push": {"imports": {"$each": [mark_of(record, context.op)], "$slice": -MOST_MARKS}}}


def is_edit(record: Mapping[str, Any]) -> bool:
    """Whether the catalogue's own fields change. A price or stock alone is no edit: an editor may save over it."""
    return not _EDITABLE.isdisjoint(record["after"])


def audit(record: Mapping[str, Any], row: Mapping[str, Any] | None, context: Context) -> dict[str, Any]:
    """The audit log's entry of a record. Its id is the same however often it is made."""
    editor = context.editor
    return {
        "_id": entry_id(record, context),
        "tenantId": context.tenant_id,
        "storeId": context.store_id,
        "entity": "product",
        "entityId": record["barcode"],
        "action": record["action"],
        "changes": _created(row, context) if row is not None and record["action"] == CREATED else _changes(record),
        "who": editor.who,
        "role": editor.role,
        "requestId": editor.request_id,
        "when": editor.now,
        "ver": record["ver"],
    }


def _created(row: Mapping[str, Any], context: Context) -> list[dict[str, Any]]:
    fields = whole(row["v"])
    changes = [
        {"field": name, "before": None, "after": fields[name]} for name in PRODUCT_FIELDS if fields[name] not in _EMPTY
    ]
    for name, value in (("price", first_price(row, context)), ("stock", first_stock(row, context))):
        if value is not None:
            changes.append({"field": name, "before": None, "after": _plain(name, value)})
    return changes


def _changes(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    before = record["before"]
    return [
        {"field": name, "before": _plain(name, before[name]), "after": _plain(name, value)}
        for name, value in record["after"].items()
    ]


def _plain(name: str, value: Any) -> Any:
    """A price or stock as the audit shows it: without watermarks and holds."""
    if name not in STATED or value is None:
        return value
    return {key: value[key] for key in (("amount", "currency") if name == "price" else ("avail",))}


def facts(records: Iterable[Record], context: Context) -> list[Fact]:
    """The events of a chunk, at most one of each kind: the same ids for the same products, whoever publishes them."""
    products: dict[EventKind, list[dict[str, Any]]] = {}
    prices: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        names = [name for name in record.get("after", ()) if name in _EDITABLE]
        kind = event_for(record["status"][0], record["status"][1], names)
        if kind is not None:
            product = {"barcode": record["barcode"], "ver": record["ver"]}
            if kind == events.PRODUCT_CHANGED:
                product["changed"] = names
            products.setdefault(kind, []).append(product)
        for name in STATED:
            change = _price_change(name, record)
            if change is not None:
                prices.setdefault(name, []).append(change)
    made = [Fact(f"{context.op}:{kind[0]}", kind, {"products": group}) for kind, group in products.items()]
    # One of prices and one of stocks: together they could be more than an event may hold.
    kind = events.PRICE_CHANGED
    return made + [Fact(f"{context.op}:{kind[0]}:{name}", kind, {"changes": group}) for name, group in prices.items()]


def _price_change(name: str, record: Mapping[str, Any]) -> dict[str, Any] | None:
    value = record.get("after", {}).get(name)
    if value is None:
        return None
    amount = "amount" if name == "price" else "avail"
    before = record["before"][name]
    old = None if before is None else before[amount]
    if old == value[amount]:
        return None
    return {
        "barcode": record["barcode"],
        "field": name,
        "old": old,
        "new": value[amount],
        "currency": value.get("currency"),
        "sourceTime": _rfc3339(value["w"]["t"]),
        "ver": record["ver"],
    }


@lru_cache(maxsize=1024)
def _rfc3339(micros: int) -> str:
    seconds, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest).isoformat().replace("+00:00", "Z")


def recounts(records: Iterable[Record]) -> list[Record]:
    """Those records that are a stock count of a product that was there: the ledger has an entry for each."""
    return [record for record in records if record.get("after", {}).get("stock") is not None]


def versions(records: Sequence[Record]) -> list[tuple[str, int]]:
    """barcode and new version, for the cache."""
    return [(record["barcode"], record["ver"]) for record in records]
