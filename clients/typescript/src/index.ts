/** A typed client of RetailScan's public API. Money is integer minor units, quantities are integer thousandths. */
export { RetailScan, VERSION } from "./client.js";
export { Listing } from "./connection.js";
export type { ConnectionOptions, Content, Event, Keyed, Options, Page, Retry, Token } from "./connection.js";
export { ApiError, NoToken, RetailScanError, Unreachable } from "./errors.js";
export type * from "./models.js";
