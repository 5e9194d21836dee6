"""Imports: bring a file, map its columns, put rows right, compare with what is live, publish, and take it back."""

from __future__ import annotations

import asyncio
from typing import Any

from functions.admin import importing
from functions.admin.api import ApiProblem, path
from functions.admin.domain import BRAND_MANAGER, OPERATOR, STORE_MANAGER
from functions.admin.door import door
from functions.admin.products import beside
from functions.admin.visit import Visit
from functions.common import web
from functions.common.envelope import Reply
from functions.common.errors import Malformed, Problem

READERS = (BRAND_MANAGER, STORE_MANAGER, OPERATOR)
UPLOADERS = (BRAND_MANAGER, STORE_MANAGER)
RETRIERS = (BRAND_MANAGER, OPERATOR)
ONE = "/admin/imports/{importId}"
IMPORT = "/v1/imports/{id}"


@door.page("/admin/imports", *READERS)
async def list_imports(visit: Visit) -> Reply:
    """Of all stores of the token."""
    found, _ = await asyncio.gather(
        visit.api.get("/v1/imports", state=visit.query.get("state"), page=visit.page_number, limit=20),
        visit.with_stores(),
    )
    return visit.show("imports.html", found=found, profiles=[], tones=importing.TONES)


@door.page("/admin/stores/{storeId}/imports", *READERS)
async def list_of_store(visit: Visit) -> Reply:
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    found, profiles = await asyncio.gather(
        visit.api.get(
            "/v1/imports",
            storeId=store["storeId"],
            state=visit.query.get("state"),
            page=visit.page_number,
            limit=20,
        ),
        visit.api.get("/v1/import-profiles"),
    )
    # Of all pages only this one talks to another origin: large files go from here straight into their bucket.
    policy = web.Policy(connect=(visit.around.upload_origin,))
    described = profiles.data["profiles"]
    return visit.show("imports.html", policy=policy, found=found, profiles=described, tones=importing.TONES)


@door.page(ONE, *READERS)
async def show_import(visit: Visit) -> Reply:
    found = await _import(visit)
    await _surround(visit, found)
    return visit.show("import.html", **_about(visit, found))


@door.page(ONE + "/status", *READERS)
async def show_status(visit: Visit) -> Reply:
    """The upper part of the page, which looks again by itself; when the state changes the whole page does."""
    found = await _import(visit)
    if visit.is_part and visit.query.get("seen") != found["state"]:
        return visit.show("empty.html", headers=(("HX-Refresh", "true"),))
    await _surround(visit, found)
    return visit.show_part("import_status.html", found["name"], "imports", **_about(visit, found))


@door.page(ONE + "/rows", *READERS)
async def list_rows(visit: Visit) -> Reply:
    found = await _import(visit)
    await _surround(visit, found)
    asked = {name: visit.query.get(name, "") for name in ("status", "action", "code", "q")}
    rows = await visit.api.get(_where(visit) + "/rows", **asked, page=visit.page_number, limit=20)
    more = {"rows": rows, "asked": asked, "shown": importing.shown, "to_fix": importing.to_fix}
    return visit.show_part("import_rows.html", found["name"], "imports", **_about(visit, found), **more)


@door.form(ONE + "/rows/{line}", BRAND_MANAGER)
async def fix_row(visit: Visit) -> Reply:
    """Other values, or leave the row out, or take it in again."""
    found = await _import(visit)
    await _surround(visit, found)
    body: dict[str, Any] = {}
    if visit.field("do") in ("exclude", "include"):
        body["excluded"] = visit.field("do") == "exclude"
    elif values := importing.fixes(visit.call.body):
        body["values"] = values
    where = path(IMPORT + "/rows/{line}", id=visit.call.params["importId"], line=visit.call.params["line"])
    wrong = ""
    try:
        row = (await visit.api.patch(where, body)).data
    except ApiProblem as problem:
        if problem.status not in (400, 409):
            raise
        wrong = "; ".join(beside(problem)[0].values()) or problem.message
        row = (await visit.api.get(where)).data
    more = {"row": row, "wrong": wrong, "shown": importing.shown, "to_fix": importing.to_fix}
    context = {**_about(visit, found), **more}
    if not visit.is_part:
        return visit.go(import_page(found["importId"]))
    return visit.show("import_row.html", headers=(("HX-Trigger", "import-changed"),), **context)


@door.form(ONE + "/decision", *READERS)
async def decide(visit: Visit) -> Reply:
    """Everything that is done about an import as a whole; whoever may not is told so by the API."""
    found = await _import(visit)
    await _surround(visit, found)
    where, what = _where(visit), visit.field("do")
    try:
        await _carry_out(visit, where, what)
    except Problem as problem:
        if problem.status not in (400, 409):
            raise
        fresh = await _import(visit)
        return visit.show("import.html", status=problem.status, wrong=problem.message, **_about(visit, fresh))
    return visit.go(import_page(found["importId"]))


async def _carry_out(visit: Visit, where: str, what: str) -> None:
    ver = visit.field("ver")
    if what in ("approve", "schedule"):
        body: dict[str, Any] = {"confirm": visit.fields("confirm")}
        if ver.isdigit():
            body["ver"] = int(ver)
        if visit.field("pace") == "full":
            body["pace"] = "full"
        if what == "schedule":
            try:
                body["publishAt"] = importing.moment_of(visit.field("at"), visit.zone)
            except ValueError as error:
                raise Malformed("say when", field="at") from error
        await visit.api.post(where + "/approve", body)
    elif what == "reject":
        await visit.api.post(where + "/reject", {"reason": visit.field("reason")})
    elif what in ("cancel", "validate", "unschedule", "rollback"):
        await visit.api.bare(f"{where}/{what}")
    elif what == "retry":
        retries = path("/v1/retries/{id}", id=visit.call.params["importId"])
        await visit.api.put(retries, {"confirm": visit.fields("confirm")})
    else:
        raise Malformed("say what is to be done", field="do")


@door.page(ONE + "/failures", *READERS)
async def list_failures(visit: Visit) -> Reply:
    found = await _import(visit)
    await _surround(visit, found)
    where = path("/v1/import-failures/{id}", id=visit.call.params["importId"])
    failed = await visit.api.get(where, status=visit.query.get("status"), page=visit.page_number, limit=20)
    more = {"failed": failed, "to_fix": importing.to_fix, "may_retry": visit.may(*RETRIERS)}
    return visit.show_part("import_failures.html", found["name"], "imports", **_about(visit, found), **more)


@door.form(ONE + "/failures/{line}", *RETRIERS)
async def retry_row(visit: Visit) -> Reply:
    """One row again, perhaps put right."""
    found = await _import(visit)
    await _surround(visit, found)
    ids = {"id": visit.call.params["importId"], "line": visit.call.params["line"]}
    body = {"values": importing.fixes(visit.call.body), "confirm": visit.fields("confirm")}
    wrong = ""
    try:
        row = (await visit.api.put(path("/v1/retries/{id}/items/{line}", **ids), body)).data
    except ApiProblem as problem:
        if problem.status not in (400, 409):
            raise
        wrong = "; ".join(beside(problem)[0].values()) or problem.message
        row = None
    if not visit.is_part or row is None:
        again = visit.problem(Problem(wrong)) if row is None and visit.is_part else None
        return again or visit.go(import_page(found["importId"]))
    more = {"row": row, "to_fix": importing.to_fix, "may_retry": True}
    return visit.show("import_failure.html", **_about(visit, found), **more)


@door.page(ONE + "/failures.csv", *READERS)
async def download_failures(visit: Visit) -> Reply:
    """As the API writes it: no cell of it is a formula."""
    content = await visit.api.read(_where(visit) + "/failures.csv")
    name = f"failed-rows-{visit.call.params['importId'][:8]}.csv"
    return visit.download(content, "text/csv; charset=utf-8", name)


@door.page(ONE + "/rollback", *READERS)
async def show_rollback(visit: Visit) -> Reply:
    """What was taken back, and what was left because others had changed it since."""
    found = await _import(visit)
    await _surround(visit, found)
    back = (await visit.api.get(_where(visit) + "/rollback")).data
    kept = await visit.api.get(_where(visit) + "/rollback/kept", page=visit.page_number, limit=20)
    more = {"back": back, "kept": kept, "shown": importing.shown}
    return visit.show_part("import_rollback.html", found["name"], "imports", **_about(visit, found), **more)


def _about(visit: Visit, found: dict[str, Any]) -> dict[str, Any]:
    state = found["state"]
    return {
        "found": found,
        "here": import_page(found["importId"]),
        "moving": state in importing.MOVING,
        "decidable": state in importing.DECIDABLE,
        "stoppable": state in importing.STOPPABLE and visit.may(*UPLOADERS),
        "done": state in importing.DONE,
        "percent": importing.percent(found["progress"]),
        "may_decide": visit.may(BRAND_MANAGER),
        "tones": importing.TONES,
    }


async def _import(visit: Visit) -> dict[str, Any]:
    found: dict[str, Any] = (await visit.api.get(_where(visit))).data
    return found


async def _surround(visit: Visit, found: dict[str, Any]) -> None:
    """The store of an import, for its clock and its currency; an operator sees no stores, and reads times in UTC."""
    visit.currency = found["currency"]
    if visit.may(*UPLOADERS):
        await asyncio.gather(visit.at_store(found["storeId"]), visit.with_stores())


def _where(visit: Visit) -> str:
    return path(IMPORT, id=visit.call.params["importId"])


def import_page(import_id: str) -> str:
    """Where an import is shown."""
    return path("/admin/imports/{id}", id=import_id)
