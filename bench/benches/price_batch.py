"""Price updates through Pub/Sub in messages of 100, against a raw unordered `bulk_write` of the same updates."""

from __future__ import annotations

from collections.abc import Sequence

from bench import applied, beside, goods, stage
from bench.figures import median
from bench.options import Options, note
from bench.results import Row, at_least
from local.suite import Suite

MESSAGE = 100
A_SECOND = 5_000


async def measure(options: Options) -> list[Row]:
    """One row: updates applied a second."""
    count = min(goods.PLENTY, max(MESSAGE, round(A_SECOND * options.seconds / MESSAGE) * MESSAGE))
    ours: list[float] = []
    theirs: list[float] = []
    async with stage.suite("price_ingest") as suite:
        for tenant in (goods.OURS, goods.THEIRS):
            goods.insert(suite, tenant, count)
        for turn in range(-1, options.turns(3)):
            updates = goods.new_prices(goods.of(goods.OURS, count), turn + 1)
            lane = applied.our_lane(suite, goods.OURS.id)
            mine = await applied.rate(suite, lane, goods.messages(updates, MESSAGE), count)
            goods.check(suite, goods.OURS, updates)
            raw = await _bulk(suite, goods.new_prices(goods.of(goods.THEIRS, count), turn + 1))
            if turn < 0:
                continue  # the first of both is for warming up
            ours.append(mine)
            theirs.append(raw)
            note(f"price_batch, round {turn + 1}: {mine:,.0f} updates/s, bulk_write {raw:,.0f} updates/s")
    about = f"{count:,} price updates through Pub/Sub in messages of {MESSAGE}, against a raw unordered bulk_write"
    return [Row("price_batch", median(ours), "updates/s", about, median(theirs), at_least(0.6))]


async def _bulk(suite: Suite, updates: Sequence[goods.Update]) -> float:
    plain = [(update.store_id, update.barcode, update.price) for update in updates]
    job = {"uri": suite.mongo_uri, "database": suite.mongo_database, "updates": plain}
    answer = await beside.ask("bulk", job)
    goods.check(suite, goods.THEIRS, updates)
    return len(updates) / float(answer["seconds"])
