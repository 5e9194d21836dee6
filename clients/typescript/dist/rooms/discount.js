/**
 * Promotions of a tenant as versioned rules, what a basket gets by them and why, and the brand cards of shoppers.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
/** Promotions of a tenant as versioned rules, what a basket gets by them and why, and the brand cards of shoppers. */
export class Discount {
    #connection;
    constructor(connection) {
        this.#connection = connection;
    }
    /**
     * Put a brand card on your visit; it is good for ten minutes and one checkout.
     *
     * The body may have 2,048 bytes.
     *
     * Roles: shopper.
     */
    acceptCard(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/discount-cards",
            scheme: "session",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Take the card off your visit; may be repeated.
     *
     * Roles: shopper.
     */
    takeCardOff(options = {}) {
        return this.#connection.data({
            method: "DELETE",
            path: "/v1/discount-cards/current",
            scheme: "session",
        }, options);
    }
    /**
     * The card on your visit.
     *
     * Roles: shopper.
     */
    readCurrentCard(options = {}) {
        return this.#connection.data({ method: "GET", path: "/v1/discount-cards/current", scheme: "session" }, options);
    }
    /**
     * List the promotions of your stores.
     *
     * Roles: brand_manager.
     */
    listPromotions(options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/promotions",
            scheme: "identity",
            query: ["limit", "status"],
        }, options);
    }
    /**
     * Add a promotion, as a draft or active at once.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    createPromotion(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/promotions",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Take a promotion away at once.
     *
     * Roles: brand_manager.
     */
    removePromotion(promotionId, options = {}) {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/promotions/${part(promotionId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Read a promotion.
     *
     * Roles: brand_manager.
     */
    readPromotion(promotionId, options = {}) {
        return this.#connection.data({
            method: "GET",
            path: `/v1/promotions/${part(promotionId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Write the next version of a promotion.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    replacePromotion(promotionId, body, options = {}) {
        return this.#connection.data({
            method: "PUT",
            path: `/v1/promotions/${part(promotionId)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Every version of a promotion: what it said, who wrote it, what was changed.
     *
     * Roles: brand_manager.
     */
    listPromotionVersions(promotionId, options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/promotions/${part(promotionId)}/versions`,
            scheme: "identity",
            query: ["limit"],
        }, options);
    }
    /**
     * What a basket would cost, and what each promotion has to do with it.
     *
     * The body may have 262,144 bytes.
     *
     * Roles: brand_manager.
     */
    dryRun(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/promotions:dry-run",
            scheme: "identity",
            body,
            repeatable: true,
        }, options);
    }
}
