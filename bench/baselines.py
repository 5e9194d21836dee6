"""The baselines as real processes, started as the suite starts its doors: same program, same server, same machine."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bench import wire
from bench.results import CannotMeasure
from local.processes import HOST, Child, free_port
from local.suite import ROOT
from local.supervisor import plain_environment

START_SECONDS = 20.0


def door(name: str, folder: Path, *, environment: Mapping[str, str] | None = None, asgi: bool = True) -> Baseline:
    """The function `name` of `bench/doors/<name>.py` under functions-framework, in one process; not started yet."""
    return Baseline(
        name,
        free_port(),
        folder / name,
        {
            **plain_environment(),
            **(environment or {}),
            "FUNCTION_TARGET": name,
            "FUNCTION_SOURCE": str(ROOT / "bench" / "doors" / f"{name}.py"),
            **({"FUNCTION_USE_ASGI": "1"} if asgi else {}),
        },
    )


class Baseline:
    """One process under functions-framework; also a copy of one of our doors, for cold starts."""

    def __init__(self, name: str, port: int, folder: Path, environment: Mapping[str, str]) -> None:
        self.port = port
        self._folder = folder
        self.child = Child(
            name,
            [str(Path(sys.executable).parent / "functions-framework")],
            log=folder / "log",
            # Gunicorn puts a control socket into XDG_RUNTIME_DIR; nobody may share it.
            env={
                **environment,
                "HOST": HOST,
                "PORT": str(port),
                "WORKERS": "1",
                "XDG_RUNTIME_DIR": str(folder),
            },
            cwd=folder,
            death_signal=signal.SIGTERM,
        )

    async def start(self, path: str = "/", headers: Mapping[str, str] | None = None) -> float:
        """Start the process; seconds until it had answered `path` with 200. Raises CannotMeasure."""
        self._folder.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        self.child.start()
        status = 0
        while time.perf_counter() - began < START_SECONDS and self.child.running:
            try:
                async with asyncio.timeout(START_SECONDS):
                    status, _ = await wire.ask(HOST, self.port, path, dict(headers or {}))
            except OSError:
                await asyncio.sleep(0.002)
                continue
            if status == 200:
                return time.perf_counter() - began
            break
        raise CannotMeasure(f"{self.child.name} did not start: status {status}; see {self.child.last_lines(3)}")

    async def stop(self) -> None:
        """End it."""
        await asyncio.to_thread(self.child.stop, 2.0)


@asynccontextmanager
async def running(baseline: Baseline, path: str = "/") -> AsyncIterator[Baseline]:
    """A started baseline, stopped when the block ends."""
    try:
        await baseline.start(path)
        yield baseline
    finally:
        await baseline.stop()
