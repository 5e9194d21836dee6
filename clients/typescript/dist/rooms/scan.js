/**
 * Says what a scanned code is, what it costs in this store and whether it may be sold.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
/** Says what a scanned code is, what it costs in this store and whether it may be sold. */
export class Scan {
    #connection;
    constructor(connection) {
        this.#connection = connection;
    }
    /**
     * Scan one symbol.
     *
     * The body may have 16,384 bytes.
     *
     * Roles: shopper.
     */
    scanSymbol(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/scan",
            scheme: "session",
            body,
            repeatable: true,
        }, options);
    }
    /**
     * Scan up to 50 symbols.
     *
     * The body may have 262,144 bytes.
     *
     * Roles: shopper.
     */
    scanBatch(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/scan/batch",
            scheme: "session",
            body,
            repeatable: true,
        }, options);
    }
    /**
     * Scan one code.
     *
     * Roles: shopper.
     */
    scanCode(code, options = {}) {
        return this.#connection.data({ method: "GET", path: `/v1/scan/${part(code)}`, scheme: "session" }, options);
    }
}
