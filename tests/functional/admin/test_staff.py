"""Staff with a phone: baskets to look at, and the way out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.admin.conftest import FakeApi, Person

LIST, PAGE = "/v1/stores/berlin/interventions", "/admin/stores/berlin/interventions"
TASK = "/v1/interventions/i-1"
EXITS = "/v1/stores/berlin/exits"


def task(**changes: Any) -> dict[str, Any]:
    line = {
        "lineId": "l", "barcode": "4009999000004", "unitBarcode": None, "name": "<b>Gin", "quantity": 2000,
        "measure": "each", "ageRestriction": 18,
    }  # fmt: skip
    return {
        "interventionId": "i-1", "checkoutId": "c-1", "storeId": "berlin", "kind": "age", "status": "open",
        "claimedBy": None, "at": "2026-11-20T09:00:00Z", "reason": None, "differences": None,
        "state": "payment_pending", "currency": "EUR", "total": 2980, "units": 2, "ageLimit": 18, "lines": [line],
        "expiresAt": "2026-11-20T10:00:00Z",
    } | changes  # fmt: skip


@pytest.fixture(autouse=True)
def aisle(api: FakeApi) -> None:
    api.says("GET", LIST, [task()])
    api.says("GET", TASK, task())
    api.says("GET", "/v1/stores/berlin/purchases", [])


async def test_whoever_stands_in_the_aisle_sees_who_waits(person: Person) -> None:
    await person.sign_in("store_staff", stores="berlin")
    page = await person.get(PAGE)
    assert "Check the age" in page.text
    assert "29.80\u00a0EUR" in page.text
    part = await person.get(PAGE, hx_request="true")
    assert "<html" not in part.text


async def test_a_basket_is_taken_on_let_pass_or_refused(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_staff", stores="berlin")
    for verb in ("claim", "approve", "reject"):
        api.says("POST", f"{TASK}/{verb}", task())
    assert "&lt;b&gt;Gin" in (await person.get(f"{PAGE}/i-1")).text
    claimed = await person.send(f"{PAGE}/i-1", {"do": "claim"})
    assert claimed.headers["location"] == f"{PAGE}/i-1"
    assert api.asked[-1].content == b""
    await person.send(f"{PAGE}/i-1", {"do": "approve", "reason": " 42 years "})
    await person.send(f"{PAGE}/i-1", {"do": "reject", "reason": "too young"})
    assert api.bodies("POST", f"{TASK}/approve") == [{"reason": "42 years"}]
    assert api.bodies("POST", f"{TASK}/reject") == [{"reason": "too young"}]


async def test_a_colleague_was_faster(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_staff", stores="berlin")
    api.refuses("POST", f"{TASK}/claim", 409, "ALREADY_CLAIMED", "a colleague has it")
    page = await person.send(f"{PAGE}/i-1", {"do": "claim"})
    assert page.status_code == 422
    assert "a colleague has it" in page.text


async def test_a_bag_is_compared_with_the_basket(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_staff", stores="berlin")
    api.says(
        "POST", f"{TASK}/rescan",
        {"outcome": "lowered", "differences": [], "oldTotal": 2980, "total": 1490, "intervention": task()},
    )  # fmt: skip
    page = await person.send(f"{PAGE}/i-1", {"do": "rescan", "codes": "4009999000004\r\n\r\n2112345 0,5\r\n"})
    assert api.bodies("POST", f"{TASK}/rescan") == [
        {"items": [{"code": "4009999000004", "quantity": 1000}, {"code": "2112345", "quantity": 500}]}
    ]
    assert "14.90\u00a0EUR" in page.text
    wrong = await person.send(f"{PAGE}/i-1", {"do": "rescan", "codes": "4009 many"})
    assert "how many after a blank" in wrong.text


async def test_the_gate_opens_by_a_pass_or_with_a_reason(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_staff", stores="berlin")
    gone = {"opened": True, "checkoutId": "c-1", "receiptNumber": 7, "items": 2, "exitedAt": "2026-11-20T09:00:00Z"}
    api.says("POST", EXITS, gone | {"override": False})
    api.says("POST", f"{EXITS}:override", gone | {"override": True})
    page = await person.send("/admin/stores/berlin/exits", {"do": "pass", "pass": "RSX1.abc"})
    assert "The gate is open." in page.text
    await person.send("/admin/stores/berlin/exits", {"do": "override", "checkoutId": "c-1", "reason": "phone died"})
    assert api.bodies("POST", f"{EXITS}:override") == [{"checkoutId": "c-1", "reason": "phone died"}]
    api.refuses("POST", EXITS, 409, "PASS_USED", "this pass was used already")
    used = await person.send("/admin/stores/berlin/exits", {"do": "pass", "pass": "RSX1.abc"})
    assert "PASS_USED" in used.text


@pytest.mark.parametrize("role", ["brand_manager", "operator"])
async def test_who_is_no_staff_of_the_store_has_none_of_it(person: Person, role: str) -> None:
    await person.sign_in(role)
    for where in (PAGE, f"{PAGE}/i-1", "/admin/stores/berlin/exits"):
        assert (await person.get(where)).status_code == 403
        assert (await person.send(where, {"do": "approve"})).status_code in (403, 405)
