"""Same key, same body, same answer, one effect; on a real MongoDB."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from functions.common import failpoints, mongo
from functions.common.idempotency import COLLECTION
from tests.functional.common.test_http_door import SOURCE
from tests.support import World, app_of, client_of, close

BODY = {"displayName": "x", "quantity": 1}


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of("example", SOURCE)) as made:
        yield made
    await close()


@pytest.fixture(autouse=True)
def _no_failpoints() -> Iterator[None]:
    yield
    failpoints.configure(None)


async def order(
    client: httpx.AsyncClient, world: World, key: str | None, body: Any = BODY, **who: str
) -> httpx.Response:
    headers = world.staff("erp", who.get("tenant", "t1"))
    if key is not None:
        headers["idempotency-key"] = key
    return await client.post("/v1/orders", json=body, headers=headers)


async def test_a_required_key_that_is_missing_is_400(client: httpx.AsyncClient, world: World) -> None:
    reply = await order(client, world, None)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")


async def test_a_repeat_gets_the_very_bytes_of_the_first_answer(client: httpx.AsyncClient, world: World) -> None:
    first = await order(client, world, "k1")
    again = await order(client, world, "k1", {"quantity": 1, "displayName": "x"})
    assert first.status_code == again.status_code == 202
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


async def test_what_is_kept_of_an_answer_cannot_be_read_without_the_key(
    client: httpx.AsyncClient, world: World
) -> None:
    answer = await order(client, world, "k1")
    (kept,) = [each async for each in mongo.collection(COLLECTION).find({"state": "done"})]
    assert b"requestId" in answer.content
    assert not any(b"requestId" in value for value in kept.values() if isinstance(value, bytes))
    assert "k1" not in str(kept)


async def test_another_body_under_the_same_key_is_422_and_does_nothing(client: httpx.AsyncClient, world: World) -> None:
    first = await order(client, world, "k1")
    reply = await order(client, world, "k1", {"displayName": "y", "quantity": 1})
    assert (reply.status_code, reply.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    after = await order(client, world, "k2")
    assert after.json()["data"]["count"] == first.json()["data"]["count"] + 1


async def test_a_file_is_told_from_another_file_by_its_bytes(client: httpx.AsyncClient, world: World) -> None:
    headers = world.staff("erp", "t1") | {"idempotency-key": "f1", "content-type": "text/csv"}
    first = await client.post("/v1/files", content=b"{not json", headers=headers)
    again = await client.post("/v1/files", content=b"{not json", headers=headers)
    other = await client.post("/v1/files", content=b"{not json ", headers=headers)
    assert (first.status_code, again.content, other.status_code) == (202, first.content, 422)


async def test_another_tenants_same_key_is_another_key(client: httpx.AsyncClient, world: World) -> None:
    first = await order(client, world, "k1")
    other = await order(client, world, "k1", {"displayName": "z", "quantity": 1}, tenant="t2")
    assert other.status_code == 202
    assert other.json()["data"]["id"] != first.json()["data"]["id"]


async def test_fifty_parallel_first_requests_have_one_effect(client: httpx.AsyncClient, world: World) -> None:
    failpoints.configure("example.in_handler:sleep:100")
    before = (await order(client, world, "warm-up")).json()["data"]["count"]
    replies = await asyncio.gather(*(order(client, world, "k1") for _ in range(50)))
    # On a slow machine some may come when the first is done already: they get its very answer.
    assert {r.status_code for r in replies} == {202, 409}
    assert len({r.content for r in replies if r.status_code == 202}) == 1
    assert all(r.headers["retry-after"] == "1" for r in replies if r.status_code == 409)
    assert (await order(client, world, "k1")).json()["data"]["count"] == before + 1


async def test_a_refusal_is_not_stored(client: httpx.AsyncClient, world: World) -> None:
    empty = {"displayName": "x", "quantity": 0}
    assert (await order(client, world, "k1", empty)).status_code == 409
    assert await mongo.collection(COLLECTION).count_documents({}) == 0


async def test_after_an_unknown_outcome_a_repeat_resumes_with_the_same_id(
    client: httpx.AsyncClient, world: World
) -> None:
    failpoints.configure("example.in_handler:raise")
    assert (await order(client, world, "k1")).status_code == 500
    record = await mongo.collection(COLLECTION).find_one({})
    assert record is not None
    assert record["state"] == "in_progress"
    failpoints.configure("")
    reply = await order(client, world, "k1")
    assert reply.status_code == 202
    assert reply.json()["data"]["id"] == record["_id"]


async def test_a_zombie_that_wakes_after_its_lease_cannot_store_its_answer(
    client: httpx.AsyncClient, world: World
) -> None:
    failpoints.configure("example.in_handler:sleep:300")
    zombie = asyncio.create_task(order(client, world, "k1"))
    await asyncio.sleep(0.1)
    records = mongo.collection(COLLECTION)
    assert await records.find_one({"state": "in_progress"}) is not None
    await records.update_one({}, [{"$set": {"lockedUntil": {"$subtract": ["$$NOW", 1000]}}}])
    failpoints.configure("")
    winner = await order(client, world, "k1")
    assert winner.status_code == 202
    await zombie
    assert (await order(client, world, "k1")).content == winner.content


async def test_a_record_always_ends_by_itself(client: httpx.AsyncClient, world: World) -> None:
    await order(client, world, "k1")
    record = await mongo.collection(COLLECTION).find_one({})
    assert record is not None
    assert 71 < (record["expireAt"] - record["lockedUntil"]).total_seconds() / 3600 < 72.1
