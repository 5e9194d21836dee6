"""Sales, purchases, connections and operations: who sees them, what is asked for them, and that all of it is text."""

from __future__ import annotations

import html
import json
from typing import Any

import httpx
import pytest

from functions.admin import availability, sales
from tests.functional.admin.conftest import FakeApi, Person

NASTY = "<script>alert(1)</script>"
AT = "2026-11-20T09:00:00Z"


def day(date: str = "2026-11-20", **changes: Any) -> dict[str, Any]:
    return {
        "storeId": "berlin", "date": date, "revision": 1, "complete": True, "closedBy": NASTY, "closedAt": AT,
        "currency": "EUR", "timeZone": "Europe/Berlin", "receipts": {"count": 4, "first": 1, "last": 4}, "total": 10000,
        "discount": 500, "byRate": [],
        "byMethod": [{"provider": NASTY, "type": None, "brand": None, "count": 4, "amount": 1}],
        "refunds": {"count": 1, "amount": 433, "byRate": []}, "takings": 9567, "differences": [], "differenceCount": 0,
    } | changes  # fmt: skip


def sold(date: str = "2026-11-20", **changes: Any) -> dict[str, Any]:
    best = {"barcode": "1", "name": NASTY, "quantity": 3000, "amount": 1299}
    return {
        "date": date, "currency": "EUR", "receipts": 4, "total": 10000, "items": 9, "discount": 0, "refunds": 1,
        "refunded": 433, "cards": 2, "interventions": 3, "rejected": 1, "hours": [0] * 24, "products": [best],
        "summedAt": AT,
    } | changes  # fmt: skip


def missing(**changes: Any) -> dict[str, Any]:
    return {"barcode": "1", "name": NASTY, "since": AT, "until": None, "times": 3, "seconds": 93_600} | changes


def could_buy(date: str = "2026-11-20", **changes: Any) -> dict[str, Any]:
    return {"date": date, "share": 987_654, "listed": 1200, "out": 15, "looks": 9, "lookedAt": AT} | changes


PURCHASE: dict[str, Any] = {
    "checkoutId": "c-1", "state": "closed", "currency": "EUR", "total": 1299, "refunded": 433, "receiptNumber": 7,
    "createdAt": AT, "expiresAt": AT, "paidAt": AT, "interventions": [],
    "history": [{"state": "paid", "at": AT, "why": NASTY}],
    "payment": {"method": {"type": "card", "brand": NASTY}},
    "lines": [{"lineId": "l1", "name": NASTY, "barcode": "1", "quantity": 3000, "discount": 0, "payable": 1299}],
}  # fmt: skip
LETTER: dict[str, Any] = {
    "id": "d-1", "status": "parked", "code": "NOT_JSON", "reason": NASTY, "subscription": NASTY, "messageId": "m",
    "size": 2, "times": 1, "createdAt": AT, "resolvedAt": None, "replays": [], "attributes": {NASTY: NASTY},
    "text": NASTY,
}  # fmt: skip
PAGES = {
    "/admin/stores/berlin/sales": {"brand_manager", "store_manager"},
    "/admin/sales": {"brand_manager", "store_manager"},
    "/admin/stores/berlin/availability": {"brand_manager", "store_manager"},
    "/admin/stores/berlin/availability?when=before": {"brand_manager", "store_manager"},
    "/admin/stores/berlin/purchases": {"store_manager", "store_staff"},
    "/admin/stores/berlin/purchases/c-1": {"store_manager", "store_staff"},
    "/admin/connections": {"brand_manager", "operator"},
    "/admin/operations": {"brand_manager", "operator"},
    "/admin/operations/dead-letters/d-1": {"operator"},
}


@pytest.fixture(autouse=True)
def shelf(api: FakeApi) -> None:
    counts = {name: 1 for name in ("received", "applied", "stale", "parked", "rejected", "pending", "conflict")}
    run = {"id": "r", "kind": "now", "by": NASTY, "dueAt": AT, "at": AT, "state": "skipped", "code": NASTY,
           "message": NASTY, "groupId": None, "importIds": ["1a" * 16]}  # fmt: skip
    api.says("GET", "/v1/stores/berlin/day-closings", [day(), day("2026-11-19", takings=5000)])
    api.says("GET", "/v1/stores/berlin/sales", [sold(), sold("2026-11-19")])
    api.says("GET", "/v1/stores/berlin/sales/products", [{k: v for k, v in sold()["products"][0].items()}])
    side = {k: v for k, v in sold().items() if k not in ("date", "hours", "products", "summedAt")}
    api.says("GET", "/v1/sales", [side | {"storeId": "berlin", "days": 2}, side | {"storeId": NASTY, "days": 1}])
    api.says("GET", "/v1/stores/berlin/stock-outs", [missing()])
    api.says("GET", "/v1/stores/berlin/availability", [could_buy(), could_buy("2026-11-19", share=None)])
    api.says("GET", "/v1/stores/berlin/purchases", [PURCHASE])
    api.says("GET", "/v1/stores/berlin/purchases/c-1", PURCHASE)
    api.says("GET", "/v1/stores/berlin/purchases/c-1/refunds", [])
    api.says(
        "GET", "/v1/import-connections",
        [{"name": NASTY, "kind": "https", "settings": {"url": NASTY}, "secretSetAt": None, "lastTest": None}],
    )  # fmt: skip
    api.says(
        "GET", "/v1/import-schedules",
        [{"name": NASTY, "connection": NASTY, "storeIds": [NASTY], "profile": NASTY, "cron": NASTY, "timeZone": NASTY,
          "enabled": False, "nextAt": None, "runs": [run]}],
    )  # fmt: skip
    api.says("GET", "/v1/dead-letters", [LETTER])
    api.says("GET", "/v1/dead-letters/d-1", LETTER)
    api.says("GET", "/v1/price-updates", [{"batchId": "b", "status": "done", "createdAt": AT, "counts": counts}])
    issue = {"kind": "rejected", "at": AT, "storeId": NASTY, "barcode": NASTY, "code": NASTY, "reason": NASTY}
    api.says("GET", "/v1/price-issues", [issue])
    finding = {
        "kind": "amount_differs",
        "intentId": NASTY,
        "currency": "EUR",
        "ours": {"captured": 1},
        "theirs": {"captured": 2},
    }
    differing = {"missingHere": 0, "missingThere": 0, "amountDiffers": 1}
    api.says(
        "GET", "/v1/reconciliations", [{"day": "2026-11-20", "checked": 3, "counts": differing, "findings": [finding]}]
    )


@pytest.mark.parametrize("role", ["brand_manager", "store_manager", "store_staff", "operator"])
async def test_a_page_is_there_for_those_it_is_for_and_its_words_are_text(person: Person, role: str) -> None:
    await person.sign_in(role)
    menu = (await person.get("/admin")).text
    for where, roles in PAGES.items():
        page = await person.get(where)
        assert page.status_code == (200 if role in roles else 403), (where, page.text[-2000:])
        assert "<script>alert" not in page.text, where
        if role in roles and not where.endswith("/purchases"):
            assert html.escape(NASTY).replace("'", "&#39;") in page.text, where
        if where in ("/admin/connections", "/admin/operations"):
            assert (where in menu) == (role in roles)


async def test_the_chart_has_the_days_in_order_and_amounts_as_people_say_them() -> None:
    drawn = json.loads(sales.chart_of([sold(), sold("2026-11-19", total=5000, refunded=0)], "EUR"))
    assert drawn == {"days": ["2026-11-19", "2026-11-20"], "values": [50.0, 95.67]}
    assert json.loads(sales.chart_of([sold(total=1933)], "JPY"))["values"] == [1500]
    assert sales.chart_of([], "EUR") == ""


async def test_sales_are_those_of_the_days_one_chooses(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    page = (await person.get("/admin/stores/berlin/sales?from=2026-01-01&to=2026-11-20&page=3")).text
    asked = {each.url.path: dict(each.url.params) for each in api.asked}
    days = {"from": "2026-01-01", "to": "2026-11-20"}
    assert asked["/v1/stores/berlin/sales/products"] == days | {"page": "3", "limit": "50"}
    pages = [dict(each.url.params) for each in api.asked if each.url.path == "/v1/stores/berlin/sales"]
    assert sorted(each["page"] for each in pages) == ["1", "2", "3", "4"], "324 days, a hundred at a time"
    assert all(each.items() >= (days | {"products": "0", "limit": "100"}).items() for each in pages)
    assert "25.00\u00a0EUR" in page, "the average basket"
    assert "8 refused" in page, "one on each of two days, which came four times"
    whole = (await person.get("/admin/sales?from=2026-01-01&to=2026-11-20")).text
    assert "/admin/stores/berlin/sales?from=2026-01-01&amp;to=2026-11-20" in whole
    assert "200.00\u00a0EUR" in whole, "both stores together"


async def test_purchases_are_those_of_the_days_of_the_stores_clock(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_staff", stores="berlin")
    await person.get("/admin/stores/berlin/purchases?from=2026-10-24&to=2026-10-25&state=closed")
    asked = dict(api.asked[-1].url.params)
    assert (asked["from"], asked["to"]) == ("2026-10-24T00:00:00+02:00", "2026-10-26T00:00:00+01:00")
    assert asked["state"] == "closed"


async def test_what_is_missing_is_shown_with_how_long_and_leads_to_the_product(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_manager", stores="berlin")
    page = (await person.get("/admin/stores/berlin/availability")).text
    assert "98.7\u00a0%" in page
    assert "1\u00a0d 2\u00a0h" in page
    assert 'href="/admin/stores/berlin/products/1"' in page
    assert "data-chart" not in page, "one day is no line"
    api.says("GET", "/v1/stores/berlin/availability", [could_buy(), could_buy("2026-11-19", share=1_000_000)])
    assert "98.7654" in (await person.get("/admin/stores/berlin/availability?page=2&when=before")).text
    asked = [each for each in api.asked if each.url.path.endswith("/stock-outs")]
    assert dict(asked[-1].url.params) == {"when": "before", "page": "2", "limit": "50"}
    drawn = json.loads(availability.chart_of([could_buy(), could_buy("2026-11-19", share=500_000)]))
    assert drawn == {"days": ["2026-11-19", "2026-11-20"], "values": [50.0, 98.7654]}


async def test_a_day_is_closed_by_the_store_manager(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_manager", stores="berlin")
    api.says("POST", "/v1/stores/berlin/day-closings", day())
    reply = await person.send("/admin/stores/berlin/sales", {"date": "2026-11-20"})
    assert reply.status_code == 303
    assert api.bodies("POST", "/v1/stores/berlin/day-closings") == [{"date": "2026-11-20"}]
    api.refuses("POST", "/v1/stores/berlin/day-closings", 409, "DAY_AHEAD", "that day has not begun")
    assert "that day has not begun" in (await person.send("/admin/stores/berlin/sales", {"date": "2030-01-01"})).text


async def test_a_receipt_comes_as_a_file(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_staff", stores="berlin")
    there = "/v1/stores/berlin/purchases/c-1/receipt.pdf"
    api.does("GET", there, lambda _request: httpx.Response(200, content=b"%PDF-1.4"))
    reply = await person.get("/admin/stores/berlin/purchases/c-1/receipt.pdf")
    assert reply.content == b"%PDF-1.4"
    assert reply.headers["content-disposition"].startswith("attachment")


async def test_connections_and_schedules_are_kept_tried_and_run(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.says("PUT", "/v1/import-connections/sap", {})
    api.says("PUT", "/v1/import-connections/sap/secret", {})
    api.says("PUT", "/v1/import-schedules/nightly", {})
    api.says("POST", "/v1/import-schedules/nightly/run", {}, status=202)
    refusal = {"ok": False, "code": "UNREACHABLE", "message": "nobody answers", "where": None, "found": None}
    api.says("POST", "/v1/import-connections/sap/test", refusal)
    await person.send(
        "/admin/connections",
        {"do": "keep-connection", "name": "sap", "settings": '{"kind": "https", "url": "https://x"}'},
    )
    assert api.bodies("PUT", "/v1/import-connections/sap") == [{"settings": {"kind": "https", "url": "https://x"}}]
    secret = await person.send(
        "/admin/connections", {"do": "keep-secret", "name": "sap", "secret": '{"token": "hush"}'}
    )
    assert api.bodies("PUT", "/v1/import-connections/sap/secret") == [{"secret": {"token": "hush"}}]
    assert "hush" not in secret.text
    schedule = {"do": "keep-schedule", "name": "nightly", "connection": "sap", "storeIds": ["berlin"],
                "cron": "0 5 * * *", "timeZone": "Europe/Berlin", "enabled": "on"}  # fmt: skip
    await person.send("/admin/connections", schedule)
    (kept,) = api.bodies("PUT", "/v1/import-schedules/nightly")
    assert (kept["storeIds"], kept["enabled"], kept["autoApprove"]) == (["berlin"], True, "never")
    assert "nightly has begun." in (await person.send("/admin/connections", {"do": "run", "name": "nightly"})).text
    assert "nobody answers" in (await person.send("/admin/connections", {"do": "test", "name": "sap"})).text
    for wrong in ({"do": "keep-connection", "name": "sap", "settings": "{"}, {"do": "what"}):
        assert (await person.send("/admin/connections", wrong)).status_code == 422


async def test_dead_letters_are_counted_first_and_then_sent_again(person: Person, api: FakeApi) -> None:
    await person.sign_in("operator")
    done = {"requestId": "r", "dryRun": True, "matched": 3, "enqueued": 0}
    api.says("POST", "/v1/dead-letters:replay", done, status=202)
    api.says("POST", "/v1/dead-letters/d-1/replay", done, status=202)
    page = await person.send("/admin/operations", {"do": "count", "code": "NOT_JSON"})
    assert "3 can be replayed" in page.text
    await person.send("/admin/operations", {"do": "replay", "code": ""})
    assert api.bodies("POST", "/v1/dead-letters:replay") == [{"dryRun": True, "code": "NOT_JSON"}, {"dryRun": False}]
    one = await person.send("/admin/operations/dead-letters/d-1", {})
    assert one.headers["location"] == "/admin/operations/dead-letters/d-1"


async def test_a_brand_manager_replays_nothing(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    assert (await person.send("/admin/operations", {"do": "replay"})).status_code == 403
    part = await person.get("/admin/operations", hx_request="true")
    assert "Dead letters" not in part.text
    assert not [request for request in api.asked if "dead-letters" in request.url.path]
