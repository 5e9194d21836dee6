"""The guards of the price stream: nothing goes backwards, nothing is lost, nobody writes another's store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from functions.common import bulk, failpoints, stores
from functions.common.events import Message
from functions.price_ingest import domain, wiring
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.integration.price_ingest import test_applying as applying
from tests.integration.price_ingest.conftest import T1, Database
from tests.support import World, push_body


@both_ways
async def test_the_watermark_of_a_field(
    guard: Guard, apply: httpx.AsyncClient, world: World, shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(domain, "against_watermark", lambda *_: domain.APPLIED)
    with red_without(guard):
        await applying.test_late_and_repeated_updates_change_nothing(apply, world, shop)


@both_ways
async def test_the_version_in_a_compare_and_set(
    guard: Guard, apply: httpx.AsyncClient, world: World, shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_and_set = bulk.compare_and_set

    async def set_without_comparing(collection: str, updates: Sequence[Mapping[str, Any]]) -> list[int]:
        blind = [{**each, "q": {k: v for k, v in each["q"].items() if k != "ver"}} for each in updates]
        return await compare_and_set(collection, blind)

    if guard == OUT:
        monkeypatch.setattr(bulk, "compare_and_set", set_without_comparing)
    with red_without(guard):
        await a_slow_writer_does_not_bring_an_old_price_back(apply, world, shop, monkeypatch)


async def a_slow_writer_does_not_bring_an_old_price_back(
    apply: httpx.AsyncClient, world: World, shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process has read the product; another one applies a newer price; then the first one writes."""
    met: list[str] = []

    async def hit(name: str) -> None:
        if name == "price.before_mongo" and not met:
            met.append(name)
            await in_another_process(applying.update(minute=5, price=300))

    monkeypatch.setattr(failpoints, "hit", hit)
    before = await applying.priced(shop)
    assert (await world.push(apply, T1, applying.update(minute=4, price=200))).status_code == 204
    assert met, "the two never met"
    after = await applying.priced(shop)
    assert after["price"]["amount"] == 300
    assert after["ver"] == before["ver"] + 1


async def in_another_process(update: dict[str, Any]) -> None:
    """Apply an update as a second process of the door would, with rounds of its own."""
    other = wiring._build()
    message = Message(push_body(json.dumps(update).encode()), T1, {"tenantId": "t1"})
    await other.rounds.submit("t1", await other.ingest.read("t1", message))


@both_ways
async def test_the_tenant_of_a_store(
    guard: Guard, apply: httpx.AsyncClient, world: World, shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = stores.find

    async def whosever(_tenant_id: str, store_id: str) -> stores.Store | None:
        return await find("t1", store_id) or await find("t2", store_id)

    if guard == OUT:
        monkeypatch.setattr(stores, "find", whosever)
    with red_without(guard):
        await applying.test_the_tenant_comes_from_the_path_alone(apply, world, shop)
