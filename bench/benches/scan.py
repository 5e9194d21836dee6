"""The scan door: requests a second against a bare function with one Redis GET; latency at 1,000 requests a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench import baselines, load, stage
from bench.figures import median
from bench.options import Options, note
from bench.results import CannotMeasure, Row, at_least, at_most
from local import catalogue
from local.suite import Suite

OFFERED = 1_000
MISS_EVERY = 5


async def measure(options: Options) -> list[Row]:
    """Three rows: throughput, p99 of cached scans, p99 of scans that miss the cache."""
    async with stage.suite("scan") as suite:
        door = stage.port_of(suite, "scan")
        headers = stage.shopper(suite)
        paths = [f"/v1/scan/{barcode}" for barcode in stage.barcodes(suite)]
        await stage.warm(door, paths, headers)
        ours, theirs = await _throughput(suite, options, paths, headers)
        hits, misses = await _latency(suite, options, paths, headers)
    return [
        Row(
            "scan",
            median(ours),
            "req/s",
            f"cached scans of {len(paths)} products, one process, against one Redis GET "
            f"({options.generator}, {load.CONNECTIONS} connections)",
            median(theirs),
            at_least(0.9),
        ),
        Row(
            "scan_p99_at_1000",
            median(hits),
            "ms",
            f"p99 of cached scans at {OFFERED} requests/s offered",
            target=at_most(10),
        ),
        Row(
            "scan_p99_miss",
            median(misses),
            "ms",
            f"p99 of scans that miss the cache, every {MISS_EVERY}th of {OFFERED} requests/s offered",
            target=at_most(50),
        ),
    ]


async def _throughput(
    suite: Suite, options: Options, paths: Sequence[str], headers: Mapping[str, str]
) -> tuple[list[float], list[float]]:
    await _give_baseline_its_values(suite, paths)
    bare = baselines.door("redis_get", suite.data_dir / "baselines", environment={"REDIS_URL": suite.redis_url})
    ours: list[float] = []
    theirs: list[float] = []
    async with baselines.running(bare, paths[0]):
        for number in range(options.turns(3)):
            for port, into in ((stage.port_of(suite, "scan"), ours), (bare.port, theirs)):
                rate = await load.throughput(port, paths, headers, seconds=options.seconds, generator=options.generator)
                into.append(rate)
            note(f"scan, round {number + 1}: {ours[-1]:,.0f} req/s, one Redis GET {theirs[-1]:,.0f} req/s")
    return ours, theirs


async def _give_baseline_its_values(suite: Suite, paths: Sequence[str]) -> None:
    """Under each path a value as large as the one we cache: the very same bytes."""
    import redis.asyncio as redis

    async with redis.Redis.from_url(suite.redis_url) as client:
        keys = [key async for key in client.scan_iter(match="product:*", count=1000)]
        values = {key.rpartition(b":")[2]: value for key in keys if (value := await client.get(key))}
        mine = {path: values.get(path.rpartition("/")[2].encode()) for path in paths}
        if not all(mine.values()):
            raise CannotMeasure("the products just scanned are not in the cache")
        await client.mset({path: value for path, value in mine.items() if value})


async def _latency(
    suite: Suite, options: Options, paths: Sequence[str], headers: Mapping[str, str]
) -> tuple[list[float], list[float]]:
    door = stage.port_of(suite, "scan")
    cold = _elsewhere(suite)
    hits, misses = [], []
    for number in range(options.turns(3)):
        await stage.warm(door, paths, dict(headers))
        cached = [("hit", path, headers) for path in paths]
        figures = await load.latencies(door, cached, rate=OFFERED, seconds=options.seconds)
        hits.append(figures["hit"]["p99"])
        needed = round(OFFERED * options.seconds / MISS_EVERY)
        if needed > len(cold):
            raise CannotMeasure(f"there are only {len(cold)} products to miss: choose fewer --seconds")
        await stage.clear_cache(suite)
        await stage.warm(door, paths, dict(headers))
        mixed = []
        for index, (path, their_headers) in enumerate(cold[:needed]):
            mixed += [("hit", paths[(index * 4 + n) % len(paths)], headers) for n in range(MISS_EVERY - 1)]
            mixed.append(("miss", path, their_headers))
        before = await stage.counter(door, "product_database_reads_total")
        figures = await load.latencies(door, mixed, rate=OFFERED, seconds=options.seconds)
        read = await stage.counter(door, "product_database_reads_total") - before
        if read < needed:
            raise CannotMeasure(f"of {needed} scans that should have missed the cache only {read:.0f} did")
        misses.append(figures["miss"]["p99"])
        note(
            f"scan, round {number + 1}: p99 of hits {hits[-1]:.2f} ms, of misses {misses[-1]:.2f} ms "
            f"(median {figures['miss']['p50']:.2f} ms)"
        )
    return hits, misses


def _elsewhere(suite: Suite) -> list[tuple[str, Mapping[str, str]]]:
    """Every product of the other stores, each once: path and headers."""
    found: list[tuple[str, Mapping[str, str]]] = []
    for tenant in catalogue.TENANTS:
        for store_id, _, _ in tenant.stores:
            if store_id != stage.STORE:
                headers = stage.shopper(suite, tenant.id, store_id)
                found += [(f"/v1/scan/{barcode}", headers) for barcode in stage.barcodes(suite, store_id)]
    return found
