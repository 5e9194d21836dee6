"""What writers owe to Redis while it does not answer, and what is cleared after it was away for long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from functions.common import clock, product_cache
from functions.common.product_cache import Entry, ProductCache, aliases_of, entry_of
from tests.cache_model import CacheModel, ModelRedis


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(product_cache, "REPAIR_SECONDS", 0.001)
    yield
    clock.freeze(None)


async def settled(cache: ProductCache) -> None:
    async with asyncio.timeout(5):
        while cache.unconfirmed:
            await asyncio.sleep(0.001)


async def value(redis: ModelRedis, barcode: str) -> bytes | None:
    snapshot = await ProductCache(redis).read("s1", [barcode])
    assert snapshot is not None
    return snapshot.values[0]


async def test_a_write_that_redis_did_not_take_becomes_a_tombstone_when_it_is_back() -> None:
    redis = ModelRedis()
    cache = ProductCache(redis)
    await cache.write("s1", [Entry("1", 5, b"{}"), Entry("2", 5, b"{}")])
    redis.down = True
    assert await cache.write("s1", [Entry("1", 6, b"{}")]) == 1
    assert await cache.write("s1", [Entry("1", 7, b"{}")]) == 1
    assert cache.unconfirmed == 1
    redis.down = False
    await settled(cache)
    assert await value(redis, "1") == b"0000000000000007|"
    assert await value(redis, "2") == b"0000000000000005|{}"


async def test_repeating_an_invalidation_never_hides_a_newer_value() -> None:
    redis = ModelRedis()
    cache, other = ProductCache(redis), ProductCache(redis)
    redis.down = True
    await cache.write("s1", [Entry("1", 6, b"{}")])
    redis.down = False
    await other.write("s1", [Entry("1", 7, b'{"newer":1}')])
    await settled(cache)
    assert await value(redis, "1") == b'0000000000000007|{"newer":1}'


async def test_a_write_that_fails_while_the_last_one_is_repeated_is_repeated_too() -> None:
    redis = ModelRedis()
    cache = ProductCache(redis)
    redis.down = True
    await cache.write("s1", [Entry("1", 6, b"{}")])
    redis.down = False
    repeats = 0

    async def fail_meanwhile(name: str) -> None:
        nonlocal repeats
        repeats += 1
        if repeats == 1:
            cache._remember("s1", Entry("1", 9, b"{}"))

    redis.gate = fail_meanwhile
    await settled(cache)
    redis.gate = None
    assert await value(redis, "1") == b"0000000000000009|"


async def test_a_store_that_could_not_be_cleared_is_cleared_later() -> None:
    redis = ModelRedis()
    cache = ProductCache(redis)
    await cache.write("s1", [Entry("1", 5, b"{}")])
    redis.down = True
    await cache.clear_store("s1")
    await cache.clear_all()
    assert cache.unconfirmed == 2
    redis.down = False
    await settled(cache)
    assert await value(redis, "1") is None
    assert {"Ss1", "A"} <= set(redis.model.published)


async def test_when_too_much_is_owed_everything_is_cleared_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_cache, "UNCONFIRMED_LIMIT", 100)
    redis = ModelRedis()
    cache = ProductCache(redis)
    entries = [Entry(f"{number}", 5, b"{}") for number in range(150)]
    await cache.write("s1", entries)
    redis.down = True
    assert await cache.write("s1", [entry._replace(ver=6) for entry in entries]) == 150
    assert cache.unconfirmed <= 101
    redis.down = False
    await settled(cache)
    for entry in entries:
        standing = await value(redis, entry.barcode)
        assert standing is None or standing == b"0000000000000006|"


class Recovering(ModelRedis):
    """A Redis that has been away for `seconds` and answers again with the next call."""

    def __init__(self, model: CacheModel, seconds: float) -> None:
        super().__init__(model)
        self.down_since = clock.seconds() - seconds

    async def run(self, call: Any) -> Any:
        result = await super().run(call)
        self.down_since = None
        return result


async def test_after_an_outage_longer_than_a_tombstone_everything_starts_afresh_once() -> None:
    model = CacheModel()
    await ProductCache(ModelRedis(model)).write("s1", [Entry("1", 5, b"{}")])
    model.advance(0.5)
    back = Recovering(model, 61)
    cache = ProductCache(back)
    model.epochs[""] = model.now - 100_000_000
    assert await cache.read("s1", ["1"]) is None, "what was read on the way back is not used"
    epoch = model.epochs[""]
    assert epoch == model.now
    assert await value(back, "1") is None
    model.advance(1)
    late = ProductCache(Recovering(model, 62))
    await late.read("s1", ["1"])
    assert model.epochs[""] == epoch, "another process had done it already"


async def test_after_a_short_outage_nothing_is_cleared() -> None:
    model = CacheModel()
    await ProductCache(ModelRedis(model)).write("s1", [Entry("1", 5, b"{}")])
    snapshot = await ProductCache(Recovering(model, 30)).read("s1", ["1"])
    assert snapshot is not None
    assert snapshot.values == [b"0000000000000005|{}"]


async def test_many_entries_are_sent_in_chunks_and_named_in_the_invalidation() -> None:
    redis = ModelRedis()
    entries = [Entry(f"{number}", 5, b"{}") for number in range(600)]
    assert await ProductCache(redis).write("s1", entries) == 0
    assert redis.calls == ["store"] * 3
    announced = [line for message in redis.model.published for line in message.split("\n")[1:]]
    assert announced == [f"{5:016d} {number}" for number in range(600)]


async def test_a_fill_tells_nobody() -> None:
    redis = ModelRedis()
    cache = ProductCache(redis)
    snapshot = await cache.read("s1", ["1"])
    assert snapshot is not None
    await cache.fill("s1", snapshot, [Entry("1", 5, b"{}")])
    assert redis.model.published == []


DOC = {
    "tenantId": "t1",
    "storeId": "s1",
    "barcode": "96385074",
    "name": "Gum",
    "ver": 7,
    "units": [{"barcode": "4006381333931", "quantity": 6000}, {"name": "no barcode", "quantity": 1}],
}


async def test_documents_of_several_stores_are_written_each_to_its_own() -> None:
    redis = ModelRedis()
    cache = ProductCache(redis)
    await cache.write_documents([DOC, DOC | {"storeId": "s2", "ver": 8}], units=True)
    assert [message.split("\n")[0] for message in redis.model.published] == ["Ps1", "Ps2"]
    assert await value(redis, "4006381333931") == b'0000000000000001|"96385074"'
    assert (await value(redis, "96385074") or b"")[:17] == b"0000000000000007|"


def test_a_deleted_product_has_no_packs_and_reads_as_unknown() -> None:
    gone = DOC | {"status": "deleted"}
    assert aliases_of(gone) == []
    assert entry_of(gone) == Entry("96385074", 7, b"null")


async def test_an_error_that_is_not_redis_own_is_not_hidden() -> None:
    class Broken(ModelRedis):
        async def run(self, call: Any) -> Any:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ProductCache(Broken()).read("s1", ["1"])
