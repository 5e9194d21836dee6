"""Products: found while one types, put right where they are shown, many at once, and what became of one over time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from functions.admin import prices
from functions.admin.api import Answer, ApiProblem, path
from functions.admin.domain import BRAND_MANAGER, STORE_MANAGER, STORE_STAFF
from functions.admin.door import door
from functions.admin.promoting import written_amount
from functions.admin.visit import Visit
from functions.common.envelope import Reply
from functions.common.errors import Malformed, Problem
from functions.common.retail.currencies import EXPONENTS

SEERS = (BRAND_MANAGER, STORE_MANAGER, STORE_STAFF)
EDITORS = (BRAND_MANAGER, STORE_MANAGER)
LIST = "/admin/stores/{storeId}/products"
ONE = "/admin/stores/{storeId}/products/{barcode}"
PRODUCT = "/v1/stores/{store}/products/{barcode}"
FILTERS = ("q", "status", "brandId", "categoryId", "quick", "sort", "order")
TEXTS = ("name", "status", "taxClass", "measure")
CLEARABLE = ("description", "brandId", "categoryId", "imageUrl")
"""Fields of the form whose empty text means that there is none."""
MOST_AT_ONCE = 100
_SIDE_BY_SIDE = 8


@door.page(LIST, *SEERS)
async def list_products(visit: Visit) -> Reply:
    store, brands, _ = await asyncio.gather(visit.at_store(), _brands(visit), visit.with_stores())
    asked = {name: visit.query.get(name, "") for name in FILTERS}
    where = path("/v1/stores/{store}/products", store=store["storeId"])
    try:
        found = await visit.api.get(where, **asked, page=visit.page_number, limit=20)
    except ApiProblem as problem:
        if problem.status != 400:
            raise
        # A filter that cannot be, such as a category with blanks, finds nothing; the reader has done nothing wrong.
        found = None
    template = "products_found.html" if visit.is_part else "products.html"
    return visit.show(template, found=found, asked=asked, brands=brands, may_edit=visit.may(*EDITORS))


@door.page(ONE, *SEERS)
async def show_product(visit: Visit) -> Reply:
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    where = _where(visit, store)
    sees_sales = visit.may(BRAND_MANAGER, STORE_MANAGER)
    product, history, brands, prices, stocks, sold = await asyncio.gather(
        visit.api.get(where),
        visit.api.get(where + "/history", page=visit.page_number, limit=20),
        _brands(visit),
        visit.api.get(where + "/timeline", field="price", limit=100),
        visit.api.get(where + "/timeline", field="stock", limit=100),
        visit.api.get(where + "/sales", limit=100) if sees_sales else no_answer(),
    )
    over_time: dict[str, Any] = {
        "prices": prices.data,
        "price_line": line_of(prices.data, EXPONENTS.get(store["currency"], 2)),
        "stocks": stocks.data,
        "stock_line": line_of(stocks.data, 3),
        "sold": sold.data,
        "sold_line": line_of([{"at": each["date"], "value": each["quantity"]} for each in sold.data], 3),
    }
    return _page(visit, product.data, history, brands, over_time=over_time)


@door.form(ONE, *EDITORS)
async def edit_product(visit: Visit) -> Reply:
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    where = _where(visit, store)
    try:
        patch = to_patch(visit)
        await visit.api.patch(where, patch, if_match=_seen(visit))
    except Problem as problem:
        if problem.status not in (400, 409):
            raise
        product, history, brands = await asyncio.gather(
            visit.api.get(where), visit.api.get(where + "/history", limit=20), _brands(visit)
        )
        typed = product.data | {name: visit.field(name) for name in (*TEXTS, *CLEARABLE) if name in visit.call.body}
        # The version that was seen stays in the form, so that saving again still notices what others did meanwhile.
        typed |= {"ver": visit.field("ver") or product.data["ver"]} if problem.status == 400 else {}
        return _page(visit, typed, history, brands, problem)
    return visit.go(path("/admin/stores/{store}/products/{barcode}", store=store["storeId"], barcode=_barcode(visit)))


@door.page(ONE + "/row", *SEERS)
async def show_row(visit: Visit) -> Reply:
    store = await visit.at_store()
    product = (await visit.api.get(_where(visit, store))).data
    editing = "edit" in visit.query and visit.may(*EDITORS)
    price = product["price"]
    written = written_amount(price["amount"], price["currency"]) if price else ""
    more = {"may_edit": visit.may(*EDITORS), "price_shown": written, "price_typed": written}
    return visit.show_part("products_row.html", "Products", "products", product=product, editing=editing, **more)


@door.form(ONE + "/row", *EDITORS)
async def edit_row(visit: Visit) -> Reply:
    store = await visit.at_store()
    where = _where(visit, store)
    there = True
    try:
        # Judged before anything is written, so that a slip of the pen leaves the product whole.
        price = prices.wanted(visit, store["currency"])
        product = (await visit.api.patch(where, to_patch(visit), if_match=_seen(visit))).data
        if price is not None:
            there = await prices.send(visit, product, price)
            product = (await visit.api.get(where)).data
    except Problem as problem:
        if problem.status not in (400, 409):
            raise
        now = (await visit.api.get(where)).data
        typed = now | {name: visit.field(name) for name in ("name", "status") if name in visit.call.body}
        wrong, other = beside(problem)
        return visit.show_part(
            "products_row.html",
            "Products",
            "products",
            product=typed,
            editing=True,
            may_edit=True,
            wrong=wrong,
            other=other,
            price_shown=visit.field("priceShown"),
            price_typed=visit.field("price"),
        )
    more = {"product": product, "editing": False, "may_edit": True, "on_its_way": not there}
    return visit.show_part("products_row.html", "Products", "products", **more)


@door.form(LIST, *EDITORS)
async def edit_many(visit: Visit) -> Reply:
    """The same change to all that are ticked, each judged alone."""
    store, _ = await asyncio.gather(visit.at_store(), visit.with_stores())
    chosen = list(dict.fromkeys(visit.fields("barcode")))[:MOST_AT_ONCE]
    change = to_change(visit.field("what"), visit.field("value"))
    gate = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def change_one(barcode: str) -> tuple[str, str]:
        async with gate:
            try:
                await visit.api.patch(path(PRODUCT, store=store["storeId"], barcode=barcode), change)
            except Problem as problem:
                return barcode, "; ".join(beside(problem)[0].values()) or problem.message
        return barcode, ""

    outcomes = await asyncio.gather(*(change_one(barcode) for barcode in chosen))
    return visit.show_part("products_changed.html", "Products", "products", outcomes=outcomes)


@door.page(ONE + "/stores", *SEERS)
async def show_stores(visit: Visit) -> Reply:
    """Which stores carry it; those that do not are named too."""
    stores = await visit.with_stores()
    gate = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def look(store: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, Any] | None]:
        async with gate:
            try:
                found = await visit.api.get(path(PRODUCT, store=store["storeId"], barcode=_barcode(visit)))
            except ApiProblem as problem:
                if problem.status != 404:
                    raise
                return store, None
            return store, found.data

    carried = await asyncio.gather(*(look(store) for store in stores))
    return visit.show_part("products_stores.html", "Stores that carry it", "products", carried=carried)


def to_patch(visit: Visit) -> dict[str, Any]:
    """What the form says, as the API takes it; fields the form does not have are left alone. Raises Malformed."""
    patch: dict[str, Any] = {name: visit.field(name) for name in TEXTS if name in visit.call.body}
    patch |= {name: visit.field(name) or None for name in CLEARABLE if name in visit.call.body}
    if "ageRestriction" in visit.call.body:
        patch["ageRestriction"] = _whole(visit.field("ageRestriction"), "ageRestriction")
    if "quickShown" in visit.call.body:
        patch["showInQuickProducts"] = visit.field("quick") == "on"
    return patch


def to_change(what: str, value: str) -> dict[str, Any]:
    """One change for many products. Raises Malformed."""
    if what == "status" or what == "taxClass":
        return {what: value}
    if what in ("brandId", "categoryId"):
        return {what: value or None}
    if what == "quick":
        return {"showInQuickProducts": value == "on"}
    raise Malformed("say what is to be changed", field="what")


def beside(problem: Problem) -> tuple[dict[str, str], str]:
    """What is wrong by field, and what belongs to no field of the form."""
    details = problem.details if isinstance(problem.details, list) else []
    wrong: dict[str, str] = {}
    for each in details:
        if isinstance(each, dict) and each.get("field"):
            wrong.setdefault(str(each["field"]), str(each.get("message", "")))
    return wrong, "" if wrong else problem.message


def _whole(text: str, name: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise Malformed("must be a whole number", field=name)
    return int(text[:9])


def line_of(points: list[dict[str, Any]], exponent: int) -> str:
    """Points as the page's script draws them, the oldest first; empty when there is nothing to draw."""
    if len(points) < 2:
        return ""
    ordered = sorted(points, key=lambda point: str(point["at"]))
    values = [point["value"] / 10**exponent for point in ordered]
    return json.dumps({"days": [point["at"] for point in ordered], "values": values})


def _page(
    visit: Visit,
    product: dict[str, Any],
    history: Any,
    brands: Any,
    problem: Problem | None = None,
    *,
    over_time: Mapping[str, Any] | None = None,
) -> Reply:
    wrong, other = beside(problem) if problem is not None else ({}, "")
    status = 200 if problem is None else 422
    return visit.show(
        "product.html",
        status=status,
        product=product,
        history=history,
        brands=brands,
        wrong=wrong,
        other=other,
        may_edit=visit.may(*EDITORS),
        **(over_time or {}),
    )


async def no_answer() -> Answer:
    """What somebody gets who may not ask."""
    return Answer([])


async def _brands(visit: Visit) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await visit.api.get("/v1/brands", limit=100)).data
    return found


def _barcode(visit: Visit) -> str:
    return visit.call.params["barcode"]


def _where(visit: Visit, store: Mapping[str, Any]) -> str:
    return path(PRODUCT, store=store["storeId"], barcode=_barcode(visit))


def _seen(visit: Visit) -> str:
    ver = visit.field("ver")
    return f'"{ver}"' if ver.isdigit() else ""
