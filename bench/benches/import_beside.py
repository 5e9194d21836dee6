"""Ten thousand products published while shoppers scan and prices change: how much later do the scans answer?"""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench import assortment, beside, goods, importing, load, stage
from bench.figures import median
from bench.options import Options, note
from bench.results import Row, at_most
from local.provision import PROJECT, topic_path
from local.suite import Suite
from retailscan.imports_client import Imports

ROWS = 10_000
SCANS_A_SECOND = 300
PRICES_A_SECOND = 100
PRODUCTS = 1_000
SHORTEST = 1.0


async def measure(options: Options) -> list[Row]:
    """Two rows: how long the import took, and the 99th percentile of scans with it against without it."""
    rows = options.rows or ROWS
    took: list[float] = []
    busy: list[float] = []
    quiet: list[float] = []
    async with stage.suite("scan", "price_ingest", "import_publish") as suite, importing.manager(suite) as imports:
        traffic = await _Traffic.of(suite)
        # The first import is for warming up, and tells for how long scans have to be watched.
        seconds = await _publish(imports, _file(suite, rows, 0), rows)
        for turn in range(1, options.turns(3) + 1):
            seconds = max(SHORTEST, seconds)
            quiet.append(await traffic.p99(seconds))
            # Making up goods is work, too, but nobody's import.
            file = _file(suite, rows, turn)
            watched = asyncio.create_task(traffic.p99(seconds))
            try:
                took.append(await _publish(imports, file, rows))
                busy.append(await watched)
            finally:
                watched.cancel()
            seconds = min(seconds, took[-1])
            note(
                f"import_beside, round {turn}: {took[-1]:.1f} s; p99 of scans {busy[-1]:.1f} ms, "
                f"without an import {quiet[-1]:.1f} ms"
            )
    about = f"while {SCANS_A_SECOND} scans and {PRICES_A_SECOND} new prices a second arrive"
    told = f"{rows:,} new products from upload to published, {about}"
    return [
        Row("import_beside", median(took), "s", told, target=at_most(30)),
        Row("import_beside_scans", median(busy), "ms", "p99 of these scans", median(quiet), at_most(1.5)),
    ]


def _file(suite: Suite, rows: int, turn: int) -> Path:
    file: Path = suite.data_dir / f"assortment-{turn}.csv"
    assortment.write(file, assortment.goods(rows, assortment.titles(), first=turn * rows))
    return file


async def _publish(imports: Imports, file: Path, rows: int) -> float:
    return (await importing.publish(imports, file, rows, "gentle")).published


class _Traffic:
    """Shoppers and an ERP, each at a constant pace, on the same thousand products of one store."""

    def __init__(self, suite: Suite, mine: list[goods.Good]) -> None:
        self._suite, self._mine, self._turns = suite, mine, 0

    @classmethod
    async def of(cls, suite: Suite) -> _Traffic:
        goods.insert(suite, goods.OURS, 4 * PRODUCTS)
        mine = [good for good in goods.of(goods.OURS, 4 * PRODUCTS) if good[0] == stage.STORE]
        traffic = cls(suite, mine)
        await stage.warm(stage.port_of(suite, "scan"), traffic._paths(), stage.shopper(suite))
        return traffic

    def _paths(self) -> list[str]:
        return [f"/v1/scan/{barcode}" for _, barcode in self._mine]

    async def p99(self, seconds: float) -> float:
        """Milliseconds, of the scans in so many seconds."""
        headers = stage.shopper(self._suite)
        asked = [("scan", path, headers) for path in self._paths()]
        count = round(PRICES_A_SECOND * seconds)
        updates: list[goods.Update] = []
        while len(updates) < count:
            updates += goods.new_prices(self._mine, self._turns)
            self._turns += 1
        job = {
            "topic": topic_path(PROJECT, f"price-updates-{goods.OURS.id}"),
            "messages": goods.messages(updates[:count], 1),
            "rate": PRICES_A_SECOND,
        }
        environment = {"PUBSUB_EMULATOR_HOST": self._suite.pubsub_endpoint, "GOOGLE_CLOUD_PROJECT": PROJECT}
        async with beside.started("publish", job, environment) as erp:
            figures = await load.latencies(
                stage.port_of(self._suite, "scan"), asked, rate=SCANS_A_SECOND, seconds=seconds
            )
            await erp.answer()
        return figures["scan"]["p99"]
