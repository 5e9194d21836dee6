"""A cart as the app sees it, in wire form: one shape for the cart's own doors and for a checkout that refuses it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from functions.common.cart_lines import CartLine
from functions.common.carts import Visit
from functions.common.quotes import Quote
from functions.common.retail.promotion_explain import Explanation, explain, message
from functions.common.retail.promotions import Coupon
from functions.common.retail.taxes import TaxShare

MESSAGES = {
    "AGE_RESTRICTED": "Staff must see that the shopper is old enough.",
    "BEST_BEFORE_PASSED": "The best-before date has passed.",
    "CURRENCY_MISMATCH": "The price of this product is in another currency.",
    "EXPIRED": "The use-by date has passed: this must not be sold.",
    "LOT_NOT_ON_LABEL": "Some lots of this product are recalled and the code does not say which lot this is.",
    "NOT_PRICED": "There is no price for this product now.",
    "OUT_OF_STOCK": "The store says that there is less of this than the cart takes.",
    "PRODUCT_CHANGED": "This product is sold in another way now: take it out and scan it again.",
    "PRODUCT_NOT_FOR_SALE": "This product is not for sale at the moment.",
    "PRODUCT_NOT_FOUND": "This store does not know the product any more.",
    "RECALLED_LOT": "This lot is recalled: it must not be sold.",
    "SELL_BY_PASSED": "The sell-by date has passed.",
    "TAX_CLASS_UNKNOWN": "Nobody has said how this product is taxed.",
}

NEAR = frozenset(
    {
        *("BELOW_THRESHOLD", "BETTER_DEAL", "BUDGET_SPENT", "CODE_USED", "NOT_IN_GROUP"),
        *("TOO_FEW_UNITS", "TOTAL_LIMIT", "UNITS_TAKEN", "USER_LIMIT"),
    }
)
"""Reasons of promotions that did nothing which a shopper can do something about, or asks about."""


def cart_view(visit: Visit, quote: Quote, *, touched: str | None = None, all_rules: bool = False) -> dict[str, Any]:
    """The cart and what it costs. `touched` is the line an edit was about; `all_rules` explains every promotion."""
    totals, card = quote.totals, visit.card_at(quote.moment)
    explained = explain(totals.promotions)
    return {
        "sessionId": visit.session_id,
        "storeId": visit.store_id,
        "cartVersion": visit.cart_ver,
        "currency": quote.currency,
        "lines": [_line(line, quote) for line in quote.lines],
        "touchedLineId": touched,
        "units": sum(each.line.units for each in totals.lines),
        "subtotal": totals.subtotal,
        "discount": totals.discount,
        "net": totals.net,
        "tax": totals.tax,
        "total": totals.total,
        "taxShares": [tax_share(share) for share in totals.shares],
        "promotions": {
            "applied": [explanation(each) for each in explained if each.reason is None],
            "notApplied": [
                explanation(each) for each in explained if each.reason is not None and (all_rules or _near(each))
            ],
        },
        "codes": _codes(visit.codes, totals.promotions.coupons),
        "card": None
        if card is None
        else {
            "brandId": card.brand_id,
            "maskedNumber": card.masked_number or None,
            "attachedUntil": timestamp(card.attached_until),
        },
        "checkoutId": visit.checkout.checkout_id if visit.checkout is not None else None,
        "expiresAt": timestamp(visit.expires_at),
        "changes": [
            {"lineId": each.line, "barcode": each.barcode, "name": each.name, "old": each.old, "new": each.new}
            for each in quote.changes
        ],
    }


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tax_share(share: TaxShare) -> dict[str, Any]:
    """What is taxed at one rate."""
    return {
        "rate": share.rate,
        "net": share.net,
        "tax": share.tax,
        "gross": share.gross,
        "parts": [{"name": part.name, "rate": part.rate, "tax": part.tax} for part in share.parts],
    }


def explanation(each: Explanation) -> dict[str, Any]:
    """One promotion's part in it."""
    return {
        "promotionId": each.rule,
        "ver": each.version,
        "name": each.name,
        "discount": each.discount,
        "times": each.times,
        "code": each.code,
        "touches": [
            {"lineId": touch.line, "unit": touch.number, "role": touch.role, "amount": touch.amount}
            for touch in each.touches
        ],
        "reason": each.reason,
        "message": each.message,
        "missing": each.missing,
    }


def remark(code: str) -> dict[str, str]:
    """A code and the sentence that belongs to it."""
    return {"code": code, "message": MESSAGES.get(code, code)}


def _line(line: CartLine, quote: Quote) -> dict[str, Any]:
    blocked = next((each.code for each in quote.problems if each.blocking and each.line == line.id), None)
    priced = quote.by_line.get(line.id)
    return {
        "lineId": line.id,
        "code": line.code,
        "barcode": line.barcode,
        "unitBarcode": line.unit,
        "name": line.name,
        "quantity": line.quantity,
        "measure": line.measure,
        "pack": line.pack,
        "fixed": line.fixed,
        "unitPrice": line.unit_price,
        "oldPrice": _old_price(line),
        "amount": line.amount,
        "discount": priced.discount if priced is not None else 0,
        "payable": priced.payable if priced is not None else 0,
        "net": priced.net if priced is not None else 0,
        "tax": priced.tax if priced is not None else 0,
        "gross": priced.gross if priced is not None else 0,
        "categoryId": line.category,
        "brandId": line.brand,
        "taxClass": line.tax_class,
        "ageRestriction": line.age_restriction,
        "imageUrl": line.image_url,
        "note": line.note,
        "addedAt": timestamp(line.added_at),
        "unavailable": None if blocked is None else remark(blocked),
        "warnings": [remark(each.code) for each in quote.problems if each.line == line.id and not each.blocking],
    }


def _old_price(line: CartLine) -> dict[str, Any] | None:
    if line.changed_at is None or line.was is None:
        return None
    return {"unitPrice": line.was, "changedAt": timestamp(line.changed_at)}


def _near(each: Explanation) -> bool:
    return each.reason in NEAR


def _codes(codes: Sequence[str], coupons: Sequence[Coupon]) -> list[dict[str, Any]]:
    known = {coupon.code: coupon for coupon in coupons}
    return [
        {
            "code": code,
            "promotionId": known[code].rule,
            "reason": known[code].reason,
            "message": None if known[code].reason is None else message(known[code].reason or ""),
        }
        for code in codes
        if code in known
    ]
