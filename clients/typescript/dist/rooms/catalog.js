/**
 * Stores, brands, modules and settings of a tenant, and the products of every store, with who changed what.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
/** Stores, brands, modules and settings of a tenant, and the products of every store, with who changed what. */
export class Catalog {
    #connection;
    constructor(connection) {
        this.#connection = connection;
    }
    /**
     * List brands.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    listBrands(options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/brands",
            scheme: "identity",
            query: ["limit"],
        }, options);
    }
    /**
     * Add a brand.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    createBrand(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/brands",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Remove a brand that no product carries.
     *
     * Roles: brand_manager.
     */
    removeBrand(brandId, options = {}) {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/brands/${part(brandId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Read a brand.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    readBrand(brandId, options = {}) {
        return this.#connection.data({
            method: "GET",
            path: `/v1/brands/${part(brandId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Change a brand.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    editBrand(brandId, body, options = {}) {
        return this.#connection.data({
            method: "PATCH",
            path: `/v1/brands/${part(brandId)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /** The public keys of snapshots (RFC 7517). */
    readCatalogKeys(options = {}) {
        return this.#connection.raw({ method: "GET", path: "/v1/catalog-keys.json" }, options);
    }
    /**
     * List modules.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    listModules(options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/modules",
            scheme: "identity",
            query: ["limit"],
        }, options);
    }
    /**
     * Add a module.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    createModule(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/modules",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Remove a module.
     *
     * Roles: brand_manager.
     */
    removeModule(moduleId, options = {}) {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/modules/${part(moduleId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Read a module.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    readModule(moduleId, options = {}) {
        return this.#connection.data({
            method: "GET",
            path: `/v1/modules/${part(moduleId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Change a module.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    editModule(moduleId, body, options = {}) {
        return this.#connection.data({
            method: "PATCH",
            path: `/v1/modules/${part(moduleId)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * List your stores.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    listStores(options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/stores",
            scheme: "identity",
            query: ["limit"],
        }, options);
    }
    /**
     * Open a store.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    openStore(body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: "/v1/stores",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Remove a store.
     *
     * Roles: brand_manager.
     */
    closeStore(storeId, options = {}) {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/stores/${part(storeId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Read a store.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    readStore(storeId, options = {}) {
        return this.#connection.data({
            method: "GET",
            path: `/v1/stores/${part(storeId)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Change a store.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    editStore(storeId, body, options = {}) {
        return this.#connection.data({
            method: "PATCH",
            path: `/v1/stores/${part(storeId)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Forget what is cached for a store.
     *
     * Roles: brand_manager, operator, store_manager.
     */
    clearStoreCache(storeId, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/stores/${part(storeId)}/cache:clear`,
            scheme: "identity",
        }, options);
    }
    /**
     * The signed code for the poster at the entrance.
     *
     * Roles: brand_manager, store_manager.
     */
    readCheckInCode(storeId, options = {}) {
        return this.#connection.data({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/check-in-code`,
            scheme: "identity",
        }, options);
    }
    /**
     * A new code for the entrance; the old posters are void.
     *
     * Roles: brand_manager, store_manager.
     */
    rotateCheckInCode(storeId, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/stores/${part(storeId)}/check-in-code:rotate`,
            scheme: "identity",
        }, options);
    }
    /**
     * List and search a store's products.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    listProducts(storeId, options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/products`,
            scheme: "identity",
            query: ["limit", "status", "categoryId", "brandId", "quick", "q", "sort", "order"],
        }, options);
    }
    /**
     * Put a product on sale in a store.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager, store_manager.
     */
    createProduct(storeId, body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/stores/${part(storeId)}/products`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Take a product off sale.
     *
     * Roles: brand_manager, store_manager.
     */
    withdrawProduct(storeId, barcode, options = {}) {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/stores/${part(storeId)}/products/${part(barcode)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Read a product.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    readProduct(storeId, barcode, options = {}) {
        return this.#connection.data({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/products/${part(barcode)}`,
            scheme: "identity",
        }, options);
    }
    /**
     * Change what the body names; price and stock come from the price stream.
     *
     * With If-Match, an edit made since that version is a conflict. Price updates are not.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager, store_manager.
     */
    editProduct(storeId, barcode, body, options = {}) {
        return this.#connection.data({
            method: "PATCH",
            path: `/v1/stores/${part(storeId)}/products/${part(barcode)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * Who changed what on a product.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    readProductHistory(storeId, barcode, options = {}) {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/products/${part(barcode)}/history`,
            scheme: "identity",
            query: ["limit"],
        }, options);
    }
    /**
     * Create or change up to 500 products, each judged alone.
     *
     * The body may have 6,291,456 bytes.
     *
     * Roles: brand_manager, store_manager.
     */
    loadProducts(storeId, body, options = {}) {
        return this.#connection.data({
            method: "POST",
            path: `/v1/stores/${part(storeId)}/products:bulk`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
    /**
     * The products of your store as one signed file, to scan without a network.
     *
     * Lines of JSON, `[barcode, name, price, measure, age, packs]`, and at last a signature (EdDSA). At most 20,000
     * products, a minute old at most. Send `If-None-Match`.
     *
     * Roles: shopper.
     */
    readSnapshot(storeId, options = {}) {
        return this.#connection.blob({
            method: "GET",
            path: `/v1/stores/${part(storeId)}/snapshot`,
            scheme: "session",
        }, options);
    }
    /**
     * Read your settings.
     *
     * Roles: brand_manager, operator.
     */
    readTenantSettings(options = {}) {
        return this.#connection.data({ method: "GET", path: "/v1/tenant-settings", scheme: "identity" }, options);
    }
    /**
     * Set taxes, rounding, checks, the refund limit and the receipt's last line.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager, operator.
     */
    putTenantSettings(body, options = {}) {
        return this.#connection.data({
            method: "PUT",
            path: "/v1/tenant-settings",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
}
