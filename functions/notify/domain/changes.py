"""What happened to a cart in between: many changes of prices and stock, put together into one notice.

Prices in minor units, stock in thousandths. Facts come in any order, so each carries its place: the cart's version or
the moment it is about. The first says what was before, the last what is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Move:
    """A value before and after; `first` and `last` are the places of its first and its last change."""

    old: int | None
    new: int | None
    first: int
    last: int

    def joined(self, other: Move) -> Move:
        """Both changes as one; of the same place, the one that came later is the newer."""
        early, late = (self, other) if self.first <= other.first else (other, self)
        newest = self if self.last > other.last else other
        return Move(early.old, newest.new, early.first, max(self.last, late.last))

    @property
    def is_nothing(self) -> bool:
        """Whether it is again what it was."""
        return self.old == self.new


@dataclass(frozen=True, slots=True)
class Item:
    """A product of a cart, as a shopper knows it."""

    barcode: str
    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes by barcode, and of the total."""

    prices: Mapping[str, tuple[Item, Move]] = field(default_factory=dict)
    stock: Mapping[str, tuple[Item, Move]] = field(default_factory=dict)
    total: tuple[str, Move] | None = None
    """The currency and the change of what the whole cart costs."""

    def joined(self, other: Changes) -> Changes:
        """Both together."""
        total = self.total or other.total
        if self.total is not None and other.total is not None:
            total = (other.total[0], self.total[1].joined(other.total[1]))
        return Changes(_join(self.prices, other.prices), _join(self.stock, other.stock), total)

    def left(self) -> Changes | None:
        """Without what is again as it was; None when nothing is left to tell."""
        kept = replace(self, prices=_real(self.prices), stock=_real(self.stock))
        if kept.total is not None and kept.total[1].is_nothing:
            kept = replace(kept, total=None)
        return kept if kept.prices or kept.stock or kept.total is not None else None

    @property
    def items(self) -> int:
        """How many products are concerned."""
        return len({*self.prices, *self.stock})

    def as_data(self) -> dict[str, Any]:
        """For the app, as JSON."""
        data: dict[str, Any] = {
            "prices": [
                {"barcode": item.barcode, "name": item.name, "old": m.old, "new": m.new, "currency": item.currency}
                for item, m in self.prices.values()
            ],
            "stock": [
                {"barcode": item.barcode, "name": item.name, "available": m.new} for item, m in self.stock.values()
            ],
            "total": None,
        }
        if self.total is not None:
            currency, move = self.total
            data["total"] = {"old": move.old, "new": move.new, "currency": currency}
        return data


def _join(
    mine: Mapping[str, tuple[Item, Move]], theirs: Mapping[str, tuple[Item, Move]]
) -> dict[str, tuple[Item, Move]]:
    joined = dict(mine)
    for barcode, (item, move) in theirs.items():
        known = joined.get(barcode)
        joined[barcode] = (item, move) if known is None else (item, known[1].joined(move))
    return joined


def _real(moves: Mapping[str, tuple[Item, Move]]) -> dict[str, tuple[Item, Move]]:
    return {barcode: (item, move) for barcode, (item, move) in moves.items() if not move.is_nothing}


def repriced(data: Mapping[str, Any]) -> Changes:
    """The changes in a `session.cart_repriced`. Raises KeyError or TypeError when it is none."""
    at = int(data["cartVersion"])
    total = None
    if data["oldTotal"] is not None:
        total = (str(data["currency"]), Move(data["oldTotal"], data["total"], at, at))
    prices = {
        item.barcode: (item, Move(change["old"], change["new"], at, at)) for item, change in _items(data["changes"])
    }
    return Changes(prices=prices, total=total)


def restocked(data: Mapping[str, Any], at: datetime) -> Changes:
    """The changes in a `session.cart_stock_changed`. Raises KeyError or TypeError when it is none."""
    place = int(at.timestamp() * 1000)
    stock = {
        item.barcode: (item, Move(None, change["available"], place, place)) for item, change in _items(data["changes"])
    }
    return Changes(stock=stock)


def _items(changes: Iterable[Mapping[str, Any]]) -> Iterable[tuple[Item, Mapping[str, Any]]]:
    for change in changes:
        yield Item(str(change["barcode"]), str(change["name"]), str(change.get("currency", ""))), change
