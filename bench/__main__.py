"""`python -m bench NAME [--json] [--rounds N] [--seconds S]`: measure, print, stop everything.

The exit status is 0 when it could measure, whatever the figures say; 1 when it could not.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from bench import results
from bench.options import NAMES, Options, find, note, usual_generator
from bench.results import CannotMeasure, Row
from local.processes import LocalError


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    asked = _parser().parse_args(arguments)
    options = Options(asked.rounds, asked.seconds, asked.generator or usual_generator(), asked.rows)
    names = NAMES if asked.name == "all" else (asked.name,)
    _warn_when_busy()
    rows: list[Row] = []
    failed = False
    for name in names:
        try:
            measured = asyncio.run(_measure(name, options))
        except (CannotMeasure, LocalError) as problem:
            failed = True
            note(f"{name} could not be measured: {problem}")
            continue
        except (KeyboardInterrupt, asyncio.CancelledError):
            note("stopped")
            return 130
        rows += measured
        if asked.json:
            print("\n".join(map(results.json_line, measured)), flush=True)
    if rows and not asked.json:
        print(results.table(rows))
    return 1 if failed else 0


async def _measure(name: str, options: Options) -> list[Row]:
    task = asyncio.current_task()
    assert task is not None
    # An orderly end: the suite is stopped, and not merely left alone by its parent.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await find(name)(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="What the figures mean: docs/benchmarks.md")
    parser.add_argument("name", choices=(*NAMES, "all"))
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    parser.add_argument("--rounds", type=_positive, help="how often ours and the baseline take turns")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one turn (default 4)")
    parser.add_argument("--generator", choices=("wrk", "own"), help="of closed-loop load; default wrk where it is")
    parser.add_argument("--rows", type=_positive, help="rows of the file that is imported (default a million)")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least one")
    return value


def _warn_when_busy() -> None:
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > 0.5 * cores:
        note(f"the machine is busy already (load {load:.1f} on {cores} cores): times will look worse than they are")


if __name__ == "__main__":
    sys.exit(main())
