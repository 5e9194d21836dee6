"""Why a checkout does not come to pass, as the shopper's app is told; the purchase keeps it, so it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.common.errors import Conflict, Problem

MESSAGES = {
    "SESSION_EXPIRED": "the visit is over: check in again",
    "SESSION_ENDED": "the visit has ended",
    "CART_HANDED_OVER": "a till has taken this cart",
    "CART_LOCKED": "another checkout holds this cart",
    "CART_EMPTY": "there is nothing in the cart",
    "CART_CHANGED": "the cart is not any more what the app has shown",
    "PRICE_CHANGED": "the total is not any more what the app has shown",
    "ITEMS_NOT_FOR_SALE": "something in the cart must not be sold; take it out",
    "OUT_OF_STOCK": "of something in the cart less is left than the cart takes",
    "STORE_CLOSED": "the store is closed",
    "CARD_EXPIRED": "the time of the brand card is over, and without it the total is another: scan it again",
    "CARD_USED": "the brand card was used by another checkout",
    "COUPON_USED_UP": "a promotion in this cart has been used up",
    "AMOUNT_NOT_PAYABLE": "the payment provider does not take this amount",
    "CURRENCY_CHANGED": "the store's prices are in another currency",
    "WINDOW_CLOSED": "the time to pay is over",
    "CANCELLED_BY_SHOPPER": "the shopper has cancelled the checkout",
    "REJECTED_BY_STAFF": "staff have refused this basket",
    "ITEMS_MISSING_FROM_CART": "staff found things that are not in the cart: add them and check out again",
    "PAYMENT_MISMATCH": "something else was paid than was asked for; the money goes back",
    "PAYMENT_CANCELLED": "the payment was cancelled",
    "ABANDONED": "nobody went on with this checkout",
}
WITH_CART = frozenset({"CART_CHANGED", "PRICE_CHANGED", "CARD_EXPIRED", "CARD_USED", "COUPON_USED_UP", "OUT_OF_STOCK"})
"""Refusals whose remedy is to look at the cart as it is now."""


class Refusal(Exception):
    """A step of the checkout says no: `code` as in MESSAGES, `lines` or the like in `details`."""

    def __init__(self, code: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code, self.details = code, dict(details or {})

    def document(self) -> dict[str, Any]:
        """As the purchase keeps it."""
        return {"code": self.code, "details": self.details}


def message(refusal: Mapping[str, Any]) -> str:
    """The sentence of a refusal; staff give their own."""
    return str(refusal["details"].get("reason") or MESSAGES.get(refusal["code"], "the checkout was refused"))


def problem(refusal: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> Problem:
    """What the app is told of a refusal that a purchase keeps."""
    code, details = refusal["code"], {**refusal["details"], **(more or {})}
    return Conflict(message(refusal), code=code, details=details or None)
