/**
 * The pages on which brand managers, store staff and operators see and steer what the public API offers them.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
import type { Connection, Listing, Options } from "../connection.js";
import type {
    AvailabilityDay,
    PlatformHealth,
    ProductDay,
    SalesDay,
    SoldProduct,
    StockOut,
    StoreSales,
    TimelinePoint,
} from "../models.js";

/** For readHealth. */
export interface ReadHealthOptions extends Options {
    /** how many of the latest errors; default: 20 */
    errors?: number;
}

/** For listStoreSales. */
export interface ListStoreSalesOptions extends Options {
    from: string;
    to: string;
    /** default: 20 */
    limit?: number;
}

/** For listAvailability. */
export interface ListAvailabilityOptions extends Options {
    from?: string;
    to?: string;
    /** default: 20 */
    limit?: number;
}

/** For readProductSales. */
export interface ReadProductSalesOptions extends Options {
    from?: string;
    to?: string;
    /** default: 20 */
    limit?: number;
}

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
    /** of each day so many that brought most; default: 50 */
    products?: number;
}

/** For listProductSales. */
export interface ListProductSalesOptions extends Options {
    from: string;
    to: string;
    /** default: 20 */
    limit?: number;
}

/** For listStockOuts. */
export interface ListStockOutsOptions extends Options {
    /** default: now */
    when?: "now" | "before";
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
     * How doors, queues, caches and prices do, and the latest errors.
     *
     * Roles: operator.
     */
    readHealth(options: ReadHealthOptions = {}): Promise<PlatformHealth> {
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
    listStoreSales(options: ListStoreSalesOptions): Listing<StoreSales> {
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
    listAvailability(storeId: string, options: ListAvailabilityOptions = {}): Listing<AvailabilityDay> {
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
    readProductSales(storeId: string, barcode: string, options: ReadProductSalesOptions = {}): Listing<ProductDay> {
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
            query: ["from", "to", "limit", "products"],
        }, options);
    }

    /**
     * What a store sold in a period by product, what brought most first; of each day the 500 that brought most.
     *
     * Roles: brand_manager, store_manager.
     */
    listProductSales(storeId: string, options: ListProductSalesOptions): Listing<SoldProduct> {
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
    listStockOuts(storeId: string, options: ListStockOutsOptions = {}): Listing<StockOut> {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/stock-outs`,
            scheme: "identity",
            query: ["when", "limit"],
        }, options);
    }
}
