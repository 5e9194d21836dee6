"""The operations on schedules: when connections are pulled."""

from __future__ import annotations

from typing import Any

from functions.common import auth
from functions.common.errors import Forbidden
from functions.common.http import Call, Reply
from functions.common.mongo import Document
from functions.import_publish import scheduling, wiring
from functions.import_publish.door import CONFLICTS, MANAGERS, NOT_FOUND, WRITE, door, listed
from functions.import_publish.import_operations import stores_of

SCHEDULE = "/v1/import-schedules/{schedule}"
_LOOKERS = auth.roles(auth.BRAND_MANAGER, auth.OPERATOR)


@door.get(
    "/v1/import-schedules",
    auth=_LOOKERS,
    summary="List schedules",
    query="Page",
    reply="ScheduleView",
    listed=True,
    rate="manage",
)
async def list_schedules(call: Call) -> Reply:
    found, total = await wiring.deps().scheduling.schedules.page(
        call.principal.tenant_id, call.query.page, call.query.limit
    )
    return listed([_view(each) for each in found], call, total)


@door.get(
    SCHEDULE,
    auth=_LOOKERS,
    summary="Read a schedule and its runs",
    reply="ScheduleView",
    errors=NOT_FOUND,
    rate="manage",
)
async def read_schedule(call: Call) -> Reply:
    return Reply(_view(await scheduling.read(wiring.deps().scheduling, *_named(call))))


@door.put(
    SCHEDULE,
    auth=MANAGERS,
    summary="Keep a schedule",
    body="ScheduleBody",
    reply="ScheduleView",
    errors=(*CONFLICTS, Forbidden),
    **WRITE,
)
async def put_schedule(call: Call) -> Reply:
    fresh = call.body.model_dump(by_alias=True, mode="json")
    fresh["storeIds"] = list(dict.fromkeys(fresh["storeIds"]))
    await stores_of(call.principal, fresh["storeIds"])
    return Reply(_view(await scheduling.put(wiring.deps().scheduling, *_named(call), fresh, call.principal.sub)))


@door.delete(SCHEDULE, auth=MANAGERS, summary="Forget a schedule", reply="Removed", errors=NOT_FOUND, rate="manage")
async def remove_schedule(call: Call) -> Reply:
    await scheduling.remove(wiring.deps().scheduling, *_named(call))
    return Reply({"id": call.params["schedule"], "removed": True})


@door.post(
    f"{SCHEDULE}/run",
    auth=_LOOKERS,
    summary="Begin a run now, whatever the time",
    reply="RunView",
    status=202,
    errors=CONFLICTS,
    idempotency="optional",
    rate="manage",
)
async def run_schedule(call: Call) -> Reply:
    request = call.idempotency_id or call.request_id
    run = await scheduling.run_now(wiring.deps().scheduling, *_named(call), call.principal.sub, request)
    return Reply(run)


def _named(call: Call) -> tuple[str, str]:
    return call.principal.tenant_id, call.params["schedule"]


def _view(document: Document) -> dict[str, Any]:
    names = (
        "name", "connection", "storeIds", "profile", "mode", "cron", "timeZone", "autoApprove", "enabled", "path",
        "createdBy", "createdAt", "updatedAt", "ver",
    )  # fmt: skip
    runs = list(reversed(document["runs"]))
    return {**{name: document[name] for name in names}, "nextAt": document.get("nextAt"), "runs": runs}
