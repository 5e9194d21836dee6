"""Promotions: rules from forms, tried on a basket before anybody gets them, and every version that there was."""

from __future__ import annotations

import asyncio
from typing import Any

from functions.admin import promoting
from functions.admin.api import path
from functions.admin.domain import BRAND_MANAGER
from functions.admin.door import door
from functions.admin.products import beside
from functions.admin.visit import Visit
from functions.common.envelope import Reply
from functions.common.errors import Problem

LIST, NEW, TRY = "/admin/promotions", "/admin/promotions/new", "/admin/promotions/try"
ONE = "/admin/promotions/by-id/{promotionId}"
PROMOTION = "/v1/promotions/{id}"
_EMPTY: dict[str, Any] = {
    "promotionId": "", "name": "", "description": None, "status": "draft", "storeIds": None, "moreStores": False,
    "priority": 0, "stacking": "stack", "window": {}, "groups": [], "codes": [], "limits": {}, "ver": None,
}  # fmt: skip


@door.page(LIST, BRAND_MANAGER)
async def list_promotions(visit: Visit) -> Reply:
    found = await visit.api.get("/v1/promotions", status=visit.query.get("status"), page=visit.page_number, limit=20)
    return visit.show("promotions.html", found=found)


@door.page(NEW, BRAND_MANAGER)
async def show_new(visit: Visit) -> Reply:
    await _surround(visit)
    return _page(visit, _EMPTY, {"type": ["percentage"]}, None)


@door.form(NEW, BRAND_MANAGER)
async def add_promotion(visit: Visit) -> Reply:
    await _surround(visit)
    form = visit.call.body
    try:
        body = promoting.body_of(form, visit.currency) | {"promotionId": visit.field("promotionId")}
        made = (await visit.api.post("/v1/promotions", body)).data
    except Problem as problem:
        if problem.status not in (400, 403, 409):
            raise
        return _page(visit, _EMPTY | {"promotionId": visit.field("promotionId")}, form, None, problem)
    return visit.go(path("/admin/promotions/by-id/{id}", id=made["promotionId"]))


@door.page(ONE, BRAND_MANAGER)
async def show_promotion(visit: Visit) -> Reply:
    where = path(PROMOTION, id=visit.call.params["promotionId"])
    found, versions, _ = await asyncio.gather(
        visit.api.get(where), visit.api.get(where + "/versions", limit=50), _surround(visit)
    )
    form = promoting.form_of(found.data["benefit"], visit.currency)
    return _page(visit, found.data, form, versions.data)


@door.form(ONE, BRAND_MANAGER)
async def write_version(visit: Visit) -> Reply:
    """The next version, whole; or take the promotion away at once."""
    where = path(PROMOTION, id=visit.call.params["promotionId"])
    if visit.field("do") == "remove":
        await visit.api.delete(where)
        return visit.go(LIST)
    await _surround(visit)
    ver = visit.field("ver")
    try:
        body = promoting.body_of(visit.call.body, visit.currency)
        await visit.api.put(where, body, if_match=f'"{ver}"' if ver.isdigit() else "")
    except Problem as problem:
        if problem.status not in (400, 403, 409):
            raise
        found, versions = await asyncio.gather(visit.api.get(where), visit.api.get(where + "/versions", limit=50))
        return _page(visit, found.data, visit.call.body, versions.data, problem)
    return visit.go(path("/admin/promotions/by-id/{id}", id=visit.call.params["promotionId"]))


@door.form(TRY, BRAND_MANAGER)
async def try_on(visit: Visit) -> Reply:
    """What a basket would cost, with the promotion of the form in place of the saved one, and why."""
    await _surround(visit)
    store = await visit.at_store(visit.field("store"))
    form, wrong, tried = visit.call.body, "", None
    order: dict[str, Any] = {"storeId": store["storeId"], "saved": visit.field("saved") or "active"}
    try:
        order["lines"] = promoting.lines_of(visit.field("basket"))
        order |= {name: promoting.words(form, f"try.{name}") for name in ("groups", "codes")}
        if visit.field("type"):
            body = promoting.body_of(form, visit.currency)
            unsaved = {name: body[name] for name in _UNSAVED} | {
                "promotionId": visit.field("promotionId") or "untitled"
            }
            order["promotions"] = [unsaved | {"name": body["name"] or "untitled"}]
        tried = (await visit.api.post("/v1/promotions:dry-run", order)).data
    except Problem as problem:
        if problem.status not in (400, 422):
            raise
        details = beside(problem)[0]
        wrong = "; ".join(f"{name}: {text}" for name, text in details.items()) or problem.message
    return visit.show_part("promotion_tried.html", "Try it on a basket", "promotions", tried=tried, wrong=wrong)


_UNSAVED = ("benefit", "priority", "stacking", "window", "groups", "codes", "limits")


def _page(
    visit: Visit, promotion: dict[str, Any], form: promoting.Form, versions: Any, problem: Problem | None = None
) -> Reply:
    wrong, other = beside(problem) if problem is not None else ({}, "")
    kept = _kept(promotion, visit) if problem is None else {}
    return visit.show(
        "promotion.html",
        status=200 if problem is None else 422,
        promotion=promotion,
        one=lambda name: promoting.one({**kept, **form}, name),
        many=lambda name: list({**kept, **form}.get(name, ())),
        types=promoting.TYPES,
        uses=promoting.USES,
        versions=versions,
        wrong=wrong,
        other=other,
    )


def _kept(promotion: dict[str, Any], visit: Visit) -> dict[str, list[str]]:
    """The fields beside the benefit, as a form has them."""
    window, limits = promotion["window"] or {}, promotion["limits"] or {}
    hours = (window.get("hours") or [{}])[0]
    texts = {name: promotion[name] for name in ("name", "description", "status", "priority", "stacking")}
    texts |= {name: window.get(name) for name in ("starts", "ends")} | {"opens": hours.get("opens")}
    texts |= {"closes": hours.get("closes")} | {name: limits.get(name) for name in ("perCode", "perUser", "total")}
    if limits.get("budget") is not None:
        texts["budget"] = promoting.written_amount(limits["budget"], visit.currency)
    kept = {name: [str(value)] for name, value in texts.items() if value is not None}
    kept |= {name: [" ".join(promotion[name])] for name in ("groups", "codes")}
    return kept | {
        "weekdays": [str(day) for day in window.get("weekdays") or ()],
        "storeIds": list(promotion["storeIds"] or ()),
    }


async def _surround(visit: Visit) -> None:
    """Amounts of promotions are in the currency of the stores; the first one's is shown."""
    stores = await visit.with_stores()
    visit.currency = stores[0]["currency"] if stores else "EUR"
