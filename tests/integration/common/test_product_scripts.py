"""The Lua scripts do on a real Redis what the model says, over random histories."""

import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.exceptions import OutOfMemoryError

from functions.common import product_cache, redis
from functions.common.product_cache import Entry, ProductCache, Snapshot
from local import services
from tests.cache_model import CacheModel, ModelRedis

STORES = ("s1", "s2")
BARCODES = ("96385074", "4006381333931", "14006381333938")
PAYLOADS = (b"", b"null", b'"96385074"', b'{"a":1}', b'{"b":"\xc3\xa9|\\n"}')

# Versions at the edges: equal, one apart, of different lengths as numbers, and around what a double can hold.
versions = st.sampled_from([0, 1, 2, 9, 10, 99, 100, 2**53 - 1, 2**53, 2**53 + 1, 10**16 - 1])
entries = st.builds(Entry, st.sampled_from(BARCODES), versions, st.sampled_from(PAYLOADS))
steps = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(STORES), st.lists(entries, min_size=1, max_size=4)),
    st.tuples(st.just("supersede"), st.sampled_from(STORES), st.lists(entries, min_size=1, max_size=4)),
    st.tuples(st.just("supersede"), st.sampled_from(STORES), st.lists(entries, min_size=1, max_size=4)),
    st.tuples(st.just("fill"), st.sampled_from(STORES), st.lists(entries, min_size=1, max_size=4)),
    st.tuples(st.just("stale_fill"), st.sampled_from(STORES), st.lists(entries, min_size=1, max_size=4)),
    st.tuples(st.just("clear_store"), st.sampled_from(STORES), st.just([])),
    st.tuples(st.just("clear_all"), st.just("s1"), st.just([])),
)


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[list[Any]], None]]:
    """Runs a history on an emptied Redis and on a new model; one connection for all histories."""
    with services.Redis(tmp_path_factory.mktemp("redis-scripts")) as server, asyncio.Runner() as runner:
        connection = redis.Cache(server.url, timeout=5.0)

        async def run(history: list[Any]) -> None:
            await connection.client.flushall()
            await _compare(ProductCache(connection), ProductCache(ModelRedis(CacheModel())), history)

        yield lambda history: runner.run(run(history))
        runner.run(connection.close())


@given(history=st.lists(steps, max_size=25))
@settings(max_examples=150, deadline=None)
def test_the_scripts_agree_with_the_model(replay: Callable[[list[Any]], None], history: list[Any]) -> None:
    replay(history)


async def _compare(real: ProductCache, model: ProductCache, history: list[Any]) -> None:
    first: dict[tuple[int, str], Snapshot] = {}
    for action, store, values in history:
        outcomes: list[Any] = []
        for number, cache in enumerate((real, model)):
            now = await seen(cache, store)
            first.setdefault((number, store), now)
            if action == "write":
                outcomes.append(await cache.write(store, values))
            elif action == "supersede":
                outcomes.append(await cache.supersede(store, [(each.barcode, each.ver) for each in values]))
            elif action == "supersede":
                outcomes.append(await cache.supersede(store, [(entry.barcode, entry.ver) for entry in values]))
            elif action in ("fill", "stale_fill"):
                under = now if action == "fill" else first[number, store]._replace(micros=now.micros)
                outcomes.append(await cache.fill(store, under, values))
            elif action == "clear_store":
                await cache.clear_store(store)
            else:
                await cache.clear_all()
        assert outcomes[:1] == outcomes[1:]
        for each in STORES:
            assert (await seen(real, each)).values == (await seen(model, each)).values


async def seen(cache: ProductCache, store: str, *barcodes: str) -> Snapshot:
    snapshot = await cache.read(store, barcodes or BARCODES)
    assert snapshot is not None
    return snapshot


@pytest.fixture
async def connection(redis_server: str) -> Any:
    cache = redis.Cache(redis_server, timeout=2.0)
    await cache.client.flushall()
    yield cache
    await cache.close()


async def lifetimes(connection: redis.Cache, payload: bytes, count: int = 200) -> list[float]:
    cache = ProductCache(connection)
    await cache.write("s1", [Entry(f"{n}", 5, payload) for n in range(count)])
    snapshot = await seen(cache, "s1", "0")
    prefix = f"product:{snapshot.token.decode()}:s1:"
    return [await connection.client.pttl(f"{prefix}{n}") / 1000 for n in range(count)]


async def test_no_value_lives_so_long_that_all_delays_together_pass_a_minute(connection: redis.Cache) -> None:
    random.seed(1)
    seconds = await lifetimes(connection, b"{}")
    from functions.common.product_reader import MEMORY_SECONDS

    assert max(seconds) + product_cache.FILL_WINDOW_SECONDS + MEMORY_SECONDS < 60
    assert max(seconds) - min(seconds) > 10, "life times are spread, so that keys do not expire together"


async def test_tombstones_outlive_every_fill_and_unknown_barcodes_are_asked_again_soon(
    connection: redis.Cache,
) -> None:
    assert min(await lifetimes(connection, b"", 3)) > 59
    assert max(await lifetimes(connection, b"null", 3)) <= 5


async def test_a_filler_that_read_before_the_store_was_cleared_is_refused(connection: redis.Cache) -> None:
    cache = ProductCache(connection)
    before = await seen(cache, "s1", "1")
    await cache.clear_store("s1")
    assert await cache.fill("s1", before, [Entry("1", 5, b"{}")]) is None
    after = await seen(cache, "s1", "1")
    assert after.values == [None]


async def test_a_filler_whose_command_arrives_late_is_refused(connection: redis.Cache) -> None:
    cache = ProductCache(connection)
    snapshot = await seen(cache, "s1", "1")
    late = snapshot._replace(micros=snapshot.micros - 3_000_000)
    assert await cache.fill("s1", late, [Entry("1", 5, b"{}")]) is None
    assert await cache.fill("s1", snapshot, [Entry("1", 5, b"{}")]) == [None]


async def test_an_epoch_lost_by_a_flush_is_never_given_out_again(connection: redis.Cache) -> None:
    cache = ProductCache(connection)
    tokens = []
    for _ in range(3):
        snapshot = await cache.read("s1", ["1"])
        assert snapshot is not None
        tokens.append(snapshot.token)
        await connection.client.flushall()
    assert sorted(set(tokens)) == tokens


async def test_another_server_than_the_one_of_the_epoch_starts_afresh_once(connection: redis.Cache) -> None:
    cache = ProductCache(connection)
    await cache.adopt_server("run-1")
    await cache.write("s1", [Entry("1", 5, b"{}")])
    await cache.adopt_server("run-1")
    same = await seen(cache, "s1", "1")
    await cache.adopt_server("run-2")
    other = await cache.read("s1", ["1"])
    assert other is not None
    assert (same.values, other.values) == ([b"0000000000000005|{}"], [None])


async def test_a_version_that_does_not_fit_sixteen_digits_is_a_bug(connection: redis.Cache) -> None:
    with pytest.raises(ValueError, match="not a version"):
        await ProductCache(connection).write("s1", [Entry("1", 10**16, b"{}")])


async def test_a_script_redis_has_forgotten_is_sent_again(connection: redis.Cache) -> None:
    cache = ProductCache(connection)
    await cache.read("s1", ["1"])
    await connection.client.script_flush()
    assert await cache.read("s1", ["1"]) is not None


async def test_superseding_names_the_barcodes_that_had_a_value(connection: redis.Cache) -> None:
    cache = ProductCache(connection)
    await cache.write("s1", [Entry("1", 5, b"{}"), Entry("2", 5, b""), Entry("3", 9, b"{}")])
    assert await cache.supersede("s1", [("1", 6), ("2", 6), ("3", 6), ("4", 6)]) == ["1"]
    newest = (await seen(cache, "s1", "1", "2", "3", "4")).values
    assert newest == [b"%016d|" % 6, b"%016d|" % 6, b"%016d|{}" % 9, b"%016d|" % 6]


async def test_a_full_redis_drops_the_old_value_and_the_new_one_is_announced_again_later(tmp_path: Path) -> None:
    with services.Redis(tmp_path, options={"maxmemory-policy": "noeviction"}) as server:
        connection = redis.Cache(server.url, timeout=2.0)
        cache = ProductCache(connection)
        await cache.write("s1", [Entry("1", 5, b"{}")])
        await connection.client.config_set("maxmemory", "500kb")
        with pytest.raises(OutOfMemoryError):
            await connection.client.set("anything", b"x")

        assert await cache.write("s1", [Entry("1", 6, b"{}")]) == 1
        assert (await seen(cache, "s1", "1")).values == [None], "the old price is not left behind"
        assert cache.unconfirmed == 1

        await connection.client.config_set("maxmemory", "0")
        async with asyncio.timeout(5):
            while cache.unconfirmed:
                await asyncio.sleep(0.05)
        assert (await seen(cache, "s1", "1")).values == [b"0000000000000006|"], "a tombstone stops slow fillers"
        await cache.close()
        await connection.close()


async def test_an_epoch_that_cannot_be_made_in_a_full_redis_means_nothing_is_known(tmp_path: Path) -> None:
    with services.Redis(tmp_path, options={"maxmemory": "500kb", "maxmemory-policy": "noeviction"}) as server:
        connection = redis.Cache(server.url, timeout=2.0)
        assert await ProductCache(connection).read("s1", ["1"]) is None
        assert connection.down_since is None
        await connection.close()
