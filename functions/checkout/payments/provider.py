"""What a checkout needs of a payment provider. Amounts are minor units as ISO 4217 has them, currencies upper case.

Every verb that changes something takes an idempotency key and may be repeated with it for ever: whoever does not
know whether it took effect repeats it, and finds out. The provider is the judge of what was paid; nobody else is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

Capture = Literal["automatic", "manual"]
Status = Literal[
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "succeeded",
    "canceled",
]
RefundStatus = Literal["pending", "requires_action", "succeeded", "failed", "canceled"]

FINAL: frozenset[str] = frozenset({"succeeded", "canceled"})
"""The states an intent never leaves."""


class PaymentsDown(Exception):
    """The provider did not answer, or is in trouble: whether it took effect is unknown. Repeat with the same key."""


class PaymentRefused(Exception):
    """The provider understood and said no; repeating it says no again. `code` is the provider's own, lower case."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class IntentGone(Exception):
    """The provider does not know this intent (or refund)."""


@dataclass(frozen=True, slots=True)
class Method:
    """What was paid with, as far as a receipt says it: `type` such as card or paypal; `brand` and `last4` of cards."""

    type: str
    brand: str | None = None
    last4: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """One intended payment as the provider has it. `received` is what was captured, `capturable` what still could be.

    `error` is the provider's code of the last failed attempt (`card_declined`), or None. `order` is the checkout that
    it was made for, from the metadata: a hint for finding our own record, never a proof. `client_secret` lets the
    shopper's app pay: it is handed to the shopper and neither stored nor logged.
    """

    id: str
    status: Status
    amount: int
    received: int
    capturable: int
    currency: str
    created: datetime
    order: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    method: Method | None = None
    error: str | None = None
    refunded: int = 0
    client_secret: str | None = field(default=None, repr=False)

    @property
    def is_final(self) -> bool:
        """Whether nothing more can become of it."""
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back. `reference` is our own id of it."""

    id: str
    intent_id: str
    amount: int
    currency: str
    status: RefundStatus
    created: datetime
    reference: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some intents, newest first; `after` asks for those behind them, None when these were the last."""

    intents: tuple[Intent, ...]
    after: str | None


class Payments(Protocol):
    """A payment provider. Every verb raises PaymentsDown and PaymentRefused; those that name an intent, IntentGone."""

    @property
    def name(self) -> str:
        """What purchases name it by."""
        ...

    @property
    def publishable_key(self) -> str:
        """What an app needs beside the client secret; nothing secret."""
        ...

    async def create(
        self, order: str, amount: int, currency: str, capture: Capture, metadata: Mapping[str, str], key: str
    ) -> Intent:
        """The intent to be paid for a checkout, with its client secret; one per key."""
        ...

    async def retrieve(self, intent_id: str) -> Intent:
        """The intent as it is now, with its client secret."""
        ...

    async def capture(self, intent_id: str, amount: int, currency: str, key: str) -> Intent:
        """Take `amount` of what was authorised and let go of the rest; returns the intent as it is afterwards.

        An intent that cannot be captured (any more) comes back as it is: look at `status` and `received`.
        """
        ...

    async def cancel(self, intent_id: str, key: str) -> Intent:
        """End an intent unpaid; returns it as it is afterwards.

        Only `canceled` means that it can never be paid. Anything else says that it came too late (`succeeded`) or too
        early (`processing`).
        """
        ...

    async def refund(self, intent_id: str, amount: int, currency: str, reference: str, key: str) -> Refund:
        """Give `amount` back; `reference` is our own id of the refund, one refund per reference."""
        ...

    async def refunds_of(self, intent_id: str) -> tuple[Refund, ...]:
        """Every refund of an intent, newest first."""
        ...

    async def list(self, since: datetime, until: datetime, after: str | None = None) -> Page:
        """The intents created from `since` to before `until` (whole seconds), a page at a time."""
        ...
