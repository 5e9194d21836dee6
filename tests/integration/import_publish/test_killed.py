"""Workers that are killed in the middle of staging, by the kernel, without a word: another one goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from functions.common.retail import barcode
from tests.integration.import_publish.conftest import Room
from tests.support import ROOT

ROWS = 6_000
WORKER = """
import asyncio, sys
from pathlib import Path
from functions.common import mongo
from functions.import_publish import staging
from functions.import_publish.chunks_repository import Chunks
from functions.import_publish.core import Deps
from functions.import_publish.live_repository import Live
from functions.import_publish.repository import Imports, Settings
from tests.unit.import_publish.fakes import MemoryBucket

async def main(import_id, name, path):
    bucket = MemoryBucket()
    bucket.objects[name] = Path(path).read_bytes()
    deps = Deps(Imports(), Chunks(), Live(), Settings(), bucket, None)
    await staging.stage(deps, "acme", import_id)
    await mongo.close()

asyncio.run(main(*sys.argv[1:]))
"""


def gtin(number: int) -> str:
    digits = f"{400_000_000_000 + number:012d}"
    return digits + barcode.check_digit(digits)


@pytest.mark.slow
async def test_workers_killed_at_random_leave_every_row_once(room: Room, tmp_path: Path) -> None:
    lines = [f"{gtin(number)},Product {number},{1 + number % 9}.00\n" for number in range(ROWS)]
    # The first and the last line share a barcode: only who has seen the whole file can tell.
    lines.append(lines[0])
    content = "barcode,name,price\n" + "".join(lines)
    reply = await room.upload(content)
    import_id = reply.json()["data"]["imports"][0]["importId"]
    (tmp_path / "file.csv").write_text(content)
    name = (await room.document(import_id))["source"]["object"]
    environment = {
        **os.environ,
        "TEST": "1",
        "FAILPOINT": "import.after_chunk_staged:kill9:0.3",
        "MONGODB_URI": room.world.settings.mongodb_uri,
        "MONGODB_DATABASE": room.world.settings.mongodb_database,
    }
    endings: list[int] = []
    while (await room.document(import_id))["state"] == "staging":
        assert len(endings) < 30, "it does not come to an end"
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WORKER, import_id, name, str(tmp_path / "file.csv")),
            cwd=ROOT,
            env=environment,
            stderr=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        endings.append(await worker.wait())
        # Nobody waits here until the lease of a dead worker has run out.
        past = datetime(2026, 1, 1, tzinfo=UTC)
        await room.database.imports.update_one({"_id": import_id}, {"$set": {"work.until": past}})
    assert -signal.SIGKILL in endings, "nobody was killed: this has shown nothing"
    view = await room.view(import_id)
    assert view["state"] == "staged"
    counts = {key: number for key, number in view["counts"].items() if number}
    assert counts == {"rows": ROWS + 1, "errors": 2, "valid": ROWS - 1, "create": ROWS - 1}
    chunks = await room.chunks(import_id)
    staged = [(row["r"], row["b"]) for chunk in chunks for row in chunk["rows"]]
    assert staged == [(line, gtin((line - 2) % ROWS)) for line in range(2, ROWS + 3)]
