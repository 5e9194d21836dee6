"""What the door refuses before anything is looked up: who calls, what is asked for, and which ids cannot be."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.functional.checkout.conftest import FOREIGN_STORE, STORE, TENANT
from tests.support import World

GOOD = {"cartVersion": 1, "total": 1299, "currency": "EUR"}
DIGEST = "0123456789abcdef" * 2


def code(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


async def test_a_checkout_needs_a_key_of_its_own(client: httpx.AsyncClient, world: World) -> None:
    reply = await client.post("/v1/checkouts", json=GOOD, headers=world.checked_in(TENANT, STORE))
    assert code(reply) == (400, "IDEMPOTENCY_KEY_REQUIRED")


@pytest.mark.parametrize(
    "change",
    [
        {"cartVersion": 0},
        {"cartVersion": "1"},
        {"cartVersion": None},
        {"total": -1},
        {"total": 12.99},
        {"total": "1299"},
        {"total": 10**12 + 1},
        {"currency": "eur"},
        {"currency": "EURO"},
        {"storeId": STORE},
        {"userId": "somebody"},
        {"price": 1},
    ],
)
async def test_what_the_app_shows_is_whole_and_nothing_else(
    client: httpx.AsyncClient, world: World, change: dict[str, Any]
) -> None:
    headers = {**world.checked_in(TENANT, STORE), "Idempotency-Key": "tap"}
    reply = await client.post("/v1/checkouts", json={**GOOD, **change}, headers=headers)
    assert code(reply) == (400, "VALIDATION_FAILED")


@pytest.mark.parametrize("role", ["store_staff", "store_manager", "brand_manager", "operator", "erp"])
async def test_only_a_shopper_on_a_visit_checks_out(client: httpx.AsyncClient, world: World, role: str) -> None:
    headers = {**world.staff(role, TENANT), "Idempotency-Key": "tap"}
    assert (await client.post("/v1/checkouts", json=GOOD, headers=headers)).status_code == 401
    headers = {**world.shopper(), "Idempotency-Key": "tap"}
    assert (await client.post("/v1/checkouts", json=GOOD, headers=headers)).status_code == 401
    assert (await client.post("/v1/checkouts", json=GOOD, headers={"Idempotency-Key": "tap"})).status_code == 401


@pytest.mark.parametrize(
    "identifier",
    [
        f"{FOREIGN_STORE}.{DIGEST}",
        f"{STORE}.{DIGEST[:-1]}",
        f"{STORE}.{DIGEST.upper()}",
        DIGEST,
        f"{STORE}..{DIGEST}",
        "$ne",
    ],
)
async def test_an_id_that_cannot_be_of_this_store_is_not_looked_up(
    client: httpx.AsyncClient, world: World, identifier: str
) -> None:
    headers = world.checked_in(TENANT, STORE)
    for method, path in (("GET", ""), ("POST", "/cancel")):
        reply = await client.request(method, f"/v1/checkouts/{identifier}{path}", headers=headers)
        assert code(reply) == (404, "CHECKOUT_NOT_FOUND")


@pytest.mark.parametrize(
    "identifier",
    [f"{FOREIGN_STORE}.{DIGEST}.1", f"{STORE}.{DIGEST}", f"{STORE}.{DIGEST}.x", f"{STORE}.{DIGEST}.100", "1"],
)
async def test_an_intervention_that_cannot_be_the_stores_is_not_looked_up(
    client: httpx.AsyncClient, world: World, identifier: str
) -> None:
    headers = world.staff("store_staff", TENANT, (STORE,))
    bodies: dict[str, Any] = {"claim": None, "approve": {}, "reject": {"reason": "too young"}, "rescan": {"items": []}}
    for verb, body in bodies.items():
        reply = await client.post(f"/v1/interventions/{identifier}/{verb}", json=body, headers=headers)
        assert code(reply) == (404, "INTERVENTION_NOT_FOUND")


async def test_a_refusal_needs_a_reason(client: httpx.AsyncClient, world: World) -> None:
    headers = world.staff("store_staff", TENANT, (STORE,))
    for reason in ("", "  ", "x" * 501):
        path = f"/v1/interventions/{STORE}.{DIGEST}.1/reject"
        assert code(await client.post(path, json={"reason": reason}, headers=headers)) == (400, "VALIDATION_FAILED")


async def test_staff_see_their_own_stores_only(client: httpx.AsyncClient, world: World) -> None:
    headers = world.staff("store_manager", TENANT, (STORE,))
    for path in ("purchases", "interventions", f"purchases/{FOREIGN_STORE}.{DIGEST}"):
        reply = await client.get(f"/v1/stores/{FOREIGN_STORE}/{path}", headers=headers)
        assert code(reply) == (404, "STORE_NOT_FOUND")
    reply = await client.get(f"/v1/stores/{STORE}/purchases/{FOREIGN_STORE}.{DIGEST}", headers=headers)
    assert code(reply) == (404, "PURCHASE_NOT_FOUND")


@pytest.mark.parametrize(
    "query",
    ["page=0", "limit=101", "state=eaten", "from=yesterday", "to=0.5", "to=2026-11-20T10:00:00", "tenantId=acme"],
)
async def test_lists_take_what_they_know(client: httpx.AsyncClient, world: World, query: str) -> None:
    headers = world.staff("store_manager", TENANT, (STORE,))
    reply = await client.get(f"/v1/stores/{STORE}/purchases?{query}", headers=headers)
    assert reply.status_code == 400
