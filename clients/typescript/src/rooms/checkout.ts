/**
 * From the cart to the exit pass, one purchase at a time, charged once and never oversold.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
import type { Connection, Keyed, Listing, Options } from "../connection.js";
import type {
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
} from "../models.js";

/** For listCheckouts. */
export interface ListCheckoutsOptions extends Options {
    /** default: 20 */
    limit?: number;
}

/** For listReconciliations. */
export interface ListReconciliationsOptions extends Options {
    from?: string;
    to?: string;
    /** default: 20 */
    limit?: number;
}

/** For listDayClosings. */
export interface ListDayClosingsOptions extends Options {
    /** default: 20 */
    limit?: number;
}

/** For listInterventions. */
export interface ListInterventionsOptions extends Options {
    /** default: 20 */
    limit?: number;
    status?: "open" | "claimed" | "approved" | "rejected";
}

/** For listPurchases. */
export interface ListPurchasesOptions extends Options {
    /** default: 20 */
    limit?: number;
    state?:
        | "open"
        | "priced"
        | "reserved"
        | "payment_pending"
        | "paid"
        | "exit_issued"
        | "exited"
        | "closed"
        | "cancelling"
        | "cancelled"
        | "expired"
        | "refunded";
    from?: string;
    to?: string;
}

/** For listRefunds. */
export interface ListRefundsOptions extends Options {
    /** default: 20 */
    limit?: number;
}

/** From the cart to the exit pass, one purchase at a time, charged once and never oversold. */
export class Checkout {
    readonly #connection: Connection;

    constructor(connection: Connection) {
        this.#connection = connection;
    }

    /**
     * The checkouts of this visit, newest first.
     *
     * Roles: shopper.
     */
    listCheckouts(options: ListCheckoutsOptions = {}): Listing<CheckoutSummary> {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/checkouts",
            scheme: "session",
            query: ["limit"],
        }, options);
    }

    /**
     * Check out the cart of this visit: agree on the total, hold the goods, begin the payment.
     *
     * The body may have 4,096 bytes.
     *
     * Roles: shopper.
     */
    checkOut(body: NewCheckout, options: Keyed = {}): Promise<CheckoutView> {
        return this.#connection.data({
            method: "POST",
            path: "/v1/checkouts",
            scheme: "session",
            body,
            keyed: true,
        }, options);
    }

    /**
     * A checkout of this visit, as it is now.
     *
     * Roles: shopper.
     */
    readCheckout(checkoutId: string, options: Options = {}): Promise<CheckoutView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/checkouts/${part(checkoutId)}`,
            scheme: "session",
        }, options);
    }

    /**
     * Cancel a checkout that is not paid; may be repeated.
     *
     * Roles: shopper.
     */
    cancelCheckout(checkoutId: string, options: Options = {}): Promise<CheckoutView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/checkouts/${part(checkoutId)}/cancel`,
            scheme: "session",
        }, options);
    }

    /**
     * What opens the gate, once.
     *
     * Roles: shopper.
     */
    readPass(checkoutId: string, options: Options = {}): Promise<PassView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/checkouts/${part(checkoutId)}/pass`,
            scheme: "session",
        }, options);
    }

    /**
     * A fresh pass when the old one is running out; may be repeated.
     *
     * Roles: shopper.
     */
    renewPass(checkoutId: string, options: Options = {}): Promise<PassView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/checkouts/${part(checkoutId)}/pass`,
            scheme: "session",
        }, options);
    }

    /**
     * The pass as a QR code of pixels.
     *
     * Roles: shopper.
     */
    drawPassPng(checkoutId: string, options: Options = {}): Promise<Blob> {
        return this.#connection.blob({
            method: "GET",
            path: `/v1/checkouts/${part(checkoutId)}/pass.png`,
            scheme: "session",
        }, options);
    }

    /**
     * The pass as a QR code.
     *
     * Roles: shopper.
     */
    drawPassSvg(checkoutId: string, options: Options = {}): Promise<Blob> {
        return this.#connection.blob({
            method: "GET",
            path: `/v1/checkouts/${part(checkoutId)}/pass.svg`,
            scheme: "session",
        }, options);
    }

    /**
     * The receipt of a checkout of this visit.
     *
     * Roles: shopper.
     */
    readReceipt(checkoutId: string, options: Options = {}): Promise<ReceiptView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/checkouts/${part(checkoutId)}/receipt`,
            scheme: "session",
        }, options);
    }

    /**
     * The receipt as a page.
     *
     * Roles: shopper.
     */
    readReceiptPage(checkoutId: string, options: Options = {}): Promise<string> {
        return this.#connection.text({
            method: "GET",
            path: `/v1/checkouts/${part(checkoutId)}/receipt.html`,
            scheme: "session",
        }, options);
    }

    /**
     * The receipt to print.
     *
     * Roles: shopper.
     */
    readReceiptDocument(checkoutId: string, options: Options = {}): Promise<Blob> {
        return this.#connection.blob({
            method: "GET",
            path: `/v1/checkouts/${part(checkoutId)}/receipt.pdf`,
            scheme: "session",
        }, options);
    }

    /**
     * A link that opens the receipt without signing in, for 30 days.
     *
     * Roles: shopper.
     */
    makeReceiptLink(checkoutId: string, options: Options = {}): Promise<ReceiptLink> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/checkouts/${part(checkoutId)}/receipt/links`,
            scheme: "session",
        }, options);
    }

    /**
     * A basket to look at.
     *
     * Roles: store_manager, store_staff.
     */
    readIntervention(interventionId: string, options: Options = {}): Promise<Task> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/interventions/${part(interventionId)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * Let a basket pass; the payment is taken once nothing is open any more.
     *
     * The body may have 4,096 bytes.
     *
     * Roles: store_manager, store_staff.
     */
    approveIntervention(interventionId: string, body: CheckoutApproval, options: Options = {}): Promise<Task> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/interventions/${part(interventionId)}/approve`,
            scheme: "identity",
            body,
        }, options);
    }

    /**
     * Take a basket on, so that no colleague does; may be repeated.
     *
     * Roles: store_manager, store_staff.
     */
    claimIntervention(interventionId: string, options: Options = {}): Promise<Task> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/interventions/${part(interventionId)}/claim`,
            scheme: "identity",
        }, options);
    }

    /**
     * Refuse a basket with a reason: nothing is charged, and everything it holds goes back.
     *
     * The body may have 4,096 bytes.
     *
     * Roles: store_manager, store_staff.
     */
    rejectIntervention(interventionId: string, body: CheckoutRejection, options: Options = {}): Promise<Task> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/interventions/${part(interventionId)}/reject`,
            scheme: "identity",
            body,
        }, options);
    }

    /**
     * Compare the bag with the basket: what is missing is taken off, what is too much ends the checkout.
     *
     * The body may have 262,144 bytes.
     *
     * Roles: store_manager, store_staff.
     */
    rescanIntervention(interventionId: string, body: Rescan, options: Options = {}): Promise<RescanResult> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/interventions/${part(interventionId)}/rescan`,
            scheme: "identity",
            body,
        }, options);
    }

    /** The receipt that a link opens. */
    openReceipt(receiptToken: string, options: Options = {}): Promise<string> {
        return this.#connection.text({ method: "GET", path: `/v1/receipts/${part(receiptToken)}` }, options);
    }

    /** The same as data. */
    openReceiptData(receiptToken: string, options: Options = {}): Promise<ReceiptView> {
        return this.#connection.data({ method: "GET", path: `/v1/receipts/${part(receiptToken)}/json` }, options);
    }

    /** The same to print. */
    openReceiptDocument(receiptToken: string, options: Options = {}): Promise<Blob> {
        return this.#connection.blob({ method: "GET", path: `/v1/receipts/${part(receiptToken)}/pdf` }, options);
    }

    /**
     * What comparing each day's payments with the provider has found, newest first.
     *
     * Roles: brand_manager, operator.
     */
    listReconciliations(options: ListReconciliationsOptions = {}): Listing<ReconciliationView> {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/reconciliations",
            scheme: "identity",
            query: ["from", "to", "limit"],
        }, options);
    }

    /**
     * The day closings of a store, the latest first.
     *
     * Roles: brand_manager, store_manager.
     */
    listDayClosings(storeId: string, options: ListDayClosingsOptions = {}): Listing<DayClosing> {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/day-closings`,
            scheme: "identity",
            query: ["limit"],
        }, options);
    }

    /**
     * Close a day: its sums by tax rate and payment method; may be repeated.
     *
     * The body may have 1,024 bytes.
     *
     * Roles: store_manager.
     */
    closeDay(storeId: string, body: DayToClose, options: Options = {}): Promise<DayClosing> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/stores/${part(storeId)}/day-closings`,
            scheme: "identity",
            body,
        }, options);
    }

    /**
     * The closing of one day.
     *
     * Roles: brand_manager, store_manager.
     */
    readDayClosing(storeId: string, date: string, options: Options = {}): Promise<DayClosing> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/day-closings/${part(date)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * The baskets of a store that staff have to look at, or those of a status.
     *
     * Roles: store_manager, store_staff.
     */
    listInterventions(storeId: string, options: ListInterventionsOptions = {}): Listing<Task> {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/interventions`,
            scheme: "identity",
            query: ["limit", "status"],
        }, options);
    }

    /**
     * The purchases of a store, newest first.
     *
     * Roles: store_manager, store_staff.
     */
    listPurchases(storeId: string, options: ListPurchasesOptions = {}): Listing<CheckoutSummary> {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/purchases`,
            scheme: "identity",
            query: ["limit", "state", "from", "to"],
        }, options);
    }

    /**
     * A purchase of a store.
     *
     * Roles: store_manager, store_staff.
     */
    readPurchase(storeId: string, checkoutId: string, options: Options = {}): Promise<PurchaseView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/purchases/${part(checkoutId)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * The receipt of a purchase, for staff.
     *
     * Roles: store_manager, store_staff.
     */
    reprint(storeId: string, checkoutId: string, options: Options = {}): Promise<ReceiptView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/purchases/${part(checkoutId)}/receipt`,
            scheme: "identity",
        }, options);
    }

    /**
     * The receipt to print again, for staff.
     *
     * Roles: store_manager, store_staff.
     */
    reprintDocument(storeId: string, checkoutId: string, options: Options = {}): Promise<Blob> {
        return this.#connection.blob({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/purchases/${part(checkoutId)}/receipt.pdf`,
            scheme: "identity",
        }, options);
    }

    /**
     * What was given back of a purchase, and what waits for a second person; the latest first.
     *
     * Roles: store_manager.
     */
    listRefunds(storeId: string, checkoutId: string, options: ListRefundsOptions = {}): Listing<RefundView> {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/purchases/${part(checkoutId)}/refunds`,
            scheme: "identity",
            query: ["limit"],
        }, options);
    }

    /**
     * Give back what lines of a purchase, or all of it, are worth; above a limit a second person has to agree.
     *
     * The body may have 65,536 bytes.
     *
     * Roles: store_manager.
     */
    refundPurchase(storeId: string, checkoutId: string, body: NewRefund, options: Keyed = {}): Promise<RefundView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/stores/${part(storeId)}/purchases/${part(checkoutId)}/refunds`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }

    /**
     * A refund, as it stands.
     *
     * Roles: store_manager.
     */
    readRefund(storeId: string, checkoutId: string, refundId: string, options: Options = {}): Promise<RefundView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/purchases/${part(checkoutId)}/refunds/${part(refundId)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * Agree to a refund that somebody else has asked for; may be repeated.
     *
     * Roles: store_manager.
     */
    approveRefund(storeId: string, checkoutId: string, refundId: string, options: Options = {}): Promise<RefundView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/stores/${part(storeId)}/purchases/${part(checkoutId)}/refunds/${part(refundId)}/approval`,
            scheme: "identity",
        }, options);
    }

    /**
     * Do not agree to a refund that waits, or take back what one has asked for; may be repeated.
     *
     * The body may have 4,096 bytes.
     *
     * Roles: store_manager.
     */
    rejectRefund(
        storeId: string,
        checkoutId: string,
        refundId: string,
        body: RefundRejection,
        options: Options = {},
    ): Promise<RefundView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/stores/${part(storeId)}/purchases/${part(checkoutId)}/refunds/${part(refundId)}/rejection`,
            scheme: "identity",
            body,
        }, options);
    }
}
