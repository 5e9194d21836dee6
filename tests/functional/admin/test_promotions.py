"""Promotions on pages: written, tried and looked back at."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.admin.conftest import FakeApi, Person

ONE, PAGE = "/v1/promotions/pasta-night", "/admin/promotions/by-id/pasta-night"


def promotion(**changes: Any) -> dict[str, Any]:
    return {
        "promotionId": "pasta-night", "name": "<b>Pasta", "description": None, "status": "active",
        "storeIds": ["berlin"], "moreStores": False, "priority": 0, "stacking": "stack", "groups": [], "codes": [],
        "window": {"starts": "2026-12-01T00:00", "weekdays": [5]}, "limits": {"budget": 5000}, "ver": 3,
        "benefit": {"type": "percentage", "match": {}, "basisPoints": 1000},
        "createdAt": "2026-11-01T08:00:00Z", "updatedAt": "2026-11-01T08:00:00Z",
    } | changes  # fmt: skip


@pytest.fixture(autouse=True)
def shelf(api: FakeApi) -> None:
    version = {
        "ver": 3, "action": "updated", "who": "<i>kim", "role": "brand_manager", "when": "2026-11-20T09:00:00Z",
        "requestId": "r", "content": {}, "changes": [{"field": "priority", "before": 1, "after": 0}],
    }  # fmt: skip
    api.says("GET", "/v1/promotions", [promotion()])
    api.says("GET", ONE, promotion())
    api.says("GET", f"{ONE}/versions", [version])


async def test_a_promotion_is_shown_as_a_form_with_its_versions(person: Person) -> None:
    await person.sign_in()
    assert "&lt;b&gt;Pasta" in (await person.get("/admin/promotions")).text
    page = await person.get(PAGE)
    assert 'name="percent" type="text" value="10.00"' in page.text
    assert 'name="budget" type="text" value="50.00"' in page.text
    assert 'name="weekdays" value="5" checked' in page.text
    assert 'name="storeIds" value="berlin" checked' in page.text
    assert "&lt;i&gt;kim" in page.text
    assert "<b>Pasta" not in page.text


async def test_the_next_version_is_written_whole_and_only_over_the_one_that_was_seen(
    person: Person, api: FakeApi
) -> None:
    await person.sign_in()
    api.says("PUT", ONE, promotion())
    form = {"ver": "3", "do": "save", "name": "Pasta", "status": "active", "type": "percentage", "percent": "12.5"}
    reply = await person.send(PAGE, form)
    assert reply.headers["location"] == PAGE
    assert api.asked[-1].headers["if-match"] == '"3"'
    (body,) = api.bodies("PUT", ONE)
    assert body["benefit"] == {"type": "percentage", "match": {}, "basisPoints": 1250}
    assert body["storeIds"] is None


async def test_what_is_wrong_is_said_and_what_was_typed_stays(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    page = await person.send(PAGE, {"name": "Pasta night", "type": "percentage", "percent": "lots"})
    assert page.status_code == 422
    assert "f-percent-problem" in page.text
    assert 'value="lots"' in page.text
    assert not api.bodies("PUT", ONE)
    api.refuses("PUT", ONE, 409, "VERSION_CONFLICT", "somebody has written another version")
    late = await person.send(PAGE, {"name": "Pasta night", "type": "percentage", "percent": "5", "ver": "2"})
    assert "somebody has written another version" in late.text


async def test_a_new_one_begins_as_a_draft(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    assert (await person.get("/admin/promotions/new")).status_code == 200
    api.says("POST", "/v1/promotions", promotion(), status=201)
    reply = await person.send(
        "/admin/promotions/new", {"promotionId": "pasta-night", "name": "Pasta", "type": "amount", "amount": "0,50"}
    )
    assert reply.headers["location"] == PAGE
    (body,) = api.bodies("POST", "/v1/promotions")
    assert (body["promotionId"], body["status"], body["benefit"]["amount"]) == ("pasta-night", "draft", 50)


async def test_it_is_taken_away_at_once(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.says("DELETE", ONE, {"id": "pasta-night", "removed": True})
    assert (await person.send(PAGE, {"do": "remove"})).headers["location"] == "/admin/promotions"


async def test_a_basket_is_tried_with_the_form_in_place_of_what_is_saved(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    told = {
        "promotionId": "pasta-night", "ver": 0, "name": "<b>Pasta", "discount": 0, "times": 0, "code": None,
        "touches": [], "reason": "TOO_FEW_UNITS", "message": "one more is needed", "missing": 1, "others": [],
    }  # fmt: skip
    tried = {
        "storeId": "berlin", "currency": "EUR", "at": "2026-11-20T09:00:00Z", "subtotal": 500, "discount": 0,
        "net": 420, "tax": 80, "total": 500, "lines": [], "taxShares": [], "promotions": [told], "codes": [],
    }  # fmt: skip
    api.says("POST", "/v1/promotions:dry-run", tried)
    form = {
        "promotionId": "pasta-night", "name": "Pasta", "type": "percentage", "percent": "10", "store": "berlin",
        "basket": "4009999000004 2", "saved": "none", "try.codes": "PASTA",
    }  # fmt: skip
    part = await person.send("/admin/promotions/try", form, hx_request="true")
    assert "TOO_FEW_UNITS – one more is needed" in part.text
    assert "&lt;b&gt;Pasta" in part.text
    (order,) = api.bodies("POST", "/v1/promotions:dry-run")
    assert order["lines"] == [{"lineId": "1", "barcode": "4009999000004", "quantity": 2000}]
    assert (order["saved"], order["codes"]) == ("none", ["PASTA"])
    assert order["promotions"][0]["benefit"]["basisPoints"] == 1000
    assert "status" not in order["promotions"][0]


@pytest.mark.parametrize("role", ["store_manager", "store_staff", "operator"])
async def test_promotions_are_the_brand_managers(person: Person, api: FakeApi, role: str) -> None:
    await person.sign_in(role)
    for where in ("/admin/promotions", "/admin/promotions/new", PAGE):
        assert (await person.get(where)).status_code == 403
    for where in ("/admin/promotions/new", PAGE, "/admin/promotions/try"):
        assert (await person.send(where, {"do": "remove"})).status_code == 403
    assert not [request for request in api.asked if "promotions" in request.url.path]
