"""Giving back from the page of a purchase: by whom, what is sent, once, and what is said when it is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from functions.admin import purchases
from tests.functional.admin.conftest import FakeApi, Person

NASTY = "<script>alert(1)</script>"
AT = "2026-11-20T09:00:00Z"
PAGE, API = "/admin/stores/berlin/purchases/c-1", "/v1/stores/berlin/purchases/c-1"
REFUNDS = API + "/refunds"
FIRST = {"lineId": "l1", "name": NASTY, "barcode": "1", "quantity": 3000, "discount": 0, "payable": 1299}
SECOND = {"lineId": "l2", "name": "Oats", "barcode": "2", "quantity": 1000, "discount": 0, "payable": 200}
PURCHASE: dict[str, Any] = {
    "checkoutId": "c-1", "state": "closed", "currency": "EUR", "total": 1499, "refunded": 433, "receiptNumber": 7,
    "createdAt": AT, "expiresAt": AT, "paidAt": AT, "interventions": [], "history": [], "payment": None,
    "lines": [FIRST, SECOND],
}  # fmt: skip
REFUND: dict[str, Any] = {
    "refundId": "r-1", "checkoutId": "c-1", "state": "succeeded", "amount": 433, "currency": "EUR", "clawedBack": 0,
    "goods": [{"barcode": "1", "quantity": 1000}], "shares": [], "brokenPromotions": [], "reason": NASTY,
    "restock": False, "restocked": False, "by": "kim", "at": AT, "approvedBy": None, "approvedAt": None,
    "rejectedBy": None, "rejectedAt": None, "rejectionReason": None, "error": None,
}  # fmt: skip


@pytest.fixture(autouse=True)
def till(api: FakeApi) -> None:
    api.says("GET", API, PURCHASE)
    api.says("GET", REFUNDS, [REFUND])
    api.says("POST", REFUNDS, REFUND, status=201)


def key_of(page: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f]{32})"', page)
    assert found is not None
    return found[1]


async def test_a_manager_sees_what_came_back_and_what_is_left(person: Person) -> None:
    await person.sign_in("store_manager", stores="berlin")
    page = (await person.get(PAGE)).text
    assert "4.33\u00a0EUR" in page
    assert "<script>alert" not in page
    assert "come back, 2 at most" in page
    assert 'name="q.l1"' in page
    assert 'name="q.l2"' in page


async def test_a_line_is_given_back_with_the_key_of_its_form(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_manager", stores="berlin")
    key = key_of((await person.get(PAGE)).text)
    form = {"do": "lines", "q.l1": " 1 ", "q.l2": "", "reason": "broken", "restock": "on", "key": key}
    for _ in range(2):  # a double click
        assert (await person.send(PAGE, form)).headers["location"] == PAGE
    sent = [request for request in api.asked if request.method == "POST" and request.url.path == REFUNDS]
    assert [request.headers["idempotency-key"] for request in sent] == [key, key]
    body = {"lines": [{"lineId": "l1", "quantity": 1000}], "reason": "broken", "restock": True}
    assert api.bodies("POST", REFUNDS) == [body, body]
    assert key_of((await person.get(PAGE)).text) != key, "the next refund is another one"


async def test_all_of_it_is_given_back(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_manager", stores="berlin")
    await person.send(PAGE, {"do": "whole", "q.l1": "1", "reason": "recall", "key": "k" * 32})
    assert api.bodies("POST", REFUNDS) == [{"whole": True, "reason": "recall", "restock": False}]


async def test_the_second_click_while_the_first_is_under_way_is_no_error(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_manager", stores="berlin")
    api.refuses("POST", REFUNDS, 409, "IDEMPOTENCY_IN_FLIGHT", "it is being done")
    assert (await person.send(PAGE, {"do": "whole", "reason": "recall", "key": "k" * 32})).status_code == 303


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"do": "lines", "q.l1": "many", "reason": "broken"}, "such as 1 or 0.250"),
        ({"do": "lines", "reason": "broken"}, "say how many of which line"),
        ({"do": "what", "reason": "broken"}, "say what is to be done"),
    ],
)
async def test_what_cannot_be_is_said_beside_the_field(
    person: Person, api: FakeApi, form: dict[str, str], said: str
) -> None:
    await person.sign_in("store_manager", stores="berlin")
    page = await person.send(PAGE, {**form, "key": "k" * 32})
    assert (page.status_code, api.bodies("POST", REFUNDS)) == (422, [])
    assert said in page.text
    assert ('aria-describedby="q.l1-problem"' in page.text) == ("q.l1" in form)


async def test_what_the_api_refuses_stands_beside_the_line_it_is_about(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_manager", stores="berlin")
    wrong = [{"field": "lines.0.quantity", "code": "less_than_equal", "message": "must be less"},
             {"field": "reason", "code": "string_too_short", "message": "must have 3 characters"}]  # fmt: skip
    api.refuses("POST", REFUNDS, 400, "VALIDATION_FAILED", "some values are wrong", wrong)
    page = (await person.send(PAGE, {"do": "lines", "q.l2": "7", "reason": "x", "key": "k" * 32})).text
    assert '<small id="q.l2-problem" class="wrong">must be less</small>' in page
    assert "must have 3 characters" in page
    assert 'value="7"' in page
    api.refuses("POST", REFUNDS, 409, "NOT_RETURNABLE", "more than was sold")
    assert "more than was sold" in (await person.send(PAGE, {"do": "lines", "q.l2": "7", "reason": "abc"})).text


async def test_a_refund_that_waits_is_agreed_to_by_another_or_refused(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_manager", stores="berlin")
    waits = {**REFUND, "state": "awaiting_approval", "goods": [], "by": "someone-else"}
    api.says("GET", REFUNDS, [waits])
    api.says("POST", f"{REFUNDS}/r-1/approval", REFUND)
    api.says("POST", f"{REFUNDS}/r-1/rejection", REFUND)
    assert 'value="approve"' in (await person.get(PAGE)).text
    assert (await person.send(PAGE, {"do": "approve", "refundId": "r-1"})).status_code == 303
    await person.send(PAGE, {"do": "reject", "refundId": "r-1", "reason": "worn"})
    assert api.bodies("POST", f"{REFUNDS}/r-1/rejection") == [{"reason": "worn"}]
    api.says("GET", REFUNDS, [{**waits, "by": "kim"}])
    own = (await person.get(PAGE)).text
    assert 'value="approve"' not in own
    assert 'value="reject"' in own
    # Whatever a form calls a refund, it leads to no other operation.
    await person.send(PAGE, {"do": "approve", "refundId": "../../x"})
    assert any(b"/refunds/%2E%2E%2F%2E%2E%2Fx/approval" in request.url.raw_path for request in api.asked)


@pytest.mark.parametrize("role", ["store_staff", "brand_manager", "operator"])
async def test_who_may_not_refund_sees_no_form_and_is_refused(person: Person, api: FakeApi, role: str) -> None:
    await person.sign_in(role, stores="berlin")
    page = await person.get(PAGE)
    assert page.status_code == (200 if role == "store_staff" else 403)
    assert 'name="key"' not in page.text
    reply = await person.send(PAGE, {"do": "whole", "reason": "for me", "key": "k" * 32})
    assert reply.status_code == 403
    assert not [request for request in api.asked if "/refunds" in request.url.path]


def test_what_is_left_counts_what_was_given_and_not_what_waits() -> None:
    twice = [{**FIRST, "lineId": "a", "quantity": 1000}, {**FIRST, "lineId": "b", "quantity": 2000}]
    assert purchases.left_of(twice, [REFUND]) == {"a": 0, "b": 2000}
    assert purchases.left_of(twice, [REFUND, REFUND]) == {"a": 0, "b": 1000}
    assert purchases.left_of(twice, [{**REFUND, "state": "rejected"}]) == {"a": 1000, "b": 2000}
