"""The guards of the product cache: what its one script refuses."""

from __future__ import annotations

import pytest

from functions.common import product_cache, product_scripts, redis
from functions.common.product_cache import Entry, ProductCache
from functions.common.redis import Script
from tests.guards.guard import OUT, Guard, both_ways, red_without, without
from tests.integration.common import test_product_scripts as scripts

MILK = "4006381333931"


def take_out(monkeypatch: pytest.MonkeyPatch, part: str, instead: str = "") -> None:
    """Run the script without one of its lines."""
    script = Script(without(product_scripts.STORE, part, instead))
    monkeypatch.setattr(product_cache, "_STORE", script)


@both_ways
async def test_the_comparison_of_versions(
    guard: Guard, connection: redis.Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        take_out(monkeypatch, "wins = version > standing", "wins = true")
    with red_without(guard):
        await a_slow_filler_does_not_put_an_old_version_back(connection)


async def a_slow_filler_does_not_put_an_old_version_back(connection: redis.Cache) -> None:
    """A reader has the old product from the database; the writer writes the new one; then the reader fills."""
    cache = ProductCache(connection)
    snapshot = await cache.read("s1", [MILK])
    assert snapshot is not None
    await cache.write("s1", [Entry(MILK, 6, b'{"price":2}')])
    await cache.fill("s1", snapshot, [Entry(MILK, 5, b'{"price":1}')])
    now = await cache.read("s1", [MILK])
    assert now is not None
    assert now.values == [b'0000000000000006|{"price":2}']


@both_ways
async def test_the_epoch_of_a_fill(guard: Guard, connection: redis.Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        take_out(monkeypatch, "if expected ~= '' and expected ~= e then return {'moved'} end")
    with red_without(guard):
        await scripts.test_a_filler_that_read_before_the_store_was_cleared_is_refused(connection)


@both_ways
async def test_the_deadline_of_a_fill(guard: Guard, connection: redis.Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        take_out(monkeypatch, "if deadline ~= '' and micros() > deadline then return {'late'} end")
    with red_without(guard):
        await scripts.test_a_filler_whose_command_arrives_late_is_refused(connection)
