"""What becomes of a price or stock update: watermarks, outcomes and the fold of one product. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, TypedDict

from functions.common.retail import stocktaking
from functions.common.retail.stocktaking import Entry, Stock, Watermark

APPLIED: Literal["applied"] = "applied"
STALE: Literal["stale"] = "stale"
DUPLICATE: Literal["duplicate"] = "duplicate"
CONFLICT: Literal["conflict"] = "conflict"
PARKED: Literal["parked"] = "parked"
REJECTED: Literal["rejected"] = "rejected"
Outcome = Literal["applied", "stale", "duplicate", "conflict", "parked", "rejected"]
OUTCOMES: tuple[Outcome, ...] = (APPLIED, STALE, DUPLICATE, CONFLICT, PARKED, REJECTED)

Field = Literal["price", "stock"]
_ATTENTION = {CONFLICT: 0, APPLIED: 1, STALE: 2, DUPLICATE: 3}
"""An update has one outcome: of its two fields' the one that needs more attention."""


class Update(NamedTuple):
    """One valid update. A tuple, because tens of thousands a second are made of them."""

    store_id: str
    barcode: str
    price: int | None
    """Minor units of `currency`, which is the store's."""
    stock: int | None
    """An absolute count in thousandths, as of `t`."""
    currency: str
    t: int
    """Source time, microseconds since the epoch."""
    q: int
    s: str
    e: str
    """Which update this is: the message's key, a slash, the index in the message. The same on redelivery."""
    place: int
    """Which of the message's updates it is, from 0."""


class Price(TypedDict):
    """The price of a product as it is stored."""

    amount: int
    currency: str
    w: Watermark
    old: int | None


class Product(NamedTuple):
    """What a decision needs of a product document."""

    id: Any
    ver: int
    price: Price | None
    stock: Stock | None


class Change(NamedTuple):
    """A value that differs from what it was, and the update it came from."""

    field: Field
    old: int | None
    new: int
    currency: str | None
    """Of a price; a stock has none."""
    e: str
    t: int
    ver: int
    """A version of the product that has the new value."""


class Disagreement(NamedTuple):
    """Two updates with the same watermark and different values; `kept` came first."""

    update: Update
    field: Field
    kept: int
    offered: int


class Verdict(NamedTuple):
    """What becomes of the updates of one product. `price` and `stock` are set when they must be written."""

    outcomes: list[Outcome]
    price: Price | None
    stock: Stock | None
    repeats: bool
    """Whether an update was met again that is in the document already: what follows a write may not have followed."""
    changes: list[Change]
    disagreements: list[Disagreement]

    @property
    def writes(self) -> bool:
        """Whether the document changes."""
        return self.price is not None or self.stock is not None


class _Notes:
    """What a fold notices besides the outcomes."""

    __slots__ = ("changes", "disagreements", "repeats")

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.disagreements: list[Disagreement] = []
        self.repeats = False

    def repeat(self, change: Change | None) -> None:
        self.repeats = True
        # Delivered twice and both deliveries in this round: one change, one event.
        if change is not None and change not in self.changes:
            self.changes.append(change)


def decide(product: Product, updates: Iterable[Update], moves: Sequence[Entry] | None = None) -> Verdict:
    """Fold updates into a product, in the order in which they came.

    Whatever the order, the duplicates and the division into calls, price and stock end at the updates with the
    highest watermarks (among equal watermarks, at the one that came first). `moves` are the product's stock
    movements from the ledger, needed when a count is older than the product remembers.
    """
    was_price, was_stock = price, stock = product.price, product.stock
    outcomes: list[Outcome] = []
    notes = _Notes()
    for update in updates:
        outcome: Outcome = DUPLICATE
        if update.price is not None:
            outcome = against_watermark(price, price and price["amount"], update, update.price)
            if outcome is APPLIED:
                price = _take_price(product, price, update, update.price, notes)
            elif outcome is CONFLICT and price is not None:
                notes.disagreements.append(Disagreement(update, "price", price["amount"], update.price))
        if update.stock is not None:
            second = against_watermark(stock, stock and stock.get("count"), update, update.stock)
            if second is APPLIED:
                stock = _take_stock(product, stock, update, update.stock, moves, notes)
            elif second is CONFLICT and stock is not None:
                notes.disagreements.append(Disagreement(update, "stock", stock.get("count", 0), update.stock))
            if update.price is None or _ATTENTION[second] < _ATTENTION[outcome]:
                outcome = second
        outcomes.append(outcome)
    new_price = price if price is not was_price else None
    new_stock = stock if stock is not was_stock else None
    ver = product.ver + 1
    for change in (new_price and _price_change(new_price, ver), new_stock and _stock_change(new_stock, ver)):
        if change is not None:
            notes.changes.append(change)
    return Verdict(outcomes, new_price, new_stock, notes.repeats, notes.changes, notes.disagreements)


def against_watermark(now: Price | Stock | None, value: int | None, update: Update, offered: int) -> Outcome:
    """One field, as it is now, against an update: by time, then sequence, then source.

    Newer is applied, older is stale. With the same watermark the same value is a duplicate and another one a
    conflict: then the first is kept. The very update that is there already, delivered again, counts as applied.
    """
    if now is None or value is None:
        return APPLIED
    w = now["w"]
    if update.t != w["t"]:
        return APPLIED if update.t > w["t"] else STALE
    if update.q != w["q"]:
        return APPLIED if update.q > w["q"] else STALE
    if update.s != w["s"]:
        return APPLIED if update.s > w["s"] else STALE
    if offered != value:
        return CONFLICT
    return APPLIED if update.e == w["e"] else DUPLICATE


def _take_price(product: Product, now: Price | None, update: Update, offered: int, notes: _Notes) -> Price:
    was = product.price
    if now is not None and _is_of(now["w"], update):
        if now is was:
            notes.repeat(_price_change(now, product.ver))
        return now
    old = None if was is None else was["amount"]
    return {"amount": offered, "currency": update.currency, "w": _watermark(update), "old": old}


def _take_stock(
    product: Product, now: Stock | None, update: Update, offered: int, moves: Sequence[Entry] | None, notes: _Notes
) -> Stock:
    was = product.stock
    if now is not None and _is_of(now["w"], update):
        if now is was:
            notes.repeat(_stock_change(now, product.ver))
        return now
    counted = stocktaking.counted(was, count=offered, w=_watermark(update), ledger=moves)
    counted["old"] = None if was is None else was["avail"]
    return counted


def _is_of(w: Watermark, update: Update) -> bool:
    return w["e"] == update.e and w["t"] == update.t


def _watermark(update: Update) -> Watermark:
    return {"t": update.t, "q": update.q, "s": update.s, "e": update.e}


def _price_change(price: Price, ver: int) -> Change | None:
    old, new, w = price["old"], price["amount"], price["w"]
    return Change("price", old, new, price["currency"], w["e"], w["t"], ver) if old != new else None


def _stock_change(stock: Stock, ver: int) -> Change | None:
    old, new, w = stock.get("old"), stock["avail"], stock["w"]
    return Change("stock", old, new, None, w["e"], w["t"], ver) if old != new else None


def add_up(outcomes: Iterable[Outcome]) -> dict[Outcome, int]:
    """How many of each; every outcome is named, so that they visibly add up."""
    counts: dict[Outcome, int] = dict.fromkeys(OUTCOMES, 0)
    for outcome in outcomes:
        counts[outcome] += 1
    return counts
