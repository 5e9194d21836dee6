"""Schedules: a connection pulled for some stores, by a cron line in a time zone or when somebody says so.

A run is begun under a lease with a fencing number, by ids that follow from the schedule and its time: two schedulers
that meet begin one run, and one that died in the middle is finished by the next.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.common import clock, failpoints, log, stores
from functions.common.errors import Conflict, Malformed, NotFound, Problem, Unavailable
from functions.common.mongo import Document
from functions.import_publish import lifecycle, profiling
from functions.import_publish.connections_repository import Connections, Schedules
from functions.import_publish.core import Deps as Core
from functions.import_publish.domain import schedules as rules
from functions.import_publish.domain.schedules import BadSchedule

MOST_SCHEDULES = 100
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")
AT_ONCE = 200
"""How many schedules one firing of the job looks at."""


@dataclass(frozen=True, slots=True)
class Deps:
    """What the verbs work with."""

    core: Core
    connections: Connections
    schedules: Schedules


async def read(deps: Deps, tenant_id: str, name: str) -> Document:
    """A schedule of the tenant. Raises NotFound alike for unknown ones and for others'."""
    found = await deps.schedules.find(tenant_id, name)
    if found is None:
        raise NotFound("there is no such schedule", code="SCHEDULE_NOT_FOUND")
    return found


async def put(deps: Deps, tenant_id: str, name: str, fresh: Mapping[str, Any], by: str) -> Document:
    """Keep a schedule. Raises Malformed for a line, zone, profile or connection there is not, Conflict for too many."""
    if not _NAME.fullmatch(name):
        raise Malformed("a name has lower-case letters, digits and dashes", code="INVALID_NAME", field="schedule")
    try:
        next_at = rules.next_after(fresh["cron"], fresh["timeZone"], clock.now())
    except BadSchedule as problem:
        raise Malformed(str(problem), code="INVALID_SCHEDULE", field=problem.field) from None
    if await deps.connections.find(tenant_id, fresh["connection"]) is None:
        raise Malformed("there is no such connection", code="UNKNOWN_CONNECTION", field="connection")
    await profiling.profile_of(deps.core.settings, tenant_id, fresh["profile"])
    if await deps.schedules.find(tenant_id, name) is None and await deps.schedules.count(tenant_id) >= MOST_SCHEDULES:
        raise Conflict(f"there may be {MOST_SCHEDULES} schedules", code="TOO_MANY_SCHEDULES")
    next_at_or_never = next_at if fresh["enabled"] else None
    return await deps.schedules.put(tenant_id, name, {**fresh, "nextAt": next_at_or_never}, by)


async def remove(deps: Deps, tenant_id: str, name: str) -> None:
    """Forget a schedule; imports it has begun go on. Raises NotFound."""
    if not await deps.schedules.remove(tenant_id, name):
        raise NotFound("there is no such schedule", code="SCHEDULE_NOT_FOUND")


async def run_now(deps: Deps, tenant_id: str, name: str, by: str, request: str) -> dict[str, Any]:
    """Begin a run at once, enabled or not; the same `request` again is the same run.

    Returns what became of it. Raises NotFound, Conflict while the last run is under way or another is beginning.
    """
    schedule = await read(deps, tenant_id, name)
    identity = hashlib.sha256(f"now:{request}".encode()).hexdigest()[:16]
    for before in schedule["runs"]:
        if before["id"] == identity:
            return dict(before)
    now = clock.now()
    if schedule["lease"]["until"] is not None and schedule["lease"]["until"] > now:
        raise _busy()
    run = {"id": identity, "kind": "now", "by": by, "dueAt": now, "at": now}
    taken = await deps.schedules.take(schedule, run, now, {})
    if taken is None:
        raise _busy()
    record = await _begin(deps, taken)
    if record["state"] == "skipped":
        raise Conflict(record["message"], code=record["code"], details={"runId": identity})
    return record


async def run_due(deps: Deps, now: datetime) -> int:
    """Begin every run whose time has come; how many were looked at. One that fails does not hold up the others."""
    found = await deps.schedules.due(now, AT_ONCE)
    for schedule in found:
        try:
            await _run_due(deps, schedule, now)
        except Exception as error:
            log.error("import.schedule_failed", error, schedule=schedule["name"])
    return len(found)


async def _run_due(deps: Deps, schedule: Document, now: datetime) -> None:
    lease = schedule["lease"]
    fresh: dict[str, Any] = {}
    if lease["until"] is not None and lease.get("run"):
        if lease["until"] > now:
            return  # somebody is at it
        run = lease["run"]  # and has died: the run itself goes on
    else:
        due = schedule["nextAt"]
        # Times that nobody was there for are made up for once, not one by one.
        fresh["nextAt"] = rules.next_after(schedule["cron"], schedule["timeZone"], now)
        identity = hashlib.sha256(f"cron:{due.isoformat()}".encode()).hexdigest()[:16]
        run = {"id": identity, "kind": "cron", "by": None, "dueAt": due, "at": now}
    taken = await deps.schedules.take(schedule, run, now, fresh)
    if taken is not None:
        await _begin(deps, taken)


async def _begin(deps: Deps, taken: Document) -> dict[str, Any]:
    """Begin the run that the lease is for, and write down what became of it."""
    run = dict(taken["lease"]["run"])
    await failpoints.hit("import.after_lease_before_run")
    try:
        record = await _start(deps, taken, run)
    except Unavailable:
        raise
    except Problem as problem:
        record = rules.skipped(run, problem.code, problem.message)
    await failpoints.hit("import.after_run_before_record")
    mine = await deps.schedules.finish(taken, record)
    log.info(
        "import.schedule_run",
        schedule=taken["name"],
        run=run["id"],
        state=record["state"],
        code=record["code"],
        mine=mine,
    )
    return record


async def _start(deps: Deps, taken: Document, run: dict[str, Any]) -> dict[str, Any]:
    tenant_id = taken["tenantId"]
    group = hashlib.sha256(f"{taken['_id']}:{run['id']}".encode()).hexdigest()[:32]
    last = next((each for each in reversed(taken["runs"]) if each["groupId"]), None)
    if last is not None and last["groupId"] != group:
        going_on = [each["state"] for each in await deps.core.imports.group(tenant_id, last["groupId"])]
        if rules.overlaps(going_on):
            return rules.skipped(run, "STILL_RUNNING", "the run before is still under way")
    found = [await stores.find(tenant_id, store_id) for store_id in taken["storeIds"]]
    there = [store for store in found if store is not None]
    if len(there) != len(found):
        return rules.skipped(run, "STORE_NOT_FOUND", "one of its stores is not there any more")
    order = lifecycle.Order(
        tenant_id=tenant_id,
        by=f"schedule/{taken['name']}",
        stores=there,
        profile=taken["profile"],
        mode=taken["mode"],
        name=taken["name"],
        key=group,
        auto_approve=None if taken["autoApprove"] == "never" else taken["autoApprove"],
        more={"schedule": {"name": taken["name"], "run": run["id"], "fence": taken["lease"]["fence"]}},
    )
    source = {"kind": "connection", "connection": taken["connection"], "path": taken["path"]}
    begun = await lifecycle.pull(deps.core, order, source)
    return rules.started(run, group, [each["_id"] for each in begun])


def _busy() -> Conflict:
    return Conflict("a run of this schedule is just beginning", code="SCHEDULE_BUSY", retry_after=5)
