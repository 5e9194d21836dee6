/**
 * The client with all its rooms.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { Connection } from "./connection.js";
import { Admin } from "./rooms/admin.js";
import { Catalog } from "./rooms/catalog.js";
import { Checkout } from "./rooms/checkout.js";
import { Discount } from "./rooms/discount.js";
import { ExitGate } from "./rooms/exit_gate.js";
import { ImportPublish } from "./rooms/import_publish.js";
import { Notify } from "./rooms/notify.js";
import { PriceIngest } from "./rooms/price_ingest.js";
import { Scan } from "./rooms/scan.js";
import { Sessions } from "./rooms/sessions.js";
/** Of the contract that this client was made from. */
export const VERSION = "0.1.0";
/** A suite of RetailScan on behalf of one caller; see Connection for how it is made. */
export class RetailScan extends Connection {
    /** The pages on which brand managers, store staff and operators see and steer what the public API offers them. */
    admin = new Admin(this);
    /** Stores, brands, modules and settings of a tenant, and the products of every store, with who changed what. */
    catalog = new Catalog(this);
    /** From the cart to the exit pass, one purchase at a time, charged once and never oversold. */
    checkout = new Checkout(this);
    /**
     * Promotions of a tenant as versioned rules, what a basket gets by them and why, and the brand cards of shoppers.
     */
    discount = new Discount(this);
    /** The way out of a store, where an exit pass opens the gate once and staff may help. */
    exitGate = new ExitGate(this);
    /** Files of products of any size, staged, checked and compared, approved, published, retried and rolled back. */
    importPublish = new ImportPublish(this);
    /** Tells shoppers on their devices, and in open apps, what became of their visit, cart, card and payment. */
    notify = new Notify(this);
    /** Prices and stock counts from ERPs, applied in any order of arrival, never backwards, and told to everyone. */
    priceIngest = new PriceIngest(this);
    /** Says what a scanned code is, what it costs in this store and whether it may be sold. */
    scan = new Scan(this);
    /**
     * Check-in at a store, the session token that opens this store only, the cart of the visit and its way to a till.
     */
    sessions = new Sessions(this);
}
