"""Dead letters of a tenant: listed, looked into, replayed by operators, and resolved only by being applied."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.integration.price_ingest.conftest import MILK, T1, Database, Outbox, store
from tests.support import World, bearer

PATH = "/v1/dead-letters"
NEW_STORE = {"storeId": "s4", "barcode": MILK, "price": 199}


@pytest.fixture
def operator(world: World, rest: httpx.AsyncClient) -> httpx.AsyncClient:
    rest.headers.update(world.staff("operator", "t1"))
    return rest


async def kill(apply: httpx.AsyncClient, world: World, count: int = 1) -> None:
    """Messages for a store that is not open yet."""
    for number in range(count):
        await world.push(apply, T1, {**NEW_STORE, "sequence": number}, message_id=f"m{number}")


async def listed(operator: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    reply = await operator.get(PATH + query)
    assert reply.status_code == 200, reply.text
    data: list[dict[str, Any]] = reply.json()["data"]
    return data


async def open_store(shop: Database) -> None:
    from functions.common import stores

    await shop.stores.insert_one(store("s4", "t1"))
    stores.forget()


async def run_tasks(events: httpx.AsyncClient, world: World, outbox: Outbox) -> list[int]:
    return [
        (await events.post("/tasks/replay", json=body, headers=world.platform("/tasks/replay"))).status_code
        for body in outbox.tasks
    ]


async def deliver(apply: httpx.AsyncClient, world: World, outbox: Outbox) -> None:
    for number, message in enumerate(outbox.on("price-updates-t1")):
        reply = await world.push(apply, T1, message.data, attributes=message.attributes, message_id=f"again-{number}")
        assert reply.status_code == 204


async def test_a_dead_letter_is_listed_looked_into_and_replayed(
    operator: httpx.AsyncClient,
    apply: httpx.AsyncClient,
    events: httpx.AsyncClient,
    world: World,
    shop: Database,
    outbox: Outbox,
) -> None:
    await kill(apply, world)
    (dead,) = await listed(operator)
    assert (dead["code"], dead["status"], dead["messageId"], dead["times"]) == ("STORE_NOT_IN_SCOPE", "parked", "m0", 1)
    content = (await operator.get(f"{PATH}/{dead['id']}")).json()["data"]
    assert '"s4"' in content["text"]
    assert await listed(operator, "?status=resolved") == []

    await open_store(shop)
    reply = await operator.post(f"{PATH}/{dead['id']}/replay", json={})
    assert reply.status_code == 202, reply.text
    assert (reply.json()["data"]["matched"], reply.json()["data"]["enqueued"]) == (1, 1)
    assert (await listed(operator))[0]["status"] == "parked", "asking for it is not enough"
    assert await run_tasks(events, world, outbox) == [204]
    assert (await listed(operator))[0]["status"] == "replaying"
    await deliver(apply, world, outbox)
    (resolved,) = await listed(operator)
    assert (resolved["status"], resolved["replays"][0]["by"]) == ("resolved", "operator-t1")
    (parked,) = await shop.parked_updates.find().to_list()
    assert parked["price"]["e"].startswith("m0-"), "it is still the message it was"
    again = await operator.post(f"{PATH}/{dead['id']}/replay", json={})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "NOT_REPLAYABLE")


async def test_replayed_before_the_cause_is_gone_it_is_parked_again(
    operator: httpx.AsyncClient,
    apply: httpx.AsyncClient,
    events: httpx.AsyncClient,
    world: World,
    outbox: Outbox,
) -> None:
    await kill(apply, world)
    (dead,) = await listed(operator)
    await operator.post(f"{PATH}/{dead['id']}/replay", json={})
    await run_tasks(events, world, outbox)
    await deliver(apply, world, outbox)
    (parked,) = await listed(operator)
    assert (parked["id"], parked["status"], parked["times"]) == (dead["id"], "parked", 2)


async def test_two_operators_at_once_apply_each_message_once_and_leave_two_audit_records(
    operator: httpx.AsyncClient,
    apply: httpx.AsyncClient,
    events: httpx.AsyncClient,
    world: World,
    shop: Database,
    outbox: Outbox,
) -> None:
    from tests.integration.price_ingest.conftest import product

    await kill(apply, world, 20)
    await open_store(shop)
    await shop.products.insert_one(product(MILK, store_id="s4"))
    second = bearer(world.issuer.identity_token("other", role="operator", tenant_id="t1", store_ids=["*"]))
    body = {"code": "STORE_NOT_IN_SCOPE"}
    replies = await asyncio.gather(
        operator.post(f"{PATH}:replay", json=body), operator.post(f"{PATH}:replay", json=body, headers=second)
    )
    assert [reply.json()["data"]["enqueued"] for reply in replies] == [20, 20]
    assert await run_tasks(events, world, outbox) == [204] * 40
    await deliver(apply, world, outbox)
    assert {dead["status"] for dead in await listed(operator)} == {"resolved"}
    assert len(outbox.on("price-updates-t1")) == 20
    assert await shop.replay_requests.count_documents({"tenantId": "t1", "dryRun": False}) == 2
    milk = await shop.products.find_one({"storeId": "s4"})
    assert milk is not None
    assert milk["price"]["w"]["q"] == 19


async def test_a_task_repeated_after_a_crash_finishes_what_it_began(
    operator: httpx.AsyncClient,
    apply: httpx.AsyncClient,
    events: httpx.AsyncClient,
    world: World,
    outbox: Outbox,
) -> None:
    from google.api_core.exceptions import ServiceUnavailable

    await kill(apply, world)
    (dead,) = await listed(operator)
    await operator.post(f"{PATH}/{dead['id']}/replay", json={})
    outbox.down = ServiceUnavailable("no")  # type: ignore[no-untyped-call]
    assert await run_tasks(events, world, outbox) == [503]
    assert (await listed(operator))[0]["status"] == "replaying"
    outbox.down = None
    assert await run_tasks(events, world, outbox) == [204]
    assert len(outbox.on("price-updates-t1")) == 1


async def test_a_dry_run_only_counts(
    operator: httpx.AsyncClient, apply: httpx.AsyncClient, world: World, shop: Database, outbox: Outbox
) -> None:
    await kill(apply, world, 3)
    reply = await operator.post(f"{PATH}:replay", json={"code": "STORE_NOT_IN_SCOPE", "dryRun": True})
    assert (reply.json()["data"]["matched"], reply.json()["data"]["enqueued"]) == (3, 0)
    assert not outbox.tasks
    assert await shop.replay_requests.count_documents({"dryRun": True}) == 1


async def test_what_could_not_be_read_as_a_push_cannot_be_replayed(
    operator: httpx.AsyncClient, apply: httpx.AsyncClient, world: World
) -> None:
    await apply.post(T1, content=b"{", headers=world.platform(T1))
    (dead,) = await listed(operator)
    assert (await operator.post(f"{PATH}/{dead['id']}/replay", json={})).status_code == 409


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": ["x"], "code": "y"}, {"code": ""}, {"ids": [1]}])
async def test_a_replay_says_what(operator: httpx.AsyncClient, body: Any) -> None:
    assert (await operator.post(f"{PATH}:replay", json=body)).status_code == 400


async def test_another_tenants_dead_letters_do_not_exist(
    operator: httpx.AsyncClient,
    apply: httpx.AsyncClient,
    events: httpx.AsyncClient,
    world: World,
    outbox: Outbox,
) -> None:
    await kill(apply, world)
    (dead,) = await listed(operator)
    stranger = world.staff("operator", "t2")
    assert (await operator.get(PATH, headers=stranger)).json()["data"] == []
    unknown = (await operator.get(f"{PATH}/unknown", headers=stranger)).json()["error"]
    replies = [
        await operator.get(f"{PATH}/{dead['id']}", headers=stranger),
        await operator.post(f"{PATH}/{dead['id']}/replay", json={}, headers=stranger),
        await operator.post(f"{PATH}:replay", json={"ids": [dead["id"]]}, headers=stranger),
    ]
    assert [reply.status_code for reply in replies] == [404] * 3
    assert all(reply.json()["error"] == unknown for reply in replies)
    assert not outbox.tasks
    task = {"tenantId": "t2", "id": dead["id"], "by": "x", "at": 0}
    reply = await events.post("/tasks/replay", json=task, headers=world.platform("/tasks/replay"))
    assert reply.status_code == 404
    assert not outbox.on("price-updates-t1")


@pytest.mark.parametrize("role", ["shopper", "store_staff", "store_manager", "brand_manager", "erp"])
async def test_dead_letters_are_for_operators(operator: httpx.AsyncClient, world: World, role: str) -> None:
    headers = world.staff(role, "t1")
    for reply in (
        await operator.get(PATH, headers=headers),
        await operator.get(f"{PATH}/x", headers=headers),
        await operator.post(f"{PATH}/x/replay", json={}, headers=headers),
        await operator.post(f"{PATH}:replay", json={"code": "x"}, headers=headers),
    ):
        assert reply.status_code == 403
