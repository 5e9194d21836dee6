"""Batches over REST: accepted once, split, published, and accounted for to the last update."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from functions.common import clock, pubsub
from tests.integration.price_ingest.conftest import MILK, T1, UNKNOWN, WINE, Database, Outbox
from tests.support import World

PATH = "/v1/price-updates"


def update(barcode: str = MILK, **fields: Any) -> dict[str, Any]:
    return {"storeId": "s1", "barcode": barcode, "price": 199} | fields


async def send(rest: httpx.AsyncClient, updates: list[Any], key: str = "k1", **options: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} | options.pop("headers", {})
    return await rest.post(PATH, json={"updates": updates}, headers=headers, **options)


async def deliver(apply: httpx.AsyncClient, world: World, outbox: Outbox) -> None:
    """Push what was published for the first tenant, as Pub/Sub would."""
    for number, message in enumerate(outbox.on("price-updates-t1")):
        reply = await world.push(
            apply, T1, message.data, attributes=message.attributes, message_id=f"{number}-{len(outbox.messages)}"
        )
        assert reply.status_code == 204


async def report(rest: httpx.AsyncClient, batch_id: str) -> dict[str, Any]:
    reply = await rest.get(f"{PATH}/{batch_id}")
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()["data"]
    counts = data["counts"]
    assert counts["received"] == sum(value for name, value in counts.items() if name != "received")
    return data


async def test_a_batch_is_split_applied_and_accounted_for(
    rest: httpx.AsyncClient, apply: httpx.AsyncClient, world: World, shop: Database, outbox: Outbox
) -> None:
    time = "2026-11-20T09:00:00Z"
    updates = [update(price=n, sequence=n, sourceTime=time) for n in range(240)]
    updates += [update(UNKNOWN), update("4006381333932"), update(currency="CHF"), update(WINE, stock=5_000)]
    updates += [update(sequence=239, sourceTime=time, price=1), update(sourceTime="2999-01-01T00:00:00Z")]
    reply = await send(rest, updates)
    assert reply.status_code == 202, reply.text
    accepted = reply.json()["data"]
    assert accepted["accepted"] == 246
    assert reply.headers["location"] == accepted["statusUrl"] == f"{PATH}/{accepted['batchId']}"
    assert [len(orjson.loads(m.data)["updates"]) for m in outbox.on("price-updates-t1")] == [100, 100, 46]

    before = await report(rest, accepted["batchId"])
    assert (before["status"], before["counts"]["pending"]) == ("pending", 246)
    await deliver(apply, world, outbox)
    after = await report(rest, accepted["batchId"])
    assert after["status"] == "done"
    assert after["counts"] == {
        "received": 246,
        "applied": 241,
        "stale": 0,
        "duplicate": 0,
        "conflict": 1,
        "parked": 1,
        "rejected": 3,
        "pending": 0,
    }
    assert [(issue["index"], issue["code"]) for issue in after["rejected"]] == [
        (241, "BARCODE_INVALID"),
        (242, "CURRENCY_MISMATCH"),
        (245, "SOURCE_TIME_IN_FUTURE"),
    ]
    assert after["conflicts"] == [
        {"index": 244, "storeId": "s1", "barcode": MILK, "field": "price", "kept": 239, "offered": 1}
    ]
    listed = (await rest.get(PATH)).json()
    assert [batch["batchId"] for batch in listed["data"]] == [accepted["batchId"]]
    assert listed["data"][0]["counts"] == after["counts"]
    assert listed["pagination"] == {"page": 1, "limit": 20, "total": 1, "totalPages": 1}


async def test_a_repetition_has_the_same_batch_and_no_second_effect(
    rest: httpx.AsyncClient, apply: httpx.AsyncClient, world: World, shop: Database, outbox: Outbox
) -> None:
    first = await send(rest, [update()])
    again = await send(rest, [update()])
    assert first.json()["data"] == again.json()["data"]
    assert again.headers["idempotent-replayed"] == "true"
    assert len(outbox.on("price-updates-t1")) == 1
    assert (await send(rest, [update(price=1)])).status_code == 422


async def test_a_crash_while_publishing_and_a_retry_make_one_batch(
    rest: httpx.AsyncClient, apply: httpx.AsyncClient, world: World, shop: Database, outbox: Outbox
) -> None:
    from google.api_core.exceptions import ServiceUnavailable

    updates = [update(), update(WINE, stock=1_000)]
    outbox.down = ServiceUnavailable("no")  # type: ignore[no-untyped-call]
    assert (await send(rest, updates)).status_code == 503
    outbox.down = None
    reply = await send(rest, updates)
    assert reply.status_code == 202
    # The first attempt had got through after all: the same message twice, published anew.
    (message,) = outbox.on("price-updates-t1")
    outbox.messages.append(("price-updates-t1", pubsub.OutMessage(message.data, dict(message.attributes))))
    await deliver(apply, world, outbox)
    (batch,) = await shop.price_batches.find().to_list()
    data = await report(rest, reply.json()["data"]["batchId"])
    assert batch["batchId"] == data["batchId"]
    assert data["counts"]["applied"] == data["counts"]["received"] == 2
    assert len({event for event, _ in outbox.changes()}) == 1, "told under one id"
    milk = await shop.products.find_one({"storeId": "s1", "barcode": MILK})
    assert milk is not None
    assert milk["ver"] == 1793520000001, "written once"


async def test_a_batch_without_times_is_as_of_when_it_first_came(
    rest: httpx.AsyncClient, shop: Database, outbox: Outbox
) -> None:
    await send(rest, [update()])
    (batch,) = await shop.price_batches.find().to_list()
    (message,) = outbox.on("price-updates-t1")
    stamp = batch["createdAt"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert orjson.loads(message.data)["updates"] == [{**update(), "sourceTime": stamp}]


async def test_a_store_that_is_not_the_tokens_is_forbidden_alike_foreign_or_unknown(
    rest: httpx.AsyncClient, world: World, outbox: Outbox
) -> None:
    reply = await send(rest, [update(), update(storeId="s2"), update(storeId="nowhere")])
    assert reply.status_code == 403
    error = reply.json()["error"]
    assert error["code"] == "STORE_NOT_IN_SCOPE"
    assert [detail["field"] for detail in error["details"]] == ["updates.1.storeId", "updates.2.storeId"]
    assert len({detail["message"] for detail in error["details"]}) == 1
    narrow = await send(rest, [update()], headers=world.staff("erp", "t1", ["s3"]))
    assert narrow.status_code == 403
    assert not outbox.messages


@pytest.mark.parametrize("role", ["shopper", "store_staff", "operator"])
async def test_only_erps_and_managers_send_prices(
    rest: httpx.AsyncClient, world: World, outbox: Outbox, role: str
) -> None:
    reply = await send(rest, [update()], headers=world.staff(role, "t1"))
    assert reply.status_code == 403
    assert not outbox.messages


@pytest.mark.parametrize("role", ["brand_manager", "store_manager"])
async def test_a_price_set_by_hand_holds_until_an_erp_states_a_newer_one(
    rest: httpx.AsyncClient, apply: httpx.AsyncClient, world: World, shop: Database, outbox: Outbox, role: str
) -> None:
    async def price() -> int:
        found = await shop.products.find_one({"storeId": "s1", "barcode": MILK})
        assert found is not None
        return int(found["price"]["amount"])

    person = world.staff(role, "t1", ["s1"])
    accepted = await send(rest, [update(price=249)], headers=person)
    assert accepted.status_code == 202, accepted.text
    await deliver(apply, world, outbox)
    assert await price() == 249
    (message,) = outbox.on("price-updates-t1")
    assert orjson.loads(message.data)["updates"][0]["source"] == "hand"
    (batch,) = await shop.price_batches.find().to_list()
    assert batch["by"]
    found = await rest.get(accepted.json()["data"]["statusUrl"], headers=person)
    assert found.json()["data"]["counts"]["applied"] == 1
    # What the ERP stated before is older; what it states later is newer.
    await send(rest, [update(price=219, sourceTime="2026-01-01T00:00:00Z")], key="k2")
    await deliver(apply, world, outbox)
    assert await price() == 249
    later = (clock.now() + timedelta(seconds=2)).isoformat()
    await send(rest, [update(price=219, sourceTime=later)], key="k3")
    await deliver(apply, world, outbox)
    assert await price() == 219


@pytest.mark.parametrize(
    "more",
    [{"stock": 1_000}, {"sourceTime": "2026-11-20T09:00:00Z"}, {"sequence": 9}, {"source": "sap"}],
    ids=lambda more: next(iter(more)),
)
async def test_what_only_a_system_states_is_no_persons_to_send(
    rest: httpx.AsyncClient, world: World, outbox: Outbox, more: dict[str, Any]
) -> None:
    reply = await send(rest, [update(), update(WINE, **more)], headers=world.staff("brand_manager", "t1"))
    assert reply.status_code == 400
    assert [each["field"] for each in reply.json()["error"]["details"]] == [f"updates.1.{next(iter(more))}"]
    assert not outbox.messages


async def test_a_manager_of_another_store_sets_no_price(rest: httpx.AsyncClient, world: World, outbox: Outbox) -> None:
    reply = await send(rest, [update()], headers=world.staff("store_manager", "t1", ["s3"]))
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "STORE_NOT_IN_SCOPE")
    assert not outbox.messages


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"updates": []},
        {"updates": [update()] * 5_001},
        {"updates": [update(price=1.0)]},
        {"updates": [update(price=-1)]},
        {"updates": [update(price=None)]},
        {"updates": [update(tenantId="t2")]},
        {"updates": [update()], "storeId": "s2"},
        [update()],
    ],
    ids=["empty", "none", "many", "float", "negative", "nothing", "tenant", "extra", "list"],
)
async def test_a_body_outside_its_schema_is_malformed(rest: httpx.AsyncClient, outbox: Outbox, body: Any) -> None:
    reply = await rest.post(PATH, json=body, headers={"Idempotency-Key": "k1"})
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "VALIDATION_FAILED"
    assert not outbox.messages


async def test_a_key_is_required(rest: httpx.AsyncClient) -> None:
    reply = await rest.post(PATH, json={"updates": [update()]})
    assert reply.json()["error"]["code"] == "IDEMPOTENCY_KEY_REQUIRED"


async def test_five_thousand_updates_are_taken_at_once(rest: httpx.AsyncClient, outbox: Outbox) -> None:
    reply = await send(rest, [update(sequence=n, source="sap-production-system") for n in range(5_000)])
    assert reply.json()["data"]["accepted"] == 5_000
    assert len(outbox.on("price-updates-t1")) == 50


async def test_another_tenants_batch_and_one_of_other_stores_do_not_exist(
    rest: httpx.AsyncClient, world: World, outbox: Outbox
) -> None:
    batch_id = (await send(rest, [update(), update(storeId="s3")])).json()["data"]["batchId"]
    unknown = await rest.get(f"{PATH}/pb-unknown")
    for caller in (world.staff("erp", "t2"), world.staff("erp", "t1", ["s1"]), world.staff("operator", "t2")):
        reply = await rest.get(f"{PATH}/{batch_id}", headers=caller)
        assert reply.status_code == 404
        assert reply.json()["error"] == unknown.json()["error"]
        assert (await rest.get(PATH, headers=caller)).json()["data"] == []
    both = world.staff("erp", "t1", ["s1", "s3", "s4"])
    assert (await rest.get(f"{PATH}/{batch_id}", headers=both)).status_code == 200
    assert len((await rest.get(PATH, headers=both)).json()["data"]) == 1


async def test_issues_are_listed_for_the_stores_of_the_token(
    rest: httpx.AsyncClient, apply: httpx.AsyncClient, world: World, outbox: Outbox
) -> None:
    bad = [update(price=-1), update(storeId="s3", price=-1), update(price=1), update(storeId="nowhere")]
    assert (await world.push(apply, T1, bad)).status_code == 204
    everything = (await rest.get("/v1/price-issues")).json()["data"]
    assert sorted(issue["storeId"] for issue in everything) == ["nowhere", "s1", "s3"]
    assert {issue["kind"] for issue in everything} == {"rejected"}
    narrow = world.staff("erp", "t1", ["s3"])
    assert [i["storeId"] for i in (await rest.get("/v1/price-issues", headers=narrow)).json()["data"]] == ["s3"]
    for query in ("?storeId=s1", "?kind=conflict", "?storeId=s2"):
        assert (await rest.get("/v1/price-issues" + query, headers=narrow)).json()["data"] == []
    assert (await rest.get("/v1/price-issues", headers=world.staff("erp", "t2"))).json()["data"] == []
    assert len((await rest.get("/v1/price-issues?storeId=s1")).json()["data"]) == 1


async def test_a_tenant_that_floods_is_told_when_to_come_back_and_others_go_on(
    rest: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.common import ratelimit

    monkeypatch.setitem(ratelimit.RATES, "price_updates", (1.0, 3))
    replies = [await send(rest, [update()], key=f"k{n}") for n in range(6)]
    assert [reply.status_code for reply in replies].count(429) >= 2
    assert int(replies[-1].headers["retry-after"]) >= 1
    other = await send(rest, [update(storeId="s2")], headers=world.staff("erp", "t2"))
    assert other.status_code == 202


async def test_messages_on_the_topic_may_form_a_batch_of_their_own(
    rest: httpx.AsyncClient, apply: httpx.AsyncClient, world: World
) -> None:
    for number, store in enumerate(("s1", "s3")):
        content = [update(storeId=store), update(storeId=store, price=-1)]
        await world.push(apply, T1, content, attributes={"batchId": "night-1"}, message_id=f"m{number}")
    data = await report(rest, "night-1")
    assert (data["door"], data["status"]) == ("topic", "done")
    assert (data["counts"]["received"], data["counts"]["applied"], data["counts"]["rejected"]) == (4, 2, 2)
    narrow = world.staff("erp", "t1", ["s1"])
    assert (await rest.get(f"{PATH}/night-1", headers=narrow)).status_code == 404
