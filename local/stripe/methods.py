"""What the test payment methods do when they are paid with; the names are Stripe's own where it has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TestMethod:
    """`outcome`: pays, declines, asks (for authentication) or waits (for a bank)."""

    type: str
    outcome: str = "pays"
    brand: str = ""
    last4: str = ""
    decline_code: str = ""
    code: str = "card_declined"

    def details(self) -> dict[str, Any]:
        """`payment_method_details` of a charge."""
        if self.type == "card":
            card = {"brand": self.brand, "last4": self.last4, "country": "US", "exp_month": 8, "exp_year": 2030}
            return {"type": "card", "card": card}
        return {"type": self.type, self.type: {"last4": self.last4} if self.last4 else {}}


def _card(brand: str, last4: str, **more: str) -> TestMethod:
    return TestMethod("card", brand=brand, last4=last4, **more)


METHODS = {
    "pm_card_visa": _card("visa", "4242"),
    "pm_card_mastercard": _card("mastercard", "4444"),
    "pm_card_amex": _card("amex", "0005"),
    "pm_card_authenticationRequired": _card("visa", "3184", outcome="asks"),
    "pm_card_visa_chargeDeclined": _card("visa", "0002", outcome="declines", decline_code="generic_decline"),
    "pm_card_chargeDeclined": _card("visa", "0002", outcome="declines", decline_code="generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": _card(
        "visa", "9995", outcome="declines", decline_code="insufficient_funds"
    ),
    "pm_card_chargeDeclinedExpiredCard": _card("visa", "0069", outcome="declines", code="expired_card"),
    "pm_paypal": TestMethod("paypal"),
    "pm_paypal_asks": TestMethod("paypal", outcome="asks"),
    "pm_sepa_debit": TestMethod("sepa_debit", outcome="waits", last4="3000"),
}
