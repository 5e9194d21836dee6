/**
 * Stores, brands, modules and settings of a tenant, and the products of every store, with who changed what.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
import type { Connection, Keyed, Listing, Options } from "../connection.js";
import type {
    AuditView,
    BrandPatch,
    BrandView,
    BulkReport,
    CacheCleared,
    CheckInCode,
    KeyDocument,
    ModulePatch,
    ModuleView,
    NewBrand,
    NewModule,
    NewProduct,
    NewStore,
    ProductBulk,
    ProductPatch,
    ProductView,
    Removed,
    StorePatch,
    StoreView,
    TenantSettingsBody,
    TenantSettingsView,
    Withdrawn,
} from "../models.js";

/** For listBrands. */
export interface ListBrandsOptions extends Options {
    /** default: 20 */
    limit?: number;
}

/** For listModules. */
export interface ListModulesOptions extends Options {
    /** default: 20 */
    limit?: number;
}

/** For listStores. */
export interface ListStoresOptions extends Options {
    /** default: 20 */
    limit?: number;
}

/** For listProducts. */
export interface ListProductsOptions extends Options {
    /** default: 20 */
    limit?: number;
    /** default: active and inactive */
    status?: "active" | "inactive" | "deleted";
    categoryId?: string;
    brandId?: string;
    quick?: boolean;
    /** every word must start a word of the name; digits also find barcodes that start so */
    q?: string;
    /** default: name */
    sort?: "name" | "createdAt" | "barcode";
    /** default: asc */
    order?: "asc" | "desc";
}

/** For readProductHistory. */
export interface ReadProductHistoryOptions extends Options {
    /** default: 20 */
    limit?: number;
}

/** Stores, brands, modules and settings of a tenant, and the products of every store, with who changed what. */
export class Catalog {
    readonly #connection: Connection;

    constructor(connection: Connection) {
        this.#connection = connection;
    }

    /**
     * List brands.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    listBrands(options: ListBrandsOptions = {}): Listing<BrandView> {
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
    createBrand(body: NewBrand, options: Keyed = {}): Promise<BrandView> {
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
    removeBrand(brandId: string, options: Options = {}): Promise<Removed> {
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
    readBrand(brandId: string, options: Options = {}): Promise<BrandView> {
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
    editBrand(brandId: string, body: BrandPatch, options: Keyed = {}): Promise<BrandView> {
        return this.#connection.data({
            method: "PATCH",
            path: `/v1/brands/${part(brandId)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }

    /** The public keys of snapshots (RFC 7517). */
    readCatalogKeys(options: Options = {}): Promise<KeyDocument> {
        return this.#connection.raw({ method: "GET", path: "/v1/catalog-keys.json" }, options);
    }

    /**
     * List modules.
     *
     * Roles: brand_manager, store_manager, store_staff.
     */
    listModules(options: ListModulesOptions = {}): Listing<ModuleView> {
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
    createModule(body: NewModule, options: Keyed = {}): Promise<ModuleView> {
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
    removeModule(moduleId: string, options: Options = {}): Promise<Removed> {
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
    readModule(moduleId: string, options: Options = {}): Promise<ModuleView> {
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
    editModule(moduleId: string, body: ModulePatch, options: Keyed = {}): Promise<ModuleView> {
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
    listStores(options: ListStoresOptions = {}): Listing<StoreView> {
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
    openStore(body: NewStore, options: Keyed = {}): Promise<StoreView> {
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
    closeStore(storeId: string, options: Options = {}): Promise<Removed> {
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
    readStore(storeId: string, options: Options = {}): Promise<StoreView> {
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
    editStore(storeId: string, body: StorePatch, options: Keyed = {}): Promise<StoreView> {
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
    clearStoreCache(storeId: string, options: Options = {}): Promise<CacheCleared> {
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
    readCheckInCode(storeId: string, options: Options = {}): Promise<CheckInCode> {
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
    rotateCheckInCode(storeId: string, options: Options = {}): Promise<CheckInCode> {
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
    listProducts(storeId: string, options: ListProductsOptions = {}): Listing<ProductView> {
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
    createProduct(storeId: string, body: NewProduct, options: Keyed = {}): Promise<ProductView> {
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
    withdrawProduct(storeId: string, barcode: string, options: Options = {}): Promise<Withdrawn> {
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
    readProduct(storeId: string, barcode: string, options: Options = {}): Promise<ProductView> {
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
    editProduct(storeId: string, barcode: string, body: ProductPatch, options: Keyed = {}): Promise<ProductView> {
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
    readProductHistory(storeId: string, barcode: string, options: ReadProductHistoryOptions = {}): Listing<AuditView> {
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
    loadProducts(storeId: string, body: ProductBulk, options: Keyed = {}): Promise<BulkReport> {
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
    readSnapshot(storeId: string, options: Options = {}): Promise<Blob> {
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
    readTenantSettings(options: Options = {}): Promise<TenantSettingsView> {
        return this.#connection.data({ method: "GET", path: "/v1/tenant-settings", scheme: "identity" }, options);
    }

    /**
     * Set taxes, rounding, checks, the refund limit and the receipt's last line.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager, operator.
     */
    putTenantSettings(body: TenantSettingsBody, options: Keyed = {}): Promise<TenantSettingsView> {
        return this.#connection.data({
            method: "PUT",
            path: "/v1/tenant-settings",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
}
