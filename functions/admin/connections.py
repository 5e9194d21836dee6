"""Where files are fetched from, and when: ERP connections and schedules, with what their last runs came to."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from functions.admin.api import path
from functions.admin.domain import BRAND_MANAGER, OPERATOR
from functions.admin.door import door
from functions.admin.products import beside
from functions.admin.visit import Visit
from functions.common.envelope import Reply
from functions.common.errors import Malformed, Problem

READERS = (BRAND_MANAGER, OPERATOR)
LIST = "/admin/connections"
CONNECTION, SCHEDULE = "/v1/import-connections/{name}", "/v1/import-schedules/{name}"


@door.page(LIST, *READERS)
async def list_connections(visit: Visit) -> Reply:
    return await _page(visit)


@door.form(LIST, *READERS)
async def act(visit: Visit) -> Reply:
    """Whoever may not is told so by the API."""
    told = ""
    try:
        told = await _carry_out(visit, visit.field("do"), visit.field("name"))
    except Problem as problem:
        if problem.status not in (400, 403, 404, 409, 422):
            raise
        wrong = beside(problem)[0]
        said = "; ".join(f"{name}: {text}" for name, text in wrong.items()) or problem.message
        return await _page(visit, wrong=said, status=422)
    return await _page(visit, told=told)


async def _carry_out(visit: Visit, what: str, name: str) -> str:
    """Do it, and say in the reader's language what came of it."""
    if what == "test":
        result = (await visit.api.post(path(CONNECTION + "/test", name=name))).data
        if not result["ok"]:
            raise Malformed(f"{result['code']}: {result['message']}")
        return visit.say("{name} answers.", name=name)
    if what == "run":
        await visit.api.bare(path(SCHEDULE + "/run", name=name))
        return visit.say("{name} has begun.", name=name)
    if what == "pull":
        order = {"connection": name, "storeIds": visit.fields("storeIds")}
        await visit.api.post("/v1/imports:pull", order)
        return visit.say("{name} has begun.", name=name)
    if what == "keep-connection":
        await visit.api.put(path(CONNECTION, name=name), {"settings": _object(visit, "settings")})
    elif what == "keep-secret":
        await visit.api.put(path(CONNECTION + "/secret", name=name), {"secret": _object(visit, "secret")})
    elif what == "keep-schedule":
        await visit.api.put(path(SCHEDULE, name=name), _schedule(visit))
    elif what == "forget-connection":
        await visit.api.delete(path(CONNECTION, name=name))
    elif what == "forget-schedule":
        await visit.api.delete(path(SCHEDULE, name=name))
    elif what == "forget-checkpoint":
        await visit.api.delete(path(CONNECTION + "/checkpoint", name=name))
    else:
        raise Malformed("say what is to be done", field="do")
    return visit.say("Saved.")


def _schedule(visit: Visit) -> dict[str, Any]:
    return {
        "connection": visit.field("connection"),
        "storeIds": visit.fields("storeIds"),
        "profile": visit.field("profile") or "retailscan",
        "cron": visit.field("cron"),
        "timeZone": visit.field("timeZone"),
        "autoApprove": visit.field("autoApprove") or "never",
        "enabled": visit.field("enabled") == "on",
    }


def _object(visit: Visit, name: str) -> dict[str, Any]:
    try:
        found = json.loads(visit.field(name))
    except ValueError as error:
        raise Malformed("this is not JSON", field=name) from error
    if not isinstance(found, dict):
        raise Malformed("this is not JSON", field=name)
    return found


async def _page(visit: Visit, *, told: str = "", wrong: str = "", status: int = 200) -> Reply:
    connections, schedules, _ = await asyncio.gather(
        visit.api.get("/v1/import-connections", limit=100),
        visit.api.get("/v1/import-schedules", limit=100),
        visit.with_stores(),
    )
    return visit.show(
        "connections.html", status=status, connections=connections.data, schedules=schedules.data, told=told,
        wrong=wrong, may_change=visit.may(BRAND_MANAGER),
    )  # fmt: skip
