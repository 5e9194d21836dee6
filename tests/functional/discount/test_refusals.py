"""What the door of discounts refuses by itself: roles, stores, schemas, promotions that could not be applied."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from functions.common import auth
from functions.discount.main import door
from tests.functional.discount.conftest import FOREIGN_STORE, STORE, TENANT
from tests.support import World

BRAND = auth.BRAND_MANAGER
ROUTES = {route.handler.__name__: route for route in door.routes}
MANAGED = frozenset(
    {
        *("create_promotion", "list_promotions", "read_promotion", "replace_promotion", "remove_promotion"),
        *("list_promotion_versions", "dry_run"),
    }
)
"""What brand managers do."""
SHOPPED = frozenset({"accept_card", "read_current_card", "take_card_off"})
"""What shoppers do with a card."""
TEN = {"type": "percentage", "match": {}, "basisPoints": 1000}
PROMOTION: dict[str, Any] = {"promotionId": "wine-week", "name": "Wine week", "benefit": TEN}
BODIES: dict[str, dict[str, Any]] = {
    "create_promotion": PROMOTION,
    "replace_promotion": {"name": "Wine week", "benefit": TEN, "status": "active"},
    "dry_run": {"storeId": STORE, "lines": [{"lineId": "1", "barcode": "4006381333931", "amount": 100}]},
}


def path_of(operation: str) -> str:
    return ROUTES[operation].path.format(promotionId="wine-week")


def codes(reply: httpx.Response) -> list[tuple[str, str]]:
    return [(detail["field"], detail["code"]) for detail in reply.json()["error"]["details"]]


def test_every_operation_is_a_brand_managers_or_a_shoppers() -> None:
    assert set(ROUTES) == MANAGED | SHOPPED
    assert not MANAGED & SHOPPED


@pytest.mark.parametrize("operation", sorted(SHOPPED))
async def test_only_shoppers_who_are_checked_in_get_through_to_their_card(
    operation: str, client: httpx.AsyncClient, world: World
) -> None:
    route = ROUTES[operation]
    staff = [world.staff(role, TENANT) for role in sorted(auth.ROLES - {auth.SHOPPER})]
    for headers in (*staff, world.shopper(), world.checked_in(TENANT, STORE, lives_s=-60), {}):
        reply = await client.request(route.method, path_of(operation), headers=headers, json={})
        assert reply.status_code == 401, headers


@pytest.mark.parametrize("operation", sorted(MANAGED))
async def test_only_brand_managers_get_through(operation: str, client: httpx.AsyncClient, world: World) -> None:
    route = ROUTES[operation]
    for role in sorted(auth.ROLES - {BRAND}):
        headers = world.shopper() if role == auth.SHOPPER else world.staff(role, TENANT)
        reply = await client.request(route.method, path_of(operation), headers=headers, json={})
        assert (role, reply.status_code, reply.json()["error"]["code"]) == (role, 403, "ROLE_NOT_ALLOWED")
    for headers in ({}, world.staff(BRAND, TENANT, lives_s=-60), world.checked_in(TENANT, STORE)):
        reply = await client.request(route.method, path_of(operation), headers=headers, json={})
        assert reply.status_code == 401


@pytest.mark.parametrize("operation", sorted(BODIES))
async def test_fields_outside_the_schema_are_refused_by_name(
    operation: str, client: httpx.AsyncClient, world: World
) -> None:
    for field in ("tenantId", "ver", "_id", "$set", "outbox", "deletedAt"):
        reply = await client.request(
            ROUTES[operation].method,
            path_of(operation),
            json={**BODIES[operation], field: "x"},
            headers=world.staff(BRAND, TENANT),
        )
        assert (reply.status_code, codes(reply)) == (400, [(field, "EXTRA_FORBIDDEN")])


@pytest.mark.parametrize(
    ("store_ids", "claim"),
    [
        ([FOREIGN_STORE], "*"),
        (["nowhere"], "*"),
        ([STORE], "acme-paris"),
        ([STORE, "acme-paris"], STORE),
        (None, STORE),
    ],
)
async def test_stores_that_are_unknown_foreign_or_not_in_the_token_look_the_same(
    store_ids: list[str] | None, claim: str, client: httpx.AsyncClient, world: World
) -> None:
    headers = world.staff(BRAND, TENANT, [claim])
    reply = await client.post("/v1/promotions", json=PROMOTION | {"storeIds": store_ids}, headers=headers)
    assert reply.status_code == 403
    error = reply.json()["error"]
    assert error == {"code": "STORE_NOT_IN_SCOPE", "message": "your token does not cover these stores"}


def benefit(kind: str, **more: Any) -> dict[str, Any]:
    return {"benefit": {"type": kind, "match": {}, **more}}


BAD_PROMOTIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"promotionId": "Wine Week"}, "promotionId", "STRING_PATTERN_MISMATCH"),
    ({"name": " "}, "name", "STRING_TOO_SHORT"),
    ({"name": "a\x00b"}, "name", "CONTROL_CHARACTERS"),
    ({"description": "a\x1b[31m"}, "description", "CONTROL_CHARACTERS"),
    ({"status": "ended"}, "status", "LITERAL_ERROR"),
    ({"storeIds": []}, "storeIds", "TOO_SHORT"),
    ({"storeIds": ["A"]}, "storeIds.0", "STRING_PATTERN_MISMATCH"),
    ({"priority": 1001}, "priority", "LESS_THAN_EQUAL"),
    ({"priority": "1"}, "priority", "INT_TYPE"),
    ({"stacking": "always"}, "stacking", "LITERAL_ERROR"),
    ({"codes": ["x" * 41]}, "codes.0", "STRING_TOO_LONG"),
    ({"limits": {"perCode": 1}}, "limits.perCode", "INVALID_PROMOTION"),
    ({"limits": {"total": 0}}, "limits.total", "GREATER_THAN_EQUAL"),
    ({"window": {"starts": "2026-12-01"}}, "window.starts", "STRING_PATTERN_MISMATCH"),
    ({"window": {"starts": "2026-02-30T00:00"}}, "window.starts", "LOCAL_TIME"),
    ({"window": {"starts": "0001-01-01T00:00"}}, "window.starts", "FAR_AWAY"),
    ({"window": {"starts": "2026-12-01T00:00", "ends": "2026-12-01T00:00"}}, "window", "INVALID_PROMOTION"),
    ({"window": {"weekdays": [0]}}, "window.weekdays.0", "GREATER_THAN_EQUAL"),
    ({"window": {"hours": [{"opens": "8:00", "closes": "9:00"}]}}, "window.hours.0.opens", "STRING_PATTERN_MISMATCH"),
    ({"window": {"hours": [{"opens": "08:00", "closes": "08:00"}]}}, "window", "INVALID_PROMOTION"),
    ({"benefit": {"type": "magic"}}, "benefit", "UNION_TAG_INVALID"),
    ({"benefit": {"match": {}}}, "benefit", "UNION_TAG_NOT_FOUND"),
    (benefit("percentage", basisPoints=10_001), "benefit.percentage.basisPoints", "LESS_THAN_EQUAL"),
    (benefit("percentage", basisPoints=12.5), "benefit.percentage.basisPoints", "INT_TYPE"),
    (benefit("amount", amount=0), "benefit.amount.amount", "GREATER_THAN_EQUAL"),
    (
        benefit("buy_get", buy=1, get=1, off={"kind": "percent", "value": 10_001}),
        "benefit.off.value",
        "INVALID_PROMOTION",
    ),
    (
        {"benefit": {**TEN, "match": {"barcodes": ["4006381333932"]}}},
        "benefit.percentage.match.barcodes.0",
        "CHECK_DIGIT",
    ),
    ({"benefit": {**TEN, "match": {"excluded": {}}}}, "benefit.match.excluded", "INVALID_PROMOTION"),
    (
        {"benefit": {**TEN, "match": {"excluded": {"excluded": None}}}},
        "benefit.percentage.match.excluded.excluded",
        "EXTRA_FORBIDDEN",
    ),
    ({"benefit": {"type": "cart_threshold", "threshold": 1, "off": {"kind": "price", "value": 1}}}, "benefit.off.kind",
     "INVALID_PROMOTION"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field", "code"), BAD_PROMOTIONS)
async def test_a_promotion_that_could_not_be_applied_is_refused_with_its_place(
    change: dict[str, Any], field: str, code: str, client: httpx.AsyncClient, world: World
) -> None:
    reply = await client.post("/v1/promotions", json=PROMOTION | change, headers=world.staff(BRAND, TENANT))
    assert reply.status_code == 400, reply.text
    assert (field, code) in codes(reply)


@pytest.mark.parametrize("header", ['W/"1"', '"x"', "1, 2"])
async def test_an_if_match_that_cannot_be_read_is_refused_not_ignored(
    header: str, client: httpx.AsyncClient, world: World
) -> None:
    headers = world.staff(BRAND, TENANT) | {"If-Match": header}
    for method, body in (("PUT", BODIES["replace_promotion"]), ("DELETE", None)):
        reply = await client.request(method, "/v1/promotions/wine-week", json=body, headers=headers)
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "INVALID_IF_MATCH")


@pytest.mark.parametrize("query", ["page=0", "limit=101", "status=removed", "storeId=x", "sort=name"])
async def test_a_query_outside_the_schema_is_refused(query: str, client: httpx.AsyncClient, world: World) -> None:
    reply = await client.get(f"/v1/promotions?{query}", headers=world.staff(BRAND, TENANT))
    assert reply.status_code == 400
