"""Which fact says what about a day of a store. Pure.

Every fact becomes values of one document, the same however often and in whatever order it comes; a day is then added
up from its documents. So nothing is counted twice, and nothing has to be remembered to know that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

PAID, CLOSED, REFUNDED, CARD = "purchase.paid", "purchase.closed", "purchase.refunded", "discount.card_accepted"
OPENED, ENDED = "checkout.intervention_opened", "checkout.intervention_ended"
PURCHASE, CARD_USE, INTERVENTION = "purchase", "card", "intervention"
KEPT: Final = timedelta(days=400)
"""How long a purchase can still change its day: refunds come late."""
MOST_PRODUCTS: Final = 500
"""Kept of each day, so that what sold best over months can be added up from days."""
SHOWN_PRODUCTS: Final = 50
_SUMS: Final = ("total", "items", "discount", "refunds", "refunded")
FIGURES: Final = ("receipts", *_SUMS, "cards", "interventions", "rejected")
"""What is known of a day, and adds up over days and stores."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a document is called, what is put there, and what is added to its lists unless it is there."""

    id: str
    values: Mapping[str, Any]
    added: Mapping[str, Any] = field(default_factory=dict)


def fact_of(kind: str, event_id: str, data: Mapping[str, Any], at: datetime, zone: tzinfo) -> Fact:
    """The fact that an event states; `at` is when it occurred, `zone` the store's. Raises KeyError, ValueError."""
    if kind == CARD:
        return Fact(f"card:{event_id}", {"kind": CARD_USE, **_when(at, zone)})
    if kind in (OPENED, ENDED):
        # It belongs to the day it was opened on, whenever it was decided.
        said = _when(at, zone) if kind == OPENED else {"status": str(data["status"]), "expiresAt": at + KEPT}
        return Fact(f"intervention:{data['interventionId']}", {"kind": INTERVENTION, **said})
    checkout = str(data["checkoutId"])
    if kind == REFUNDED:
        refund = {"id": str(data["refundId"]), "amount": int(data["amount"])}
        return Fact(checkout, {"kind": PURCHASE, "expiresAt": at + KEPT}, {"refunds": refund})
    paid_at = datetime.fromisoformat(data["paidAt"])
    values = {"kind": PURCHASE, **_when(paid_at, zone), "total": int(data["total"]), "currency": str(data["currency"])}
    if kind == CLOSED:
        values["discount"] = int(data["discount"])
        values["lines"] = [
            {"b": each["barcode"], "n": each["name"], "q": int(each["quantity"]), "a": int(each["gross"])}
            for each in data["lines"]
        ]
    else:
        values["items"] = int(data["items"])
    return Fact(checkout, values)


def _when(at: datetime, zone: tzinfo) -> dict[str, Any]:
    local = at.astimezone(zone)
    return {"day": local.date().isoformat(), "hour": local.hour, "expiresAt": at + KEPT}


def added_up(groups: Iterable[Mapping[str, Any]], products: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A day from its sums by kind and hour, and its best sold products."""
    day: dict[str, Any] = dict.fromkeys(FIGURES, 0)
    hours = [0] * 24
    currency = None
    for group in groups:
        kind, hour = group["_id"]["kind"], group["_id"].get("hour")
        if kind == CARD_USE:
            day["cards"] += group["count"]
            continue
        if kind == INTERVENTION:
            day["interventions"] += group["count"]
            day["rejected"] += group["rejected"]
            continue
        day["receipts"] += group["count"]
        for name in _SUMS:
            day[name] += group[name]
        if hour is not None:
            hours[hour] += group["total"]
        currency = group.get("currency") or currency
    return {**day, "currency": currency, "hours": hours, "products": best_of(products)[:SHOWN_PRODUCTS]}


def best_of(products: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Best sold products, as they are kept."""
    return [
        {"barcode": p["_id"], "name": p["name"], "quantity": p["quantity"], "amount": p["amount"]} for p in products
    ]
