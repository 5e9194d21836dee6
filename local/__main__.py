"""`python -m local run | reset | demo`: the whole suite on this machine."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from local.processes import HOST, LocalError

if TYPE_CHECKING:
    from rich.console import Console

    from local.suite import Suite

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".local"
PORT = 8080
FAULT = 2
IMPATIENT_SECONDS = 1.0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m local", description="The whole suite on this machine.")
    commands = top.add_subparsers(required=True, dest="command", metavar="COMMAND")
    run = commands.add_parser("run", help="start everything, show what happens, stop with Ctrl-C")
    run.add_argument("--members", type=int, default=1, choices=(1, 3), help="of the MongoDB replica set")
    run.add_argument("--room", action="append", help="only this room (may be repeated)")
    run.add_argument("--no-demo", action="store_true", help="do not load the demo catalogue")
    run.add_argument("--no-reload", action="store_true", help="do not restart a room when its code changes")
    run.add_argument("--logs", default="WARNING", choices=("DEBUG", "INFO", "WARNING", "ERROR"), help="show from here")
    reset = commands.add_parser("reset", help="throw the data of `run` away")
    demo = commands.add_parser("demo", help="play the whole story on a running suite")
    demo.add_argument("--updates", type=int, default=1_000, help="of the batch over REST")
    for command in (run, reset, demo):
        command.add_argument("--data-dir", type=Path, default=DATA, help="where everything is kept (.local)")
    for command in (run, demo):
        command.add_argument("--port", type=int, default=PORT, help="of the gateway; the other parts are right above")
    return top


async def run(options: argparse.Namespace) -> int:
    """Start, show, stop. A second Ctrl-C does not wait for an orderly end."""
    from rich.console import Console

    from local.suite import Suite
    from local.table import Follower, Screen

    console = Console(highlight=False)
    suite = Suite(
        ports=options.port,
        data_dir=options.data_dir,
        rooms=options.room,
        mongo_members=options.members,
        reload=not options.no_reload,
        seed_demo=not options.no_demo,
        say=lambda line: console.print(f"[dim]{line}[/]"),
    )
    _stop_on_signals()
    console.print(
        f"starting {len(suite.topology.doors)} doors, MongoDB, Redis, Pub/Sub, Cloud Tasks and the gateway ..."
    )
    try:
        async with suite:
            _welcome(console, suite)
            logs = {service: suite.doors.log_path(service) for service in suite.topology.services}
            await Screen(console, Follower(logs), options.logs).show(suite.collect, suite.restarts)
    except asyncio.CancelledError:
        console.print("stopped; the data stays for the next start.")
    return 0


def _stop_on_signals() -> None:
    task = asyncio.current_task()
    assert task is not None
    asked: float | None = None

    def stop() -> None:
        nonlocal asked
        now = time.monotonic()
        if asked is None:
            asked = now
            task.cancel()
        elif now - asked > IMPATIENT_SECONDS:
            # Not the same Ctrl-C through `make` again. The kernel ends the children of a parent that is gone.
            os._exit(130)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def _welcome(console: Console, suite: Suite) -> None:
    from local.welcome import lines

    for line in lines(suite):
        console.print(line, markup=False, soft_wrap=True)


def reset(options: argparse.Namespace) -> int:
    """Remove the data directory. Raises LocalError while a suite runs on it, or when it is no data directory."""
    import fcntl

    folder: Path = options.data_dir
    if not folder.exists():
        print(f"there is no data in {folder}.")
        return 0
    lock = folder / "lock"
    if not lock.exists():
        raise LocalError(f"{folder} is no data directory of a suite: nothing was removed.")
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LocalError(f"a suite is running on {folder}: stop it first.") from None
        shutil.rmtree(folder)
    print(f"removed {folder}.")
    return 0


def demo(options: argparse.Namespace) -> int:
    """The story; 0 when every part of it held."""
    from local import demo as story

    return asyncio.run(story.play(f"http://{HOST}:{options.port}", options.updates))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. What is wrong with the machine is one sentence and status 2."""
    options = parser().parse_args(argv)
    try:
        if options.command == "run":
            return asyncio.run(run(options))
        return reset(options) if options.command == "reset" else demo(options)
    except LocalError as problem:
        print(f"retailscan: {problem}", file=sys.stderr)
        return FAULT


if __name__ == "__main__":
    sys.exit(main())
