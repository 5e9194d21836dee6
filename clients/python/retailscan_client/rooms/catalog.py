"""Stores, brands, modules and settings of a tenant, and the products of every store, with who changed what.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from typing import Literal

from retailscan_client.connection import Connection, Listing, new_key, part
from retailscan_client.models import (
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
)


class Catalog:
    """Stores, brands, modules and settings of a tenant, and the products of every store, with who changed what."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_brands(self, *, limit: int | None = None) -> Listing[BrandView]:
        """List brands.

        Roles: brand_manager, store_manager, store_staff.

        `limit`: default: 20.
        """
        answer: Listing[BrandView] = self._connection.listing("/v1/brands", scheme="identity", query={"limit": limit})
        return answer

    def create_brand(self, body: NewBrand, *, idempotency_key: str | None = None) -> BrandView:
        """Add a brand.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: BrandView = self._connection.data(
            "POST", "/v1/brands", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def remove_brand(self, brand_id: str) -> Removed:
        """Remove a brand that no product carries.

        Roles: brand_manager.
        """
        answer: Removed = self._connection.data("DELETE", f"/v1/brands/{part(brand_id)}", scheme="identity")
        return answer

    def read_brand(self, brand_id: str) -> BrandView:
        """Read a brand.

        Roles: brand_manager, store_manager, store_staff.
        """
        answer: BrandView = self._connection.data("GET", f"/v1/brands/{part(brand_id)}", scheme="identity")
        return answer

    def edit_brand(self, brand_id: str, body: BrandPatch, *, idempotency_key: str | None = None) -> BrandView:
        """Change a brand.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: BrandView = self._connection.data(
            "PATCH", f"/v1/brands/{part(brand_id)}", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def read_catalog_keys(self) -> KeyDocument:
        """The public keys of snapshots (RFC 7517)."""
        answer: KeyDocument = self._connection.raw("GET", "/v1/catalog-keys.json", scheme=None)
        return answer

    def list_modules(self, *, limit: int | None = None) -> Listing[ModuleView]:
        """List modules.

        Roles: brand_manager, store_manager, store_staff.

        `limit`: default: 20.
        """
        answer: Listing[ModuleView] = self._connection.listing("/v1/modules", scheme="identity", query={"limit": limit})
        return answer

    def create_module(self, body: NewModule, *, idempotency_key: str | None = None) -> ModuleView:
        """Add a module.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: ModuleView = self._connection.data(
            "POST", "/v1/modules", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def remove_module(self, module_id: str) -> Removed:
        """Remove a module.

        Roles: brand_manager.
        """
        answer: Removed = self._connection.data("DELETE", f"/v1/modules/{part(module_id)}", scheme="identity")
        return answer

    def read_module(self, module_id: str) -> ModuleView:
        """Read a module.

        Roles: brand_manager, store_manager, store_staff.
        """
        answer: ModuleView = self._connection.data("GET", f"/v1/modules/{part(module_id)}", scheme="identity")
        return answer

    def edit_module(self, module_id: str, body: ModulePatch, *, idempotency_key: str | None = None) -> ModuleView:
        """Change a module.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: ModuleView = self._connection.data(
            "PATCH", f"/v1/modules/{part(module_id)}", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def list_stores(self, *, limit: int | None = None) -> Listing[StoreView]:
        """List your stores.

        Roles: brand_manager, store_manager, store_staff.

        `limit`: default: 20.
        """
        answer: Listing[StoreView] = self._connection.listing("/v1/stores", scheme="identity", query={"limit": limit})
        return answer

    def open_store(self, body: NewStore, *, idempotency_key: str | None = None) -> StoreView:
        """Open a store.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: StoreView = self._connection.data(
            "POST", "/v1/stores", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def close_store(self, store_id: str) -> Removed:
        """Remove a store.

        Roles: brand_manager.
        """
        answer: Removed = self._connection.data("DELETE", f"/v1/stores/{part(store_id)}", scheme="identity")
        return answer

    def read_store(self, store_id: str) -> StoreView:
        """Read a store.

        Roles: brand_manager, store_manager, store_staff.
        """
        answer: StoreView = self._connection.data("GET", f"/v1/stores/{part(store_id)}", scheme="identity")
        return answer

    def edit_store(self, store_id: str, body: StorePatch, *, idempotency_key: str | None = None) -> StoreView:
        """Change a store.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: StoreView = self._connection.data(
            "PATCH", f"/v1/stores/{part(store_id)}", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def clear_store_cache(self, store_id: str) -> CacheCleared:
        """Forget what is cached for a store.

        Roles: brand_manager, operator, store_manager.
        """
        answer: CacheCleared = self._connection.data(
            "POST", f"/v1/stores/{part(store_id)}/cache:clear", scheme="identity"
        )
        return answer

    def read_check_in_code(self, store_id: str) -> CheckInCode:
        """The signed code for the poster at the entrance.

        Roles: brand_manager, store_manager.
        """
        answer: CheckInCode = self._connection.data(
            "GET", f"/v1/stores/{part(store_id)}/check-in-code", scheme="identity"
        )
        return answer

    def rotate_check_in_code(self, store_id: str) -> CheckInCode:
        """A new code for the entrance; the old posters are void.

        Roles: brand_manager, store_manager.
        """
        answer: CheckInCode = self._connection.data(
            "POST", f"/v1/stores/{part(store_id)}/check-in-code:rotate", scheme="identity"
        )
        return answer

    def list_products(
        self,
        store_id: str,
        *,
        limit: int | None = None,
        status: Literal["active", "inactive", "deleted"] | None = None,
        category_id: str | None = None,
        brand_id: str | None = None,
        quick: bool | None = None,
        q: str | None = None,
        sort: Literal["name", "createdAt", "barcode"] | None = None,
        order: Literal["asc", "desc"] | None = None,
    ) -> Listing[ProductView]:
        """List and search a store's products.

        Roles: brand_manager, store_manager, store_staff.

        `limit`: default: 20.
        `status`: default: active and inactive.
        `q`: every word must start a word of the name; digits also find barcodes that start so.
        `sort`: default: name.
        `order`: default: asc.
        """
        answer: Listing[ProductView] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/products",
            scheme="identity",
            query={
                "limit": limit,
                "status": status,
                "categoryId": category_id,
                "brandId": brand_id,
                "quick": quick,
                "q": q,
                "sort": sort,
                "order": order,
            },
        )
        return answer

    def create_product(self, store_id: str, body: NewProduct, *, idempotency_key: str | None = None) -> ProductView:
        """Put a product on sale in a store.

        The body may have 131,072 bytes.

        Roles: brand_manager, store_manager.
        """
        answer: ProductView = self._connection.data(
            "POST",
            f"/v1/stores/{part(store_id)}/products",
            scheme="identity",
            body=body,
            key=idempotency_key or new_key(),
        )
        return answer

    def withdraw_product(self, store_id: str, barcode: str) -> Withdrawn:
        """Take a product off sale.

        Roles: brand_manager, store_manager.
        """
        answer: Withdrawn = self._connection.data(
            "DELETE", f"/v1/stores/{part(store_id)}/products/{part(barcode)}", scheme="identity"
        )
        return answer

    def read_product(self, store_id: str, barcode: str) -> ProductView:
        """Read a product.

        Roles: brand_manager, store_manager, store_staff.
        """
        answer: ProductView = self._connection.data(
            "GET", f"/v1/stores/{part(store_id)}/products/{part(barcode)}", scheme="identity"
        )
        return answer

    def edit_product(
        self, store_id: str, barcode: str, body: ProductPatch, *, idempotency_key: str | None = None
    ) -> ProductView:
        """Change what the body names; price and stock come from the price stream.

        With If-Match, an edit made since that version is a conflict. Price updates are not.

        The body may have 131,072 bytes.

        Roles: brand_manager, store_manager.
        """
        answer: ProductView = self._connection.data(
            "PATCH",
            f"/v1/stores/{part(store_id)}/products/{part(barcode)}",
            scheme="identity",
            body=body,
            key=idempotency_key or new_key(),
        )
        return answer

    def read_product_history(self, store_id: str, barcode: str, *, limit: int | None = None) -> Listing[AuditView]:
        """Who changed what on a product.

        Roles: brand_manager, store_manager, store_staff.

        `limit`: default: 20.
        """
        answer: Listing[AuditView] = self._connection.listing(
            f"/v1/stores/{part(store_id)}/products/{part(barcode)}/history", scheme="identity", query={"limit": limit}
        )
        return answer

    def load_products(self, store_id: str, body: ProductBulk, *, idempotency_key: str | None = None) -> BulkReport:
        """Create or change up to 500 products, each judged alone.

        The body may have 6,291,456 bytes.

        Roles: brand_manager, store_manager.
        """
        answer: BulkReport = self._connection.data(
            "POST",
            f"/v1/stores/{part(store_id)}/products:bulk",
            scheme="identity",
            body=body,
            key=idempotency_key or new_key(),
        )
        return answer

    def read_snapshot(self, store_id: str) -> bytes:
        """The products of your store as one signed file, to scan without a network.

        Lines of JSON, `[barcode, name, price, measure, age, packs]`, and at last a signature (EdDSA). At most
        20,000 products, a minute old at most. Send `If-None-Match`.

        Roles: shopper.
        """
        return self._connection.bytes("GET", f"/v1/stores/{part(store_id)}/snapshot", scheme="session")

    def read_tenant_settings(self) -> TenantSettingsView:
        """Read your settings.

        Roles: brand_manager, operator.
        """
        answer: TenantSettingsView = self._connection.data("GET", "/v1/tenant-settings", scheme="identity")
        return answer

    def put_tenant_settings(
        self, body: TenantSettingsBody, *, idempotency_key: str | None = None
    ) -> TenantSettingsView:
        """Set taxes, rounding, checks, the refund limit and the receipt's last line.

        The body may have 131,072 bytes.

        Roles: brand_manager, operator.
        """
        answer: TenantSettingsView = self._connection.data(
            "PUT", "/v1/tenant-settings", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer
