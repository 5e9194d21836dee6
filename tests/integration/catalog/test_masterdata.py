"""Stores, brands and modules: who sees them, how they change, what is signed and what is audited."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import jwt
import pytest

from functions.common import redis
from tests.integration.catalog.conftest import (
    FOREIGN_STORE,
    GTIN,
    OTHER_TENANT,
    SECOND_STORE,
    STORE,
    TENANT,
    Catalog,
)

STORES = "/v1/stores"
NEW = {"storeId": "acme-oslo", "name": "Oslo", "currency": "NOK", "timeZone": "Europe/Oslo"}
KINDS: list[tuple[str, str, dict[str, Any]]] = [
    ("brands", "brandId", {"brandId": "faber", "name": "Faber", "metadata": {"since": 1761}}),
    ("modules", "moduleId", {"moduleId": "offers", "name": "Offers", "version": "1.0.0", "config": {"a": {"b": [1]}}}),
]


async def open_store(catalog: Catalog, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    return await catalog.client.post(STORES, json=NEW | more, headers=headers or catalog.manager)


async def test_a_store_is_opened_read_and_changed(catalog: Catalog) -> None:
    templates = ["ean13-weight", {"pattern": "23|item5|value5|C", "kind": "price", "decimals": 2}]
    opened = await open_store(catalog, labelTemplates=templates, address={"city": "Oslo", "country": "NO"})
    assert opened.status_code == 201, opened.text
    data = opened.json()["data"]
    assert (data["stockPolicy"], data["codeVersion"], data["ver"]) == ("strict", 1, 1)
    assert data["labelTemplates"] == templates
    path = f"{STORES}/acme-oslo"
    assert (await catalog.get(path)).json()["data"] == data
    changed = await catalog.client.patch(
        path, json={"stockPolicy": "sell_in_hand", "name": "Oslo"}, headers=catalog.manager
    )
    assert changed.json()["data"]["stockPolicy"] == "sell_in_hand"
    assert changed.json()["data"]["ver"] == 2
    entry = (await catalog.audit("store"))[-1]
    assert entry["changes"] == [{"field": "stockPolicy", "before": "strict", "after": "sell_in_hand"}]
    assert (entry["tenantId"], entry["storeId"]) == (TENANT, "acme-oslo")
    assert (await catalog.database.stores.find_one({"_id": "acme-oslo"}))["audit"] == []


async def test_the_currency_and_the_id_of_a_store_stay(catalog: Catalog) -> None:
    for change in ({"currency": "USD"}, {"storeId": "acme-bergen"}, {"codeVersion": 9}):
        reply = await catalog.client.patch(f"{STORES}/{STORE}", json=change, headers=catalog.manager)
        assert reply.status_code == 400


async def test_a_store_s_id_is_taken_for_every_tenant_alike(catalog: Catalog) -> None:
    own = await open_store(catalog, storeId=STORE)
    foreign = await open_store(catalog, storeId=FOREIGN_STORE)
    assert own.status_code == foreign.status_code == 409
    assert own.json()["error"] == foreign.json()["error"]
    assert OTHER_TENANT not in foreign.text


async def test_twenty_openings_of_one_store_make_one(catalog: Catalog) -> None:
    callers = [catalog.world.staff("brand_manager", f"tenant-{n}") for n in range(20)]
    replies = await asyncio.gather(*(open_store(catalog, headers) for headers in callers))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 19


async def test_a_closed_store_is_gone_with_its_products_and_its_id_is_never_given_out_again(catalog: Catalog) -> None:
    await catalog.create()
    path = f"{STORES}/{STORE}"
    for _ in range(2):
        assert (await catalog.client.delete(path, headers=catalog.manager)).status_code == 200
    for gone in (path, catalog.products(), f"{catalog.products()}/{GTIN}", f"{path}/check-in-code"):
        assert (await catalog.get(gone)).status_code == 404
    assert STORE not in [each["storeId"] for each in (await catalog.get(STORES)).json()["data"]]
    assert (await open_store(catalog, storeId=STORE)).status_code == 409
    assert await catalog.database.products.count_documents({"storeId": STORE}) == 1


async def test_everybody_lists_only_the_stores_of_the_own_token(catalog: Catalog) -> None:
    listed = (await catalog.get(STORES)).json()
    assert [each["storeId"] for each in listed["data"]] == [STORE, SECOND_STORE]
    assert listed["pagination"]["total"] == 2
    only_paris = catalog.world.staff("store_staff", TENANT, [SECOND_STORE, FOREIGN_STORE, "nowhere"])
    listed = (await catalog.get(STORES, only_paris)).json()
    assert [each["storeId"] for each in listed["data"]] == [SECOND_STORE]


async def test_stores_that_are_unknown_foreign_or_not_in_the_token_look_the_same(catalog: Catalog) -> None:
    only_berlin = catalog.world.staff("brand_manager", TENANT, [STORE])
    before = await catalog.database.stores.find_one({"_id": FOREIGN_STORE})
    answers = set()
    for store, headers in ((FOREIGN_STORE, catalog.manager), ("nowhere", catalog.manager), (SECOND_STORE, only_berlin)):
        path = f"{STORES}/{store}"
        for reply in (
            await catalog.get(path, headers),
            await catalog.client.patch(path, json={"name": "mine"}, headers=headers),
            await catalog.client.delete(path, headers=headers),
            await catalog.get(f"{path}/check-in-code", headers),
            await catalog.client.post(f"{path}/check-in-code:rotate", headers=headers),
            await catalog.client.post(f"{path}/cache:clear", headers=headers),
        ):
            assert reply.status_code == 404, reply.request.url
            answers.add(str(reply.json()["error"]))
    assert len(answers) == 1
    assert await catalog.database.stores.find_one({"_id": FOREIGN_STORE}) == before


async def test_the_code_at_the_entrance_is_signed_and_a_new_one_voids_it(catalog: Catalog) -> None:
    path = f"{STORES}/{STORE}/check-in-code"
    first = (await catalog.get(path)).json()["data"]
    assert first == (await catalog.get(path)).json()["data"], "a reprinted poster says the same"
    key = jwt.PyJWK(dict(catalog.world.issuer.jwks("store-codes")["keys"][0]))
    claims = jwt.decode(first["code"], key, algorithms=["EdDSA"], audience="check-in")
    assert jwt.get_unverified_header(first["code"])["typ"] == "store+jwt"
    assert (claims["storeId"], claims["tenantId"], claims["codeVersion"]) == (STORE, TENANT, 1)
    rotated = await catalog.client.post(f"{path}:rotate", headers=catalog.manager)
    second = rotated.json()["data"]
    assert (second["codeVersion"], second["code"] == first["code"]) == (2, False)
    assert (await catalog.get(path)).json()["data"] == second
    entry = (await catalog.audit("store"))[-1]
    assert (entry["action"], entry["changes"][0]) == (
        "code_rotated", {"field": "codeVersion", "before": 1, "after": 2},
    )  # fmt: skip


async def test_clearing_a_store_s_cache_begins_a_new_epoch_and_is_audited(catalog: Catalog) -> None:
    await catalog.create()

    async def epoch() -> int:
        found = await redis.cache().run(lambda client: client.get(f"epoch:{STORE}"))
        return int(found or 0)

    before = await epoch()
    operator = catalog.world.staff("operator", TENANT)
    reply = await catalog.client.post(f"{STORES}/{STORE}/cache:clear", headers=operator)
    assert reply.json()["data"] == {"storeId": STORE, "cleared": True}
    assert await epoch() > before
    entry = (await catalog.audit("store"))[-1]
    assert (entry["action"], entry["who"], entry["role"]) == ("cache_cleared", "operator-acme", "operator")


@pytest.mark.parametrize(("nouns", "key", "body"), KINDS)
async def test_brands_and_modules_live_through_their_life(
    nouns: str, key: str, body: dict[str, Any], catalog: Catalog
) -> None:
    path, one = f"/v1/{nouns}", f"/v1/{nouns}/{body[key]}"
    created = await catalog.client.post(path, json=body, headers=catalog.manager)
    assert created.status_code == 201, created.text
    data = created.json()["data"]
    assert data.items() >= body.items()
    assert (await catalog.client.post(path, json=body, headers=catalog.manager)).status_code == 409
    assert (await catalog.get(one)).json()["data"] == data
    etag = created.headers["etag"]
    edited = await catalog.client.patch(one, json={"name": "New"}, headers=catalog.manager | {"If-Match": etag})
    assert (edited.json()["data"]["name"], edited.json()["data"]["ver"]) == ("New", 2)
    late = await catalog.client.patch(one, json={"name": "Late"}, headers=catalog.manager | {"If-Match": etag})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "VERSION_CONFLICT")
    same = await catalog.client.patch(one, json={"name": "New"}, headers=catalog.manager)
    assert same.json()["data"] == edited.json()["data"]
    for _ in range(2):
        assert (await catalog.client.delete(one, headers=catalog.manager)).status_code == 200
    assert (await catalog.get(one)).status_code == 404
    assert (await catalog.get(path)).json()["data"] == []
    back = await catalog.client.post(path, json=body, headers=catalog.manager)
    assert (back.status_code, back.json()["data"]["name"]) == (201, body["name"])
    actions = [entry["action"] for entry in await catalog.audit(nouns.removesuffix("s"))]
    assert actions == ["created", "updated", "deleted", "revived"]


@pytest.mark.parametrize(("nouns", "key", "body"), KINDS)
async def test_brands_and_modules_of_another_tenant_do_not_exist(
    nouns: str, key: str, body: dict[str, Any], catalog: Catalog
) -> None:
    foreign = catalog.world.staff("brand_manager", OTHER_TENANT)
    await catalog.client.post(f"/v1/{nouns}", json=body, headers=foreign)
    answers = set()
    for name in (body[key], "nothing"):
        one = f"/v1/{nouns}/{name}"
        for reply in (
            await catalog.get(one),
            await catalog.client.patch(one, json={"name": "mine"}, headers=catalog.manager),
            await catalog.client.delete(one, headers=catalog.manager),
        ):
            assert reply.status_code == 404
            answers.add(str(reply.json()["error"]))
    assert len(answers) == 1
    assert (await catalog.get(f"/v1/{nouns}")).json()["pagination"]["total"] == 0
    assert (await catalog.client.post(f"/v1/{nouns}", json=body, headers=catalog.manager)).status_code == 201
    theirs = await catalog.get(f"/v1/{nouns}/{body[key]}", foreign)
    assert theirs.json()["data"]["name"] == body["name"]


async def test_a_repeated_opening_has_one_effect(catalog: Catalog) -> None:
    headers = catalog.manager | {"Idempotency-Key": "k"}
    first, second = await open_store(catalog, headers), await open_store(catalog, headers)
    assert (first.status_code, first.content) == (201, second.content)


async def test_edits_of_a_module_at_once_are_all_kept(catalog: Catalog) -> None:
    await catalog.client.post("/v1/modules", json=KINDS[1][2], headers=catalog.manager)
    changes: list[dict[str, Any]] = [
        {"name": "A"}, {"version": "2.0.0"}, {"status": "disabled"}, {"permissions": ["offers:read"]},
    ]  # fmt: skip
    replies = await asyncio.gather(
        *(catalog.client.patch("/v1/modules/offers", json=each, headers=catalog.manager) for each in changes)
    )
    assert [reply.status_code for reply in replies] == [200] * 4
    data = (await catalog.get("/v1/modules/offers")).json()["data"]
    assert data.items() >= {k: v for change in changes for k, v in change.items()}.items()
    assert len(await catalog.audit("module")) == 5
