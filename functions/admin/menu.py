"""The menu, in the order it is shown; who is in `roles` sees an entry. What a role may do is decided by the API."""

from __future__ import annotations

from functions.admin.domain import BRAND_MANAGER, STORE_MANAGER, STORE_STAFF, Place

MENU = (
    Place(
        "products", "Products", "/admin/stores/{store}/products", frozenset({BRAND_MANAGER, STORE_MANAGER, STORE_STAFF})
    ),
)
