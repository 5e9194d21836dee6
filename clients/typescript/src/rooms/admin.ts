/**
 * The pages on which brand managers, store staff and operators see and steer what the public API offers them.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
import type { Connection, Listing, Options } from "../connection.js";
import type { SalesDay, TimelinePoint } from "../models.js";

/** For readTimeline. */
export interface ReadTimelineOptions extends Options {
    /** default: price */
    field?: "price" | "stock";
    /** default: 20 */
    limit?: number;
}

/** For listSales. */
export interface ListSalesOptions extends Options {
    from?: string;
    to?: string;
    /** default: 20 */
    limit?: number;
}

/** The pages on which brand managers, store staff and operators see and steer what the public API offers them. */
export class Admin {
    readonly #connection: Connection;

    constructor(connection: Connection) {
        this.#connection = connection;
    }

    /**
     * How a product's price or stock went, the latest first, for three months.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    readTimeline(storeId: string, barcode: string, options: ReadTimelineOptions = {}): Listing<TimelinePoint> {
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
    listSales(storeId: string, options: ListSalesOptions = {}): Listing<SalesDay> {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/sales`,
            scheme: "identity",
            query: ["from", "to", "limit"],
        }, options);
    }
}
