/**
 * The pages on which brand managers, store staff and operators see and steer what the public API offers them.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
/** The pages on which brand managers, store staff and operators see and steer what the public API offers them. */
export class Admin {
    #connection;
    constructor(connection) {
        this.#connection = connection;
    }
    /**
     * How a product's price or stock went, the latest first, for three months.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    readTimeline(storeId, barcode, options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/products/${part(barcode)}/timeline`,
            scheme: "identity",
            query: ["field", "limit"],
        }, options);
    }
    /**
     * What a store sold, day by day, the latest first.
     *
     * Roles: brand_manager, store_manager.
     */
    listSales(storeId, options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/sales`,
            scheme: "identity",
            query: ["from", "to", "limit"],
        }, options);
    }
}
