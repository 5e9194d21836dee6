/**
 * Check-in at a store, the session token that opens this store only, the cart of the visit and its way to a till.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
/** Check-in at a store, the session token that opens this store only, the cart of the visit and its way to a till. */
export class Sessions {
    #connection;
    constructor(connection) {
        this.#connection = connection;
    }
    /**
     * Empty the cart.
     *
     * Roles: shopper.
     */
    emptyCart(options = {}) {
        return this.#connection.data({
            method: "DELETE",
            path: "/v1/cart",
            scheme: "session",
            query: ["cartVersion"],
        }, options);
    }
    /**
     * The cart with the prices of now.
     *
     * Roles: shopper.
     */
    readCart(options = {}) {
        return this.#connection.data({
            method: "GET",
            path: "/v1/cart",
            scheme: "session",
            query: ["explain"],
        }, options);
    }
    /**
     * Do not use a coupon code.
     *
     * Roles: shopper.
     */
    dropCode(coupon, options = {}) {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/cart/codes/${part(coupon)}`,
            scheme: "session",
            query: ["cartVersion"],
        }, options);
    }
    /**
     * Use a coupon code.
     *
     * Roles: shopper.
     */
    putCode(coupon, options = {}) {
        return this.#connection.data({
            method: "PUT",
            path: `/v1/cart/codes/${part(coupon)}`,
            scheme: "session",
            query: ["cartVersion"],
        }, options);
    }
    /**
     * Codes that hand the cart over to a till.
     *
     * Roles: shopper.
     */
    offerHandover(options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/cart/handover",
            scheme: "session",
            keyed: true,
        }, options);
    }
    /**
     * Put what was scanned into the cart.
     *
     * The body may have 16,384 bytes.
     *
     * Roles: shopper.
     */
    addLine(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/cart/lines",
            scheme: "session",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Take a line out of the cart.
     *
     * Roles: shopper.
     */
    removeLine(lineId, options = {}) {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/cart/lines/${part(lineId)}`,
            scheme: "session",
            query: ["cartVersion"],
        }, options);
    }
    /**
     * Change the quantity or the note of a line.
     *
     * The body may have 16,384 bytes.
     *
     * Roles: shopper.
     */
    changeLine(lineId, body, options = {}) {
        return this.#connection.data({
            method: "PATCH",
            path: `/v1/cart/lines/${part(lineId)}`,
            scheme: "session",
            body,
        }, options);
    }
    /**
     * The cart behind a code.
     *
     * Roles: store_manager, store_staff.
     */
    readHandover(handoverId, options = {}) {
        return this.#connection.data({
            method: "GET",
            path: `/v1/handovers/${part(handoverId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Take the cart to this till; the shopper's visit is over.
     *
     * Roles: store_manager, store_staff.
     */
    claimHandover(handoverId, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/handovers/${part(handoverId)}/claim`,
            scheme: "identity",
        }, options);
    }
    /** The public keys of session tokens (RFC 7517). */
    readKeys(options = {}) {
        return this.#connection.raw({ method: "GET", path: "/v1/jwks.json" }, options);
    }
    /**
     * Check in at a store with the code at its entrance.
     *
     * The body may have 8,192 bytes.
     *
     * Roles: shopper.
     */
    checkIn(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/sessions",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * The visit of this session token.
     *
     * Roles: shopper.
     */
    readCurrentSession(options = {}) {
        return this.#connection.data({ method: "GET", path: "/v1/sessions/current", scheme: "session" }, options);
    }
    /**
     * End a visit; may be repeated.
     *
     * Roles: shopper.
     */
    endSession(sessionId, options = {}) {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/sessions/${part(sessionId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * A visit of your own.
     *
     * Roles: shopper.
     */
    readSession(sessionId, options = {}) {
        return this.#connection.data({
            method: "GET",
            path: `/v1/sessions/${part(sessionId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * A fresh token; the visit goes on for another half hour, four hours at most.
     *
     * Roles: shopper.
     */
    renewSessionToken(sessionId, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/sessions/${part(sessionId)}/token`,
            scheme: "identity",
        }, options);
    }
}
