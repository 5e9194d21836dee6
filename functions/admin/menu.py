"""The menu, in the order it is shown; who is in `roles` sees an entry. What a role may do is decided by the API."""

from __future__ import annotations

from functions.admin.domain import BRAND_MANAGER, OPERATOR, STORE_MANAGER, STORE_STAFF, Place

_STAFF = frozenset({STORE_MANAGER, STORE_STAFF})
_MANAGERS = frozenset({BRAND_MANAGER, STORE_MANAGER})

MENU = (
    Place("staff", "Baskets to look at", "/admin/stores/{store}/interventions", _STAFF),
    Place("exit", "Exit", "/admin/stores/{store}/exits", _STAFF),
    Place("products", "Products", "/admin/stores/{store}/products", _MANAGERS | _STAFF),
    Place("imports", "Imports", "/admin/stores/{store}/imports", _MANAGERS),
    Place("sales", "Sales", "/admin/stores/{store}/sales", _MANAGERS),
    Place("availability", "Availability", "/admin/stores/{store}/availability", _MANAGERS),
    Place("purchases", "Purchases", "/admin/stores/{store}/purchases", _STAFF),
    Place("all-sales", "Sales of all stores", "/admin/sales", _MANAGERS),
    Place("promotions", "Promotions", "/admin/promotions", frozenset({BRAND_MANAGER})),
    Place("all-imports", "All imports", "/admin/imports", _MANAGERS | {OPERATOR}),
    Place("connections", "Connections and schedules", "/admin/connections", frozenset({BRAND_MANAGER, OPERATOR})),
    Place("operations", "Operations", "/admin/operations", frozenset({BRAND_MANAGER, OPERATOR})),
)
