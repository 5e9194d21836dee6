"""Baskets see a store's active promotions, seconds old or fresh, and each text of a rule is read and parsed once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import monitoring

from functions.common import mongo
from functions.common.promotion_source import Promotions
from functions.common.retail.promotion_rules import Rule
from tests.integration.discount.conftest import BERLIN, PARIS, RIVAL, ROME, TENANT, Discount

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class Commands(monitoring.CommandListener):
    """What was asked of MongoDB: (collection, whether the whole documents)."""

    def __init__(self) -> None:
        self.finds: list[tuple[str, bool]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "find":
            self.finds.append((event.command["find"], "projection" not in event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...
    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@pytest.fixture
async def commands(discount: Discount, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Commands]:
    """A client of its own that tells what it is asked."""
    from pymongo import AsyncMongoClient

    commands = Commands()
    uri = discount.world.settings.mongodb_uri
    client = AsyncMongoClient[dict[str, Any]](uri, tz_aware=True, w="majority", event_listeners=[commands])
    source = client[discount.world.settings.mongodb_database]
    monkeypatch.setattr(mongo, "cache_source", lambda name: source[name])
    yield commands
    await client.close()


def seen(rules: tuple[Rule, ...]) -> list[tuple[str, int]]:
    return [(rule.id, rule.version) for rule in rules]


async def test_a_store_has_its_own_promotions_and_those_of_all_stores_which_are_active(discount: Discount) -> None:
    made: dict[str, dict[str, Any]] = {
        "everywhere": {},
        "berlin": {"storeIds": [BERLIN]},
        "paris": {"storeIds": [PARIS]},
        "both": {"storeIds": [PARIS, BERLIN], "codes": ["save"], "limits": {"perCode": 1}},
    }
    for name, more in made.items():
        await discount.create(name, status="active", **more)
    await discount.create("draft")
    await discount.create("over", status="active")
    await discount.put("over", status="ended")
    await discount.create("gone", status="active")
    await discount.delete("gone")
    headers = discount.manager(tenant=RIVAL)
    assert (await discount.create("theirs", headers, status="active")).status_code == 201
    source = Promotions()
    berlin = await source.of_store(TENANT, BERLIN, NOW)
    assert seen(berlin) == [("berlin", 1), ("both", 1), ("everywhere", 1)]
    both = berlin[1]
    assert (sorted(both.codes), both.limits.per_code, sorted(both.stores)) == (["SAVE"], 1, [BERLIN, PARIS])
    assert seen(await source.of_store(TENANT, PARIS, NOW)) == [("both", 1), ("everywhere", 1), ("paris", 1)]
    assert seen(await source.of_store(RIVAL, ROME, NOW)) == [("theirs", 1)]
    assert await source.of_store(RIVAL, BERLIN, NOW) != berlin


async def test_what_is_known_is_five_seconds_old_at_most_and_fresh_for_a_checkout(discount: Discount) -> None:
    await discount.create(status="active")
    source = Promotions()
    assert seen(await source.of_store(TENANT, BERLIN, NOW)) == [("milk-week", 1)]
    await discount.put(priority=5)
    assert seen(await source.of_store(TENANT, BERLIN, NOW + timedelta(seconds=3))) == [("milk-week", 1)]
    assert seen(await source.of_store(TENANT, BERLIN, NOW, fresh=True)) == [("milk-week", 2)]
    await discount.delete()
    assert seen(await source.of_store(TENANT, BERLIN, NOW + timedelta(seconds=3))) == [("milk-week", 2)]
    assert seen(await source.of_store(TENANT, BERLIN, NOW + timedelta(seconds=5, milliseconds=1))) == []


async def test_looking_again_asks_once_and_only_which_versions_hold(discount: Discount, commands: Commands) -> None:
    for number in range(5):
        await discount.create(f"p{number}", status="active")
    source = Promotions()
    await source.of_store(TENANT, BERLIN, NOW, fresh=True)
    assert commands.finds == [("promotions", False), ("promotions", True)]
    commands.finds.clear()
    first = await source.of_store(TENANT, BERLIN, NOW, fresh=True)
    assert commands.finds == [("promotions", False)]
    commands.finds.clear()
    await discount.put("p3", priority=1)
    commands.finds.clear()
    second = await source.of_store(TENANT, BERLIN, NOW, fresh=True)
    assert commands.finds == [("promotions", False), ("promotions", True)]
    assert [one is other for one, other in zip(first, second, strict=True)] == [True, True, True, False, True]
    commands.finds.clear()
    await asyncio.gather(*(source.of_store(TENANT, BERLIN, NOW) for _ in range(50)))
    assert commands.finds == []


async def test_of_many_that_come_when_it_is_old_one_asks(discount: Discount, commands: Commands) -> None:
    await discount.create(status="active")
    source = Promotions()
    await source.of_store(TENANT, BERLIN, NOW)
    commands.finds.clear()
    later = NOW + timedelta(seconds=10)
    found = await asyncio.gather(*(source.of_store(TENANT, BERLIN, later) for _ in range(50)))
    assert len(commands.finds) == 1
    assert {len(rules) for rules in found} == {1}


async def test_a_text_that_cannot_be_read_stops_no_basket(
    discount: Discount, capsys: pytest.CaptureFixture[str]
) -> None:
    await discount.create("good", status="active")
    await discount.create("bad", status="active")
    await mongo.database().promotions.update_one({"promotionId": "bad"}, {"$set": {"benefit": {"type": "gift"}}})
    source = Promotions()
    for _ in range(3):
        assert seen(await source.of_store(TENANT, BERLIN, NOW, fresh=True)) == [("good", 1)]
    assert capsys.readouterr().err.count('"event":"promotion.unreadable"') == 1


async def test_one_that_ends_between_the_two_looks_is_not_applied(
    discount: Discount, monkeypatch: pytest.MonkeyPatch
) -> None:
    await discount.create("stays", status="active")
    await discount.create("ends", status="active")
    source, cache_source, looks = Promotions(), mongo.cache_source, [0]

    class Slow:
        def __init__(self, collection: Any) -> None:
            self.collection = collection

        def find(self, *query: Any) -> Any:
            looks[0] += 1
            if looks[0] == 2:
                query = ({**query[0], "promotionId": {"$in": ["stays"]}}, *query[1:])
            return self.collection.find(*query)

    monkeypatch.setattr(mongo, "cache_source", lambda name: Slow(cache_source(name)))
    assert seen(await source.of_store(TENANT, BERLIN, NOW, fresh=True)) == [("stays", 1)]
    assert looks == [2]
