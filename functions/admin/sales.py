"""What a store has sold: days as they were closed, and single purchases with their receipts."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from functions.admin.api import path
from functions.admin.domain import BRAND_MANAGER, STORE_MANAGER, STORE_STAFF
from functions.admin.door import door
from functions.admin.products import beside
from functions.admin.visit import Visit
from functions.common.envelope import Reply
from functions.common.errors import Problem
from functions.common.retail.currencies import EXPONENTS

SALES = "/admin/stores/{storeId}/sales"
PURCHASES = "/admin/stores/{storeId}/purchases"
ONE = PURCHASES + "/{checkoutId}"
_DAYS = 60
_STATES = ("paid", "exit_issued", "exited", "closed", "refunded", "cancelled", "expired")


@door.page(SALES, BRAND_MANAGER, STORE_MANAGER)
async def show_sales(visit: Visit) -> Reply:
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    return await _page(visit, store)


@door.form(SALES, STORE_MANAGER)
async def close_day(visit: Visit) -> Reply:
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    where, wrong = path("/v1/stores/{store}/day-closings", store=store["storeId"]), ""
    try:
        await visit.api.post(where, {"date": visit.field("date")})
    except Problem as problem:
        if problem.status not in (400, 409):
            raise
        wrong = "; ".join(beside(problem)[0].values()) or problem.message
        return await _page(visit, store, wrong)
    return visit.go(path("/admin/stores/{store}/sales", store=store["storeId"]))


@door.page(PURCHASES, STORE_MANAGER, STORE_STAFF)
async def list_purchases(visit: Visit) -> Reply:
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    where = path("/v1/stores/{store}/purchases", store=store["storeId"])
    found = await visit.api.get(where, state=visit.query.get("state"), page=visit.page_number, limit=20)
    return visit.show("purchases.html", found=found, states=_STATES)


@door.page(ONE, STORE_MANAGER, STORE_STAFF)
async def show_purchase(visit: Visit) -> Reply:
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    purchase = (await visit.api.get(_purchase(visit, store))).data
    return visit.show("purchase.html", purchase=purchase)


@door.page(ONE + "/receipt.pdf", STORE_MANAGER, STORE_STAFF)
async def download_receipt(visit: Visit) -> Reply:
    store = await visit.at_store()
    content = await visit.api.read(_purchase(visit, store) + "/receipt.pdf")
    return visit.download(content, "application/pdf", "receipt.pdf")


async def _page(visit: Visit, store: dict[str, Any], wrong: str = "") -> Reply:
    where = path("/v1/stores/{store}", store=store["storeId"])
    sold, closed = await asyncio.gather(
        visit.api.get(where + "/sales", limit=_DAYS), visit.api.get(where + "/day-closings", limit=_DAYS)
    )
    return visit.show(
        "sales.html", status=422 if wrong else 200, sold=sold.data, closed=closed.data, wrong=wrong,
        chart=chart_of(sold.data, store["currency"]), may_close=visit.may(STORE_MANAGER),
    )  # fmt: skip


def chart_of(days: list[dict[str, Any]], currency: str) -> str:
    """Sales by day, the oldest first, as the page's script draws them: dates, and amounts in whole currency units."""
    ordered = sorted(days, key=lambda each: str(each["date"]))
    if not ordered:
        return ""
    scale = 10 ** EXPONENTS.get(currency, 2)
    values = [(each["total"] - each["refunded"]) / scale for each in ordered]
    return json.dumps({"days": [each["date"] for each in ordered], "values": values})


def _purchase(visit: Visit, store: dict[str, Any]) -> str:
    ids = {"store": store["storeId"], "id": visit.call.params["checkoutId"]}
    return path("/v1/stores/{store}/purchases/{id}", **ids)
