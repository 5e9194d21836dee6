/**
 * The pages on which brand managers, store staff and operators see and steer what the public API offers them.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
import type { Connection, Listing, Options } from "../connection.js";
import type { SalesDay } from "../models.js";

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
