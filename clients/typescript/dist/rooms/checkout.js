/**
 * From the cart to the exit pass, one purchase at a time, charged once and never oversold.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
/** From the cart to the exit pass, one purchase at a time, charged once and never oversold. */
export class Checkout {
    #connection;
    constructor(connection) {
        this.#connection = connection;
    }
    /**
     * The checkouts of this visit, newest first.
     *
     * Roles: shopper.
     */
    listCheckouts(options = {}) {
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
    checkOut(body, options = {}) {
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
    readCheckout(checkoutId, options = {}) {
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
    cancelCheckout(checkoutId, options = {}) {
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
    readPass(checkoutId, options = {}) {
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
    renewPass(checkoutId, options = {}) {
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
    drawPassPng(checkoutId, options = {}) {
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
    drawPassSvg(checkoutId, options = {}) {
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
    readReceipt(checkoutId, options = {}) {
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
    readReceiptPage(checkoutId, options = {}) {
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
    readReceiptDocument(checkoutId, options = {}) {
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
    makeReceiptLink(checkoutId, options = {}) {
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
    readIntervention(interventionId, options = {}) {
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
    approveIntervention(interventionId, body, options = {}) {
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
    claimIntervention(interventionId, options = {}) {
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
    rejectIntervention(interventionId, body, options = {}) {
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
    rescanIntervention(interventionId, body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/interventions/${part(interventionId)}/rescan`,
            scheme: "identity",
            body,
        }, options);
    }
    /** The receipt that a link opens. */
    openReceipt(receiptToken, options = {}) {
        return this.#connection.text({ method: "GET", path: `/v1/receipts/${part(receiptToken)}` }, options);
    }
    /** The same as data. */
    openReceiptData(receiptToken, options = {}) {
        return this.#connection.data({ method: "GET", path: `/v1/receipts/${part(receiptToken)}/json` }, options);
    }
    /** The same to print. */
    openReceiptDocument(receiptToken, options = {}) {
        return this.#connection.blob({ method: "GET", path: `/v1/receipts/${part(receiptToken)}/pdf` }, options);
    }
    /**
     * What comparing each day's payments with the provider has found, newest first.
     *
     * Roles: brand_manager, operator.
     */
    listReconciliations(options = {}) {
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
    listDayClosings(storeId, options = {}) {
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
    closeDay(storeId, body, options = {}) {
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
    readDayClosing(storeId, date, options = {}) {
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
    listInterventions(storeId, options = {}) {
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
    listPurchases(storeId, options = {}) {
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
    readPurchase(storeId, checkoutId, options = {}) {
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
    reprint(storeId, checkoutId, options = {}) {
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
    reprintDocument(storeId, checkoutId, options = {}) {
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
    listRefunds(storeId, checkoutId, options = {}) {
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
    refundPurchase(storeId, checkoutId, body, options = {}) {
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
    readRefund(storeId, checkoutId, refundId, options = {}) {
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
    approveRefund(storeId, checkoutId, refundId, options = {}) {
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
    rejectRefund(storeId, checkoutId, refundId, body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/stores/${part(storeId)}/purchases/${part(checkoutId)}/refunds/${part(refundId)}/rejection`,
            scheme: "identity",
            body,
        }, options);
    }
}
