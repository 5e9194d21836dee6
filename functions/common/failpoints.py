"""Named places where a test can kill, stop or slow the process; inert unless TEST=1.

`FAILPOINT=name:kill9|raise|sleep:ms[:probability]`, several separated by commas.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from dataclasses import dataclass

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


async def hit(name: str) -> None:
    """Do what the test asked for at this place, if it asked for anything."""
    global _points
    if _points is None:
        common = settings.common()
        _points = _parse(common.failpoint) if common.test else {}
    if not _points:
        return
    point = _points.get(name)
    if point is None or random.random() >= point.probability:
        return
    if point.action == "kill9":
        os.kill(os.getpid(), signal.SIGKILL)
    elif point.action == "raise":
        raise FailpointHit(name)
    elif point.action == "sleep":
        await asyncio.sleep(point.millis / 1000)
    else:
        raise ValueError(f"failpoint {name}: unknown action {point.action}")
