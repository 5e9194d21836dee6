"""What goes over the wire about payments: webhooks, refunds, reconciliation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from functions.checkout.closing_schemas import Day
from functions.common.wire import Wire

MOST_LINES = 200
RefundState = Literal["awaiting_approval", "pending", "succeeded", "failed", "rejected"]
FindingKind = Literal["missing_here", "missing_there", "amount_differs"]
_Why = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=3, max_length=500)]


class WebhookReceived(Wire):
    """The event is kept, or was before."""

    received: bool


class ReturnedLine(Wire):
    """What comes back of a line; `quantity` in thousandths: whole pieces, or all of what was weighed."""

    line_id: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64)]
    quantity: Annotated[int, Field(strict=True, ge=1, le=10**9)]


class NewRefund(Wire):
    """Some lines, or `whole`: all that has not come back yet. `restock`: the goods can be sold again."""

    lines: Annotated[list[ReturnedLine], Field(min_length=1, max_length=MOST_LINES)] | None = None
    whole: bool = False
    reason: _Why
    restock: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> NewRefund:
        if (self.lines is not None) == self.whole:
            raise PydanticCustomError("lines_or_whole", "name lines, or say whole: one of both")
        if self.lines is not None and len({each.line_id for each in self.lines}) < len(self.lines):
            raise PydanticCustomError("line_twice", "a line is named twice")
        return self


class RefundRejection(Wire):
    """Why a refund that waits for a second person is not given."""

    reason: _Why


class RefundShare(Wire):
    """What goes back at one tax rate; negative where goods that are kept have become dearer."""

    rate: str
    net: int
    tax: int
    gross: int


class ReturnedGood(Wire):
    """What comes back of a product, in thousandths."""

    barcode: str
    quantity: int


class RefundView(Wire):
    """A refund. `clawedBack` is how much less it is than what was paid, because of promotions that have ended.

    `awaiting_approval`: another manager has to agree. `pending`: on its way. `rejected`: nobody agreed, nothing was
    given. Money in minor units of `currency`.
    """

    refund_id: str
    checkout_id: str
    state: RefundState
    amount: int
    currency: str
    clawed_back: int
    goods: list[ReturnedGood]
    shares: list[RefundShare]
    broken_promotions: list[str]
    reason: str
    restock: bool
    restocked: bool
    by: str
    at: datetime
    approved_by: str | None
    approved_at: datetime | None
    rejected_by: str | None = None
    rejected_at: datetime | None = None
    rejection_reason: str | None = None
    error: str | None


class ReconciliationQuery(Wire):
    """Which days, both ends included."""

    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class Sums(Wire):
    """Money in minor units."""

    captured: int
    refunded: int


class Finding(Wire):
    """One difference between the provider's list and ours."""

    kind: FindingKind
    intent_id: str
    checkout_id: str | None
    store_id: str | None
    state: str | None
    provider_status: str | None
    currency: str
    ours: Sums | None
    theirs: Sums | None


class FindingCounts(Wire):
    """How many of each kind."""

    missing_here: int
    missing_there: int
    amount_differs: int


class ReconciliationView(Wire):
    """What comparing a day (UTC) with the provider came to; `revision` counts how often it was compared."""

    day: date
    checked: int
    counts: FindingCounts
    findings: list[Finding]
    at: datetime
    revision: int
