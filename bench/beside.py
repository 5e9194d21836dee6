"""Runs a program of `bench.children` beside the benchmark: a process of its own, so that it does not slow ours."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from bench.results import CannotMeasure
from local.suite import ROOT
from local.supervisor import plain_environment

Answer = dict[str, Any]


@asynccontextmanager
async def started(name: str, job: Mapping[str, Any], env: Mapping[str, str] | None = None) -> AsyncIterator[Beside]:
    """The program `bench.children.<name>` at work; gone when the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"bench.children.{name}"),
        cwd=ROOT,
        env={**plain_environment(), **(env or {}), "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    beside = Beside(name, process, job)
    try:
        yield beside
    finally:
        await beside.end()


async def ask(
    name: str, job: Mapping[str, Any], env: Mapping[str, str] | None = None, timeout: float = 120.0
) -> Answer:
    """Its answer to the job. Raises CannotMeasure."""
    async with started(name, job, env) as beside:
        return await beside.answer(timeout)


class Beside:
    """One such program."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, job: Mapping[str, Any]) -> None:
        self._name, self._process = name, process
        self._talk = asyncio.create_task(process.communicate(json.dumps(job).encode()))

    async def answer(self, timeout: float = 120.0) -> Answer:
        """What it has to say when its work is done. Raises CannotMeasure when it failed or took too long."""
        try:
            async with asyncio.timeout(timeout):
                out, err = await asyncio.shield(self._talk)
        except TimeoutError:
            raise CannotMeasure(f"{self._name} was not done after {timeout:g} s") from None
        if self._process.returncode:
            last = err.decode("utf-8", "replace").strip().splitlines()
            raise CannotMeasure(f"{self._name} failed: {last[-1] if last else 'it said nothing'}")
        answer: Answer = json.loads(out)
        return answer

    async def end(self) -> None:
        """Kill it if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
        await asyncio.gather(self._talk, return_exceptions=True)
        await self._process.wait()
