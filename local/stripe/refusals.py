"""Stripe's errors. `stored` says whether an idempotency key remembers the answer: only what had begun is."""

from __future__ import annotations

from typing import Any


class StripeRefused(Exception):
    """An error answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        stored: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.stored = status, stored
        error = {"type": kind, "message": message, "code": code, "param": param, **more}
        self.body = {"error": {name: value for name, value in error.items() if value is not None}}


def invalid(message: str, param: str, code: str | None = None) -> StripeRefused:
    """A parameter that cannot be; nothing had begun."""
    return StripeRefused(400, message, code=code, param=param)


def missing(kind: str, name: str) -> StripeRefused:
    """No such object."""
    return StripeRefused(404, f"No such {kind}: '{name}'", code="resource_missing", param="intent")


def unexpected_state(intent: dict[str, Any], verb: str, allowed: str) -> StripeRefused:
    """The state of an intent does not allow it."""
    message = (
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}. "
        f"Only a PaymentIntent with one of the following statuses may be used: {allowed}."
    )
    return StripeRefused(400, message, code="payment_intent_unexpected_state", stored=True, payment_intent=intent)
