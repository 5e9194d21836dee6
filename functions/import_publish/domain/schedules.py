"""When a schedule fires, in its own time zone, and whether a run may begin."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from functions.import_publish.domain import states

MOST_RUNS: Final = 50
"""How many runs of a schedule are remembered."""
_LONGEST_LINE: Final = 100
BUSY: Final = frozenset({states.WAITING, states.FETCHING, states.STAGING, states.PUBLISHING, states.ROLLING_BACK})
"""Something is being done in these states. One that waits for a person's decision does not hold up the next run."""


class BadSchedule(ValueError):
    """The cron line or the time zone cannot be read; `field` says which."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def next_after(cron: str, time_zone: str, moment: datetime) -> datetime:
    """The first firing later than `moment` (aware), in UTC. Raises BadSchedule.

    A local time that does not exist is made up for when the clocks have gone forward; one that comes twice fires
    once, unless the line fires every hour or oftener.
    """
    if len(cron) > _LONGEST_LINE or len(cron.split()) != 5:
        raise BadSchedule("cron", "a cron line has five fields")
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSchedule("timeZone", "there is no such time zone") from None
    try:
        return next(CronSim(cron, moment.astimezone(zone))).astimezone(UTC)
    except CronSimError as problem:
        raise BadSchedule("cron", f"the cron line cannot be read: {problem}") from None
    except StopIteration:
        raise BadSchedule("cron", "the cron line never fires") from None


def overlaps(last: Iterable[str]) -> bool:
    """Whether the imports of the last run, by their states, are still being worked on."""
    return any(state in BUSY for state in last)


def skipped(run: dict[str, Any], code: str, message: str) -> dict[str, Any]:
    """The record of a run that did not begin."""
    return {**run, "state": "skipped", "code": code, "message": message, "groupId": None, "importIds": []}


def started(run: dict[str, Any], group_id: str, import_ids: list[str]) -> dict[str, Any]:
    """The record of a run that began."""
    return {**run, "state": "started", "code": None, "message": None, "groupId": group_id, "importIds": import_ids}
