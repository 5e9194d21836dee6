"""From the start of a process to its first answer: the scan door with a real scan, and the bare framework."""

from __future__ import annotations

from bench import baselines, stage
from bench.baselines import Baseline
from bench.figures import median
from bench.options import Options, note
from bench.results import Row, at_most
from local.processes import free_port
from local.suite import Suite


async def measure(options: Options) -> list[Row]:
    """One row: seconds to the first 200."""
    ours: list[float] = []
    theirs: list[float] = []
    async with stage.suite("scan") as suite:
        headers = stage.shopper(suite)
        path = f"/v1/scan/{stage.barcodes(suite)[0]}"
        await stage.warm(stage.port_of(suite, "scan"), [path], headers)
        for turn in range(-1, options.turns(7)):
            # A cached product lives for less than a minute: seen again, it is in Redis for the next start.
            await stage.warm(stage.port_of(suite, "scan"), [path], headers)
            mine = await _once(_our_door(suite), path, headers)
            bare = await _once(baselines.door("constant", suite.data_dir / "baselines"), "/", {})
            if turn < 0:
                continue  # the first of both finds nothing compiled
            ours.append(mine)
            theirs.append(bare)
    note("cold_start, ours: " + " ".join(f"{each:.2f}" for each in ours) + " s")
    note("cold_start, bare: " + " ".join(f"{each:.2f}" for each in theirs) + " s")
    about = "process start to the first 200 of a real scan, against a bare functions_framework.aio function"
    return [Row("cold_start", median(ours), "s", about, median(theirs), at_most(1.6))]


def _our_door(suite: Suite) -> Baseline:
    """Another process of the scan door, with the environment that the suite gave the first."""
    environment = suite.doors.doors["scan"].child.env or {}
    return Baseline("scan", free_port(), suite.data_dir / "cold", environment)


async def _once(process: Baseline, path: str, headers: dict[str, str]) -> float:
    try:
        return await process.start(path, headers)
    finally:
        await process.stop()
