"""Scopes, migrations, outbox, limits and Redis' breaker, on the real servers."""

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import WriteConcern
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import AutoReconnect, WriteConcernError, WriteError

from functions.common import clock, migrations, mongo, outbox, pubsub, ratelimit, redis
from functions.common.contracts.catalog import PRODUCT_PUBLISHED, TOPIC
from functions.common.migrations import Collection, Index
from local import services
from tests.support import World, close


async def test_a_scope_is_in_every_filter_and_in_every_insert(world: World) -> None:
    raw = mongo.collection("things")
    mine = mongo.Scoped(raw, tenantId="t1", storeId="s1")
    theirs = mongo.Scoped(raw, tenantId="t1", storeId="s2")
    await mine.insert_one({"_id": 1, "n": 1})
    assert await raw.find_one({"_id": 1}) == {"_id": 1, "n": 1, "tenantId": "t1", "storeId": "s1"}
    assert await theirs.find_one({"_id": 1}) is None
    assert await theirs.count() == 0
    assert (await theirs.update_one({"_id": 1}, {"$set": {"n": 2}})).matched_count == 0
    assert await theirs.find_one_and_update({"_id": 1}, {"$set": {"n": 2}}) is None
    assert await theirs.delete_one({"_id": 1}) == 0
    assert await theirs.aggregate([{"$group": {"_id": None, "n": {"$sum": 1}}}]) == []
    assert await mine.aggregate([{"$group": {"_id": None, "n": {"$sum": 1}}}]) == [{"_id": None, "n": 1}]
    await close()


@pytest.mark.parametrize(
    "query", [{"storeId": "s2"}, {"$or": [{"tenantId": "t2"}]}, {"$where": "true"}, {"a": {"$function": {}}}]
)
async def test_a_query_that_would_leave_its_scope_cannot_be_built(world: World, query: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"scope|not allowed"):
        mongo.Scoped(mongo.collection("things"), tenantId="t1", storeId="s1").filter(query)
    await close()


@pytest.mark.parametrize("stage", ["$lookup", "$out", "$merge", "$unionWith", "$graphLookup"])
async def test_a_pipeline_cannot_reach_another_collection(world: World, stage: str) -> None:
    scoped = mongo.Scoped(mongo.collection("things"), tenantId="t1")
    with pytest.raises(ValueError, match="not allowed"):
        await scoped.aggregate([{stage: {}}])
    with pytest.raises(ValueError, match="never changes"):
        await scoped.update_one({}, {"$set": {"tenantId": "t2"}})
    with pytest.raises(ValueError, match="not the scope's"):
        await scoped.insert_one({"tenantId": "t2"})
    with pytest.raises(ValueError, match="needs its scope"):
        mongo.Scoped(mongo.collection("things"), tenantId="")
    await close()


def _losing(answers: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """MongoDB carries out every command, and so many answers are lost on their way back."""
    command, sent = AsyncDatabase.command, list[str]()

    async def lossy(self: Any, document: Any, **options: Any) -> Any:
        answer = await command(self, document, **options)
        if isinstance(document, dict) and "findAndModify" in document:
            sent.append(document["findAndModify"])
            if len(sent) <= answers:
                raise AutoReconnect("the connection was lost")
        return answer

    monkeypatch.setattr(AsyncDatabase, "command", lossy)
    return sent


async def test_a_change_whose_answer_is_lost_is_sent_once_more_and_finds_what_it_has_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = mongo.Scoped(mongo.collection("things"), tenantId="t1")
    await things.insert_one({"_id": 1, "rev": 1, "n": 0})
    sent = _losing(1, monkeypatch)
    assert await things.change_one({"_id": 1, "rev": 1}, {"$inc": {"rev": 1, "n": 5}}) is None, "it is done already"
    assert sent == ["things", "things"]
    assert await things.find_one({"_id": 1}) == {"_id": 1, "tenantId": "t1", "rev": 2, "n": 5}
    sent.clear()
    changed = await things.change_one({"_id": 1}, {"$set": {"n": 7}}, projection={"n": 1})
    assert changed == {"_id": 1, "n": 7}
    await close()


async def test_a_change_whose_answers_are_lost_twice_is_an_outage(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = mongo.collection("things")
    _losing(2, monkeypatch)
    with pytest.raises(AutoReconnect) as lost:
        await mongo.change_one(things, {"_id": 1}, {"$set": {"n": 1}}, upsert=True)
    assert mongo.is_outage(lost.value)
    assert await things.find_one() == {"_id": 1, "n": 1}
    await close()


async def test_a_change_that_no_majority_has_is_not_told_as_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    things = mongo.collection("things").with_options(write_concern=WriteConcern(2, wtimeout=50))
    with pytest.raises(WriteConcernError):
        await mongo.change_one(things, {"_id": 1}, {"$set": {"n": 1}}, upsert=True)
    await close()


async def test_a_change_keeps_to_its_scope_and_leaves_no_copy_behind(world: World) -> None:
    raw = mongo.collection("things")
    things = mongo.Scoped(raw, tenantId="t1")
    await raw.insert_one({"_id": 1, "tenantId": "t2"})
    assert await things.change_one({"_id": 1}, {"$set": {"n": 1}}) is None
    with pytest.raises(ValueError, match="never changes"):
        await things.change_one({"_id": 1}, {"$set": {"tenantId": "t1"}})
    copies = mongo.client()["config"]["image_collection"]
    before = await copies.count_documents({})
    await mongo.change_one(raw, {"_id": 1}, {"$set": {"n": 1}})
    assert await copies.count_documents({}) == before
    await raw.find_one_and_update({"_id": 1}, {"$set": {"n": 2}})
    copied = await copies.find({}).sort("ts", -1).to_list(1)
    assert copied[0]["image"]["n"] == 1, "what the driver's own does"
    await close()


DECLARED = [
    Collection(
        "sessions_like",
        [Index((("tenantId", 1), ("n", -1)), unique=True), Index((("expiresAt", 1),), ttl_seconds=0)],
        {"$jsonSchema": {"required": ["tenantId"]}},
    )
]


async def test_a_migration_is_repeatable_says_what_it_does_and_does_nothing_dry(world: World) -> None:
    database = mongo.database()
    planned = await migrations.apply(database, DECLARED, dry_run=True)
    assert await database.list_collection_names() == []
    done = await migrations.apply(database, DECLARED)
    assert len(done) == len(planned) == 3
    assert await migrations.apply(database, DECLARED) == []
    with pytest.raises(WriteError):
        await database["sessions_like"].insert_one({"n": 1})
    await close()


async def test_a_migration_changes_validators_and_ttls_and_drops_nothing(world: World) -> None:
    database = mongo.database()
    await migrations.apply(database, DECLARED)
    await database["sessions_like"].insert_one({"tenantId": "t1", "n": 1})
    changed = [
        Collection(
            "sessions_like",
            [Index((("tenantId", 1), ("n", -1))), Index((("expiresAt", 1),), ttl_seconds=60)],
            {"$jsonSchema": {"required": ["tenantId", "n"]}},
        )
    ]
    report = await migrations.apply(database, changed)
    assert report[0] == "set the validator of sessions_like"
    assert report[1].startswith("LEFT ALONE: index sessions_like.tenantId_1_n_-1")
    assert report[2] == "set the TTL of sessions_like.expiresAt_1 to 60 s"
    indexes = await database["sessions_like"].index_information()
    assert indexes["tenantId_1_n_-1"]["unique"] is True
    assert indexes["expiresAt_1"]["expireAfterSeconds"] == 60
    assert await database["sessions_like"].count_documents({}) == 1
    await close()


async def test_an_event_leaves_the_outbox_once_it_is_published_and_is_swept_otherwise(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[str] = []
    down = True

    async def publish(topic: str, messages: list[pubsub.OutMessage]) -> list[str]:
        if down:
            raise ConnectionError("Pub/Sub is away")
        published.extend(m.attributes["eventId"] for m in messages)
        return [""] * len(messages)

    monkeypatch.setattr(pubsub, "publish", publish)
    things = mongo.collection("things")
    entry = outbox.entry(PRODUCT_PUBLISHED, {"products": [{"barcode": "4006381333931", "ver": 1}]})
    document = {"_id": 1, "tenantId": "t1", "storeId": "s1", "outbox": [entry]}
    await things.insert_one(document)
    assert await outbox.flush(things, TOPIC, document, [entry]) is False
    assert await outbox.sweep(things, TOPIC) == 0, "younger than two seconds: its request is still at it"
    down = False
    later = clock.seconds() + 3
    monkeypatch.setattr(clock, "_source", lambda: later)
    assert await outbox.sweep(things, TOPIC) == 1
    assert published == [entry["id"]]
    assert (await things.find_one({"_id": 1}) or {})["outbox"] == []
    assert await outbox.sweep(things, TOPIC) == 0
    await close()


async def test_two_processes_share_one_exact_rate(world: World) -> None:
    first, other = redis.cache(), redis.Cache(world.settings.redis_url)
    allowed = 0
    started = asyncio.get_running_loop().time()
    while (elapsed := asyncio.get_running_loop().time() - started) < 1.0:
        waits = [await ratelimit.acquire("rate:x", 20.0, 10)]
        redis.replace(other)
        waits.append(await ratelimit.acquire("rate:x", 20.0, 10))
        redis.replace(first)
        allowed += waits.count(0.0)
    assert abs(allowed - (10 + 20 * elapsed)) <= 2
    await other.close()
    await close()


async def test_a_frozen_redis_costs_fifty_milliseconds_five_times_and_then_nothing(
    world: World, tmp_path: Path
) -> None:
    server = services.choose_redis(tmp_path).spawn()
    server.wait_ready()
    try:
        cache = redis.Cache(server.url)
        await cache.ping()
        loop = asyncio.get_running_loop()
        os.kill(server.pids[0], signal.SIGSTOP)
        started = loop.time()
        for _ in range(redis.FAILURES_TO_OPEN):
            with pytest.raises(redis.CacheDown):
                await cache.ping()
        assert loop.time() - started < 1.5
        states = [cache.is_down]
        started = loop.time()
        for _ in range(100):
            with pytest.raises(redis.CacheDown):
                await cache.ping()
        assert loop.time() - started < 0.05
        os.kill(server.pids[0], signal.SIGCONT)
        await asyncio.sleep(redis.OPEN_SECONDS + 0.1)
        await cache.ping()
        assert [*states, cache.is_down] == [True, False]
        # while Redis is away a limiter counts in this process
        redis.replace(redis.Cache("redis://127.0.0.1:9/0"))
        waits = [await ratelimit.acquire("rate:y", 1.0, 5) for _ in range(8)]
        assert [w == 0 for w in waits] == [True] * 5 + [False] * 3
        await cache.close()
    finally:
        os.kill(server.pids[0], signal.SIGCONT)
        server.stop(grace=0.5)
    await close()


def test_the_shared_collections_end_by_themselves_only_where_they_may() -> None:
    ttl = {c.name for c in migrations.SHARED for i in c.indexes if i.ttl_seconds is not None}
    assert ttl == {"idempotency"}
    assert timedelta(seconds=2) == outbox.OLDER_THAN
