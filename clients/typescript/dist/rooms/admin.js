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
     * How doors, queues, caches and prices do, and the latest errors.
     *
     * Roles: operator.
     */
    readHealth(options = {}) {
        return this.#connection.data({
            method: "GET",
            path: "/v1/platform/health",
            scheme: "identity",
            query: ["errors"],
        }, options);
    }
    /**
     * What each of one's stores sold in a period, whoever sold most first.
     *
     * Roles: brand_manager, store_manager.
     */
    listStoreSales(options) {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/sales",
            scheme: "identity",
            query: ["from", "to", "limit"],
        }, options);
    }
    /**
     * How much of what a store lists could be bought, day by day, the latest first.
     *
     * Roles: brand_manager, store_manager.
     */
    listAvailability(storeId, options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/availability`,
            scheme: "identity",
            query: ["from", "to", "limit"],
        }, options);
    }
    /**
     * What was sold of a product, day by day, the latest first.
     *
     * Roles: brand_manager, store_manager.
     */
    readProductSales(storeId, barcode, options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/products/${part(barcode)}/sales`,
            scheme: "identity",
            query: ["from", "to", "limit"],
        }, options);
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
            query: ["from", "to", "limit", "products"],
        }, options);
    }
    /**
     * What a store sold in a period by product, what brought most first; of each day the 500 that brought most.
     *
     * Roles: brand_manager, store_manager.
     */
    listProductSales(storeId, options) {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/sales/products`,
            scheme: "identity",
            query: ["from", "to", "limit"],
        }, options);
    }
    /**
     * Products out of stock, the longest first; or those that were, by how long in all.
     *
     * Roles: brand_manager, store_manager.
     */
    listStockOuts(storeId, options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/stock-outs`,
            scheme: "identity",
            query: ["when", "limit"],
        }, options);
    }
}
