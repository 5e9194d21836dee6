"""Taking back what a chunk did: each field that is still as the import left it goes back, all others stay. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from functions.common.product_edits import last_edit, same
from functions.common.products import DELETED, Watermark
from functions.common.retail import stocktaking
from functions.common.retail.stocktaking import Entry
from functions.import_publish.domain.plan import CREATED, Context, Record, record, recounted

_NOTHING = object()


class Kept(NamedTuple):
    """A field that somebody has changed since: it stays. An empty field is the product as a whole."""

    field: str
    imported: Any
    now: Any


class Undone(NamedTuple):
    """What becomes of a product. `gone` names the fields that went back."""

    record: Record | None
    kept: tuple[Kept, ...] = ()


def counted_at(done: Mapping[str, Any], live: Mapping[str, Any] | None) -> int | None:
    """The time of the count to take back when the ledger is needed for it, else None."""
    count = done.get("after", {}).get("stock")
    if live is None or not count or not _is_still(live.get("stock"), count):
        return None
    at = int(count["w"]["t"])
    return None if stocktaking.reaches_back(live["stock"], at) else at


def decide(
    done: Mapping[str, Any], live: Mapping[str, Any] | None, context: Context, moves: Sequence[Entry] | None
) -> Undone:
    """Take a record back, as far as nobody has built on it. `moves` as `counted_at` asks for them."""
    if live is None:
        return Undone(None)
    if done["action"] == CREATED:
        return _take_off_sale(done, live)
    if done["action"] == "updated" and live["status"] == DELETED:
        return Undone(None, (Kept("status", done["status"][1], DELETED),))
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    kept: list[Kept] = []
    for name, imported in done["after"].items():
        old, now = done["before"][name], live.get(name)
        if name == "metadata":
            back = _metadata(old or {}, imported, now or {}, kept)
        elif name == "price":
            back = _price(old, imported, live, context, kept)
        elif name == "stock":
            back = _stock(old, imported, live, context, moves, kept)
        elif same(imported, now):
            back = old
        else:
            back = _NOTHING
            kept.append(Kept(name, imported, now))
        if back is not _NOTHING:
            before[name], after[name] = now, back
    if not after:
        return Undone(None, tuple(kept))
    return Undone(record(done["row"], live, _action(live["status"], after), before, after), tuple(kept))


def _take_off_sale(done: Mapping[str, Any], live: Mapping[str, Any]) -> Undone:
    if live["status"] == DELETED:
        return Undone(None)
    if last_edit(live) > done["ver"]:
        # Somebody has taken it over: it is theirs now.
        return Undone(None, (Kept("", None, None),))
    return Undone(record(done["row"], live, "deleted", {"status": live["status"]}, {"status": DELETED}))


def _action(status: str, after: Mapping[str, Any]) -> str:
    if after.get("status", status) == status:
        return "updated"
    return "revived" if status == DELETED else "deleted" if after["status"] == DELETED else "updated"


def _metadata(old: Mapping[str, Any], imported: Mapping[str, Any], now: Mapping[str, Any], kept: list[Kept]) -> Any:
    back = dict(now)
    for key in sorted({*old, *imported}):
        was, made = old.get(key, _NOTHING), imported.get(key, _NOTHING)
        if same(was, made):
            continue
        if not same(now.get(key, _NOTHING), made):
            kept.append(Kept(f"metadata.{key}", _plain(made), now.get(key)))
        elif was is _NOTHING:
            del back[key]
        else:
            back[key] = was
    return _NOTHING if same(back, dict(now)) else back


def _plain(value: Any) -> Any:
    return None if value is _NOTHING else value


def _price(
    old: Mapping[str, Any] | None,
    imported: Mapping[str, Any],
    live: Mapping[str, Any],
    context: Context,
    kept: list[Kept],
) -> Any:
    now = live.get("price")
    if not _is_still(now, imported):
        kept.append(Kept("price", imported["amount"], now and now["amount"]))
        return _NOTHING
    if old is None:
        return None
    w = _after(imported["w"], live, context)
    return {"amount": old["amount"], "currency": old["currency"], "w": w, "old": imported["amount"]}


def _stock(
    old: Mapping[str, Any] | None,
    imported: Mapping[str, Any],
    live: Mapping[str, Any],
    context: Context,
    moves: Sequence[Entry] | None,
    kept: list[Kept],
) -> Any:
    now = live.get("stock")
    if now is None or not _is_still(now, imported):
        kept.append(Kept("stock", imported["avail"], now and now["avail"]))
        return _NOTHING
    if old is not None:
        return recounted(now, old["count"], _after(imported["w"], live, context), moves)
    if now["holds"] or now["recent"] or now["sold"]:
        # There was no stock to go back to, and what was sold since must not be forgotten.
        kept.append(Kept("stock", imported["avail"], now["avail"]))
        return _NOTHING
    return None


def _is_still(now: Mapping[str, Any] | None, imported: Mapping[str, Any]) -> bool:
    return now is not None and bool(now["w"]["e"] == imported["w"]["e"])


def _after(w: Mapping[str, Any], live: Mapping[str, Any], context: Context) -> Watermark:
    """Just above the import's: it never goes back, and whatever the store's systems say of later still wins."""
    return {"t": w["t"], "q": w["q"] + 1, "s": w["s"], "e": f"{context.op}:{live['barcode']}"}
