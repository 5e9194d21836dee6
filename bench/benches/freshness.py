"""From an ERP's publish to the new price on a shopper's phone, while 500 other prices change every second."""

from __future__ import annotations

from bench import beside, goods, stage
from bench.figures import median, percentile
from bench.options import Options, note
from bench.results import CannotMeasure, Row, at_most
from local.processes import HOST
from local.provision import PROJECT
from local.suite import Suite

A_SECOND = 500
PROBE_EVERY = 10


async def measure(options: Options) -> list[Row]:
    """One row: the 99th percentile."""
    p99s: list[float] = []
    async with stage.suite("scan", "price_ingest") as suite:
        goods.insert(suite, goods.OURS, 4 * _count(options))
        for turn in range(-1, options.turns(3)):
            times = await _turn(suite, options, turn + 1)
            if turn < 0:
                continue  # the first is for warming up
            p99s.append(percentile(times, 99))
            note(
                f"freshness, round {turn + 1}: median {median(times):.1f} ms, p99 {p99s[-1]:.1f} ms "
                f"of {len(times)} prices watched"
            )
    about = f"p99 from an ERP's publish to the new price in a scan, at {A_SECOND} updates/s"
    return [Row("freshness", median(p99s), "ms", about, target=at_most(250))]


def _count(options: Options) -> int:
    return max(PROBE_EVERY, round(A_SECOND * options.seconds))


async def _turn(suite: Suite, options: Options, turn: int) -> list[float]:
    # All in one store, where the one shopper is checked in.
    count = _count(options)
    mine = [good for good in goods.of(goods.OURS, 4 * count) if good[0] == stage.STORE]
    updates = goods.new_prices(mine, turn)
    job = {
        "host": HOST,
        "port": stage.port_of(suite, "scan"),
        "headers": stage.shopper(suite),
        "topic": f"projects/{PROJECT}/topics/price-updates-{goods.OURS.id}",
        "rate": A_SECOND,
        "seconds": count / A_SECOND,
        "probe_every": PROBE_EVERY,
        "updates": [
            (update.barcode, update.price, text)
            for update, text in zip(updates, goods.messages(updates, 1), strict=True)
        ],
    }
    environment = {"PUBSUB_EMULATOR_HOST": suite.pubsub_endpoint, "GOOGLE_CLOUD_PROJECT": PROJECT}
    answer = await beside.ask("freshness", job, environment)
    if answer["rate"] < 0.95 * A_SECOND:
        raise CannotMeasure(f"the machine is too busy to publish at {A_SECOND}/s: {answer['rate']:.0f}/s")
    times: list[float] = answer["times"]
    return times
