"""Products of a store over HTTP: what an editor can do, what is written, and what the others are told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from functions.catalog.repository import MongoProducts
from functions.common import failpoints, products, redis
from functions.common.product_cache import ProductCache, parse
from tests.integration.catalog.conftest import (
    FOREIGN_STORE,
    GTIN,
    GTIN_2,
    GTIN_3,
    OTHER_TENANT,
    SECOND_STORE,
    STORE,
    TENANT,
    Catalog,
)


async def cached(barcode: str = GTIN, store: str = STORE) -> tuple[int, bytes] | None:
    """Version and payload that a scan would find."""
    snapshot = await ProductCache(redis.cache()).read(store, [barcode])
    assert snapshot is not None
    return parse(snapshot.values[0]) if snapshot.values[0] is not None else None


async def test_a_created_product_can_be_read_and_is_published(catalog: Catalog) -> None:
    created = await catalog.create(price={"amount": 199, "currency": "EUR"}, stock={"quantity": 5000})
    assert created.status_code == 201, created.text
    assert created.headers["location"] == f"/v1/stores/{STORE}/products/{GTIN}"
    read = await catalog.get(f"{catalog.products()}/{GTIN}")
    assert read.status_code == 200
    assert read.json()["data"] == created.json()["data"]
    assert read.json()["data"]["price"]["amount"] == 199
    assert read.json()["data"]["stock"]["quantity"] == 5000
    ver = read.json()["data"]["ver"]
    assert read.headers["etag"] == f'"{ver}"'
    assert catalog.events() == [("catalog.product_published", {"products": [{"barcode": GTIN, "ver": ver}]})]
    document = await catalog.document()
    assert (document["tenantId"], document["storeId"]) == (TENANT, STORE)
    assert document["outbox"] == document["audit"] == []


async def test_a_product_that_came_without_a_tax_class_can_be_read(catalog: Catalog) -> None:
    await catalog.create()
    await catalog.database.products.update_one({"storeId": STORE, "barcode": GTIN}, {"$set": {"taxClass": None}})
    reply = await catalog.get(f"{catalog.products()}/{GTIN}")
    assert reply.status_code == 200
    assert reply.json()["data"]["taxClass"] is None


async def test_a_product_is_found_under_every_spelling_of_its_barcode(catalog: Catalog) -> None:
    await catalog.create(barcode="0" + GTIN)
    for spelling in (GTIN, "0" + GTIN):
        assert (await catalog.get(f"{catalog.products()}/{spelling}")).json()["data"]["barcode"] == GTIN
    assert (await catalog.create(barcode=GTIN)).status_code == 409


async def test_a_patch_writes_what_differs_and_audits_exactly_that(catalog: Catalog) -> None:
    created = (await catalog.create(metadata={"bio": True, "fat": 3})).json()["data"]
    body = {"name": "Fine Pencil", "description": "graphite", "metadata": {"fat": None, "origin": "DE"}}
    patched = await catalog.patch(body, **{"X-Request-Id": "req-42"})
    assert patched.status_code == 200, patched.text
    data = patched.json()["data"]
    assert data["description"] == "graphite"
    assert data["metadata"] == {"bio": True, "origin": "DE"}
    assert data["ver"] == created["ver"] + 1
    before, after = {"bio": True, "fat": 3}, {"bio": True, "origin": "DE"}
    entry = (await catalog.audit())[-1]
    assert entry["changes"] == [
        {"field": "description", "before": None, "after": "graphite"},
        {"field": "metadata", "before": before, "after": after},
    ]
    assert (entry["who"], entry["role"], entry["requestId"]) == ("brand_manager-acme", "brand_manager", "req-42")
    assert (entry["tenantId"], entry["storeId"], entry["entityId"]) == (TENANT, STORE, GTIN)
    assert catalog.events()[-1] == (
        "catalog.product_changed",
        {"products": [{"barcode": GTIN, "ver": data["ver"], "changed": ["description", "metadata"]}]},
    )


async def test_a_patch_that_changes_nothing_writes_nothing(catalog: Catalog) -> None:
    await catalog.create(metadata={"bio": True})
    before = await catalog.document()
    reply = await catalog.patch({"name": "Fine Pencil", "metadata": {"bio": True, "gone": None}, "brandId": None})
    assert reply.status_code == 200
    assert await catalog.document() == before
    assert len(await catalog.audit()) == 1
    assert len(catalog.published) == 1


async def test_a_patch_never_touches_price_and_stock(catalog: Catalog) -> None:
    await catalog.create(price={"amount": 199, "currency": "EUR"}, stock={"quantity": 5000})
    before = await catalog.document()
    assert (await catalog.patch({"price": {"amount": 1, "currency": "EUR"}})).status_code == 400
    await catalog.patch({"name": "Pen"})
    after = await catalog.document()
    assert (after["price"], after["stock"]) == (before["price"], before["stock"])


async def test_twenty_creates_at_once_make_one_product(catalog: Catalog) -> None:
    replies = await asyncio.gather(*(catalog.create(name=f"Pencil {n}") for n in range(20)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 19
    assert await catalog.database.products.count_documents({"storeId": STORE, "barcode": GTIN}) == 1
    assert len(await catalog.audit()) == len(catalog.published) == 1


async def test_without_the_unique_index_the_same_race_makes_several(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard proven: the test above is red when the index is missing."""
    await catalog.database.products.drop_index("storeId_1_barcode_1")
    looked, everybody = 0, asyncio.Event()
    find = MongoProducts.find

    async def all_look_before_anybody_writes(self: MongoProducts, *scope: Any) -> Any:
        nonlocal looked
        found = await find(self, *scope)
        looked += 1
        if looked == 20:
            everybody.set()
        await everybody.wait()
        return found

    monkeypatch.setattr(MongoProducts, "find", all_look_before_anybody_writes)
    replies = await asyncio.gather(*(catalog.create(name=f"Pencil {n}") for n in range(20)))
    assert [reply.status_code for reply in replies] == [201] * 20
    assert await catalog.database.products.count_documents({"storeId": STORE, "barcode": GTIN}) == 20


async def test_an_edit_with_an_old_version_collides_only_with_an_edit(catalog: Catalog) -> None:
    seen = (await catalog.create()).headers["etag"]
    await catalog.database.products.update_one({"storeId": STORE, "barcode": GTIN}, {"$inc": {"ver": 5}})
    first = await catalog.patch({"name": "Pen"}, **{"If-Match": seen})
    assert first.status_code == 200, "a price update in between is no conflict"
    second = await catalog.patch({"name": "Biro"}, **{"If-Match": seen})
    assert second.status_code == 409
    error = second.json()["error"]
    assert (error["code"], error["details"]) == ("VERSION_CONFLICT", {"ver": first.json()["data"]["ver"]})
    assert (await catalog.patch({"name": "Biro"}, **{"If-Match": first.headers["etag"]})).status_code == 200
    assert (await catalog.document())["name"] == "Biro"


async def test_edits_of_different_fields_at_once_are_all_kept_beside_the_price_stream(catalog: Catalog) -> None:
    created = (await catalog.create()).json()["data"]

    async def price_stream() -> None:
        for _ in range(10):
            query = {"storeId": STORE, "barcode": GTIN}
            await catalog.database.products.update_one(query, {"$inc": {"ver": 1}})
            await asyncio.sleep(0.002)

    stream = asyncio.create_task(price_stream())
    replies = await asyncio.gather(*(catalog.patch({"metadata": {f"k{n}": n}}) for n in range(6)))
    await stream
    assert [reply.status_code for reply in replies] == [200] * 6
    document = await catalog.document()
    assert document["metadata"] == {f"k{n}": n for n in range(6)}
    assert document["ver"] == created["ver"] + 16
    versions = [entry["ver"] for entry in await catalog.audit()]
    assert len(versions) == len(set(versions)) == 7


async def test_a_withdrawn_product_is_gone_and_comes_back_with_a_higher_version(catalog: Catalog) -> None:
    created = (await catalog.create(price={"amount": 199, "currency": "EUR"})).json()["data"]
    path = f"{catalog.products()}/{GTIN}"
    gone = await catalog.client.delete(path, headers=catalog.manager)
    assert gone.json()["data"] == {
        "storeId": STORE, "barcode": GTIN, "status": "deleted", "ver": created["ver"] + 1,
    }  # fmt: skip
    assert (await catalog.get(path)).status_code == 404
    assert (await catalog.patch({"name": "x"})).status_code == 404
    again = await catalog.client.delete(path, headers=catalog.manager)
    assert (again.status_code, again.json()["data"]) == (200, gone.json()["data"])
    back = await catalog.create(name="Pencil, new")
    assert back.status_code == 201
    assert back.json()["data"]["ver"] == created["ver"] + 2
    assert back.json()["data"]["price"]["amount"] == 199, "the price stream's word stands"
    history = (await catalog.get(f"{path}/history")).json()
    assert [entry["action"] for entry in history["data"]] == ["revived", "deleted", "created"]
    assert history["pagination"] == {"page": 1, "limit": 20, "total": 3, "totalPages": 1}
    assert [kind.removeprefix("catalog.product_") for kind, _ in catalog.events()] == [
        "published", "withdrawn", "published",
    ]  # fmt: skip


async def test_every_write_is_in_the_cache_with_its_version(catalog: Catalog) -> None:
    created = (await catalog.create()).json()["data"]
    found = await cached()
    assert found is not None
    assert found[0] == created["ver"]
    assert products.from_cached(found[1])["name"] == "Fine Pencil"
    await catalog.patch({"name": "Pen"})
    found = await cached()
    assert found is not None
    assert products.from_cached(found[1])["name"] == "Pen"
    await catalog.client.delete(f"{catalog.products()}/{GTIN}", headers=catalog.manager)
    assert await cached() == (created["ver"] + 2, b"null"), "a withdrawn product is known to be unknown"


async def test_a_pack_leads_to_its_product_and_to_no_other(catalog: Catalog) -> None:
    unit = {"name": "six", "barcode": GTIN_2, "quantity": 6000, "price": 999}
    created = await catalog.create(units=[unit])
    assert created.json()["data"]["units"] == [unit]
    assert await cached(GTIN_2) == (1, b'"%b"' % GTIN.encode())
    taken = await catalog.create(barcode=GTIN_2)
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "BARCODE_IN_USE")
    assert (await catalog.create(barcode=GTIN_3)).status_code == 201
    clash = await catalog.patch({"units": [unit | {"barcode": GTIN_3}]})
    assert (clash.status_code, clash.json()["error"]["code"]) == (409, "BARCODE_IN_USE")
    assert (await catalog.patch({"units": [unit | {"name": "half a dozen"}]})).status_code == 200


async def test_a_brand_must_exist_and_must_not_be_in_use_when_it_goes(catalog: Catalog) -> None:
    unknown = await catalog.create(brandId="faber")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (400, "UNKNOWN_BRAND")
    brand = {"brandId": "faber", "name": "Faber"}
    foreign = catalog.world.staff("brand_manager", OTHER_TENANT)
    await catalog.client.post("/v1/brands", json=brand, headers=foreign)
    assert (await catalog.create(brandId="faber")).status_code == 400, "another tenant's brand does not exist"
    await catalog.client.post("/v1/brands", json=brand, headers=catalog.manager)
    assert (await catalog.create(brandId="faber")).status_code == 201
    refused = await catalog.client.delete("/v1/brands/faber", headers=catalog.manager)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "BRAND_IN_USE")
    await catalog.patch({"brandId": None})
    assert (await catalog.client.delete("/v1/brands/faber", headers=catalog.manager)).status_code == 200
    assert (await catalog.patch({"brandId": "faber"})).status_code == 400


async def test_a_repeated_create_has_one_effect_and_one_answer(catalog: Catalog) -> None:
    key = catalog.manager | {"Idempotency-Key": "k-1"}
    first, second = await catalog.create(key), await catalog.create(key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"
    other = await catalog.create(key, name="another")
    assert (other.status_code, other.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(await catalog.audit()) == len(catalog.published) == 1


async def test_a_create_that_died_after_its_write_is_finished_by_its_repetition(catalog: Catalog) -> None:
    key = catalog.manager | {"Idempotency-Key": "k-2"}
    failpoints.configure("catalog.after_mongo_before_cache:raise")
    try:
        assert (await catalog.create(key)).status_code == 500
    finally:
        failpoints.configure("")
    written = await catalog.document()
    assert len(written["audit"]) == len(written["outbox"]) == 1, "the dangerous state was reached"
    again = await catalog.create(key)
    assert (again.status_code, again.json()["data"]["ver"]) == (201, written["ver"])
    assert await catalog.database.products.count_documents({}) == 1


async def sweep(catalog: Catalog) -> None:
    """Cloud Scheduler calls, after what was left has become old enough."""
    for name in ("audit.$[].when", "outbox.$[].at"):
        array = name.split(".")[0]
        await catalog.database.products.update_many(
            {array: {"$ne": []}}, [{"$set": {array: {"$map": {
                "input": f"${array}",
                "in": {"$mergeObjects": ["$$this", {name.split(".")[-1]: {"$subtract": ["$$NOW", 5000]}}]},
            }}}}],
        )  # fmt: skip
    async with catalog.world.door("catalog", "catalog_jobs") as jobs:
        reply = await jobs.post("/jobs/sweep-outbox", headers=catalog.world.platform("/jobs/sweep-outbox"))
        assert reply.status_code == 204, reply.text


async def test_what_a_dead_process_left_is_finished_by_the_sweep(catalog: Catalog) -> None:
    await catalog.create()
    failpoints.configure("catalog.after_mongo_before_cache:raise")
    try:
        assert (await catalog.patch({"name": "Pen"})).status_code == 500
    finally:
        failpoints.configure("")
    found = await cached()
    assert found is not None
    assert products.from_cached(found[1])["name"] == "Fine Pencil", "the dangerous state was reached"
    await sweep(catalog)
    found = await cached()
    assert found is not None
    assert products.from_cached(found[1])["name"] == "Pen"
    assert [entry["action"] for entry in await catalog.audit()] == ["created", "updated"]
    assert [kind for kind, _ in catalog.events()] == ["catalog.product_published", "catalog.product_changed"]
    document = await catalog.document()
    assert document["audit"] == document["outbox"] == []


async def test_without_pub_sub_editing_goes_on_and_the_events_come_later(catalog: Catalog) -> None:
    catalog.pubsub_down = True
    assert (await catalog.create()).status_code == 201
    assert (await catalog.patch({"name": "Pen"})).status_code == 200
    assert catalog.published == []
    assert len((await catalog.document())["outbox"]) == 2
    catalog.pubsub_down = False
    await sweep(catalog)
    assert [kind for kind, _ in catalog.events()] == ["catalog.product_published", "catalog.product_changed"]
    ids = [event["id"] for event in catalog.published]
    assert len(set(ids)) == 2
    await sweep(catalog)
    assert [event["id"] for event in catalog.published] == ids


async def test_without_redis_editing_goes_on(catalog: Catalog) -> None:
    await redis.cache().close()
    catalog.world.change(redis_url="redis://127.0.0.1:9/0")
    redis.replace(None)
    assert (await catalog.create()).status_code == 201
    assert (await catalog.patch({"name": "Pen"})).status_code == 200
    redis.replace(None)


async def test_the_job_s_door_opens_only_to_the_platform(catalog: Catalog) -> None:
    async with catalog.world.door("catalog", "catalog_jobs") as jobs:
        for headers in ({}, catalog.manager, catalog.world.platform("/jobs/other")):
            assert (await jobs.post("/jobs/sweep-outbox", headers=headers)).status_code == 401


async def test_products_of_another_tenant_or_store_look_like_unknown_ones(catalog: Catalog) -> None:
    foreign = catalog.world.staff("brand_manager", OTHER_TENANT)
    body = {"barcode": GTIN, "name": "Theirs"}
    path = catalog.products(FOREIGN_STORE)
    assert (await catalog.client.post(path, json=body, headers=foreign)).status_code == 201
    theirs = await catalog.document(store=FOREIGN_STORE)
    only_berlin = catalog.world.staff("store_manager", TENANT, [STORE])
    answers = set()
    for store, headers in ((FOREIGN_STORE, catalog.manager), ("nowhere", catalog.manager), (SECOND_STORE, only_berlin)):
        one = f"{catalog.products(store)}/{GTIN}"
        for reply in (
            await catalog.get(one, headers),
            await catalog.client.patch(one, json={"name": "mine"}, headers=headers),
            await catalog.client.delete(one, headers=headers),
            await catalog.get(f"{one}/history", headers),
            await catalog.client.post(catalog.products(store), json=body, headers=headers),
            await catalog.client.post(f"{catalog.products(store)}:bulk", json={"products": [body]}, headers=headers),
            await catalog.get(catalog.products(store), headers),
        ):
            assert reply.status_code == 404
            answers.add(str(reply.json()["error"]))
    assert len(answers) == 1
    assert await catalog.document(store=FOREIGN_STORE) == theirs
    unknown = await catalog.get(f"{catalog.products()}/{GTIN}")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "PRODUCT_NOT_FOUND")
    nonsense = await catalog.get(f"{catalog.products()}/%00%24ne")
    assert nonsense.json()["error"] == unknown.json()["error"]


async def test_the_validator_of_the_collection_is_the_last_lock(catalog: Catalog) -> None:
    from pymongo.errors import WriteError

    await catalog.create(price={"amount": 199, "currency": "EUR"})
    scope = {"storeId": STORE, "barcode": GTIN}
    for broken in ({"price.amount": 1.99}, {"ver": "1"}, {"tenantId": 7}, {"status": "sold"}, {"price.w.t": 1.5}):
        with pytest.raises(WriteError):
            await catalog.database.products.update_one(scope, {"$set": broken})
    with pytest.raises(WriteError):
        await catalog.database.products.update_one(scope, {"$unset": {"storeId": ""}})
