"""From the cart to the exit pass, one purchase at a time, charged once and never oversold.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from typing import Literal

from retailscan_client.connection import Connection, Listing, new_key, part
from retailscan_client.models import (
    CheckoutApproval,
    CheckoutRejection,
    CheckoutSummary,
    CheckoutView,
    DayClosing,
    DayToClose,
    NewCheckout,
    NewRefund,
    PassView,
    PurchaseView,
    ReceiptLink,
    ReceiptView,
    ReconciliationView,
    RefundRejection,
    RefundView,
    Rescan,
    RescanResult,
    Task,
)


class Checkout:
    """From the cart to the exit pass, one purchase at a time, charged once and never oversold."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_checkouts(self, *, limit: int | None = None) -> Listing[CheckoutSummary]:
        """The checkouts of this visit, newest first.

        Roles: shopper.

        `limit`: default: 20.
        """
        answer: Listing[CheckoutSummary] = self._connection.listing(
            "/v1/checkouts", scheme="session", query={"limit": limit}
        )
        return answer

    def check_out(self, body: NewCheckout, *, idempotency_key: str | None = None) -> CheckoutView:
        """Check out the cart of this visit: agree on the total, hold the goods, begin the payment.

        The body may have 4,096 bytes.

        Roles: shopper.
        """
        answer: CheckoutView = self._connection.data(
            "POST", "/v1/checkouts", scheme="session", body=body, key=idempotency_key or new_key()
        )
        return answer

    def read_checkout(self, checkout_id: str) -> CheckoutView:
        """A checkout of this visit, as it is now.

        Roles: shopper.
        """
        answer: CheckoutView = self._connection.data("GET", f"/v1/checkouts/{part(checkout_id)}", scheme="session")
        return answer

    def cancel_checkout(self, checkout_id: str) -> CheckoutView:
        """Cancel a checkout that is not paid; may be repeated.

        Roles: shopper.
        """
        answer: CheckoutView = self._connection.data(
            "POST", f"/v1/checkouts/{part(checkout_id)}/cancel", scheme="session"
        )
        return answer

    def read_pass(self, checkout_id: str) -> PassView:
        """What opens the gate, once.

        Roles: shopper.
        """
        answer: PassView = self._connection.data("GET", f"/v1/checkouts/{part(checkout_id)}/pass", scheme="session")
        return answer

    def renew_pass(self, checkout_id: str) -> PassView:
        """A fresh pass when the old one is running out; may be repeated.

        Roles: shopper.
        """
        answer: PassView = self._connection.data("POST", f"/v1/checkouts/{part(checkout_id)}/pass", scheme="session")
        return answer

    def draw_pass_png(self, checkout_id: str) -> bytes:
        """The pass as a QR code of pixels.

        Roles: shopper.
        """
        return self._connection.bytes("GET", f"/v1/checkouts/{part(checkout_id)}/pass.png", scheme="session")

    def draw_pass_svg(self, checkout_id: str) -> bytes:
        """The pass as a QR code.

        Roles: shopper.
        """
        return self._connection.bytes("GET", f"/v1/checkouts/{part(checkout_id)}/pass.svg", scheme="session")

    def read_receipt(self, checkout_id: str) -> ReceiptView:
        """The receipt of a checkout of this visit.

        Roles: shopper.
        """
        answer: ReceiptView = self._connection.data(
            "GET", f"/v1/checkouts/{part(checkout_id)}/receipt", scheme="session"
        )
        return answer

    def read_receipt_page(self, checkout_id: str) -> str:
        """The receipt as a page.

        Roles: shopper.
        """
        return self._connection.text("GET", f"/v1/checkouts/{part(checkout_id)}/receipt.html", scheme="session")

    def read_receipt_document(self, checkout_id: str) -> bytes:
        """The receipt to print.

        Roles: shopper.
        """
        return self._connection.bytes("GET", f"/v1/checkouts/{part(checkout_id)}/receipt.pdf", scheme="session")

    def make_receipt_link(self, checkout_id: str) -> ReceiptLink:
        """A link that opens the receipt without signing in, for 30 days.

        Roles: shopper.
        """
        answer: ReceiptLink = self._connection.data(
            "POST", f"/v1/checkouts/{part(checkout_id)}/receipt/links", scheme="session"
        )
        return answer

    def read_intervention(self, intervention_id: str) -> Task:
        """A basket to look at.

        Roles: store_manager, store_staff.
        """
        answer: Task = self._connection.data("GET", f"/v1/interventions/{part(intervention_id)}", scheme="identity")
        return answer

    def approve_intervention(self, intervention_id: str, body: CheckoutApproval) -> Task:
        """Let a basket pass; the payment is taken once nothing is open any more.

        The body may have 4,096 bytes.

        Roles: store_manager, store_staff.
        """
        answer: Task = self._connection.data(
            "POST", f"/v1/interventions/{part(intervention_id)}/approve", scheme="identity", body=body
        )
        return answer

    def claim_intervention(self, intervention_id: str) -> Task:
        """Take a basket on, so that no colleague does; may be repeated.

        Roles: store_manager, store_staff.
        """
        answer: Task = self._connection.data(
            "POST", f"/v1/interventions/{part(intervention_id)}/claim", scheme="identity"
        )
        return answer

    def reject_intervention(self, intervention_id: str, body: CheckoutRejection) -> Task:
        """Refuse a basket with a reason: nothing is charged, and everything it holds goes back.

        The body may have 4,096 bytes.

        Roles: store_manager, store_staff.
        """
        answer: Task = self._connection.data(
            "POST", f"/v1/interventions/{part(intervention_id)}/reject", scheme="identity", body=body
        )
        return answer

    def rescan_intervention(self, intervention_id: str, body: Rescan) -> RescanResult:
        """Compare the bag with the basket: what is missing is taken off, what is too much ends the checkout.

        The body may have 262,144 bytes.

        Roles: store_manager, store_staff.
        """
        answer: RescanResult = self._connection.data(
            "POST", f"/v1/interventions/{part(intervention_id)}/rescan", scheme="identity", body=body
        )
        return answer

    def open_receipt(self, receipt_token: str) -> str:
        """The receipt that a link opens."""
        return self._connection.text("GET", f"/v1/receipts/{part(receipt_token)}", scheme=None)

    def open_receipt_data(self, receipt_token: str) -> ReceiptView:
        """The same as data."""
        answer: ReceiptView = self._connection.data("GET", f"/v1/receipts/{part(receipt_token)}/json", scheme=None)
        return answer

    def open_receipt_document(self, receipt_token: str) -> bytes:
        """The same to print."""
        return self._connection.bytes("GET", f"/v1/receipts/{part(receipt_token)}/pdf", scheme=None)

    def list_reconciliations(
        self, *, from_: str | None = None, to: str | None = None, limit: int | None = None
    ) -> Listing[ReconciliationView]:
        """What comparing each day's payments with the provider has found, newest first.

        Roles: brand_manager, operator.

        `limit`: default: 20.
        """
        answer: Listing[ReconciliationView] = self._connection.listing(
            "/v1/reconciliations", scheme="identity", query={"from": from_, "to": to, "limit": limit}
        )
        return answer

    def list_day_closings(self, store_id: str, *, limit: int | None = None) -> Listing[DayClosing]:
        """The day closings of a store, the latest first.

        Roles: brand_manager, store_manager.

        `limit`: default: 20.
        """
        answer: Listing[DayClosing] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/day-closings", scheme="identity", query={"limit": limit}
        )
        return answer

    def close_day(self, store_id: str, body: DayToClose) -> DayClosing:
        """Close a day: its sums by tax rate and payment method; may be repeated.

        The body may have 1,024 bytes.

        Roles: store_manager.
        """
        answer: DayClosing = self._connection.data(
            "POST", f"/v1/stores/{part(store_id)}/day-closings", scheme="identity", body=body
        )
        return answer

    def read_day_closing(self, store_id: str, date: str) -> DayClosing:
        """The closing of one day.

        Roles: brand_manager, store_manager.
        """
        answer: DayClosing = self._connection.data(
            "GET", f"/v1/stores/{part(store_id)}/day-closings/{part(date)}", scheme="identity"
        )
        return answer

    def list_interventions(
        self,
        store_id: str,
        *,
        limit: int | None = None,
        status: Literal["open", "claimed", "approved", "rejected"] | None = None,
    ) -> Listing[Task]:
        """The baskets of a store that staff have to look at, or those of a status.

        Roles: store_manager, store_staff.

        `limit`: default: 20.
        """
        answer: Listing[Task] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/interventions", scheme="identity", query={"limit": limit, "status": status}
        )
        return answer

    def list_purchases(
        self,
        store_id: str,
        *,
        limit: int | None = None,
        state: Literal[
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
        | None = None,
        from_: str | None = None,
        to: str | None = None,
    ) -> Listing[CheckoutSummary]:
        """The purchases of a store, newest first.

        Roles: store_manager, store_staff.

        `limit`: default: 20.
        """
        answer: Listing[CheckoutSummary] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/purchases",
            scheme="identity",
            query={"limit": limit, "state": state, "from": from_, "to": to},
        )
        return answer

    def read_purchase(self, store_id: str, checkout_id: str) -> PurchaseView:
        """A purchase of a store.

        Roles: store_manager, store_staff.
        """
        answer: PurchaseView = self._connection.data(
            "GET", f"/v1/stores/{part(store_id)}/purchases/{part(checkout_id)}", scheme="identity"
        )
        return answer

    def reprint(self, store_id: str, checkout_id: str) -> ReceiptView:
        """The receipt of a purchase, for staff.

        Roles: store_manager, store_staff.
        """
        answer: ReceiptView = self._connection.data(
            "GET", f"/v1/stores/{part(store_id)}/purchases/{part(checkout_id)}/receipt", scheme="identity"
        )
        return answer

    def reprint_document(self, store_id: str, checkout_id: str) -> bytes:
        """The receipt to print again, for staff.

        Roles: store_manager, store_staff.
        """
        return self._connection.bytes(
            "GET", f"/v1/stores/{part(store_id)}/purchases/{part(checkout_id)}/receipt.pdf", scheme="identity"
        )

    def list_refunds(self, store_id: str, checkout_id: str, *, limit: int | None = None) -> Listing[RefundView]:
        """What was given back of a purchase, and what waits for a second person; the latest first.

        Roles: store_manager.

        `limit`: default: 20.
        """
        answer: Listing[RefundView] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/purchases/{part(checkout_id)}/refunds",
            scheme="identity",
            query={"limit": limit},
        )
        return answer

    def refund_purchase(
        self, store_id: str, checkout_id: str, body: NewRefund, *, idempotency_key: str | None = None
    ) -> RefundView:
        """Give back what lines of a purchase, or all of it, are worth; above a limit a second person has to agree.

        The body may have 65,536 bytes.

        Roles: store_manager.
        """
        answer: RefundView = self._connection.data(
            "POST",
            f"/v1/stores/{part(store_id)}/purchases/{part(checkout_id)}/refunds",
            scheme="identity",
            body=body,
            key=idempotency_key or new_key(),
        )
        return answer

    def read_refund(self, store_id: str, checkout_id: str, refund_id: str) -> RefundView:
        """A refund, as it stands.

        Roles: store_manager.
        """
        answer: RefundView = self._connection.data(
            "GET",
            f"/v1/stores/{part(store_id)}/purchases/{part(checkout_id)}/refunds/{part(refund_id)}",
            scheme="identity",
        )
        return answer

    def approve_refund(self, store_id: str, checkout_id: str, refund_id: str) -> RefundView:
        """Agree to a refund that somebody else has asked for; may be repeated.

        Roles: store_manager.
        """
        answer: RefundView = self._connection.data(
            "POST",
            f"/v1/stores/{part(store_id)}/purchases/{part(checkout_id)}/refunds/{part(refund_id)}/approval",
            scheme="identity",
        )
        return answer

    def reject_refund(self, store_id: str, checkout_id: str, refund_id: str, body: RefundRejection) -> RefundView:
        """Do not agree to a refund that waits, or take back what one has asked for; may be repeated.

        The body may have 4,096 bytes.

        Roles: store_manager.
        """
        answer: RefundView = self._connection.data(
            "POST",
            f"/v1/stores/{part(store_id)}/purchases/{part(checkout_id)}/refunds/{part(refund_id)}/rejection",
            scheme="identity",
            body=body,
        )
        return answer
