"""What has been bought in the mall: a purchase of each store with its papers, and the day it was bought on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from functions.checkout import closing_day
from functions.checkout.payments.provider import Intent
from functions.common.cart_lines import CartLine, to_document
from functions.common.exit_pass import ExitPass
from local.stripe.webhooks import signature
from tests.integration.checkout.purse import Purse

LINK_SECRET = "L" * 43
"""The same in every link of the mall: with another checkout in front it opens nothing."""
_LINK_HASH = hashlib.sha256(LINK_SECRET.encode()).hexdigest()
PASS_NUMBER = "0123456789abcdef" * 2
WEBHOOK_SECRET = "whsec_mall"


def checkout_id(store: str, digit: str) -> str:
    """The id of the one purchase of a store."""
    return f"{store}.{digit * 32}"


def link(checkout: str) -> str:
    """The link to a receipt."""
    return f"{checkout}.{LINK_SECRET}"


def exit_pass(checkout: str, store: str, now: datetime) -> ExitPass:
    """The pass of a purchase; it lasts as long as the mall is open."""
    start = now.replace(microsecond=0)
    return ExitPass(checkout, store, PASS_NUMBER, 2, start, start + timedelta(hours=1))


def event(checkout: str) -> bytes:
    """What Stripe tells when a checkout is paid."""
    intent = {"object": "payment_intent", "id": f"pi_{checkout[-1]}", "metadata": {"checkoutId": checkout}}
    told = {"object": "event", "id": "evt_mall", "type": "payment_intent.succeeded", "created": 1_763_683_200}
    return json.dumps({**told, "data": {"object": intent}}).encode()


def signed(content: bytes) -> str:
    """Stripe's signature, of just now."""
    return signature(WEBHOOK_SECRET, content)


def asked(store: str, digit: str, name: str, now: datetime) -> dict[str, Any]:
    """A refund that waits for a second person."""
    return {
        "id": f"{digit}1" * 12, "state": "awaiting_approval", "amount": 159, "clawedBack": 0,
        "lines": [{"lineId": "00000001", "quantity": 1000}], "units": [["00000001", 0]],
        "goods": [{"barcode": "4006381333931", "quantity": 1000}], "shares": [], "broken": [], "taken": [],
        "reason": name, "restock": False, "restocked": False, "by": f"kim-{store}", "at": now, "approvedBy": None,
        "approvedAt": None, "providerId": None, "error": None,
    }  # fmt: skip


def compared(*, tenant: str, name: str, now: datetime) -> dict[str, Any]:
    """A day that was compared with the payment provider."""
    finding = {
        "kind": "amount_differs", "intentId": f"pi_{tenant}", "checkoutId": name, "storeId": None, "state": "closed",
        "providerStatus": "succeeded", "currency": "EUR", "ours": None, "theirs": None,
    }  # fmt: skip
    return {
        "tenantId": tenant, "day": "2026-10-01", "from": now, "to": now, "checked": 1, "at": now, "revision": 1,
        "counts": {"missing_here": 0, "missing_there": 0, "amount_differs": 1}, "findings": [finding],
    }  # fmt: skip


def purchase(
    *, tenant: str, store: str, digit: str, user: str, session: str, barcode: str, name: str, now: datetime
) -> dict[str, Any]:
    """Paid and receipted, its shopper still in the store. `name` stands wherever a text does.

    Who has paid holds no cart any more (`live`), so that the same visit can be tried at the door of checkouts.
    """
    checkout = checkout_id(store, digit)
    line = CartLine("00000001", barcode, barcode, name, 2000, 159, 318, 1, now, tax_class="standard")
    sums = {"discount": 0, "payable": 318, "net": 267, "tax": 51, "gross": 318}
    rates = [{"name": "VAT", "millionths": 190_000}]
    shares = [{"rate": "19", "net": 267, "tax": 51, "gross": 318, "parts": [{"name": "VAT", "rate": "19", "tax": 51}]}]
    shown = exit_pass(checkout, store, now)
    return {
        "_id": checkout, "tenantId": tenant, "storeId": store, "userId": user, "sessionId": session, "cartVer": 1,
        "state": "exit_issued", "rev": 6, "currency": "EUR", "zone": "Europe/Berlin", "policy": "strict",
        "lines": [{**to_document(line), **sums, "rates": rates}],
        "totals": {"subtotal": 318, "discount": 0, "net": 267, "tax": 51, "total": 318, "shares": shares},
        "expected": {"total": 318, "currency": "EUR"}, "promotions": [], "redemptions": [], "codes": [], "card": None,
        "scarce": [], "holds": [], "interventions": [],
        "account": {
            "paid": [["00000001", 0, 134, 25], ["00000001", 1, 133, 26]],
            "rates": [{"line": "00000001", "rates": rates}], "promises": [], "returned": [], "refunded": [],
        },
        "payment": {
            "provider": "stripe", "intentId": f"pi_{digit}", "status": "succeeded", "amount": 318, "captured": 318,
            "capture": "automatic", "method": {"type": "card", "brand": "visa", "last4": "4242"}, "error": None,
        },
        "receipt": {
            "number": 1, "at": now, "store": {"name": name, "address": {"street": name}}, "footer": name,
            "links": [{"hash": _LINK_HASH, "expiresAt": now + timedelta(days=30)}],
        },
        "pass": {
            "jti": shown.number, "items": shown.items, "issuedAt": shown.issued_at, "expiresAt": shown.expires_at,
            "usedAt": None, "usedBy": None, "override": None,
        },
        "refunds": [asked(store, digit, name, now)], "refunded": 0,
        "history": [{"state": "exit_issued", "at": now, "why": name}], "outbox": [],
        "audit": [], "expiresAt": now + timedelta(minutes=15), "createdAt": now, "updatedAt": now, "paidAt": now,
        "dueAt": now + timedelta(hours=4),
    }  # fmt: skip


def waiting(*, digit: str, own_visit: bool = False, **more: Any) -> dict[str, Any]:
    """Not paid yet: staff have to look at it first. Of another visit, unless it is the shopper's own."""
    paid = purchase(digit=digit, **more)
    checkout = paid["_id"]
    payment = {**paid["payment"], "status": "requires_payment_method", "captured": 0, "capture": "manual"}
    look = {"id": f"{checkout}.1", "kind": "age", "status": "open", "by": None, "at": paid["createdAt"]}
    found = {
        **paid, "state": "payment_pending", "refunds": [],
        "receipt": None, "pass": None, "payment": payment | {"method": None},
        "interventions": [{**look, "reason": None, "diff": None}], "dueAt": paid["expiresAt"],
    }  # fmt: skip
    del found["paidAt"]
    return found if own_visit else found | {"live": True, "sessionId": f"{more['store']}.{digit * 32}"}


def fill(purse: Purse, purchases: list[dict[str, Any]]) -> None:
    """Let the payment provider know what it was asked for."""
    purse.forget()
    for each in purchases:
        payment, manual = each["payment"], each["payment"]["capture"] == "manual"
        intent = Intent(
            id=payment["intentId"],
            status=payment["status"],
            amount=payment["amount"],
            received=payment["captured"],
            capturable=0,
            currency=each["currency"],
            created=each["createdAt"],
            order=each["_id"],
            client_secret="secret",
        )
        purse.know(intent, "manual" if manual else "automatic")


def day(*, tenant: str, store: str, date: str, who: str, now: datetime) -> dict[str, Any]:
    """A day that was closed, with nothing sold."""
    content = closing_day.content(closing_day.of([], []), complete=True)
    content |= {"currency": "EUR", "timeZone": "Europe/Berlin"}
    sealed = closing_day.digest(content)
    return {
        "_id": f"{store}:{date}", "tenantId": tenant, "storeId": store, "date": date, "revision": 1, "digest": sealed,
        "content": content,
        "revisions": [{"revision": 1, "by": who, "at": now, "digest": sealed, "takings": 0}],
    }  # fmt: skip


def documents(
    *, tenant: str, store: str, digit: str, user: str, session: str, barcode: str, name: str, date: str, now: datetime
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(collection, document) of what one store has sold."""
    own: dict[str, Any] = {"tenant": tenant, "store": store, "now": now}
    said: dict[str, Any] = {**own, "user": user, "session": session, "barcode": barcode, "name": name}
    yield "purchases", purchase(**said, digit=digit)
    yield "purchases", waiting(**said, digit=f"{int(digit, 16) - 9}")
    # The receipt's number is taken; what is not paid has none.
    yield "purchases", waiting(**said, digit=f"{int(digit, 16) - 6}", own_visit=True)
    yield "day_closings", day(**own, date=date, who=name)
