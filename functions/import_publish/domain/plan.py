"""What publishing a chunk does to its products: decided from what is live, written down, and only then done. Pure.

A plan is made of records, one a product. A record says from which version to which, and every field before and after,
so that it is enough to do the write, to find out later whether it was done, to tell about it, and to undo it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from functions.common.product_edits import PRODUCT_FIELDS, STATED, Editor, Invalid, diff, same
from functions.common.products import ACTIVE, DELETED, PriceField, StockField, Watermark, first_version
from functions.common.retail import stocktaking
from functions.common.retail.stocktaking import Entry, Stock
from functions.import_publish.domain import differences
from functions.import_publish.domain.codes import CONFIRM
from functions.import_publish.domain.fields import DEFAULTS, METADATA
from functions.import_publish.domain.staged import ERROR, EXCLUDED

Record = dict[str, Any]
"""row (its place in the chunk) · barcode · action, as the audit names it · id, was (the version it is decided on), ver
(the version it makes) · status [before, after] · before and after, by field · try, the attempt of the plan in which it
was decided. A created product has its fields in the row and nothing before, so its record has neither."""
Effect = Literal["done", "possible", "lost", "replaced"]
"""Of a write: it was done; it still can be; it never will be, as somebody else was faster; another worker has decided
anew since, and done that."""

CREATED, UPDATED, RETURNED, WITHDRAWN = "created", "updated", "returned", "withdrawn"
UNCHANGED, STALE, FAILED, REJECTED, LEFT_OUT = "unchanged", "stale", "failed", "rejected", "excluded"
OUTCOMES: Final = (CREATED, UPDATED, RETURNED, WITHDRAWN, UNCHANGED, STALE, FAILED, REJECTED, LEFT_OUT)
"""Every row comes to exactly one of these ends, so that they add up to the rows of the file."""
PUBLISHED: Final = (CREATED, UPDATED, RETURNED, WITHDRAWN)
ENDS: Final[Mapping[str, str]] = {CREATED: CREATED, UPDATED: UPDATED, "revived": RETURNED, "deleted": WITHDRAWN}
"""The action of a record -> the end its row comes to."""
MOST_MARKS: Final = 4
"""How many imports a product remembers."""


class Context(NamedTuple):
    """Of which chunk the rows are, who publishes it, and when. The same again whenever the chunk is continued."""

    tenant_id: str
    store_id: str
    currency: str
    import_id: str
    op: str
    """Names the writes of this chunk; every product remembers it."""
    editor: Editor
    stated_at: int
    """The time of prices and stocks in rows that do not say their own, microseconds since the epoch."""
    confirmed: frozenset[str]


class Decision(NamedTuple):
    """What becomes of a row. `stale` names the fields that are newer in the store; `code` says why it failed."""

    outcome: str
    record: Record | None = None
    stale: tuple[str, ...] = ()
    code: str | None = None


def held_back(row: Mapping[str, Any], confirmed: frozenset[str]) -> str | None:
    """The end of a row that is not published whatever is live; None when it is to be."""
    status = row.get("s")
    if status is None:
        return None
    if status == EXCLUDED:
        return LEFT_OUT
    if status == ERROR:
        return REJECTED
    if status == CONFIRM and not confirmed.issuperset(fault[0] for fault in row["e"] if fault[5] == CONFIRM):
        return REJECTED
    return None


def to_publish(rows: Sequence[Mapping[str, Any]], confirmed: frozenset[str]) -> dict[str, int]:
    """barcode -> place, of the rows that would change something: only those are looked up."""
    return {
        row["b"]: place
        for place, row in enumerate(rows)
        if row.get("a", UNCHANGED) != UNCHANGED and held_back(row, confirmed) is None
    }


def counted_at(row: Mapping[str, Any], live: Mapping[str, Any] | None, context: Context) -> int | None:
    """The time of a row's stock count when the ledger is needed to take it in, else None."""
    if live is None or row["v"].get("stock") is None:
        return None
    stock, at = live.get("stock"), int(row["v"].get("asOf") or context.stated_at)
    if stocktaking.reaches_back(stock, at) or (stock is not None and at < stock["w"]["t"]):
        return None
    return at


def decide(
    place: int, row: Mapping[str, Any], live: Mapping[str, Any] | None, context: Context, moves: Sequence[Entry] | None
) -> Decision:
    """What to do with a row that is to be published, as things are now. `moves` as `counted_at` asks for them."""
    if live is None:
        return _new(place, row, context)
    if row["a"] == "withdraw":
        return _withdraw(place, live)
    if live["status"] == DELETED:
        return _return(place, row, live, context, moves)
    return _update(place, row, live, context, moves)


def whole(values: Mapping[str, Any]) -> dict[str, Any]:
    """Every field of a new product, from those that the file has."""
    fields = {
        name: default if values.get(name) is None else values[name]
        for name, default in DEFAULTS.items()
        if name != "name"
    }
    metadata = {key: value for key, value in (values.get("metadata") or {}).items() if value is not None}
    return {"name": values["name"], **fields, "recalledLots": [], "units": [], "metadata": metadata}


def first_price(row: Mapping[str, Any], context: Context) -> PriceField | None:
    """The price of a new product."""
    amount = row["v"].get("price")
    if amount is None:
        return None
    return {"amount": amount, "currency": context.currency, "w": _watermark(row, context), "old": None}


def first_stock(row: Mapping[str, Any], context: Context) -> StockField | None:
    """The stock of a new product."""
    thousandths = row["v"].get("stock")
    if thousandths is None:
        return None
    return {"avail": thousandths, "sold": 0, "holds": [], "w": _watermark(row, context), "recent": []}


def _new(place: int, row: Mapping[str, Any], context: Context) -> Decision:
    if row["a"] == "withdraw":
        return Decision(UNCHANGED)
    values = row["v"]
    if values.get("name") is None:
        return Decision(FAILED, code="NAME_NEEDED_FOR_NEW")
    status = values.get("status") or ACTIVE
    ver = first_version(context.editor.now)
    return Decision(
        CREATED, {"row": place, "barcode": row["b"], "action": CREATED, "was": 0, "ver": ver, "status": [None, status]}
    )


def _withdraw(place: int, live: Mapping[str, Any]) -> Decision:
    if live["status"] == DELETED:
        return Decision(UNCHANGED)
    before, after = {"status": live["status"]}, {"status": DELETED}
    return Decision(WITHDRAWN, record(place, live, "deleted", before, after))


def _return(
    place: int, row: Mapping[str, Any], live: Mapping[str, Any], context: Context, moves: Sequence[Entry] | None
) -> Decision:
    if row["a"] == "update":
        # Somebody withdrew it after the import was looked at; that it comes back nobody has approved.
        return Decision(FAILED, code="WITHDRAWN_MEANWHILE")
    if row["v"].get("name") is None:
        return Decision(FAILED, code="NAME_NEEDED_FOR_NEW")
    wanted = whole(row["v"])
    # A file says nothing of packs and recalled lots: they stay what they were.
    names = [name for name in wanted if name not in ("units", "recalledLots")]
    names = [name for name in names if not same(live.get(name), wanted[name])]
    before = {name: live.get(name) for name in names}
    after = {name: wanted[name] for name in names}
    stale = _state(row, live, context, moves, STATED, before, after)
    return Decision(RETURNED, record(place, live, "revived", before, after), stale)


def _update(
    place: int, row: Mapping[str, Any], live: Mapping[str, Any], context: Context, moves: Sequence[Entry] | None
) -> Decision:
    # Of a product that was there all the time only those changes were approved that somebody could see.
    seen = row["d"] if row["a"] == "update" else differences.diff(row["v"], live).changes
    patch, stated = _patch(seen)
    try:
        changes = diff(live, patch, PRODUCT_FIELDS)
    except Invalid:
        return Decision(FAILED, code="TOO_MUCH_METADATA")
    before = {change.field: change.before for change in changes}
    after = {change.field: change.after for change in changes}
    stale = _state(row, live, context, moves, stated, before, after)
    if not after:
        return Decision(STALE if stale else UNCHANGED, stale=stale)
    return Decision(UPDATED, record(place, live, "updated", before, after), stale)


def _patch(changes: Iterable[Sequence[Any]]) -> tuple[dict[str, Any], list[str]]:
    """The fields to set, as the catalogue's editors would, and which of price and stock are stated."""
    patch: dict[str, Any] = {}
    stated: list[str] = []
    for name, _, value in changes:
        if name in STATED:
            stated.append(name)
        elif name.startswith(METADATA):
            patch.setdefault("metadata", {})[name[len(METADATA) :]] = value
        else:
            patch[name] = value
    return patch, stated


def _state(
    row: Mapping[str, Any],
    live: Mapping[str, Any],
    context: Context,
    moves: Sequence[Entry] | None,
    fields: Iterable[str],
    before: dict[str, Any],
    after: dict[str, Any],
) -> tuple[str, ...]:
    """Add what the row states about price and stock; returns the fields in which the store knows better."""
    stale = []
    for name in fields:
        value = row["v"].get(name)
        standing = live.get(name)
        if value is None or (standing is not None and value == _amount(name, standing)):
            continue
        w = _watermark(row, context)
        if standing is not None and not newer(w, standing["w"]):
            stale.append(name)
        elif name == "price":
            old = standing["amount"] if standing is not None else None
            before[name] = standing
            after[name] = {"amount": value, "currency": context.currency, "w": w, "old": old}
        else:
            before[name] = remembered(standing, w["t"], moves)
            after[name] = recounted(standing, value, w, moves)
    return tuple(stale)


def _amount(name: str, standing: Mapping[str, Any]) -> int:
    return int(standing["amount" if name == "price" else "avail"])


def _watermark(row: Mapping[str, Any], context: Context) -> Watermark:
    at = int(row["v"].get("asOf") or context.stated_at)
    return {"t": at, "q": 0, "s": f"import:{context.import_id}", "e": f"{context.op}:{row['b']}"}


def newer(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a watermark is higher than another: by time, then sequence, then source."""
    return bool((one["t"], one["q"], one["s"]) > (other["t"], other["q"], other["s"]))


def recounted(stock: Stock | None, count: int, w: Watermark, moves: Sequence[Entry] | None) -> Stock:
    """The stock after a count: what moved after the count's time stays moved."""
    result = stocktaking.counted(stock, count=count, w=w, ledger=moves)
    result["old"] = None if stock is None else stock["avail"]
    return result


def remembered(stock: Stock | None, at: int, moves: Sequence[Entry] | None) -> dict[str, Any] | None:
    """What undoing a count as of `at` needs: the count that this stock would have given at that time."""
    if stock is None:
        return None
    after = {move["id"]: stocktaking.effect(move) for move in (*stock["recent"], *(moves or ())) if move["at"] > at}
    held = sum(int(hold["n"]) for hold in stock["holds"])
    count = stock["avail"] - stock.get("short", 0) + held - sum(after.values())
    return {"avail": stock["avail"], "count": count, "w": stock["w"]}


def record(
    place: int, live: Mapping[str, Any], action: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Record:
    """The record of a write to a product that is there."""
    return {
        "row": place,
        "barcode": live["barcode"],
        "action": action,
        "id": live["_id"],
        "was": live["ver"],
        "ver": live["ver"] + 1,
        "status": [live["status"], after.get("status", live["status"])],
        "before": before,
        "after": after,
    }


def mark_of(record: Mapping[str, Any], op: str) -> str:
    """What a product remembers of a write: the chunk, and in which attempt of its plan the write was decided."""
    return f"{op}@{record['try']}"


def effect(record: Mapping[str, Any], live: Mapping[str, Any] | None, op: str) -> Effect:
    """What became of a record's write, by the product as it is now."""
    if live is None:
        return "possible"
    marks = live.get("imports") or ()
    if mark_of(record, op) in marks:
        return "done"
    if any(mark.startswith(f"{op}@") for mark in marks):
        return "replaced"
    return "possible" if record["was"] and live["ver"] <= record["was"] else "lost"
