"""The bare commands of checkouts. First the door's function serves every request in this process, one after the other,
and each command that it sends to MongoDB is kept as it was sent. Then the driver sends them again, all or the writes
alone, and nothing else runs: each checkout's in their order, some checkouts at a time. In between the data is put back
as it was.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any

from bench.children.work import Job, run
from bench.figures import percentile

WRITES = frozenset({"insert", "update", "delete", "findAndModify"})
COMMANDS = WRITES | {"find", "aggregate"}
_OF_THE_DRIVER = frozenset({"lsid", "txnNumber", "$clusterTime", "$db", "$readPreference"})


async def work(job: Job) -> Job:
    """`record`: the commands of each request are kept in a file. `replay`: those `named` are sent again, and timed."""
    return await (_record(job) if job["kind"] == "record" else _replay(job))


async def _record(job: Job) -> Job:
    import bson
    import httpx
    from functions_framework.aio import create_asgi_app
    from pymongo import monitoring

    heard: list[tuple[str, dict[str, Any]]] = []

    class Listener(monitoring.CommandListener):
        def started(self, event: monitoring.CommandStartedEvent) -> None:
            heard.append((event.command_name, dict(event.command)))

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
            """Nothing to note."""

        def failed(self, event: monitoring.CommandFailedEvent) -> None:
            """Nothing to note."""

    monitoring.register(Listener())
    app = create_asgi_app("checkout", job["source"])  # type: ignore[no-untyped-call]
    chains: list[list[dict[str, Any]]] = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://door.test") as client:
        for headers, body in job["requests"]:
            heard.clear()
            answer = await client.post(job["path"], content=body, headers=headers)
            if answer.status_code != 201:
                raise LookupError(f"a checkout was answered {answer.status_code}: {answer.text[:300]}")
            chains.append([_bare(command) for name, command in heard if name in COMMANDS])
    with open(job["file"], "wb") as file:
        file.write(bson.encode({"chains": chains}))
    # The first of all has also opened connections and read what every checkout shares.
    writes = [sum(next(iter(command)) in WRITES for command in chain) for chain in chains]
    return {"writes": percentile(writes, 50), "commands": percentile([len(each) for each in chains], 50)}


def _bare(command: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in command.items() if name not in _OF_THE_DRIVER}


async def _replay(job: Job) -> Job:
    import bson
    from pymongo import AsyncMongoClient

    with open(job["file"], "rb") as file:
        kept: list[list[dict[str, Any]]] = bson.decode(file.read())["chains"]
    chains = [[command for command in chain if next(iter(command)) in job["named"]] for chain in kept]
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(job["uri"], w="majority")
    database = client[job["database"]]
    await database.command("ping")
    waiting, times = iter(chains), []

    async def till() -> None:
        for chain in waiting:
            began = perf_counter()
            for command in chain:
                await database.command(command)
            times.append(perf_counter() - began)

    began = perf_counter()
    await asyncio.gather(*(till() for _ in range(job["tills"])))
    seconds = perf_counter() - began
    await client.close()
    return {"seconds": seconds, "p99": percentile(times, 99) * 1000}


if __name__ == "__main__":
    run(work)
