"""What is missing on the shelves of a store: now, for how long, and how much could be bought over time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from functions.admin.api import path
from functions.admin.domain import BRAND_MANAGER, STORE_MANAGER
from functions.admin.door import door
from functions.admin.visit import Visit
from functions.common.envelope import Reply

PAGE = "/admin/stores/{storeId}/availability"
_DAYS, _MOST = 92, 50


@door.page(PAGE, BRAND_MANAGER, STORE_MANAGER)
async def show_availability(visit: Visit) -> Reply:
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    where = path("/v1/stores/{store}", store=store["storeId"])
    when = "before" if visit.query.get("when") == "before" else "now"
    missing, days = await asyncio.gather(
        visit.api.get(where + "/stock-outs", when=when, page=visit.page_number, limit=_MOST),
        visit.api.get(where + "/availability", limit=_DAYS),
    )
    return visit.show("availability.html", missing=missing, days=days.data, when_=when, chart=chart_of(days.data))


def chart_of(days: list[dict[str, Any]]) -> str:
    """The share by day in per cent, the oldest first, as the page's script draws it; empty for less than two."""
    ordered = sorted((each for each in days if each["share"] is not None), key=lambda each: str(each["date"]))
    if len(ordered) < 2:
        return ""
    values = [each["share"] / 10_000 for each in ordered]
    return json.dumps({"days": [each["date"] for each in ordered], "values": values})
