"""Price updates through Pub/Sub, one a message, against doors that do one `update_one` a push."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bench import applied, baselines, goods, pubsub, stage
from bench.baselines import Baseline
from bench.figures import median
from bench.options import Options, note
from bench.results import Row, at_least
from local.processes import HOST
from local.suite import Suite

A_SECOND = 4_000


async def measure(options: Options) -> list[Row]:
    """Two rows: against the threaded framework, and for comparison against the async one."""
    count = min(goods.PLENTY, max(1, round(A_SECOND * options.seconds)))
    rates: dict[str, list[float]] = {"ours": [], "update_one": [], "update_one_async": []}
    async with stage.suite("price_ingest") as suite, _baselines(suite) as doors:
        for tenant in (goods.OURS, goods.THEIRS):
            goods.insert(suite, tenant, count)
        lanes = [("ours", goods.OURS, applied.our_lane(suite, goods.OURS.id))]
        lanes += [(each, goods.THEIRS, applied.baseline_lane(_topic(each), door.port)) for each, door in doors.items()]
        for turn in range(-1, options.turns(5)):
            for place, (name, tenant, lane) in enumerate(lanes):
                updates = goods.new_prices(goods.of(tenant, count if turn >= 0 else count // 4), 3 * (turn + 1) + place)
                rate = await applied.rate(suite, lane, goods.messages(updates, 1), len(updates))
                goods.check(suite, tenant, updates)
                if turn >= 0:
                    rates[name].append(rate)
            if turn >= 0:
                told = ", ".join(f"{name} {each[-1]:,.0f}" for name, each in rates.items())
                note(f"price_single, round {turn + 1}: {told} updates/s")
    return _rows(rates, count)


def _rows(rates: dict[str, list[float]], count: int) -> list[Row]:
    ours = median(rates["ours"])
    about = f"{count:,} price updates through Pub/Sub, one a message, against one update_one a push"
    return [
        Row(
            "price_single",
            ours,
            "updates/s",
            f"{about} in the default, threaded functions-framework",
            median(rates["update_one"]),
            at_least(5),
        ),
        Row(
            "price_single_async",
            ours,
            "updates/s",
            f"{about} in functions_framework.aio with the async driver",
            median(rates["update_one_async"]),
        ),
    ]


@asynccontextmanager
async def _baselines(suite: Suite) -> AsyncIterator[dict[str, Baseline]]:
    """Both baseline doors, each with a topic and a push subscription of its own on the same local Pub/Sub."""
    environment = {"MONGODB_URI": suite.mongo_uri, "MONGODB_DATABASE": suite.mongo_database}
    async with AsyncExitStack() as stack:
        doors = {}
        for name, asgi in (("update_one", False), ("update_one_async", True)):
            door = baselines.door(name, suite.data_dir / "baselines", environment=environment, asgi=asgi)
            doors[name] = await stack.enter_async_context(baselines.running(door))
            await pubsub.subscribe(suite, _topic(name), f"http://{HOST}:{door.port}/push")
        yield doors


def _topic(name: str) -> str:
    return f"bench-{name.replace('_', '-')}"
