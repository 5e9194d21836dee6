"""A purchase as checkout leaves it once it is paid, with whatever in its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from functions.common import cart_lines
from functions.common.cart_lines import CartLine
from functions.common.retail.promotions import Facts
from functions.common.retail.taxes import Rate, TaxRules
from functions.common.retail.totals import total_up

STORE, TENANT = "acme-centre", "acme"
CHECKOUT = f"{STORE}.{'a' * 32}"
SESSION = f"{STORE}.{'5' * 32}"
PAID_AT = datetime(2026, 11, 20, 17, 58, 1, tzinfo=UTC)
VAT = TaxRules({"standard": (Rate(190_000, "VAT"),), "reduced": (Rate(70_000, "VAT"),)})


def line(name: str = "Oat milk", amount: int = 199, **more: Any) -> CartLine:
    """A line of one piece, unless told otherwise."""
    known: dict[str, Any] = {
        "id": f"{abs(hash((name, amount))) % 16**8:08x}",
        "code": "4006381333931",
        "barcode": "4006381333931",
        "quantity": 1000,
        "unit_price": amount,
        "ver": 1,
        "added_at": PAID_AT,
        "tax_class": "standard",
    }
    return CartLine(name=name, amount=amount, **known | more)


def purchase(
    lines: Sequence[CartLine] = (), *, checkout_id: str = CHECKOUT, taxes: TaxRules | None = VAT, **more: Any
) -> dict[str, Any]:
    """A purchase that is paid, without its papers."""
    carried = [CartLine(**asdict(each) | {"id": f"{n:08x}", "label": each.label}) for n, each in enumerate(lines)]
    carried = carried or [line()]
    facts = Facts(moment=PAID_AT, zone=ZoneInfo("Europe/Berlin"), store=STORE)
    totals = total_up([each.basket_line() for each in carried], (), facts, taxes)
    return {
        "_id": checkout_id,
        "tenantId": TENANT,
        "storeId": STORE,
        "userId": "ann",
        "sessionId": SESSION,
        "cartVer": 3,
        "state": "paid",
        "rev": 5,
        "currency": "EUR",
        "zone": "Europe/Berlin",
        "lines": [
            cart_lines.to_document(each)
            | {name: getattr(total, name) for name in ("discount", "payable", "net", "tax", "gross")}
            | {"rates": [{"name": rate.name, "millionths": rate.millionths} for rate in total.rates]}
            for each, total in zip(carried, totals.lines, strict=True)
        ],
        "totals": {name: getattr(totals, name) for name in ("subtotal", "discount", "net", "tax", "total")}
        | {"shares": [asdict(share) for share in totals.shares]},
        "promotions": [],
        "policy": "strict",
        "payment": {
            "provider": "stripe",
            "intentId": "pi_1",
            "status": "succeeded",
            "amount": totals.total,
            "captured": totals.total,
            "method": {"type": "card", "brand": "visa", "last4": "4242"},
        },
        "receipt": None,
        "pass": None,
        "refunds": [],
        "refunded": 0,
        "history": [],
        "outbox": [],
        "live": True,
        "expiresAt": PAID_AT,
        "createdAt": PAID_AT,
        "updatedAt": PAID_AT,
        "paidAt": PAID_AT,
        **more,
    }


def receipted(*lines: CartLine, **more: Any) -> dict[str, Any]:
    """A purchase with its receipt."""
    address = {"street": "Markt 1", "postalCode": "10115", "city": "Berlin", "country": "DE"}
    kept = {"name": "Acme Märkte Centre", "address": address}
    kept_receipt = {"number": 4711, "at": PAID_AT, "store": kept, "footer": "Thank you\nCome again", "links": []}
    return purchase(lines, **{"receipt": kept_receipt, **more})
