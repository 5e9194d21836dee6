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


def against_watermark(w: Watermark | None, value: int | None, update: Update, offered: int) -> Outcome | None:
    """One field against its watermark (time, sequence, source). None means: this very update, delivered again.

    Newer is applied, older is stale; the same watermark is a duplicate with the same value and a conflict with
    another one, and then the first is kept.
    """
    if w is None or value is None:
        return APPLIED
    t = w["t"]
    if update.t != t:
        return APPLIED if update.t > t else STALE
    q = w["q"]
    if update.q != q:
        return APPLIED if update.q > q else STALE
    s = w["s"]
    if update.s != s:
        return APPLIED if update.s > s else STALE
    if offered != value:
        return CONFLICT
    return None if w["e"] == update.e else DUPLICATE


class _Fold:
    """The updates of one product, one after the other, in the order in which they came."""

    __slots__ = ("before", "changes", "disagreements", "moves", "price", "repeats", "stock")

    def __init__(self, before: Product, moves: Sequence[Entry] | None) -> None:
        self.before, self.moves = before, moves
        self.price, self.stock = before.price, before.stock
        self.repeats = False
        self.changes: list[Change] = []
        self.disagreements: list[Disagreement] = []

    def take_price(self, update: Update, offered: int) -> Outcome:
        now, was = self.price, self.before.price
        if now is None:
            outcome: Outcome | None = APPLIED
        else:
            outcome = against_watermark(now["w"], now["amount"], update, offered)
        if outcome is APPLIED:
            self.price = {
                "amount": offered,
                "currency": update.currency,
                "w": _watermark(update),
                "old": None if was is None else was["amount"],
            }
        elif outcome is CONFLICT and now is not None:
            self.disagreements.append(Disagreement(update, "price", now["amount"], offered))
        elif outcome is None:
            if now is was and was is not None:
                self._repeat(_price_change(was))
            return APPLIED
        return outcome

    def take_stock(self, update: Update, offered: int) -> Outcome:
        now, was = self.stock, self.before.stock
        if now is None:
            outcome: Outcome | None = APPLIED
        else:
            outcome = against_watermark(now["w"], now.get("count"), update, offered)
        if outcome is APPLIED:
            w = _watermark(update)
            counted = stocktaking.counted(was, count=offered, w=w, ledger=self.moves)
            counted["old"] = None if was is None else was["avail"]
            self.stock = counted
        elif outcome is CONFLICT and now is not None:
            self.disagreements.append(Disagreement(update, "stock", now.get("count", 0), offered))
        elif outcome is None:
            if now is was and was is not None:
                self._repeat(_stock_change(was))
            return APPLIED
        return outcome

    def _repeat(self, change: Change | None) -> None:
        self.repeats = True
        # Delivered twice and both deliveries in this round: one change, one event.
        if change is not None and change not in self.changes:
            self.changes.append(change)

    def verdict(self, outcomes: list[Outcome]) -> Verdict:
        price = self.price if self.price is not self.before.price else None
        stock = self.stock if self.stock is not self.before.stock else None
        for change in (price and _price_change(price), stock and _stock_change(stock)):
            if change is not None:
                self.changes.append(change)
        return Verdict(outcomes, price, stock, self.repeats, self.changes, self.disagreements)


def _watermark(update: Update) -> Watermark:
    return {"t": update.t, "q": update.q, "s": update.s, "e": update.e}


def _price_change(price: Price) -> Change | None:
    old, new, w = price["old"], price["amount"], price["w"]
    return Change("price", old, new, price["currency"], w["e"], w["t"]) if old != new else None


def _stock_change(stock: Stock) -> Change | None:
    old, new, w = stock.get("old"), stock["avail"], stock["w"]
    return Change("stock", old, new, None, w["e"], w["t"]) if old != new else None


def decide(product: Product, updates: Iterable[Update], moves: Sequence[Entry] | None = None) -> Verdict:
    """Fold updates into a product, in the order in which they came.

    Whatever the order, the duplicates and the division into calls, price and stock end at the updates with the
    highest watermarks (among equal watermarks, at the one that came first). `moves` are the product's stock
    movements from the ledger, needed when a count is older than the product remembers.
    """
    fold = _Fold(product, moves)
    outcomes: list[Outcome] = []
    for update in updates:
        price, stock = update.price, update.stock
        if stock is None:
            outcomes.append(fold.take_price(update, price) if price is not None else DUPLICATE)
        elif price is None:
            outcomes.append(fold.take_stock(update, stock))
        else:
            one, two = fold.take_price(update, price), fold.take_stock(update, stock)
            outcomes.append(one if _ATTENTION[one] <= _ATTENTION[two] else two)
    return fold.verdict(outcomes)


def add_up(outcomes: Iterable[Outcome]) -> dict[Outcome, int]:
    """How many of each; every outcome is named, so that they visibly add up."""
    counts: dict[Outcome, int] = dict.fromkeys(OUTCOMES, 0)
    for outcome in outcomes:
        counts[outcome] += 1
    return counts
