"""What a store has sold: day by day, and days as they were closed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from functions.admin.api import path
from functions.admin.domain import BRAND_MANAGER, STORE_MANAGER
from functions.admin.door import door
from functions.admin.products import beside
from functions.admin.visit import Visit
from functions.common.envelope import Reply
from functions.common.errors import Problem
from functions.common.retail.currencies import EXPONENTS

SALES = "/admin/stores/{storeId}/sales"
_DAYS = 60


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
