"""What the programs beside a benchmark share: the job from the standard input, the answer to the standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

Job = dict[str, Any]


def run(work: Callable[[Job], Awaitable[Job]]) -> None:
    """Read the job, do it on uvloop (as the doors run), and answer."""
    import uvloop

    job = json.load(sys.stdin)
    answer = uvloop.run(_done(work, job))
    json.dump(answer, sys.stdout)


async def _done(work: Callable[[Job], Awaitable[Job]], job: Job) -> Job:
    return await work(job)
