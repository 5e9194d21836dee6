"""Single purchases of a store: looked up, with their receipts, and given back whole or by line."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

from functions.admin import period
from functions.admin.api import ApiProblem, path
from functions.admin.domain import STORE_MANAGER, STORE_STAFF
from functions.admin.door import door
from functions.admin.formatting import to_thousandths
from functions.admin.products import beside
from functions.admin.visit import Visit
from functions.common.envelope import Reply
from functions.common.errors import Malformed, Problem

LIST = "/admin/stores/{storeId}/purchases"
ONE = LIST + "/{checkoutId}"
STATES = ("paid", "exit_issued", "exited", "closed", "refunded", "cancelled", "expired")
REFUNDABLE = frozenset({"exit_issued", "exited", "closed"})
_GIVEN = frozenset({"pending", "succeeded"})
"""Refunds that take something; others wait for a second person, or came to nothing."""
_MOST = 100
_IN_FLIGHT = "IDEMPOTENCY_IN_FLIGHT"


@door.page(LIST, STORE_MANAGER, STORE_STAFF)
async def list_purchases(visit: Visit) -> Reply:
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    where = path("/v1/stores/{store}/purchases", store=store["storeId"])
    days = period.asked(visit.query, visit.today)
    begin, end = (datetime.combine(day, time(), visit.zone) for day in (days.first, days.last + timedelta(days=1)))
    between = {"from": begin.isoformat(), "to": end.isoformat()}
    found = await visit.api.get(where, **between, state=visit.query.get("state"), page=visit.page_number, limit=20)
    return visit.show("purchases.html", found=found, states=STATES, period=days, today=visit.today.isoformat())


@door.page(ONE, STORE_MANAGER, STORE_STAFF)
async def show_purchase(visit: Visit) -> Reply:
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    return await _page(visit, store)


@door.form(ONE, STORE_MANAGER, budget=20.0)
async def refund(visit: Visit) -> Reply:
    """Give back some lines or all that is left; agree or not to what somebody else has asked for."""
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    try:
        await _do(visit, _where(visit, store) + "/refunds")
    except Problem as problem:
        # The second of two clicks, while the first is still under way: it is being done, and the page will show it.
        if problem.code != _IN_FLIGHT:
            if problem.status not in (400, 403, 409, 422):
                raise
            return await _page(visit, store, problem)
    ids = {"store": store["storeId"], "id": visit.call.params["checkoutId"]}
    return visit.go(path("/admin/stores/{store}/purchases/{id}", **ids))


@door.page(ONE + "/receipt.pdf", STORE_MANAGER, STORE_STAFF)
async def download_receipt(visit: Visit) -> Reply:
    store = await visit.at_store()
    content = await visit.api.read(_where(visit, store) + "/receipt.pdf")
    return visit.download(content, "application/pdf", "receipt.pdf")


async def _do(visit: Visit, where: str) -> None:
    what, reason = visit.field("do"), visit.field("reason")
    if what in ("lines", "whole"):
        lines = to_lines(visit.call.body) if what == "lines" else None
        asked = {"lines": lines} if lines is not None else {"whole": True}
        body = {**asked, "reason": reason, "restock": visit.field("restock") == "on"}
        try:
            await visit.api.post(where, body, key=visit.field("key"))
        except ApiProblem as problem:
            problem.details = _by_line(problem.details, lines or [])
            raise
        return
    one = where + path("/{id}", id=visit.field("refundId"))
    if what == "approve":
        await visit.api.bare(one + "/approval")
    elif what == "reject":
        await visit.api.post(one + "/rejection", {"reason": reason})
    else:
        raise Malformed("say what is to be done", field="do")


def to_lines(form: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """What comes back by line: the fields `q.<line>` that say something. Raises Malformed, naming the field."""
    lines = []
    for name, values in form.items():
        text = values[0].strip() if name.startswith("q.") else ""
        if not text:
            continue
        try:
            lines.append({"lineId": name[2:], "quantity": to_thousandths(text)})
        except ValueError as error:
            details = [{"field": name, "message": "write how many, such as 1 or 0.250"}]
            raise Malformed("write how many", details=details) from error
    if not lines:
        raise Malformed("say how many of which line come back")
    return lines


def _by_line(details: Any, lines: list[dict[str, Any]]) -> Any:
    """The API counts the lines it was sent; the form knows them by their names."""
    if not isinstance(details, list):
        return details
    fields = {f"lines.{at}.{name}": f"q.{line['lineId']}" for at, line in enumerate(lines) for name in line}
    return [
        {**each, "field": fields.get(str(each["field"]), each["field"])}
        if isinstance(each, dict) and "field" in each
        else each
        for each in details
    ]


def left_of(lines: Iterable[Mapping[str, Any]], refunds: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How much of each line has not come back, in thousandths. Refunds name products: of equal ones the first line's
    comes back first. Which units may still be returned is decided by the API, this is shown alone.
    """
    back: dict[str, int] = {}
    for each in refunds:
        for good in each["goods"] if each["state"] in _GIVEN else ():
            back[good["barcode"]] = back.get(good["barcode"], 0) + good["quantity"]
    left = {}
    for line in lines:
        taken = min(line["quantity"], back.get(line["barcode"], 0))
        back[line["barcode"]] = back.get(line["barcode"], 0) - taken
        left[line["lineId"]] = line["quantity"] - taken
    return left


async def _page(visit: Visit, store: Mapping[str, Any], problem: Problem | None = None) -> Reply:
    where, manages = _where(visit, store), visit.may(STORE_MANAGER)
    purchase = (await visit.api.get(where)).data
    # Who may not refund is not told either who was given what, and why.
    refunds = (await visit.api.get(where + "/refunds", limit=_MOST)).data if manages else []
    left = left_of(purchase["lines"], refunds)
    wrong, other = beside(problem) if problem is not None else ({}, "")
    if problem is not None and not any(name == "reason" or name.startswith("q.") for name in wrong):
        other = problem.message
    typed = {name: values[0] for name, values in visit.call.body.items()} if problem is not None else {}
    return visit.show(
        "purchase.html", status=200 if problem is None else 422, purchase=purchase, refunds=refunds, left=left,
        wrong=wrong, other=other, typed=typed,
        # A key of its own for each form: whoever clicks twice, or sends it again after an outage, refunds once.
        key=uuid4().hex,
        may_refund=manages and purchase["state"] in REFUNDABLE and any(left.values()), manages=manages,
    )  # fmt: skip


def _where(visit: Visit, store: Mapping[str, Any]) -> str:
    ids = {"store": store["storeId"], "id": visit.call.params["checkoutId"]}
    return path("/v1/stores/{store}/purchases/{id}", **ids)
