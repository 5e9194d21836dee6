"""Cloud Scheduler's part: calls each schedule's door at its time with an OIDC token for exactly that URL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from local.cron import Cron
from local.proxy import Broken, Origin, Request, Unreachable
from local.supervisor import Say
from local.topology import Schedule

ATTEMPT_SECONDS = 180.0

Token = Callable[[str], str]
"""Gives the OIDC token for an audience."""


class Scheduler:
    """Fires the schedules of a suite until it is stopped."""

    def __init__(
        self,
        schedules: Iterable[Schedule],
        origins: Mapping[str, Origin],
        token: Token,
        say: Say = lambda _line: None,
    ) -> None:
        self._schedules, self._origins, self._token, self._say = tuple(schedules), origins, token, say
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; the first firing of a period comes one period from now."""
        self._tasks = [asyncio.create_task(self._keep(each)) for each in self._schedules]

    async def stop(self) -> None:
        """End; a call under way is given up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def fire(self, name: str) -> int:
        """Call one schedule's door now; the status it answered, 0 when nobody did. Raises KeyError."""
        for each in self._schedules:
            if each.id == name:
                return await self._call(each)
        raise KeyError(name)

    async def _keep(self, schedule: Schedule) -> None:
        while True:
            await asyncio.sleep(seconds_until_next(schedule, datetime.now(UTC)))
            status = await self._call(schedule)
            if status // 100 != 2:
                self._say(f"schedule {schedule.id}: {'no answer' if not status else f'answered {status}'}")

    async def _call(self, schedule: Schedule) -> int:
        origin = self._origins[schedule.door.service]
        audience = f"http://{origin.host}:{origin.port}{schedule.spec.path}"
        wire = (
            f"POST {schedule.spec.path} HTTP/1.1\r\nhost: {origin.host}:{origin.port}\r\n"
            f"authorization: Bearer {self._token(audience)}\r\nuser-agent: Google-Cloud-Scheduler\r\n"
            f"x-cloudscheduler: true\r\nx-cloudscheduler-jobname: {schedule.id}\r\ncontent-length: 0\r\n\r\n"
        )
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                answer = await origin.send(Request(wire.encode()))
                if answer.whole() is None:
                    answer.abandon()
                return answer.status
        except (Unreachable, Broken, TimeoutError):
            return 0


def seconds_until_next(schedule: Schedule, now: datetime) -> float:
    """How long to wait for the next firing. Raises ValueError for an unreadable cron line or time zone."""
    spec = schedule.spec
    if spec.every is not None:
        return float(spec.every)
    local = now.astimezone(ZoneInfo(spec.time_zone))
    return max(0.0, (Cron(spec.cron or "").next_after(local) - local).total_seconds())
