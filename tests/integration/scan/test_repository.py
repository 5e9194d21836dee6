"""How products and stores are read: within their scope, from the primary, by index, once for many who wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient, monitoring
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import AutoReconnect

from functions.common import mongo
from functions.common.product_cache import ProductCache
from functions.common.product_source import MongoProducts
from functions.scan import repository
from functions.scan.repository import StoreDirectory
from tests.cache_model import ModelRedis
from tests.integration.scan.conftest import MILK, MILK_CASE, UNKNOWN
from tests.support import World, close

Database = AsyncDatabase[dict[str, Any]]


class Commands(monitoring.CommandListener):
    """What was sent to MongoDB."""

    def __init__(self) -> None:
        self.finds: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "find":
            self.finds.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to note."""


@pytest.fixture
async def commands(world: World, shop: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Commands]:
    heard = Commands()
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(world.settings.mongodb_uri, tz_aware=True, event_listeners=[heard]) as client:
        monkeypatch.setattr(mongo, "client", lambda: client)
        yield heard
    await close()


async def test_a_query_names_its_tenant_and_store_and_trusts_only_the_majority(commands: Commands) -> None:
    found = await MongoProducts().find("t1", "s1", [MILK, UNKNOWN])
    assert [doc["barcode"] for doc in found] == [MILK]
    (find,) = commands.finds
    assert (find["filter"]["tenantId"], find["filter"]["storeId"]) == ("t1", "s1")
    assert find["readConcern"] == {"level": "majority"}
    assert find.get("$readPreference", {"mode": "primary"})["mode"] in ("primary", "primaryPreferred")
    assert find["maxTimeMS"] <= 3000


@pytest.mark.parametrize(("tenant", "store"), [("t2", "s1"), ("t1", "s2")])
@pytest.mark.usefixtures("commands")
async def test_a_scope_that_does_not_fit_together_finds_nothing(tenant: str, store: str) -> None:
    assert await MongoProducts().find(tenant, store, [MILK]) == []


@pytest.mark.usefixtures("commands")
async def test_a_pack_is_found_with_its_product() -> None:
    (found,) = await MongoProducts().find("t1", "s1", [MILK_CASE])
    assert found["barcode"] == MILK


async def test_one_query_looks_at_two_indexes_and_little_else(commands: Commands, shop: Database) -> None:
    await MongoProducts().find("t1", "s1", [MILK])
    await shop.products.insert_many(
        [{**doc, "storeId": "s9"} for doc in await shop.products.find({"storeId": "s1"}, {"_id": 0}).to_list()]
    )
    explained = await shop.products.find(commands.finds[0]["filter"]).explain()
    assert "COLLSCAN" not in str(explained["queryPlanner"]["winningPlan"])
    assert explained["executionStats"]["totalDocsExamined"] <= 2


async def test_the_rules_of_a_store_are_read_once_for_all_who_wait(commands: Commands) -> None:
    directory = StoreDirectory(ProductCache(ModelRedis()))
    rules = await asyncio.gather(*(directory.rules("t1", "s1") for _ in range(50)))
    assert len(commands.finds) == 1
    assert {rule.time_zone for rule in rules if rule is not None} == {"Europe/Berlin"}
    assert rules[0] is not None
    assert [template.name for template in rules[0].templates] == ["ean13-weight-verified"]
    await directory.rules("t1", "s1")
    assert len(commands.finds) == 1


async def test_another_process_finds_the_rules_in_redis(commands: Commands) -> None:
    model = ModelRedis()
    first = await StoreDirectory(ProductCache(model)).rules("t1", "s1")
    second = await StoreDirectory(ProductCache(model)).rules("t1", "s1")
    assert first == second
    assert len(commands.finds) == 1


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize(("tenant", "store"), [("t2", "s1"), ("t1", "s2"), ("t1", "s3"), ("t1", "nowhere")])
async def test_a_store_of_somebody_else_a_closed_and_an_unknown_one_are_alike(tenant: str, store: str) -> None:
    assert await StoreDirectory(ProductCache(ModelRedis())).rules(tenant, store) is None


async def test_a_stores_rules_outlive_an_outage_of_a_minute(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ModelRedis()
    directory = StoreDirectory(ProductCache(model))
    now = 100.0
    monkeypatch.setattr(repository, "monotonic", lambda: now)
    assert await directory.rules("t1", "s1") is not None
    model.down = True

    def no_primary(*_: object) -> Any:
        raise AutoReconnect("no primary")

    monkeypatch.setattr(mongo, "cache_source", no_primary)
    now += 59
    assert await directory.rules("t1", "s1") is not None
    now += 2
    with pytest.raises(AutoReconnect):
        await directory.rules("t1", "s1")
    with pytest.raises(AutoReconnect):
        await directory.rules("t1", "s9")


async def test_forgotten_rules_are_read_anew(commands: Commands) -> None:
    directory = StoreDirectory(ProductCache(ModelRedis()))
    await directory.rules("t1", "s1")
    directory.forget("s2")
    await directory.rules("t1", "s1")
    directory.forget("s1")
    await directory.rules("t1", "s1")
    assert len(commands.finds) == 1, "from Redis this time"
