/**
 * Prices and stock counts from ERPs, applied in any order of arrival, never backwards, and told to everyone.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
/** Prices and stock counts from ERPs, applied in any order of arrival, never backwards, and told to everyone. */
export class PriceIngest {
    #connection;
    constructor(connection) {
        this.#connection = connection;
    }
    /**
     * List messages that could not be applied.
     *
     * Roles: operator.
     */
    listDeadLetters(options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/dead-letters",
            scheme: "identity",
            query: ["limit", "status", "code"],
        }, options);
    }
    /**
     * Look into a message that could not be applied.
     *
     * Roles: operator.
     */
    readDeadLetter(deadLetterId, options = {}) {
        return this.#connection.data({
            method: "GET",
            path: `/v1/dead-letters/${part(deadLetterId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Try a message again.
     *
     * The body may have 1,048,576 bytes.
     *
     * Roles: operator.
     */
    replayDeadLetter(deadLetterId, body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/dead-letters/${part(deadLetterId)}/replay`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Try up to 500 messages again, by id or by code.
     *
     * The body may have 1,048,576 bytes.
     *
     * Roles: operator.
     */
    replayDeadLetters(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/dead-letters:replay",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * List rejected updates and conflicts, whichever way they came.
     *
     * Roles: erp, operator.
     */
    listPriceIssues(options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/price-issues",
            scheme: "identity",
            query: ["limit", "kind", "storeId"],
        }, options);
    }
    /**
     * List the latest batches.
     *
     * Roles: erp, operator.
     */
    listPriceBatches(options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/price-updates",
            scheme: "identity",
            query: ["limit"],
        }, options);
    }
    /**
     * Send up to 5,000 price and stock updates.
     *
     * They are applied in the background; `statusUrl` says what became of them. Repeat with the same key. People set
     * prices alone, as of now: a stock, a time, a sequence or a source is for systems to state.
     *
     * The body may have 4,194,304 bytes.
     *
     * Roles: brand_manager, erp, store_manager.
     */
    sendPriceUpdates(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/price-updates",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * What became of a batch.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    readPriceBatch(batchId, options = {}) {
        return this.#connection.data({
            method: "GET",
            path: `/v1/price-updates/${part(batchId)}`,
            scheme: "identity",
        }, options);
    }
}
