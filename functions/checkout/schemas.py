"""What goes over the wire at the doors of checkout; OpenAPI is generated from these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from functions.checkout.closing_schemas import DayClosing, DayToClose, Moment  # noqa: F401
from functions.checkout.papers.schemas import PassView, ReceiptLink, ReceiptView  # noqa: F401
from functions.checkout.payment_schemas import (  # noqa: F401
    NewRefund,
    ReconciliationQuery,
    ReconciliationView,
    RefundRejection,
    RefundView,
    WebhookReceived,
)
from functions.common.wire import Wire

MOST_MINOR = 10**12
Amount = Annotated[int, Field(strict=True, ge=0, le=MOST_MINOR)]
Currency = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}$")]
Reason = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=3, max_length=500)]
State = Literal[
    "open",
    "priced",
    "reserved",
    "payment_pending",
    "paid",
    "exit_issued",
    "exited",
    "closed",
    "cancelling",
    "cancelled",
    "expired",
    "refunded",
]
Kind = Literal["age", "spot_check", "risk"]
InterventionStatus = Literal["open", "claimed", "approved", "rejected"]


class NewCheckout(Wire):
    """The cart as the app shows it: what the shopper agrees to pay."""

    cart_version: Annotated[int, Field(strict=True, ge=1, le=2**31)]
    total: Amount = Field(description="minor units, as the cart showed it")
    currency: Currency


class SoldLine(Wire):
    """A line; money in minor units, `quantity` in thousandths."""

    line_id: str
    barcode: str
    unit_barcode: str | None
    name: str
    quantity: int
    measure: str
    unit_price: int | None
    amount: int
    discount: int
    payable: int
    net: int
    tax: int
    gross: int
    tax_class: str | None
    age_restriction: int | None
    image_url: str | None
    note: str


class TaxPart(Wire):
    """One tax's part in a share."""

    name: str
    rate: str
    tax: int


class TaxShare(Wire):
    """What is taxed at one rate, a percentage as text."""

    rate: str
    net: int
    tax: int
    gross: int
    parts: list[TaxPart]


class LineDiscount(Wire):
    """What a promotion takes off one line."""

    line_id: str
    amount: int


class GivenPromotion(Wire):
    """A promotion that the basket got."""

    promotion_id: str
    ver: int
    name: str
    discount: int
    times: int
    code: str | None
    lines: list[LineDiscount]


class PaymentMethod(Wire):
    """What was paid with."""

    type: str
    brand: str | None
    last4: str | None


class PaymentView(Wire):
    """What the app needs to pay, and how the payment stands."""

    provider: str
    intent_id: str
    client_secret: str | None = Field(description="for the provider's payment sheet; null once nothing is to be paid")
    publishable_key: str
    status: str
    amount: int
    captured: int
    method: PaymentMethod | None
    error: str | None = Field(description="why the last attempt failed, as the provider names it")


class BasketDifference(Wire):
    """A product of which staff found another quantity than the basket says; thousandths."""

    barcode: str
    name: str
    basket: int
    found: int


class InterventionView(Wire):
    """Something that staff look at before the basket is paid."""

    intervention_id: str
    kind: Kind
    status: InterventionStatus
    reason: str | None
    differences: list[BasketDifference] | None


class RefusalView(Wire):
    """Why a checkout did not come to pass."""

    code: str
    message: str


class CheckoutView(Wire):
    """A checkout, and the purchase that it becomes."""

    checkout_id: str
    session_id: str
    store_id: str
    cart_version: int
    state: State
    currency: str
    lines: list[SoldLine]
    subtotal: int
    discount: int
    net: int
    tax: int
    total: int
    tax_shares: list[TaxShare]
    promotions: list[GivenPromotion]
    payment: PaymentView | None
    interventions: list[InterventionView]
    refusal: RefusalView | None
    receipt_number: int | None
    refunded: int
    created_at: datetime
    expires_at: datetime = Field(description="until when it can be paid")
    paid_at: datetime | None
    exited_at: datetime | None


class CheckoutSummary(Wire):
    """A checkout in a list."""

    checkout_id: str
    state: State
    currency: str
    total: int
    refunded: int
    receipt_number: int | None
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None


class Page(Wire):
    """Which part of a list."""

    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class PurchaseQuery(Page):
    """Which purchases of a store; times are RFC 3339."""

    state: State | None = None
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


class HistoryStep(Wire):
    """When the purchase came into a state, and why."""

    state: State
    at: datetime
    why: str


class PurchaseView(CheckoutView):
    """A purchase as staff see it."""

    user_id: str
    policy: Literal["strict", "sell_in_hand"] | None
    history: list[HistoryStep]


class InterventionQuery(Page):
    """Which interventions of a store; without `status` those that are not decided."""

    status: InterventionStatus | None = None


class Task(Wire):
    """An intervention with the basket it is about."""

    intervention_id: str
    checkout_id: str
    store_id: str
    kind: Kind
    status: InterventionStatus
    claimed_by: str | None
    at: datetime
    reason: str | None
    differences: list[BasketDifference] | None
    state: State
    currency: str
    total: int
    units: int
    age_limit: int | None
    lines: list[SoldLine]
    expires_at: datetime


class Approval(Wire):
    """Nothing stands against the basket; a reason may be noted."""

    reason: Annotated[str, StringConstraints(strict=True, max_length=500)] = ""


class Rejection(Wire):
    """The basket is refused, with a reason that the shopper is told."""

    reason: Reason


class FoundItem(Wire):
    """What staff scanned: a code, and how much of it in thousandths (one piece when it is not said)."""

    code: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=256)]
    quantity: Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)] = 1000


class Rescan(Wire):
    """All that is really in the shopper's bag."""

    items: Annotated[list[FoundItem], Field(max_length=400)]


class RescanResult(Wire):
    """What came of it: `same`, `lowered` (what is missing was taken off) or `extra` (the checkout has ended)."""

    outcome: Literal["same", "lowered", "extra"]
    differences: list[BasketDifference]
    old_total: int
    total: int
    intervention: Task
