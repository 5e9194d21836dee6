"""Stock as arithmetic: an absolute count, what moved after it, and what is held back. Pure; thousandths throughout."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NotRequired, TypedDict

MovementKind = Literal["sale", "return", "adjustment"]

MOST_RECENT = 32
"""How many movements a product document remembers; older ones are found in the ledger."""


class Watermark(TypedDict):
    """Where a value came from: source time (microseconds since the epoch), sequence, source, and which update."""

    t: int
    q: int
    s: str
    e: str


class Movement(TypedDict):
    """One change of the stock by our own doing. `q` of an adjustment is signed, of a sale or return it is not."""

    id: str
    kind: MovementKind
    q: int
    at: int
    """When it happened, microseconds since the epoch."""


class Entry(Movement):
    """A movement as the ledger has it. Pending: its writer has not yet confirmed that the product holds it."""

    pending: bool


class Stock(TypedDict):
    """The stock of a product as it is stored: `avail - short` is always count + movements after it - holds."""

    avail: int
    """Never negative."""
    sold: int
    holds: list[dict[str, Any]]
    w: Watermark
    recent: list[Movement]
    count: NotRequired[int]
    """The last absolute count, as of `w.t`; missing when the stock was loaded together with the product."""
    old: NotRequired[int | None]
    """`avail` before that count."""
    short: NotRequired[int]
    """How much more has moved than the count allowed: a discrepancy for people to look at."""
    floor: NotRequired[int]
    """Movements up to this time may be missing from `recent`."""


def effect(movement: Movement) -> int:
    """What a movement does to the stock on hand."""
    return -movement["q"] if movement["kind"] == "sale" else movement["q"]


def reaches_back(stock: Stock | None, at: int) -> bool:
    """Whether `recent` is certain to hold every movement after `at`."""
    return stock is not None and at >= stock.get("floor", 0)


def counted(stock: Stock | None, *, count: int, w: Watermark, ledger: Iterable[Entry] | None = None) -> Stock:
    """The stock after an absolute count as of `w.t`: what moved after the count is applied to it again.

    `ledger` are the ledger's movements after the count; it must be given when `reaches_back` is false, and
    ValueError is raised when it is missing then. The caller sets `old`.
    """
    at = w["t"]
    if ledger is None and not reaches_back(stock, at):
        raise ValueError("the count is older than the movements the product remembers; the ledger is needed")
    recent = [] if stock is None else stock["recent"]
    floor = 0 if stock is None else stock.get("floor", 0)
    moves = recent
    if ledger is not None:
        recent, moves, dropped = _adopt(recent, ledger)
        # The ledger was read from the count on, so the memory is complete from there, but for what it dropped.
        floor = max(at, dropped)
    holds = [] if stock is None else stock["holds"]
    net = count - sum(int(hold["n"]) for hold in holds)
    for move in moves:
        if move["at"] > at:
            net += effect(move)
    result: Stock = {
        "avail": max(net, 0),
        "sold": 0 if stock is None else stock["sold"],
        "holds": holds,
        "count": count,
        "old": None,
        "w": w,
        "recent": recent,
    }
    return _with(result, short=max(-net, 0), floor=floor)


def _adopt(recent: list[Movement], ledger: Iterable[Entry]) -> tuple[list[Movement], list[Movement], int]:
    """What to remember, all there is, and the time of the latest movement that is not remembered (0: none).

    A pending movement is always remembered: that is how its own writer learns that the count has taken it in.
    """
    known = {movement["id"] for movement in recent}
    found = sorted((entry for entry in ledger if entry["id"] not in known), key=_when)
    room = max(0, MOST_RECENT - len(recent) - sum(entry["pending"] for entry in found))
    done = [entry for entry in found if not entry["pending"]]
    dropped = done[: max(0, len(done) - room)]
    gone = {entry["id"] for entry in dropped}
    adopted = [_plain(entry) for entry in found]
    kept = sorted([*recent, *(move for move in adopted if move["id"] not in gone)], key=_when)
    return kept, [*recent, *adopted], dropped[-1]["at"] if dropped else 0


def _plain(entry: Entry) -> Movement:
    return {"id": entry["id"], "kind": entry["kind"], "q": entry["q"], "at": entry["at"]}


def moved(stock: Stock, movement: Movement) -> tuple[Stock, list[Movement]]:
    """The stock after a movement, and the movements that `recent` no longer has room for.

    A movement from before the last count is already in the count: it is remembered and, for a sale, added to
    `sold`, but leaves `avail` as it is.
    """
    net = stock["avail"] - stock.get("short", 0)
    if movement["at"] > stock["w"]["t"]:
        net += effect(movement)
    # The movement itself is remembered however old it is: whoever forgets one has confirmed before that the product
    # holds it, and this one is not held before this very stock is written.
    others = sorted(stock["recent"], key=_when)
    surplus = max(0, len(others) + 1 - MOST_RECENT)
    forgotten, kept = others[:surplus], sorted([*others[surplus:], movement], key=_when)
    result: Stock = {**stock, "avail": max(net, 0), "recent": kept}
    if movement["kind"] == "sale":
        result["sold"] += movement["q"]
    elif movement["kind"] == "return":
        result["sold"] -= movement["q"]
    floor = max([stock.get("floor", 0), *(old["at"] for old in forgotten)])
    return _with(result, short=max(-net, 0), floor=floor), forgotten


def let_go(stock: Stock, order: str) -> Stock:
    """The stock without what an order holds: it makes up for what was sold beyond the count, then it is free."""
    mine = sum(int(hold["n"]) for hold in stock["holds"] if hold["order"] == order)
    net = stock["avail"] - stock.get("short", 0) + mine
    result: Stock = {
        **stock,
        "avail": max(net, 0),
        "holds": [hold for hold in stock["holds"] if hold["order"] != order],
    }
    return _with(result, short=max(-net, 0), floor=stock.get("floor", 0))


def remembers(stock: Stock | None, movement_id: str) -> bool:
    """Whether a movement is among the recent ones."""
    return stock is not None and any(movement["id"] == movement_id for movement in stock["recent"])


def _with(stock: Stock, *, short: int, floor: int) -> Stock:
    # Left out at nothing: there are many products, and these are for the few.
    stock.pop("short", None)
    stock.pop("floor", None)
    if short:
        stock["short"] = short
    if floor:
        stock["floor"] = floor
    return stock


def _when(movement: Movement) -> tuple[int, str]:
    return movement["at"], movement["id"]
