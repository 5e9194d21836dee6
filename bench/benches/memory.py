"""How much memory one scan process takes after 20,000 and after 100,000 scans of the whole catalogue."""

from __future__ import annotations

import random
from collections.abc import Iterator

import psutil

from bench import beside, stage
from bench.load import CONNECTIONS
from bench.options import Options, note
from bench.results import CannotMeasure, Row, at_most
from bench.wire import request
from local import catalogue
from local.processes import HOST
from local.suite import Suite

EARLY, LATE = 20_000, 100_000
MIB = 1024 * 1024
UNKNOWN_EVERY = 20
FLAT = 1.05


async def measure(options: Options) -> list[Row]:
    """Three rows: the process's size, how it grew, and for comparison everything of its container."""
    # --seconds shortens this one, too: at 4 and more it has its full size.
    scale = min(1.0, options.seconds / 4)
    early, late = round(EARLY * scale), round(LATE * scale)
    async with stage.suite("scan") as suite:
        wires = list(_wires(suite))
        sizes = {}
        done = 0
        for goal in (early, late):
            await _scan(suite, wires, goal - done, done)
            done = goal
            sizes[goal] = _worker(suite).memory_info().rss / MIB
            note(f"memory: {sizes[goal]:.1f} MiB after {goal:,} scans")
        leader = psutil.Process(suite.doors.doors["scan"].child.pid)
        container = sum(each.memory_full_info().pss for each in (leader, *leader.children(recursive=True))) / MIB
    about = f"resident memory of one scan process after {late:,} scans"
    return [
        Row("memory", sizes[late], "MiB", about, target=at_most(150)),
        Row("memory_growth", sizes[late], "MiB", f"the same against {early:,} scans", sizes[early], at_most(FLAT)),
        Row("memory_container", container, "MiB", "gunicorn's leader and worker together, shared pages counted once"),
    ]


def _wires(suite: Suite) -> Iterator[str]:
    """A scan of every product of every store, shuffled, and here and there a code that no store knows."""
    found = []
    port = stage.port_of(suite, "scan")
    for tenant in catalogue.TENANTS:
        for store_id, _, _ in tenant.stores:
            headers = stage.shopper(suite, tenant.id, store_id)
            unknown = [catalogue.gtin(tenant, 90_000 + number) for number in range(0, tenant.assortment, UNKNOWN_EVERY)]
            for barcode in [*stage.barcodes(suite, store_id), *unknown]:
                found.append(request(HOST, port, f"/v1/scan/{barcode}", headers).decode("latin-1"))
    random.Random("memory").shuffle(found)
    return iter(found)


async def _scan(suite: Suite, wires: list[str], count: int, skip: int) -> None:
    start = skip % len(wires)
    job = {
        "kind": "closed",
        "host": HOST,
        "port": stage.port_of(suite, "scan"),
        "connections": CONNECTIONS,
        "requests": wires[start:] + wires[:start],
        "allowed": (200, 404),
        "count": count,
    }
    answer = await beside.ask("load", job, timeout=400)
    if answer["errors"]:
        raise CannotMeasure(f"{answer['errors']} of {count} scans failed")


def _worker(suite: Suite) -> psutil.Process:
    workers = psutil.Process(suite.doors.doors["scan"].child.pid).children()
    if len(workers) != 1:
        raise CannotMeasure(f"the scan door has {len(workers)} workers instead of one")
    return workers[0]
