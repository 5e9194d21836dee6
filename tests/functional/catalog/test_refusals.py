"""What the catalogue's door refuses by itself: roles, scopes, schemas."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from functions.catalog.main import door
from functions.common import auth
from tests.functional.catalog.conftest import FOREIGN_STORE, STORE, TENANT
from tests.support import World

GTIN = "4006381333931"
PRODUCTS = f"/v1/stores/{STORE}/products"
PRODUCT = {"barcode": GTIN, "name": "Fine Pencil"}
NEW_STORE = {"storeId": "acme-oslo", "name": "Oslo", "currency": "NOK", "timeZone": "Europe/Oslo"}
MODULE = {"moduleId": "offers", "name": "Offers", "version": "1.0.0"}

BRAND, MANAGER, STAFF, OPERATOR = auth.BRAND_MANAGER, auth.STORE_MANAGER, auth.STORE_STAFF, auth.OPERATOR
ALLOWED = {
    "create_product": {BRAND, MANAGER},
    "load_products": {BRAND, MANAGER},
    "list_products": {BRAND, MANAGER, STAFF},
    "read_product": {BRAND, MANAGER, STAFF},
    "edit_product": {BRAND, MANAGER},
    "withdraw_product": {BRAND, MANAGER},
    "read_product_history": {BRAND, MANAGER, STAFF},
    "create_brand": {BRAND},
    "list_brands": {BRAND, MANAGER, STAFF},
    "read_brand": {BRAND, MANAGER, STAFF},
    "edit_brand": {BRAND},
    "remove_brand": {BRAND},
    "create_module": {BRAND},
    "list_modules": {BRAND, MANAGER, STAFF},
    "read_module": {BRAND, MANAGER, STAFF},
    "edit_module": {BRAND},
    "remove_module": {BRAND},
    "open_store": {BRAND},
    "list_stores": {BRAND, MANAGER, STAFF},
    "read_store": {BRAND, MANAGER, STAFF},
    "edit_store": {BRAND},
    "close_store": {BRAND},
    "read_check_in_code": {BRAND, MANAGER},
    "rotate_check_in_code": {BRAND, MANAGER},
    "clear_store_cache": {BRAND, MANAGER, OPERATOR},
    "read_tenant_settings": {BRAND, OPERATOR},
    "put_tenant_settings": {BRAND, OPERATOR},
}
FOR_PHONES = {"read_snapshot", "read_catalog_keys"}
"""Not by role: tests/integration/catalog/test_snapshot.py has them."""
PATHS = {"storeId": STORE, "barcode": GTIN, "brandId": "faber", "moduleId": "offers"}
ROUTES = {route.handler.__name__: route for route in door.routes}


def path_of(operation: str) -> str:
    return ROUTES[operation].path.format(**PATHS)


def codes(reply: httpx.Response) -> list[tuple[str, str]]:
    return [(detail["field"], detail["code"]) for detail in reply.json()["error"]["details"]]


def test_the_table_of_roles_names_every_operation() -> None:
    assert set(ALLOWED) | FOR_PHONES == set(ROUTES)


@pytest.mark.parametrize("operation", sorted(ALLOWED))
async def test_only_the_listed_roles_get_through(operation: str, client: httpx.AsyncClient, world: World) -> None:
    route = ROUTES[operation]
    for role in sorted(auth.ROLES - ALLOWED[operation]):
        headers = world.shopper() if role == auth.SHOPPER else world.staff(role, TENANT)
        reply = await client.request(route.method, path_of(operation), headers=headers, json={})
        assert (role, reply.status_code) == (role, 403)
        assert reply.json()["error"]["code"] == "ROLE_NOT_ALLOWED"


@pytest.mark.parametrize("operation", sorted(ALLOWED))
async def test_nobody_gets_through_without_a_valid_token(
    operation: str, client: httpx.AsyncClient, world: World
) -> None:
    route, path = ROUTES[operation], path_of(operation)
    expired = world.staff("brand_manager", TENANT, lives_s=-60)
    session = world.checked_in(TENANT, STORE)
    for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"}, expired, session):
        reply = await client.request(route.method, path, headers=headers, json={})
        assert reply.status_code == 401, (headers, reply.text)


@pytest.mark.parametrize("operation", sorted(name for name in ALLOWED if "{storeId}/products" in ROUTES[name].path))
async def test_stores_that_are_unknown_foreign_or_not_in_the_token_look_the_same(
    operation: str, client: httpx.AsyncClient, world: World
) -> None:
    bodies = {"load_products": {"products": [PRODUCT]}, "create_product": PRODUCT, "edit_product": {"name": "x"}}
    answers = set()
    for store, claim in ((FOREIGN_STORE, "*"), ("nowhere", "*"), (STORE, "acme-paris"), (FOREIGN_STORE, FOREIGN_STORE)):
        path = ROUTES[operation].path.format(**PATHS | {"storeId": store})
        reply = await client.request(
            ROUTES[operation].method, path, headers=world.staff(BRAND, TENANT, [claim]), json=bodies.get(operation)
        )
        assert reply.status_code == 404
        error = reply.json()["error"]
        answers.add((error["code"], error["message"], str(error.get("details"))))
    assert len(answers) == 1


SURPLUS = ["storeId", "tenantId", "ver", "role", "_id", "$set", "total", "state", "createdAt", "outbox", "codeVersion"]
BODIES: dict[str, dict[str, Any]] = {
    "create_product": PRODUCT,
    "edit_product": {"name": "x"},
    "load_products": {"products": [PRODUCT]},
    "create_brand": {"brandId": "faber", "name": "Faber"},
    "edit_brand": {"name": "Faber"},
    "create_module": MODULE,
    "edit_module": {"name": "Offers"},
    "open_store": NEW_STORE,
    "edit_store": {"name": "Oslo"},
    "put_tenant_settings": {"rounding": "half_up"},
}


@pytest.mark.parametrize("operation", sorted(BODIES))
async def test_fields_outside_the_schema_are_refused_by_name(
    operation: str, client: httpx.AsyncClient, world: World
) -> None:
    for field in SURPLUS:
        if operation == "open_store" and field == "storeId":
            continue
        reply = await client.request(
            ROUTES[operation].method,
            path_of(operation),
            json={**BODIES[operation], field: "x"},
            headers=world.staff(BRAND, TENANT),
        )
        assert reply.status_code == 400, (field, reply.text)
        assert codes(reply) == [(field, "EXTRA_FORBIDDEN")]


@pytest.mark.parametrize("field", ["price", "stock"])
async def test_a_patch_of_price_or_stock_is_refused_with_the_way_to_go(
    field: str, client: httpx.AsyncClient, world: World
) -> None:
    for value in ({"amount": 1, "currency": "EUR"}, 1, None):
        reply = await client.patch(
            f"{PRODUCTS}/{GTIN}", json={"name": "x", field: value}, headers=world.staff(BRAND, TENANT)
        )
        assert reply.status_code == 400
        (detail,) = reply.json()["error"]["details"]
        assert (detail["field"], detail["code"]) == (field, "OWNED_BY_PRICE_STREAM")
        assert "POST /v1/price-updates" in detail["message"]


UNIT = {"name": "six", "barcode": "5000112637922", "quantity": 6000}
BAD_PRODUCTS: list[tuple[dict[str, Any], str]] = [
    ({"barcode": "4006381333932"}, "CHECK_DIGIT"),
    ({"barcode": "12345"}, "BAD_LENGTH"),
    ({"barcode": 4006381333931}, "STRING_TYPE"),
    ({"barcode": "x" * 49}, "STRING_TOO_LONG"),
    ({"name": ""}, "STRING_TOO_SHORT"),
    ({"name": "  "}, "STRING_TOO_SHORT"),
    ({"name": "x" * 201}, "STRING_TOO_LONG"),
    ({"name": "a\nb"}, "CONTROL_CHARACTERS"),
    ({"name": None}, "STRING_TYPE"),
    ({"description": "two\nlines, then \x1b[31mred"}, "CONTROL_CHARACTERS"),
    ({"name": {"$ne": None}}, "STRING_TYPE"),
    ({"status": "deleted"}, "LITERAL_ERROR"),
    ({"measure": "gallon"}, "LITERAL_ERROR"),
    ({"brandId": "Faber Castell"}, "STRING_PATTERN_MISMATCH"),
    ({"imageUrl": "http://x/y.png"}, "NOT_HTTPS"),
    ({"imageUrl": "javascript:alert(1)"}, "NOT_HTTPS"),
    ({"showInQuickProducts": "yes"}, "BOOL_TYPE"),
    ({"ageRestriction": 0}, "GREATER_THAN_EQUAL"),
    ({"recalledLots": ["x"] * 51}, "TOO_LONG"),
    ({"units": [UNIT] * 21}, "TOO_LONG"),
    ({"units": [UNIT | {"quantity": 0}]}, "GREATER_THAN_EQUAL"),
    ({"units": [UNIT | {"quantity": 1.5}]}, "INT_TYPE"),
    ({"units": [UNIT | {"barcode": GTIN}]}, "DUPLICATE_UNIT_BARCODE"),
    ({"units": [UNIT | {"barcode": "5000112637923"}]}, "CHECK_DIGIT"),
    ({"metadata": {"a.b": 1}}, "NOT_PLAIN_JSON"),
    ({"metadata": {"$where": "1"}}, "NOT_PLAIN_JSON"),
    ({"metadata": {"a": {"b": {"c": 1}}}}, "NOT_PLAIN_JSON"),
    ({"metadata": {f"k{n}": 1 for n in range(51)}}, "NOT_PLAIN_JSON"),
    ({"metadata": {"big": 2**63}}, "NOT_PLAIN_JSON"),
    ({"price": {"amount": -1, "currency": "EUR"}}, "GREATER_THAN_EQUAL"),
    ({"price": {"amount": 1.99, "currency": "EUR"}}, "INT_TYPE"),
    ({"price": {"amount": "199", "currency": "EUR"}}, "INT_TYPE"),
    ({"price": {"amount": 199, "currency": "USD"}}, "WRONG_CURRENCY"),
    ({"price": {"amount": 199, "currency": "EUR", "asOf": "2999-01-01T00:00:00Z"}}, "AS_OF_IN_FUTURE"),
    ({"price": {"amount": 199, "currency": "EUR", "asOf": "2026-01-01T00:00:00"}}, "TIMEZONE_AWARE"),
    ({"stock": {"quantity": -1}}, "GREATER_THAN_EQUAL"),
]


@pytest.mark.parametrize(("change", "code"), BAD_PRODUCTS)
async def test_a_product_outside_the_rules_is_refused_with_a_code(
    change: dict[str, Any], code: str, client: httpx.AsyncClient, world: World
) -> None:
    reply = await client.post(PRODUCTS, json=PRODUCT | change, headers=world.staff(BRAND, TENANT))
    assert reply.status_code == 400, reply.text
    assert code in [found for _, found in codes(reply)]


BAD_STORES: list[tuple[dict[str, Any], str]] = [
    ({"storeId": "Acme-Oslo"}, "STRING_PATTERN_MISMATCH"),
    ({"storeId": "acme oslo"}, "STRING_PATTERN_MISMATCH"),
    ({"storeId": "-oslo"}, "STRING_PATTERN_MISMATCH"),
    ({"storeId": "x" * 49}, "STRING_PATTERN_MISMATCH"),
    ({"storeId": "oslo\n"}, "STRING_PATTERN_MISMATCH"),
    ({"currency": "kr"}, "STRING_PATTERN_MISMATCH"),
    ({"currency": "XYZ"}, "UNKNOWN_CURRENCY"),
    ({"timeZone": "Europe/Atlantis"}, "UNKNOWN_TIME_ZONE"),
    ({"timeZone": "../../etc/passwd"}, "UNKNOWN_TIME_ZONE"),
    ({"stockPolicy": "loose"}, "LITERAL_ERROR"),
    ({"status": "deleted"}, "LITERAL_ERROR"),
    ({"labelTemplates": ["no-such-preset"]}, "INVALID_LABEL_TEMPLATE"),
    ({"labelTemplates": [{"pattern": "2|item5|C", "kind": "weight"}]}, "INVALID_LABEL_TEMPLATE"),
    ({"labelTemplates": ["ean13-weight"] * 21}, "TOO_LONG"),
]


@pytest.mark.parametrize(("change", "code"), BAD_STORES)
async def test_a_store_outside_the_rules_is_refused_with_a_code(
    change: dict[str, Any], code: str, client: httpx.AsyncClient, world: World
) -> None:
    reply = await client.post("/v1/stores", json=NEW_STORE | change, headers=world.staff(BRAND, TENANT))
    assert reply.status_code == 400, reply.text
    assert code in [found for _, found in codes(reply)]


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1.0"},
        {"config": {"a": {"$gt": 1}}},
        {"config": {"a.b": 1}},
        {"config": []},
        {"permissions": ["Write!"]},
        {"permissions": ["a:b"] * 51},
        {"status": "on"},
    ],
)
async def test_a_module_outside_the_rules_is_refused(
    change: dict[str, Any], client: httpx.AsyncClient, world: World
) -> None:
    reply = await client.post("/v1/modules", json=MODULE | change, headers=world.staff(BRAND, TENANT))
    assert reply.status_code == 400, reply.text


async def test_a_store_the_token_does_not_cover_cannot_be_opened(client: httpx.AsyncClient, world: World) -> None:
    reply = await client.post("/v1/stores", json=NEW_STORE, headers=world.staff(BRAND, TENANT, ["acme-berlin"]))
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "STORE_NOT_IN_SCOPE")


@pytest.mark.parametrize(
    "query",
    [
        "page=0", "page=10001", "limit=0", "limit=101", "sort=price", "order=up", "status=sold", "q=", "storeId=x",
        "q=a&q=b", "categoryId[$ne]=x", "quick=perhaps", "q=" + "x" * 101,
    ],
)  # fmt: skip
async def test_a_query_outside_the_schema_is_refused(query: str, client: httpx.AsyncClient, world: World) -> None:
    reply = await client.get(f"{PRODUCTS}?{query}", headers=world.staff(STAFF, TENANT))
    assert reply.status_code == 400, reply.text


@pytest.mark.parametrize("count", [0, 501])
async def test_a_bulk_has_one_to_five_hundred_items(count: int, client: httpx.AsyncClient, world: World) -> None:
    body = {"products": [PRODUCT] * count}
    reply = await client.post(f"{PRODUCTS}:bulk", json=body, headers=world.staff(BRAND, TENANT))
    assert reply.status_code == 400


async def test_an_if_match_that_cannot_be_read_is_refused(client: httpx.AsyncClient, world: World) -> None:
    headers = world.staff(BRAND, TENANT) | {"If-Match": 'W/"1"'}
    reply = await client.patch(f"{PRODUCTS}/{GTIN}", json={"name": "x"}, headers=headers)
    assert reply.status_code == 400
    assert codes(reply)[0][1] == "INVALID_IF_MATCH"
