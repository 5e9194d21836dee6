"""How the platform does: what could not be applied, what ERPs sent, and whether payments agree; live."""

from __future__ import annotations

import asyncio
from typing import Any

from functions.admin.api import Answer, path
from functions.admin.domain import BRAND_MANAGER, OPERATOR
from functions.admin.door import door
from functions.admin.products import beside
from functions.admin.visit import Visit
from functions.common.envelope import Reply
from functions.common.errors import Problem

PAGE = "/admin/operations"
PLATFORM = PAGE + "/platform"
LETTER = PAGE + "/dead-letters/{deadLetterId}"
_MOST = 20


@door.page(PAGE, OPERATOR, BRAND_MANAGER)
async def show_operations(visit: Visit) -> Reply:
    if visit.is_part:
        return visit.show("operations_now.html", **await _figures(visit))
    parts, platform = await asyncio.gather(_figures(visit), _platform(visit))
    return visit.show("operations.html", **parts, **platform)


@door.page(PLATFORM, OPERATOR)
async def show_platform(visit: Visit) -> Reply:
    """A part of its own: a source that is slow keeps nobody from the dead letters."""
    return visit.show_part("operations_platform.html", "Operations", "operations", **await _platform(visit))


@door.form(PAGE, OPERATOR)
async def replay(visit: Visit) -> Reply:
    """All that are parked, or those of one code; or, first, only how many that would be."""
    body: dict[str, Any] = {"dryRun": visit.field("do") == "count"}
    body |= {"code": visit.field("code")} if visit.field("code") else {}
    wrong, done = "", None
    try:
        done = (await visit.api.post("/v1/dead-letters:replay", body)).data
    except Problem as problem:
        if problem.status not in (400, 409):
            raise
        wrong = "; ".join(beside(problem)[0].values()) or problem.message
    parts = await _figures(visit) | await _platform(visit) | {"replayed": done, "wrong": wrong}
    return visit.show("operations.html", **parts)


@door.page(LETTER, OPERATOR)
async def show_letter(visit: Visit) -> Reply:
    letter = (await visit.api.get(_letter(visit))).data
    return visit.show("dead_letter.html", letter=letter)


@door.form(LETTER, OPERATOR)
async def replay_one(visit: Visit) -> Reply:
    await visit.api.post(_letter(visit) + "/replay", {})
    return visit.go(path("/admin/operations/dead-letters/{id}", id=visit.call.params["deadLetterId"]))


async def _figures(visit: Visit) -> dict[str, Any]:
    nothing = Answer([])

    async def no() -> Answer:
        return nothing

    is_operator = visit.may(OPERATOR)
    asked = {"status": visit.query.get("status", "parked"), "code": visit.query.get("code", "")}
    letters, batches, issues, payments = await asyncio.gather(
        visit.api.get("/v1/dead-letters", **asked, page=visit.page_number, limit=_MOST) if is_operator else no(),
        visit.api.get("/v1/price-updates", limit=_MOST) if is_operator else no(),
        visit.api.get("/v1/price-issues", limit=_MOST) if is_operator else no(),
        visit.api.get("/v1/reconciliations", limit=_MOST),
    )
    return {
        "letters": letters, "batches": batches.data, "issues": issues.data, "payments": payments.data, "asked": asked,
        "is_operator": is_operator, "replayed": None, "wrong": "",
    }  # fmt: skip


async def _platform(visit: Visit) -> dict[str, Any]:
    """How doors and queues do, for operators; the rest of the page is there without it."""
    if not visit.may(OPERATOR):
        return {}
    try:
        told = (await visit.api.get("/v1/platform/health", errors=_MOST)).data
    except Problem:
        told = None
    return {"platform": told}


def _letter(visit: Visit) -> str:
    return path("/v1/dead-letters/{id}", id=visit.call.params["deadLetterId"])
