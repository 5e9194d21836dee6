"""The day closing of a store: what was sold, taxed, paid and paid back on one local day. Purchases in, sums out.

No I/O: whoever closes a day hands in its purchases. The same purchases make the same sums in whatever order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

Rate = str
Method = tuple[str, str, str]
"""Provider, type and brand; empty where there is none."""

MOST_DIFFERENCES = 200
"""So many are listed; how many there are is always said."""


@dataclass(slots=True)
class Taxed:
    """Sums at one tax rate, minor units."""

    net: int = 0
    tax: int = 0
    gross: int = 0

    def add(self, share: Mapping[str, Any]) -> None:
        """Count one more share in."""
        self.net += share["net"]
        self.tax += share["tax"]
        self.gross += share["gross"]


@dataclass(slots=True)
class Paid:
    """What was paid with one method."""

    count: int = 0
    amount: int = 0


@dataclass(slots=True)
class Day:
    """The sums of a day as they grow. `numbers` are those of the day's receipts."""

    numbers: list[int] = field(default_factory=list)
    total: int = 0
    discount: int = 0
    sold: dict[Rate, Taxed] = field(default_factory=dict)
    paid: dict[Method, Paid] = field(default_factory=dict)
    refunds: int = 0
    refunded: int = 0
    returned: dict[Rate, Taxed] = field(default_factory=dict)
    differences: list[dict[str, Any]] = field(default_factory=list)

    def differs(self, code: str, checkout_id: str | None, ours: int | None, theirs: int | None) -> None:
        """Note that something does not add up; amounts in minor units, of a number itself for a number."""
        self.differences.append({"code": code, "checkoutId": checkout_id, "ours": ours, "theirs": theirs})


def bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """The beginning of a local day and of the next, in UTC; a day may have 23 or 25 hours."""
    here = ZoneInfo(zone)
    begin, end = (datetime.combine(each, time(), here) for each in (day, day + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)


def add_receipt(into: Day, purchase: Mapping[str, Any]) -> None:
    """Count a purchase in whose receipt was issued on the day."""
    totals, payment = purchase["totals"], purchase.get("payment")
    into.numbers.append(purchase["receipt"]["number"])
    into.total += totals["total"]
    into.discount += totals["discount"]
    for share in totals.get("shares") or ():
        into.sold.setdefault(share["rate"], Taxed()).add(share)
    captured = 0 if payment is None else payment["captured"]
    if captured != totals["total"]:
        into.differs("PAYMENT_DIFFERS", purchase["_id"], totals["total"], captured)
    if payment is not None:
        method = payment.get("method") or {}
        key = (payment["provider"], method.get("type") or "", method.get("brand") or "")
        paid = into.paid.setdefault(key, Paid())
        paid.count += 1
        paid.amount += captured


def add_refund(into: Day, refund: Mapping[str, Any]) -> None:
    """Count a refund in that was made on the day, of whichever day the purchase was."""
    into.refunds += 1
    into.refunded += refund["amount"]
    for share in refund.get("shares") or ():
        into.returned.setdefault(share["rate"], Taxed()).add(share)


def gaps(numbers: Sequence[int]) -> list[int]:
    """The numbers between the first and the last that are not there."""
    there = set(numbers)
    return [number for number in range(min(there), max(there)) if number not in there] if there else []


def content(day: Day, *, complete: bool) -> dict[str, Any]:
    """The closing as it is kept and shown. `complete`: the day was over when it was closed."""
    differences = sorted(day.differences, key=lambda each: (each["code"], each["checkoutId"] or "", each["ours"] or 0))
    return {
        "complete": complete,
        "receipts": {
            "count": len(day.numbers),
            "first": min(day.numbers, default=None),
            "last": max(day.numbers, default=None),
        },
        "total": day.total,
        "discount": day.discount,
        "byRate": _rates(day.sold),
        "byMethod": [
            {"provider": provider, "type": kind or None, "brand": brand or None, "count": p.count, "amount": p.amount}
            for (provider, kind, brand), p in sorted(day.paid.items())
        ],
        "refunds": {"count": day.refunds, "amount": day.refunded, "byRate": _rates(day.returned)},
        "takings": day.total - day.refunded,
        "differences": differences[:MOST_DIFFERENCES],
        "differenceCount": len(differences),
    }


def digest(what: Mapping[str, Any]) -> str:
    """The same for the same contents: whether closing a day again would say anything new."""
    return hashlib.sha256(orjson.dumps(what, option=orjson.OPT_SORT_KEYS)).hexdigest()


def of(receipts: Iterable[Mapping[str, Any]], refunds: Iterable[Mapping[str, Any]]) -> Day:
    """The sums of these purchases and refunds."""
    day = Day()
    for purchase in receipts:
        add_receipt(day, purchase)
    for refund in refunds:
        add_refund(day, refund)
    return day


def _rates(taxed: Mapping[Rate, Taxed]) -> list[dict[str, Any]]:
    highest_first = sorted(taxed.items(), key=lambda each: (-float(each[0]), each[0]))
    return [{"rate": rate, "net": t.net, "tax": t.tax, "gross": t.gross} for rate, t in highest_first]
