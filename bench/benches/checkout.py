"""Checkouts a second of one process, from the tap to a payment that the shopper can begin, against their bare commands.

The baseline is the very commands that these checkouts send to MongoDB, sent by the bare driver: no rules, no HTTP, no
payment provider, no queue. For comparison also their writes alone.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import httpx

from bench import beside, load, stage, till
from bench.children.checkouts import COMMANDS, WRITES
from bench.figures import median
from bench.options import Options, note
from bench.results import Row, at_least
from local.processes import HOST
from local.suite import ROOT, Suite

A_SECOND = 200
"""Checkouts that a turn has ready for each second it should last."""
OFFERED = 40
RECORDED = 800
_MONGO = ("find", "insert", "update", "delete", "findAndModify", "aggregate", "getMore")
_REDIS = ("get", "mget", "set", "eval", "evalsha", "publish")


async def measure(options: Options) -> list[Row]:
    """Checkouts a second against their commands, latency at a steady pace, and what a checkout asks of others."""
    count = max(till.BASKETS, round(A_SECOND * options.seconds))
    ours: list[float] = []
    bare: dict[str, list[float]] = {"commands": [], "writes": []}
    p99: list[float] = []
    async with stage.suite("sessions", "checkout") as suite:
        await _no_webhooks(suite)
        visits = await till.visits(suite, max(count, RECORDED))
        counted = await _record(suite, visits[:RECORDED])
        for turn in range(-1, options.turns(3)):
            rate = await _ours(suite, visits[:count])
            raw = {"commands": await _bare(suite, COMMANDS), "writes": await _bare(suite, WRITES)}
            tail = await _paced(suite, visits[:count], options.seconds)
            if turn < 0:
                continue  # the first of each is for warming up
            ours.append(rate)
            for name, value in raw.items():
                bare[name].append(value)
            p99.append(tail)
            told = ", ".join(f"bare {name} {value:,.0f}/s" for name, value in raw.items())
            note(f"checkout, round {turn + 1}: {rate:,.0f}/s, {told}; p99 {tail:.1f} ms")
        asked = await _asked(suite, visits[: till.BASKETS])
    about = f"checkouts of {till.LINES} lines, one process, against the bare driver's"
    return [
        Row(
            "checkout",
            median(ours),
            "/s",
            f"{about} {counted['commands']:g} commands of each",
            median(bare["commands"]),
            at_least(0.5),
        ),
        Row(
            "checkout_writes",
            median(ours),
            "/s",
            f"{about} {counted['writes']:g} writes of each",
            median(bare["writes"]),
        ),
        Row("checkout_p99", median(p99), "ms", f"p99 of checkouts at {OFFERED} a second offered"),
        *(Row(f"checkout_{name}", value, "", what) for name, what, value in asked),
    ]


async def _no_webhooks(suite: Suite) -> None:
    """Nobody here would take them in, and a provider that tries again and again is no part of a checkout."""
    async with httpx.AsyncClient() as web:
        answer = await web.post(f"{_stripe(suite)}/_control/webhooks", json={"lose": 1.0})
        answer.raise_for_status()


def _stripe(suite: Suite) -> str:
    return (suite.doors.doors["checkout"].child.env or {})["STRIPE_API_BASE"]


async def _ours(suite: Suite, visits: list[till.Visit]) -> float:
    till.restore(suite)
    port = stage.port_of(suite, "checkout")
    job = {
        "kind": "closed",
        "host": HOST,
        "port": port,
        "connections": load.CONNECTIONS,
        "requests": [visit.wire(port) for visit in visits],
        "allowed": [201],
        "count": len(visits),
    }
    answer = await beside.ask("load", job)
    till.check(suite, len(visits))
    return len(visits) / float(answer["seconds"])


async def _paced(suite: Suite, visits: list[till.Visit], seconds: float) -> float:
    till.restore(suite)
    port = stage.port_of(suite, "checkout")
    asked = [("checkout", visit.wire(port)) for visit in visits[: round(OFFERED * seconds)]]
    figures = await load.paced(port, asked, rate=OFFERED, seconds=len(asked) / OFFERED, allowed=(201,))
    till.check(suite, len(asked))
    return figures["checkout"]["p99"]


async def _record(suite: Suite, visits: list[till.Visit]) -> dict[str, float]:
    """Keeps the commands of checkouts in a file; returns how many each has, and how many of them write."""
    till.restore(suite)
    environment = suite.doors.doors["checkout"].child.env or {}
    job = {
        "kind": "record",
        "source": str(ROOT / "functions" / "checkout" / "main.py"),
        "path": till.PATH,
        "requests": [(visit.headers(), visit.body) for visit in visits],
        "file": str(_file(suite)),
    }
    answer = await beside.ask("checkouts", job, environment)
    till.check(suite, len(visits))
    note(f"checkout: {answer['commands']:g} commands to MongoDB, {answer['writes']:g} of them writes")
    return {name: float(answer[name]) for name in ("commands", "writes")}


async def _bare(suite: Suite, named: Collection[str]) -> float:
    till.restore(suite)
    job: dict[str, Any] = {"kind": "replay", "uri": suite.mongo_uri, "database": suite.mongo_database}
    job |= {"file": str(_file(suite)), "tills": load.CONNECTIONS, "named": sorted(named)}
    answer = await beside.ask("checkouts", job)
    till.check(suite, RECORDED)
    return RECORDED / float(answer["seconds"])


async def _asked(suite: Suite, visits: list[till.Visit]) -> list[tuple[str, str, float]]:
    """What a checkout asks of MongoDB, of Redis and of the payment provider, in round trips."""
    before = await _totals(suite)
    await _ours(suite, visits)
    after = await _totals(suite)
    words = {
        "mongo": "commands to MongoDB of a checkout",
        "redis": "commands to Redis of a checkout",
        "payments": "requests to the payment provider of a checkout",
    }
    return [(name, what, (after[name] - before[name]) / len(visits)) for name, what in words.items()]


async def _totals(suite: Suite) -> dict[str, float]:
    """Commands that the servers have had so far; the suite's own heartbeats are none of these."""
    import redis.asyncio as redis
    from pymongo import AsyncMongoClient

    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(suite.mongo_uri) as client:
        commands = (await client.admin.command("serverStatus"))["metrics"]["commands"]
    async with redis.Redis.from_url(suite.redis_url) as cache:
        stats = await cache.info("commandstats")
    asked = {name: row["calls"] for name, row in stats.items() if name.removeprefix("cmdstat_") in _REDIS}
    async with httpx.AsyncClient() as web:
        ledger = (await web.get(f"{_stripe(suite)}/_control/ledger")).json()
    return {
        "mongo": sum(commands[name]["total"] for name in _MONGO),
        "redis": sum(asked.values()),
        "payments": len(ledger),
    }


def _file(suite: Suite) -> Path:
    return suite.data_dir / "checkouts.bson"
