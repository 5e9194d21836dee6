"""Refunds: never more than was captured. https://docs.stripe.com/api/refunds"""

from __future__ import annotations

from typing import Any

from local.stripe.book import Book, Plain
from local.stripe.refusals import StripeRefused, invalid, missing


class Refunds:
    """The verbs. With `pending`, a refund waits for `decide`, as those of some payment methods do."""

    def __init__(self, book: Book, tell: Any) -> None:
        self._book, self._tell = book, tell
        self.pending = False

    def create(self, params: Plain) -> Plain:
        """Give something back; without an amount all that is left."""
        name = params.get("payment_intent")
        if not name:
            raise invalid("One of the following params should be provided: payment_intent or charge", "payment_intent")
        intent = self._book.get("payment_intent", name)
        if intent is None:
            raise missing("payment_intent", name)
        charge = self._book.get("charge", intent["latest_charge"]) if intent["latest_charge"] else None
        if charge is None or not charge["captured"]:
            raise StripeRefused(
                400, f"This PaymentIntent ({name}) does not have a successful charge to refund.", stored=True
            )
        left = charge["amount_captured"] - charge["amount_refunded"]
        if left <= 0:
            message = f"Charge {charge['id']} has already been refunded."
            raise StripeRefused(400, message, code="charge_already_refunded", stored=True)
        text = params.get("amount", left)
        if not str(text).isdigit() or int(text) == 0:
            raise invalid(f"Invalid positive integer: {text}", "amount", "parameter_invalid_integer")
        amount = int(text)
        if amount > left:
            message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            raise StripeRefused(400, message, param="amount", stored=True)
        return self._give(intent, charge, amount, params)

    def read(self, name: str) -> Plain:
        """The refund. Raises StripeRefused."""
        refund = self._book.get("refund", name)
        if refund is None:
            raise missing("refund", name)
        return refund

    def decide(self, name: str, *, good: bool) -> Plain:
        """What the bank says in the end; also of one that had succeeded, which Stripe may fail later."""
        refund = self.read(name)
        if good:
            refund = self._book.put("refund", refund | {"status": "succeeded"})
            self._tell("refund.updated", refund)
            return refund
        refund = refund | {"status": "failed", "failure_reason": "lost_or_stolen_card"}
        self._book.put("refund", refund)
        charge = self._book.get("charge", refund["charge"]) or {}
        back = charge["amount_refunded"] - refund["amount"]
        self._book.put("charge", charge | {"amount_refunded": back, "refunded": False})
        self._tell("refund.failed", refund)
        return refund

    def _give(self, intent: Plain, charge: Plain, amount: int, params: Plain) -> Plain:
        refund = {
            "id": self._book.new_id("re"),
            "object": "refund",
            "amount": amount,
            "charge": charge["id"],
            "created": self._book.now(),
            "currency": intent["currency"],
            "metadata": {str(k): str(v) for k, v in (params.get("metadata") or {}).items()},
            "payment_intent": intent["id"],
            "reason": params.get("reason"),
            "status": "pending" if self.pending else "succeeded",
        }
        self._book.put("refund", refund)
        refunded = charge["amount_refunded"] + amount
        charge = charge | {"amount_refunded": refunded, "refunded": refunded == charge["amount_captured"]}
        self._book.put("charge", charge)
        self._tell("refund.created", refund)
        self._tell("charge.refunded", charge)
        return refund
