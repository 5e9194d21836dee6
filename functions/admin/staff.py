"""What staff do in the aisles with a phone: look at baskets, compare bags, and help people out."""

from __future__ import annotations

import asyncio
from typing import Any

from functions.admin.api import ApiProblem, path
from functions.admin.domain import STORE_MANAGER, STORE_STAFF
from functions.admin.door import door
from functions.admin.formatting import to_thousandths
from functions.admin.products import beside
from functions.admin.visit import Visit
from functions.common.envelope import Reply
from functions.common.errors import Malformed, Problem

STAFF = (STORE_STAFF, STORE_MANAGER)
LIST = "/admin/stores/{storeId}/interventions"
ONE = LIST + "/{interventionId}"
EXIT = "/admin/stores/{storeId}/exits"
TASK = "/v1/interventions/{id}"
MOST_LINES = 400


@door.page(LIST, *STAFF)
async def list_interventions(visit: Visit) -> Reply:
    """Those that wait; a script looks again every few seconds."""
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    where = path("/v1/stores/{store}/interventions", store=store["storeId"])
    found = await visit.api.get(where, status=visit.query.get("status"), page=visit.page_number, limit=20)
    return visit.show("staff_waiting.html" if visit.is_part else "staff.html", found=found)


@door.page(ONE, *STAFF)
async def show_intervention(visit: Visit) -> Reply:
    await asyncio.gather(visit.at_store(), visit.with_stores())
    return await _page(visit)


@door.form(ONE, *STAFF)
async def act(visit: Visit) -> Reply:
    """Claim, approve, refuse, or compare the bag with the basket."""
    await asyncio.gather(visit.at_store(), visit.with_stores())
    where, what = path(TASK, id=visit.call.params["interventionId"]), visit.field("do")
    compared = None
    try:
        if what == "claim":
            await visit.api.bare(where + "/claim")
        elif what == "approve":
            await visit.api.post(where + "/approve", {"reason": visit.field("reason")})
        elif what == "reject":
            await visit.api.post(where + "/reject", {"reason": visit.field("reason")})
        elif what == "rescan":
            compared = (await visit.api.post(where + "/rescan", {"items": items_of(visit.field("codes"))})).data
        else:
            raise Malformed("say what is to be done", field="do")
    except Problem as problem:
        if problem.status not in (400, 409, 422):
            raise
        return await _page(visit, problem=problem)
    if compared is not None:
        return await _page(visit, compared=compared)
    ids = {"store": visit.call.params["storeId"], "id": visit.call.params["interventionId"]}
    back = "/admin/stores/{store}/interventions"
    return visit.go(path(back + "/{id}" if what == "claim" else back, **ids))


@door.page(EXIT, *STAFF)
async def show_exit(visit: Visit) -> Reply:
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    recent = await _paid(visit, store)
    return visit.show("staff_exit.html", recent=recent, opened=None, problem=None)


@door.form(EXIT, *STAFF)
async def open_gate(visit: Visit) -> Reply:
    """By what the pass says, or without one for a purchase that is paid; that is written down with the reason."""
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    where, opened, refused = path("/v1/stores/{store}/exits", store=store["storeId"]), None, None
    try:
        if visit.field("do") == "override":
            body = {"checkoutId": visit.field("checkoutId"), "reason": visit.field("reason")}
            opened = (await visit.api.post(where + ":override", body)).data
        else:
            opened = (await visit.api.post(where, {"pass": visit.field("pass")})).data
    except ApiProblem as problem:
        if problem.status not in (400, 404, 409, 422):
            raise
        refused = problem
    recent = await _paid(visit, store)
    status = 200 if refused is None else 422
    return visit.show("staff_exit.html", status=status, recent=recent, opened=opened, problem=refused)


def items_of(text: str) -> list[dict[str, Any]]:
    """What was found in a bag: a code a line, perhaps with how much of it after a blank. Raises Malformed."""
    items: list[dict[str, Any]] = []
    for line in text.splitlines()[:MOST_LINES]:
        code, _, amount = line.strip().partition(" ")
        if not code:
            continue
        try:
            items.append({"code": code, "quantity": to_thousandths(amount) if amount.strip() else 1000})
        except ValueError as error:
            raise Malformed("write a code, and how many after a blank", field="codes") from error
    return items


async def _page(visit: Visit, *, compared: Any = None, problem: Problem | None = None) -> Reply:
    task = (await visit.api.get(path(TASK, id=visit.call.params["interventionId"]))).data
    wrong = "" if problem is None else "; ".join(beside(problem)[0].values()) or problem.message
    status = 200 if problem is None else 422
    return visit.show("staff_task.html", status=status, task=task, compared=compared, wrong=wrong)


async def _paid(visit: Visit, store: dict[str, Any]) -> Any:
    """Purchases that are paid and not out yet, to choose from."""
    where = path("/v1/stores/{store}/purchases", store=store["storeId"])
    return (await visit.api.get(where, state="exit_issued", limit=20)).data
