"""Promotions are versioned, their states go forward, everybody sees the own stores' only, and nothing is lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo.errors import WriteError

from functions.common import failpoints, mongo
from functions.discount import domain
from functions.discount.schemas import PromotionRemoved, PromotionView, VersionView
from tests.integration.discount.conftest import BERLIN, PARIS, RIVAL, ROME, TENANT, Discount


async def test_a_promotion_is_drafted_started_changed_and_ended(discount: Discount) -> None:
    made = await discount.create(storeIds=[PARIS, BERLIN], description="All milk", codes=["milk 10"])
    assert made.status_code == 201, made.text
    data = made.json()["data"]
    assert (data["status"], data["ver"], data["storeIds"], data["codes"]) == ("draft", 1, [BERLIN, PARIS], ["MILK10"])
    assert made.headers["etag"] == '"1"'
    assert (await discount.get("/milk-week")).json()["data"] == data
    edits: list[dict[str, Any]] = [{}, {"priority": 5}, {"priority": 5, "status": "ended"}]
    for ver, change in enumerate(edits, start=2):
        reply = await discount.put(storeIds=[BERLIN], **change)
        assert reply.status_code == 200, reply.text
        assert (reply.json()["data"]["ver"], reply.headers["etag"]) == (ver, f'"{ver}"')
    assert discount.events() == [
        ("milk-week", 2, "active", [BERLIN]),
        ("milk-week", 3, "active", [BERLIN]),
        ("milk-week", 4, "ended", [BERLIN]),
    ]
    assert {event["tenantId"] for event in discount.published} == {TENANT}
    again = await discount.put(priority=1)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "PROMOTION_ENDED")


async def test_the_history_says_who_wrote_what_when(discount: Discount) -> None:
    await discount.create()
    await discount.put()
    await discount.put(priority=5)
    await discount.delete()
    listed = (await discount.get("/milk-week/versions")).json()
    assert [(each["ver"], each["action"]) for each in listed["data"]] == [
        (4, "removed"),
        (3, "updated"),
        (2, "activated"),
        (1, "created"),
    ]
    assert listed["pagination"]["total"] == 4
    third = listed["data"][1]
    assert third["changes"] == [{"field": "priority", "before": 0, "after": 5}]
    assert (third["who"], third["role"]) == ("brand_manager-acme", "brand_manager")
    assert (third["content"]["priority"], third["content"]["benefit"]["basisPoints"]) == (5, 1000)
    page = (await discount.get("/milk-week/versions", page=2, limit=3)).json()
    assert [each["ver"] for each in page["data"]] == [1]
    document = await discount.document()
    assert document["audit"] == document["outbox"] == []


async def test_what_is_answered_is_what_the_contract_promises(discount: Discount) -> None:
    window = {"starts": "2026-11-20T00:00", "weekdays": [5], "hours": [{"opens": "17:00", "closes": "00:00"}]}
    made = (await discount.create(window=window, storeIds=[BERLIN], limits={"budget": 5_000_000_000})).json()["data"]
    (version,) = (await discount.get("/milk-week/versions")).json()["data"]
    removed = (await discount.delete()).json()["data"]
    for data, view in ((made, PromotionView), (version, VersionView), (removed, PromotionRemoved)):
        assert set(view.model_validate(data).model_dump(by_alias=True)) == set(data)
    assert made["window"]["hours"] == [{"opens": "17:00", "closes": "24:00"}]
    assert {name: made[name] for name in version["content"]} == version["content"]


async def test_a_version_that_says_the_same_is_not_made(discount: Discount) -> None:
    await discount.create(status="active")
    same = await discount.put(window={"weekdays": []}, codes=[])
    assert (same.status_code, same.json()["data"]["ver"]) == (200, 1)
    assert len(discount.published) == 1


async def test_an_edit_of_an_older_version_is_refused(discount: Discount) -> None:
    await discount.create()
    seen = discount.manager() | {"If-Match": '"1"'}
    assert (await discount.put(headers=seen)).status_code == 200
    late = await discount.put(headers=seen, priority=9)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "VERSION_CONFLICT")
    assert late.json()["error"]["details"] == {"ver": 2}
    assert (await discount.delete(headers=seen)).status_code == 409
    assert (await discount.delete(headers=discount.manager() | {"If-Match": '"2"'})).status_code == 200


async def test_a_removed_promotion_is_gone_at_once_and_its_id_for_ever(discount: Discount) -> None:
    await discount.create(status="active")
    for _ in range(2):
        reply = await discount.delete()
        assert (reply.status_code, reply.json()["data"]) == (
            200,
            {"promotionId": "milk-week", "removed": True, "ver": 2},
        )
    assert discount.events()[-1] == ("milk-week", 2, "removed", None)
    assert (await discount.get("/milk-week")).status_code == 404
    assert (await discount.put()).status_code == 404
    assert (await discount.get("")).json()["data"] == []
    taken = await discount.create()
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "PROMOTION_EXISTS")
    assert (await discount.get("/milk-week/versions")).json()["pagination"]["total"] == 2


async def test_the_same_id_of_two_tenants_is_two_promotions(discount: Discount) -> None:
    rival = discount.manager(tenant=RIVAL)
    assert (await discount.create()).status_code == 201
    assert (await discount.create(headers=rival, name="Rival's")).status_code == 201
    assert (await discount.delete(headers=rival)).status_code == 200
    assert (await discount.get("/milk-week")).json()["data"]["name"] == "Milk week"


async def test_twenty_edits_at_once_make_twenty_versions(discount: Discount) -> None:
    await discount.create()
    replies = await asyncio.gather(*(discount.put(priority=number) for number in range(1, 21)))
    done = [reply for reply in replies if reply.status_code == 200]
    assert {reply.json()["error"]["code"] for reply in replies if reply.status_code != 200} <= {"CONCURRENT_EDIT"}
    versions = (await discount.get("/milk-week/versions", limit=100)).json()["data"]
    assert [each["ver"] for each in versions] == list(range(len(done) + 1, 0, -1))
    assert [event[1] for event in sorted(discount.events())] == list(range(2, len(done) + 2))
    last = (await discount.get("/milk-week")).json()["data"]
    assert (last["ver"], last["priority"]) == (len(done) + 1, versions[0]["content"]["priority"])


async def test_only_so_many_are_active_at_a_time(discount: Discount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "MOST_ACTIVE", 2)
    for name in ("a", "b"):
        assert (await discount.create(name, status="active")).status_code == 201
    assert (await discount.create("c")).status_code == 201
    for reply in (await discount.create("d", status="active"), await discount.put("c")):
        assert (reply.status_code, reply.json()["error"]["code"]) == (409, "TOO_MANY_ACTIVE")
    assert (await discount.put("a", priority=1)).status_code == 200
    assert (await discount.put("a", priority=1, status="ended")).status_code == 200
    assert (await discount.put("c")).status_code == 200


# ---- whose they are ------------------------------------------------------------------------------------------


async def test_everybody_sees_what_is_on_in_the_own_stores_and_no_other_store(discount: Discount) -> None:
    await discount.create("everywhere")
    await discount.create("both", storeIds=[BERLIN, PARIS])
    await discount.create("berlin", storeIds=[BERLIN])
    await discount.create("paris", storeIds=[PARIS], status="active")
    only_paris = discount.manager(PARIS, ROME)
    listed = (await discount.get("", only_paris)).json()
    assert [(each["promotionId"], each["storeIds"], each["moreStores"]) for each in listed["data"]] == [
        ("both", [PARIS], True),
        ("everywhere", None, False),
        ("paris", [PARIS], False),
    ]
    assert listed["pagination"]["total"] == 3
    assert [each["promotionId"] for each in (await discount.get("", status="active")).json()["data"]] == ["paris"]
    assert (await discount.get("/berlin", only_paris)).status_code == 404
    assert (await discount.get("/berlin/versions", only_paris)).status_code == 404
    versions = await discount.get("/both/versions", only_paris)
    assert BERLIN not in versions.text
    assert PARIS in versions.text


async def test_only_who_covers_all_its_stores_may_change_it(discount: Discount) -> None:
    await discount.create("everywhere")
    await discount.create("both", storeIds=[BERLIN, PARIS])
    only_paris = discount.manager(PARIS)
    for name in ("everywhere", "both"):
        before = await discount.document(name)
        for reply in (
            await discount.put(name, only_paris, storeIds=[PARIS]),
            await discount.delete(name, only_paris),
        ):
            assert (reply.status_code, reply.json()["error"]["code"]) == (403, "STORE_NOT_IN_SCOPE")
        assert await discount.document(name) == before
    assert (await discount.create("mine", only_paris, storeIds=[PARIS])).status_code == 201
    assert (await discount.put("mine", only_paris, storeIds=[PARIS, BERLIN])).status_code == 403
    assert (await discount.put("mine", only_paris)).status_code == 403
    assert (await discount.put("mine", only_paris, storeIds=[PARIS])).status_code == 200


# ---- repetitions and deaths ----------------------------------------------------------------------------------


async def test_a_request_that_is_repeated_has_one_effect(discount: Discount) -> None:
    key = discount.manager() | {"Idempotency-Key": "k-1"}
    first, second = (
        await discount.create(headers=key, status="active"),
        await discount.create(headers=key, status="active"),
    )
    assert first.content == second.content
    other = await discount.create(headers=key, priority=3)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(discount.published) == 1


@pytest.mark.parametrize("verb", ["create", "put", "put seen"])
async def test_an_edit_that_died_after_its_write_is_found_by_its_repetition(discount: Discount, verb: str) -> None:
    key = discount.manager() | {"Idempotency-Key": "k-2"}
    if verb != "create":
        await discount.create()
    if verb == "put seen":
        key["If-Match"] = '"1"'
    call = discount.create if verb == "create" else discount.put
    failpoints.configure("discount.after_mongo_before_versions:raise")
    try:
        assert (await call(headers=key)).status_code == 500
    finally:
        failpoints.configure("")
    written = await discount.document()
    assert len(written["audit"]) == 1, "the dangerous state was reached"
    again = await call(headers=key)
    assert again.status_code == (201 if verb == "create" else 200), again.text
    assert again.json()["data"]["ver"] == written["ver"]
    history = (await discount.get("/milk-week/versions")).json()["data"]
    assert [each["ver"] for each in history] == list(range(written["ver"], 0, -1))


async def sweep(discount: Discount) -> None:
    """Cloud Scheduler calls, after what was left has become old enough."""
    for array, name in (("audit", "when"), ("outbox", "at")):
        older = {
            "$map": {"input": f"${array}", "in": {"$mergeObjects": ["$$this", {name: {"$subtract": ["$$NOW", 5000]}}]}}
        }
        await mongo.database().promotions.update_many({array: {"$ne": []}}, [{"$set": {array: older}}])
    path = "/jobs/sweep-promotions"
    async with discount.world.door("discount", "discount_jobs") as jobs:
        reply = await jobs.post(path, headers=discount.world.platform(path))
        assert reply.status_code == 204, reply.text


async def test_what_a_dead_process_left_is_finished_by_the_sweep(discount: Discount) -> None:
    await discount.create(status="active")
    failpoints.configure("discount.after_mongo_before_versions:raise")
    try:
        assert (await discount.put(priority=1)).status_code == 500
    finally:
        failpoints.configure("")
    assert len(discount.published) == 1, "the dangerous state was reached"
    for _ in range(2):
        await sweep(discount)
    assert [each[1] for each in discount.events()] == [1, 2]
    assert await mongo.database().promotion_versions.count_documents({}) == 2
    document = await discount.document()
    assert document["audit"] == document["outbox"] == []


async def test_without_pub_sub_editing_goes_on_and_the_events_come_later(discount: Discount) -> None:
    discount.pubsub_down = True
    assert (await discount.create(status="active")).status_code == 201
    assert (await discount.delete()).status_code == 200
    assert discount.published == []
    discount.pubsub_down = False
    await sweep(discount)
    assert [(each[1], each[2]) for each in discount.events()] == [(1, "active"), (2, "removed")]
    ids = [event["id"] for event in discount.published]
    assert ids == ["acme:milk-week:1", "acme:milk-week:2"]


async def test_history_that_cannot_be_copied_now_is_copied_when_it_is_asked_for(
    discount: Discount, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.discount.repository import MongoVersions

    add = MongoVersions.add

    async def away(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(MongoVersions, "add", away)
    assert (await discount.create()).status_code == 201
    assert len((await discount.document())["audit"]) == 1
    monkeypatch.setattr(MongoVersions, "add", add)
    assert [each["ver"] for each in (await discount.get("/milk-week/versions")).json()["data"]] == [1]


async def test_the_sweep_is_for_the_platform_only(discount: Discount) -> None:
    path = "/jobs/sweep-promotions"
    async with discount.world.door("discount", "discount_jobs") as jobs:
        for headers in ({}, discount.manager(), discount.world.platform("/jobs/other")):
            assert (await jobs.post(path, headers=headers)).status_code == 401


async def test_what_no_promotion_can_be_the_database_refuses_too(discount: Discount) -> None:
    await discount.create()
    promotions = mongo.database().promotions
    changes: list[dict[str, Any]] = [{"priority": 1.5}, {"status": "paused"}, {"storeIds": [""]}, {"benefit": {}}]
    for change in changes:
        with pytest.raises(WriteError):
            await promotions.update_one({"promotionId": "milk-week"}, {"$set": change})
