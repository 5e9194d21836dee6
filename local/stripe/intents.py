"""Payment intents and refunds as Stripe moves them. https://docs.stripe.com/payments/paymentintents/lifecycle"""

from __future__ import annotations

from typing import Any

from local.stripe.book import Book, Plain
from local.stripe.methods import METHODS, TestMethod
from local.stripe.refusals import StripeRefused, invalid, missing, unexpected_state

MOST = 99_999_999
_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_WHOLE_HUNDREDS = frozenset({"isk", "ugx"})
_LEAST = {"eur": 50, "usd": 50, "gbp": 30, "jpy": 50, "chf": 50, "pln": 200, "huf": 17_500, "czk": 1_500}
_PAYABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (*_PAYABLE, "requires_capture")
_CREATE = frozenset(
    {
        "amount", "currency", "capture_method", "automatic_payment_methods", "payment_method_types", "metadata",
        "payment_method", "confirm", "description", "statement_descriptor", "receipt_email",
    }
)  # fmt: skip


class Intents:
    """The verbs. `tell(type, object)` is called for every event."""

    def __init__(self, book: Book, tell: Any) -> None:
        self._book, self._tell = book, tell

    # ---- verbs

    def create(self, params: Plain) -> Plain:
        """A new intent."""
        unknown = sorted(set(params) - _CREATE)
        if unknown:
            raise invalid(f"Received unknown parameter: {unknown[0]}", unknown[0], "parameter_unknown")
        currency = _currency(params)
        amount = _amount(params.get("amount"), currency, "amount")
        capture = params.get("capture_method", "automatic_async")
        if capture not in ("automatic", "automatic_async", "manual"):
            raise invalid(f"Invalid capture_method: {capture}", "capture_method")
        name = self._book.new_id("pi")
        automatic = (params.get("automatic_payment_methods") or {}).get("enabled") == "true"
        intent = {
            "id": name,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "automatic_payment_methods": {"allow_redirects": "always", "enabled": True} if automatic else None,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": capture,
            "client_secret": f"{name}_secret_{self._book.new_id('s')[2:]}",
            "created": self._book.now(),
            "currency": currency,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": {str(k): str(v) for k, v in (params.get("metadata") or {}).items()},
            "next_action": None,
            "payment_method": params.get("payment_method"),
            "payment_method_types": params.get("payment_method_types") or ["card", "paypal", "sepa_debit"],
            "status": "requires_confirmation" if params.get("payment_method") else "requires_payment_method",
        }
        self._book.put("payment_intent", intent)
        self._tell("payment_intent.created", intent)
        if params.get("confirm") == "true":
            return self.confirm(name, {})
        return intent

    def read(self, name: str) -> Plain:
        """The intent. Raises StripeRefused."""
        intent = self._book.get("payment_intent", name)
        if intent is None:
            raise missing("payment_intent", name)
        return intent

    def confirm(self, name: str, params: Plain) -> Plain:
        """Pay, as the app does with the client secret."""
        intent = self.read(name)
        chosen = params.get("payment_method") or intent["payment_method"]
        if intent["status"] not in _PAYABLE:
            raise unexpected_state(intent, "confirm", ", ".join(_PAYABLE))
        if chosen is None:
            raise invalid("You cannot confirm this PaymentIntent: it is missing a payment method", "payment_method")
        method = METHODS.get(chosen)
        if method is None:
            raise StripeRefused(404, f"No such PaymentMethod: '{chosen}'", code="resource_missing", stored=True)
        intent = {**intent, "payment_method": chosen, "last_payment_error": None, "next_action": None}
        if method.outcome == "asks":
            action = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://hooks.example/authenticate"}}
            intent |= {"status": "requires_action", "next_action": action}
            return self._move(intent, "payment_intent.requires_action")
        if method.outcome == "waits":
            return self._move(intent | {"status": "processing"}, "payment_intent.processing")
        if method.outcome == "declines":
            raise self._declined(intent, method)
        return self._charged(intent, method)

    def decide(self, name: str, *, good: bool) -> Plain:
        """What the shopper (authentication) or the bank (processing) says in the end."""
        intent = self.read(name)
        if intent["status"] not in ("requires_action", "processing"):
            raise unexpected_state(intent, "decide about", "requires_action, processing")
        method = METHODS[intent["payment_method"]]
        if good:
            return self._charged(intent | {"next_action": None}, method)
        self._declined(intent, method, code="payment_intent_authentication_failure")
        return self.read(name)

    def capture(self, name: str, params: Plain) -> Plain:
        """Take what was authorised, or less."""
        intent = self.read(name)
        if intent["status"] != "requires_capture":
            raise unexpected_state(intent, "capture", "requires_capture")
        amount = _amount(params.get("amount_to_capture", intent["amount"]), intent["currency"], "amount_to_capture")
        if amount > intent["amount_capturable"]:
            raise StripeRefused(
                400,
                f"The amount you are trying to capture, {amount}, exceeds the authorized amount",
                code="amount_too_large", param="amount_to_capture", stored=True,
            )  # fmt: skip
        charge = self._book.get("charge", intent["latest_charge"]) or {}
        charge = charge | {"captured": True, "amount_captured": amount}
        self._book.put("charge", charge)
        self._tell("charge.captured", charge)
        fresh = {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        return self._move(intent | fresh, "payment_intent.succeeded")

    def cancel(self, name: str, _params: Plain) -> Plain:
        """End it unpaid; what was authorised is let go."""
        intent = self.read(name)
        if intent["status"] not in _CANCELABLE:
            raise unexpected_state(intent, "cancel", ", ".join(_CANCELABLE))
        fresh = {"status": "canceled", "amount_capturable": 0, "canceled_at": self._book.now(), "next_action": None}
        return self._move(intent | fresh, "payment_intent.canceled")

    # ---- how

    def _move(self, intent: Plain, kind: str) -> Plain:
        self._book.put("payment_intent", intent)
        self._tell(kind, intent)
        return intent

    def _charge(self, intent: Plain, method: TestMethod, status: str, captured: int) -> Plain:
        charge = {
            "id": self._book.new_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": captured,
            "amount_refunded": 0,
            "captured": bool(captured),
            "created": self._book.now(),
            "currency": intent["currency"],
            "livemode": False,
            "metadata": intent["metadata"],
            "paid": status == "succeeded",
            "payment_intent": intent["id"],
            "payment_method": intent["payment_method"],
            "payment_method_details": method.details(),
            "refunded": False,
            "status": status,
        }
        return self._book.put("charge", charge)

    def _charged(self, intent: Plain, method: TestMethod) -> Plain:
        later = intent["capture_method"] == "manual"
        charge = self._charge(intent, method, "succeeded", 0 if later else intent["amount"])
        self._tell("charge.succeeded", charge)
        intent = intent | {"latest_charge": charge["id"], "last_payment_error": None, "next_action": None}
        if later:
            fresh = {"status": "requires_capture", "amount_capturable": intent["amount"]}
            return self._move(intent | fresh, "payment_intent.amount_capturable_updated")
        return self._move(
            intent | {"status": "succeeded", "amount_received": intent["amount"]}, "payment_intent.succeeded"
        )

    def _declined(self, intent: Plain, method: TestMethod, code: str | None = None) -> StripeRefused:
        charge = self._charge(intent, method, "failed", 0)
        self._tell("charge.failed", charge)
        problem = {
            "charge": charge["id"],
            "code": code or method.code,
            "message": "Your card was declined.",
            "type": "card_error",
            **({"decline_code": method.decline_code} if method.decline_code and code is None else {}),
        }
        fresh = {"status": "requires_payment_method", "payment_method": None, "next_action": None}
        intent = intent | fresh | {"last_payment_error": problem, "latest_charge": charge["id"]}
        self._move(intent, "payment_intent.payment_failed")
        more = {"charge": charge["id"], "decline_code": problem.get("decline_code"), "payment_intent": intent}
        return StripeRefused(402, problem["message"], kind="card_error", code=problem["code"], stored=True, **more)


def _currency(params: Plain) -> str:
    currency = str(params.get("currency", "")).lower()
    if len(currency) != 3 or not currency.isalpha():
        raise invalid(f"Invalid currency: {currency}", "currency")
    return currency


def _amount(text: Any, currency: str, param: str) -> int:
    if not str(text).isdigit() or int(text) == 0:
        raise invalid(f"Invalid positive integer: {text}", param, "parameter_invalid_integer")
    amount = int(text)
    if amount > MOST:
        raise invalid("Amount must be no more than 999,999.99", param, "amount_too_large")
    if param == "amount" and amount < _LEAST.get(currency, 1):
        raise invalid("Amount must convert to at least 50 cents", param, "amount_too_small")
    if currency in _THREE_DECIMALS and amount % 10:
        raise invalid(f"Amounts of {currency} must be evenly divisible by 10", param, "parameter_invalid_integer")
    if currency in _WHOLE_HUNDREDS and amount % 100:
        raise invalid(f"Amounts of {currency} must be evenly divisible by 100", param, "parameter_invalid_integer")
    return amount
