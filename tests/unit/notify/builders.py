"""Facts, mailboxes and devices to try the rules of notices with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.notify.domain import facts, mailbox
from functions.notify.domain.facts import Fact
from functions.notify.domain.mailbox import Device, Mailbox, Sending

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
VISIT, STORE, SHOPPER = "acme-centre.0f", "acme-centre", "shopper-1"
WHO = {"sessionId": VISIT, "userId": SHOPPER}
PEN, MILK = "4006381333931", "4000000000006"


def seconds(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


def box(**more: Any) -> Mailbox:
    return mailbox.register(mailbox.empty(VISIT, "acme", STORE, SHOPPER, NOW), device(**more))


def device(name: str = "phone", **more: Any) -> Device:
    return Device(**{"id": name, "token": f"token-{name}", "platform": "android", "language": "en"} | more
                  | {"registered_at": NOW})  # fmt: skip


def price(barcode: str = PEN, *, old: int | None = 199, new: int | None = 149) -> dict[str, Any]:
    return {"barcode": barcode, "name": "Pen", "old": old, "new": new, "currency": "EUR"}


def repriced(*changes: dict[str, Any], at: datetime = NOW, total: tuple[int | None, int] = (None, 0)) -> Fact:
    said = {
        **WHO,
        "cartVersion": int((at - NOW).total_seconds() * 1000),
        "changes": list(changes),
        "currency": "EUR",
        "oldTotal": total[0],
        "total": total[1],
    }
    return facts.of_event("session.cart_repriced", said, at)


def sold_out(barcode: str = PEN, at: datetime = NOW) -> Fact:
    changes = [{"barcode": barcode, "name": "Pen", "available": 0}]
    return facts.of_event("session.cart_stock_changed", {**WHO, "changes": changes}, at)


def paid(at: datetime = NOW) -> Fact:
    said = {**WHO, "checkoutId": "c1", "total": 1299, "currency": "EUR", "items": 3, "paidAt": "2026-11-20T09:30:00Z"}
    return facts.of_event("purchase.paid", said, at)


def payment(status: str, at: datetime = NOW) -> Fact:
    said = {**WHO, "checkoutId": "c1", "status": status, "code": None, "total": 1299, "currency": "EUR"}
    return facts.of_event("checkout.payment_changed", said, at)


def taken(there: Mailbox, fact: Fact, event_id: str, now: datetime) -> tuple[Mailbox, tuple[Sending, ...]]:
    """What the room does with an event, in one step."""
    after = mailbox.take(there, fact, event_id, now)
    assert after is not None
    return mailbox.claim(mailbox.tell_cart(after, now), now)


def looked(there: Mailbox, now: datetime) -> tuple[Mailbox, tuple[Sending, ...]]:
    """What the room does when it is woken up."""
    return mailbox.claim(mailbox.tell_cart(there, now), now)


def done(there: Mailbox, sendings: tuple[Sending, ...]) -> Mailbox:
    """All of it was sent."""
    for sending in sendings:
        ids = [each.id for each in sending.devices]
        there = mailbox.settle(there, sending, done=ids, gone=(), again_at=None, now=NOW)
    return there
