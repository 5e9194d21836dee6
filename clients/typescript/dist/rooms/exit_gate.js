/**
 * The way out of a store, where an exit pass opens the gate once and staff may help.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
/** The way out of a store, where an exit pass opens the gate once and staff may help. */
export class ExitGate {
    #connection;
    constructor(connection) {
        this.#connection = connection;
    }
    /** The public keys of exit passes (RFC 7517), for gates without a network. */
    readExitKeys(options = {}) {
        return this.#connection.raw({ method: "GET", path: "/v1/exit-keys.json" }, options);
    }
    /**
     * Let a shopper out with an exit pass, which is used from then on.
     *
     * The body may have 8,192 bytes.
     *
     * Roles: gate, store_manager, store_staff.
     */
    openGate(storeId, body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/stores/${part(storeId)}/exits`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Let a shopper out who has paid but shows no pass; audited.
     *
     * The body may have 8,192 bytes.
     *
     * Roles: store_manager, store_staff.
     */
    letOut(storeId, body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/stores/${part(storeId)}/exits:override`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
}
