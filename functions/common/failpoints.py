"""Named places where a test can kill, stop or slow the process; inert unless TEST=1.

`FAILPOINT=name:kill9|raise|sleep:ms[:probability]`, several separated by commas. `FAILPOINT=@/a/file` reads them from a
file at every place anew, so that a test decides while the process runs. Who is killed says where on stderr first.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from dataclasses import dataclass
from pathlib import Path

from functions.common import settings


class FailpointHit(RuntimeError):
    """Raised by a failpoint set to `raise`."""


@dataclass(frozen=True, slots=True)
class _Point:
    action: str
    millis: float
    probability: float


_points: dict[str, _Point] | None = None


def _parse(text: str) -> dict[str, _Point]:
    points = {}
    for item in filter(None, text.split(",")):
        name, action, *rest = item.split(":")
        millis = float(rest.pop(0)) if action == "sleep" and rest else 0.0
        points[name] = _Point(action, millis, float(rest[0]) if rest else 1.0)
    return points


def configure(text: str | None) -> None:
    """Set the failpoints of this process (tests); None reads them from the settings again."""
    global _points
    _points = None if text is None else _parse(text)


def _now() -> dict[str, _Point]:
    """Those that are set at this moment."""
    global _points
    if _points is None:
        common = settings.common()
        if common.test and common.failpoint.startswith("@"):
            file = Path(common.failpoint[1:])
            return _parse(file.read_text().strip()) if file.exists() else {}
        _points = _parse(common.failpoint) if common.test else {}
    return _points


async def hit(name: str) -> None:
    """Do what the test asked for at this place, if it asked for anything."""
    points = _now()
    if not points:
        return
    point = points.get(name)
    if point is None or random.random() >= point.probability:
        return
    if point.action == "kill9":
        os.write(2, f"killed at {name}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)
    elif point.action == "raise":
        raise FailpointHit(name)
    elif point.action == "sleep":
        await asyncio.sleep(point.millis / 1000)
    else:
        raise ValueError(f"failpoint {name}: unknown action {point.action}")
