"""What stores have sold: over time, by product, side by side; and days as they were closed."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from functions.admin import period
from functions.admin.api import path
from functions.admin.domain import BRAND_MANAGER, STORE_MANAGER
from functions.admin.door import door
from functions.admin.period import Period
from functions.admin.products import beside
from functions.admin.visit import Visit
from functions.common.envelope import Reply
from functions.common.errors import Problem
from functions.common.retail.currencies import EXPONENTS

SALES = "/admin/stores/{storeId}/sales"
ALL = "/admin/sales"
_AT_ONCE, _ROWS, _CLOSED = 100, 50, 60


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


@door.page(ALL, BRAND_MANAGER, STORE_MANAGER)
async def show_all_stores(visit: Visit) -> Reply:
    """Stores side by side. Sums over all of them are made for each currency."""
    stores = await visit.with_stores()
    # Each store's days are by its own clock; which day it is, is asked of the first one's.
    if stores:
        visit.zone = ZoneInfo(stores[0]["timeZone"])
    days = period.asked(visit.query, visit.today)
    found = await visit.api.get("/v1/sales", **days.query, page=visit.page_number, limit=_ROWS)
    by_currency: dict[str, list[dict[str, Any]]] = {}
    for each in found.data:
        by_currency.setdefault(each["currency"] or "", []).append(each)
    sums = {currency: period.added_up(rows) for currency, rows in by_currency.items()}
    names = {each["storeId"]: each["name"] for each in stores}
    return visit.show("sales_stores.html", found=found, sums=sums, names=names, **_spans(days, visit.today))


async def _page(visit: Visit, store: dict[str, Any], wrong: str = "") -> Reply:
    where, today = path("/v1/stores/{store}", store=store["storeId"]), visit.today
    days = period.asked(visit.query, today)
    sold, products, closed = await asyncio.gather(
        _days(visit, where + "/sales", days),
        visit.api.get(where + "/sales/products", **days.query, page=visit.page_number, limit=_ROWS),
        visit.api.get(where + "/day-closings", limit=_CLOSED),
    )
    now = next((each for each in sold if each["date"] == today.isoformat()), None)
    return visit.show(
        "sales.html", status=422 if wrong else 200, sold=sold, products=products, closed=closed.data, wrong=wrong,
        chart=chart_of(sold, store["currency"]), may_close=visit.may(STORE_MANAGER), sums=period.added_up(sold),
        now=now, **_spans(days, today),
    )  # fmt: skip


async def _days(visit: Visit, where: str, days: Period) -> list[dict[str, Any]]:
    """All days of the period, the latest first: the API gives a hundred at a time."""
    pages = range(1, -(-days.days // _AT_ONCE) + 1)
    found = await asyncio.gather(
        *(visit.api.get(where, **days.query, products=0, page=page, limit=_AT_ONCE) for page in pages)
    )
    return [each for answer in found for each in answer.data]


def _spans(days: Period, today: date) -> dict[str, Any]:
    spans = [(span, period.up_to(today, span)) for span in period.SPANS]
    return {"period": days, "spans": spans, "today": today.isoformat()}


def chart_of(days: list[dict[str, Any]], currency: str) -> str:
    """Sales by day, the oldest first, as the page's script draws them: dates, and amounts in whole currency units."""
    ordered = sorted(days, key=lambda each: str(each["date"]))
    if not ordered:
        return ""
    scale = 10 ** EXPONENTS.get(currency, 2)
    values = [(each["total"] - each["refunded"]) / scale for each in ordered]
    return json.dumps({"days": [each["date"] for each in ordered], "values": values})
