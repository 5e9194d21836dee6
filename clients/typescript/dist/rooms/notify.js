/**
 * Tells shoppers on their devices, and in open apps, what became of their visit, cart, card and payment.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
/** Tells shoppers on their devices, and in open apps, what became of their visit, cart, card and payment. */
export class Notify {
    #connection;
    constructor(connection) {
        this.#connection = connection;
    }
    /**
     * Leave a device alone.
     *
     * Roles: shopper.
     */
    removeDevice(installationId, options = {}) {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/devices/${part(installationId)}`,
            scheme: "session",
        }, options);
    }
    /**
     * Have a device told of this visit; it is in one visit at a time.
     *
     * The body may have 8,192 bytes.
     *
     * Roles: shopper.
     */
    putDevice(installationId, body, options = {}) {
        return this.#connection.data({
            method: "PUT",
            path: `/v1/devices/${part(installationId)}`,
            scheme: "session",
            body,
        }, options);
    }
    /**
     * Say whether the app is in front: while it is, nothing is pushed to the device.
     *
     * Believed for two minutes, as an app may be killed without a word; repeat it every minute.
     *
     * The body may have 1,024 bytes.
     *
     * Roles: shopper.
     */
    putInFront(installationId, body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/devices/${part(installationId)}/foreground`,
            scheme: "session",
            body,
        }, options);
    }
    /**
     * What the shopper was told in this visit, oldest first; the last 50 are kept.
     *
     * Roles: shopper.
     */
    listNotices(options = {}) {
        return this.#connection.data({
            method: "GET",
            path: "/v1/notices",
            scheme: "session",
            query: ["after"],
        }, options);
    }
    /**
     * The same as server-sent events, as they happen.
     *
     * Goes on behind `Last-Event-ID` (or `after`). Ends after some minutes, and when the token does: open the next one.
     * Needs the Authorization header, so browsers use fetch, not EventSource.
     *
     * Roles: shopper.
     */
    streamNotices(options = {}) {
        return this.#connection.events({
            method: "GET",
            path: "/v1/notices/stream",
            scheme: "session",
            query: ["after"],
        }, options);
    }
}
