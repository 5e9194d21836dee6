"""What a payment intent means for its purchase. Pure: the provider is the judge, this reads the verdict."""

from __future__ import annotations

from dataclasses import dataclass

from functions.checkout.payments.provider import Intent

FAILED, PROCESSING, WAITING = "failed", "processing", "waiting"


@dataclass(frozen=True, slots=True)
class Pending:
    """Not paid: `status` is waiting (for the shopper), processing (at a bank) or failed (another may be tried)."""

    status: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Authorised: `due` may be captured once nobody has to look at the basket any more."""

    due: int


@dataclass(frozen=True, slots=True)
class Received:
    """The provider has what is due."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The intent was cancelled: it can never be paid."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something else was paid, or could be, than is due: nothing is handed out for it. Amounts in minor units."""

    expected: int
    expected_currency: str
    received: int
    received_currency: str


Verdict = Pending | Held | Received | Ended | Mismatch


def judge(intent: Intent, *, asked: int, due: int, currency: str) -> Verdict:
    """`asked` is what the intent was made for; `due`, at most that, is what the basket costs by now. Minor units."""
    if intent.currency != currency or intent.amount != asked:
        # Also of a cancelled one: a process may have cancelled it for that, and died before it could say so.
        return Mismatch(asked, currency, intent.received or intent.amount, intent.currency)
    if intent.status == "canceled":
        return Ended()
    if intent.status == "succeeded":
        return Received() if intent.received == due else Mismatch(due, currency, intent.received, intent.currency)
    if intent.status == "requires_capture":
        return Held(due) if due <= intent.capturable else Mismatch(due, currency, intent.capturable, intent.currency)
    if intent.status == "processing":
        return Pending(PROCESSING)
    if intent.error is not None and intent.status == "requires_payment_method":
        return Pending(FAILED, intent.error)
    return Pending(WAITING)
