"""The live table of doors, and what the doors say, for the person who ran `make run`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

REFRESH_SECONDS = 2.0
PLAIN_SECONDS = 10.0
_COLOURS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red", "INFO": "cyan", "DEBUG": "dim"}
_HIDDEN = {"severity", "time", "message", "event", "stack_trace"}
_LEVELS = ("DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL")

Report = Mapping[str, Any]


def depth_of(service: str, services: Sequence[str], queues: Mapping[str, int]) -> int:
    """What waits for one service: its queues and subscriptions begin with its name, and no longer name fits."""
    longer = [each for each in services if each.startswith(service + "-")]
    return sum(
        depth
        for name, depth in queues.items()
        if name.startswith(service + "-") and not any(name.startswith(each + "-") for each in longer)
    )


def rows(report: Report, restarts: Mapping[str, int]) -> list[tuple[str, ...]]:
    """One line a door: name, port, state, requests, per second, errors, p95, waiting, restarts."""
    services = [door["service"] for door in report["doors"]]
    return [
        (
            door["service"],
            str(door["port"]),
            "up" if door["up"] else "down",
            f"{door['requests']:,}",
            "-" if door["perSecond"] is None else f"{door['perSecond']:,.1f}",
            f"{door['errors']:,}",
            "-" if door["p95Ms"] is None else f"{door['p95Ms']:.1f} ms",
            f"{depth_of(door['service'], services, report['queues']):,}",
            str(restarts.get(door["service"], 0)),
        )
        for door in report["doors"]
    ]


def table(report: Report, restarts: Mapping[str, int]) -> Table:
    """The table as rich draws it."""
    # Narrow enough for 80 columns with the longest of today's names.
    drawn = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    drawn.add_column("door", style="bold", no_wrap=True)
    for title in ("port", "state", "requests", "req/s", "errors", "p95", "waiting", "crashes"):
        drawn.add_column(title, justify="right", no_wrap=True)
    for row in rows(report, restarts):
        colour = "green" if row[2] == "up" else "red"
        drawn.add_row(*row[:2], f"[{colour}]{row[2]}[/]", *row[3:])
    return drawn


def plain_line(row: tuple[str, ...]) -> str:
    """One door for a log file."""
    door, port, state, requests, rate, errors, p95, waiting, restarts = row
    return (
        f"{door} :{port} {state} requests={requests} per_second={rate} errors={errors} "
        f"p95={p95} waiting={waiting} restarts={restarts}"
    )


class Follower:
    """New lines of growing files, without touching their writers."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)
        self._at = {name: path.stat().st_size if path.exists() else 0 for name, path in self._files.items()}

    def lines(self) -> Iterator[tuple[str, str]]:
        """(name, line) for each complete line since the last call."""
        for name, path in self._files.items():
            if not path.exists():
                continue
            if path.stat().st_size < self._at[name]:
                self._at[name] = 0
            with path.open("rb") as file:
                file.seek(self._at[name])
                content = file.read(1 << 20)
            complete = content.rfind(b"\n") + 1
            self._at[name] += complete
            for line in content[:complete].decode("utf-8", "replace").splitlines():
                yield name, line


def pretty(service: str, line: str, least: str = "WARNING") -> str | None:
    """A log line as rich markup, None when it is below the `least` severity. What is no JSON is shown as it is."""
    try:
        entry = json.loads(line)
    except ValueError:
        return f"[bold]{escape(service)}[/] {escape(line)}" if line.strip() else None
    if not isinstance(entry, dict):
        return f"[bold]{escape(service)}[/] {escape(line)}"
    severity = str(entry.get("severity", "INFO"))
    if severity in _LEVELS and _LEVELS.index(severity) < _LEVELS.index(least):
        return None
    fields = " ".join(
        f"[dim]{escape(key)}=[/]{escape(value if isinstance(value, str) else json.dumps(value))}"
        for key, value in entry.items()
        if key not in _HIDDEN and not key.startswith("logging.googleapis.com/")
    )
    at = str(entry.get("time", ""))[11:19]
    colour = _COLOURS.get(severity, "white")
    event = escape(str(entry.get("event", "")))
    text = f"[dim]{at}[/] [bold]{escape(service)}[/] [{colour}]{severity}[/] {event} {fields}"
    stack = entry.get("stack_trace")
    return text + ("\n" + escape(str(stack)) if stack else "")


class Screen:
    """Where a run speaks: a table that stays at the bottom of a terminal, or plain lines anywhere else."""

    def __init__(self, console: Console, follower: Follower, least: str = "WARNING") -> None:
        self._console, self._follower, self._least = console, follower, least
        self._last: list[str] = []

    async def show(self, collect: Any, restarts: Any) -> None:
        """Until cancelled."""
        if not self._console.is_terminal:
            return await self._show_plain(collect, restarts)
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            while True:
                self._print_logs()
                live.update(table(await collect(), restarts()), refresh=True)
                await asyncio.sleep(REFRESH_SECONDS)

    async def _show_plain(self, collect: Any, restarts: Any) -> None:
        ticks = 0
        while True:
            self._print_logs()
            if ticks % int(PLAIN_SECONDS / REFRESH_SECONDS) == 0:
                lines = [plain_line(row) for row in rows(await collect(), restarts())]
                for line in lines:
                    # A quiet suite fills no log.
                    if line not in self._last:
                        self._console.print(
                            f"{datetime.now().astimezone():%H:%M:%S} {line}", markup=False, soft_wrap=True
                        )
                self._last = lines
            ticks += 1
            await asyncio.sleep(REFRESH_SECONDS)

    def _print_logs(self) -> None:
        for service, line in self._follower.lines():
            text = pretty(service, line, self._least)
            if text is not None:
                self._console.print(text, soft_wrap=True, highlight=False)
