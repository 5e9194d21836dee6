"""Products on pages: what is asked of the API, what is shown of its answers, and what is not believed."""

from __future__ import annotations

import html
from typing import Any

import httpx
import pytest

from functions.admin import prices
from tests.functional.admin.conftest import STORE, FakeApi, Person

LIST = "/v1/stores/berlin/products"
HERE = "/admin/stores/berlin/products"


def product(barcode: str = "4009999000004", **changes: Any) -> dict[str, Any]:
    return {
        "storeId": "berlin", "barcode": barcode, "name": "Oat milk", "description": None, "brandId": None,
        "categoryId": None, "status": "active", "showInQuickProducts": False, "measure": "each", "taxClass": "standard",
        "imageUrl": None, "ageRestriction": None, "recalledLots": [], "units": [], "metadata": {},
        "price": {"amount": 149, "currency": "EUR", "asOf": "2026-11-20T09:00:00Z"},
        "stock": {"quantity": 60000, "asOf": None}, "ver": 7, "createdAt": "2026-11-01T08:00:00Z",
        "updatedAt": "2026-11-20T09:00:00Z",
    } | changes  # fmt: skip


TIMELINE: list[dict[str, Any]] = [
    {"at": "2026-11-20T09:00:00Z", "value": 149, "before": 159, "currency": "EUR"},
    {"at": "2026-11-19T09:00:00Z", "value": 159, "before": None, "currency": "EUR"},
]


@pytest.fixture(autouse=True)
def shelf(api: FakeApi) -> None:
    api.says("GET", "/v1/brands", [])
    api.says("GET", LIST, [product()])
    api.says("GET", f"{LIST}/4009999000004", product())
    api.says("GET", f"{LIST}/4009999000004/history", [])
    api.says("GET", f"{LIST}/4009999000004/timeline", TIMELINE)
    sold = {"date": "2026-11-20", "quantity": 2000, "amount": 298}
    api.says("GET", f"{LIST}/4009999000004/sales", [sold, {**sold, "date": "2026-11-19", "quantity": 5000}])


async def test_the_list_shows_price_and_stock_of_the_store(person: Person) -> None:
    await person.sign_in()
    page = await person.get(HERE)
    assert page.status_code == 200
    for text in ("Oat milk", "4009999000004", "1.49\u00a0EUR", ">60<"):
        assert text in page.text


async def test_typing_asks_for_the_part_that_changes(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    part = await person.get(f"{HERE}?q=oat&status=active&sort=&brandId=", hx_request="true")
    assert "<html" not in part.text
    assert "Oat milk" in part.text
    asked = [request for request in api.asked if request.url.path == LIST][-1]
    assert dict(asked.url.params) == {"q": "oat", "status": "active", "page": "1", "limit": "20"}


async def test_a_filter_that_cannot_be_finds_nothing(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.refuses("GET", LIST, 400, "VALIDATION_FAILED", "a query parameter is not valid", [])
    page = await person.get(f"{HERE}?categoryId=not a slug")
    assert page.status_code == 200
    assert "Nothing was found." in page.text


NASTY = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>'&{{ 7 * 7 }}"


async def test_what_a_product_is_called_is_text_wherever_it_stands(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    nasty = product(name=NASTY, description=NASTY, brandId=NASTY, categoryId=NASTY, taxClass=NASTY, imageUrl=NASTY)
    entry = {
        "id": "a", "action": NASTY, "entity": "product", "entityId": "x", "who": NASTY, "role": NASTY, "ver": 1,
        "when": "2026-11-20T09:00:00Z", "requestId": "r",
        "changes": [{"field": NASTY, "before": [NASTY], "after": NASTY}],
    }  # fmt: skip
    api.says("GET", "/v1/brands", [{"brandId": NASTY, "name": NASTY}])
    api.says("GET", LIST, [nasty])
    api.says("GET", f"{LIST}/4009999000004", nasty)
    api.says("GET", f"{LIST}/4009999000004/history", [entry])
    api.says("GET", "/v1/stores", [STORE | {"name": NASTY}])
    for where in (HERE, f"{HERE}/4009999000004", f"{HERE}/4009999000004/row?edit=1", f"{HERE}/4009999000004/stores"):
        page = await person.get(where)
        assert page.status_code == 200, where
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "{{ 7 * 7 }}" in page.text, "a template was made of it"


async def test_prices_and_stocks_are_drawn_over_time_and_listed(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    page = await person.get(f"{HERE}/4009999000004")
    assert '"values": [1.59, 1.49]' in html.unescape(page.text)
    assert '"values": [5.0, 2.0]' in html.unescape(page.text), "what was sold, the oldest day first"
    assert "2026-11-19 10:00: 1.59" in page.text
    asked = [dict(r.url.params) for r in api.asked if r.url.path.endswith("/timeline")]
    assert asked == [{"field": "price", "limit": "100"}, {"field": "stock", "limit": "100"}]
    api.says("GET", f"{LIST}/4009999000004/timeline", TIMELINE[:1])
    api.says("GET", f"{LIST}/4009999000004/sales", [])
    assert "data-chart" not in (await person.get(f"{HERE}/4009999000004")).text, "one point is no line"


async def test_an_edit_sends_what_the_form_has_with_the_version_that_was_seen(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.says("PATCH", f"{LIST}/4009999000004", product(name="Oat drink", ver=8))
    form = {"ver": "7", "name": " Oat drink ", "brandId": "", "quickShown": "1", "quick": "on", "ageRestriction": "16"}
    reply = await person.send(f"{HERE}/4009999000004", form)
    assert (reply.status_code, reply.headers["location"]) == (303, f"{HERE}/4009999000004")
    assert api.bodies("PATCH", f"{LIST}/4009999000004") == [
        {"name": "Oat drink", "brandId": None, "showInQuickProducts": True, "ageRestriction": 16}
    ]
    assert api.asked[-1].headers["if-match"] == '"7"'


async def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    details = [{"field": "taxClass", "code": "STRING_PATTERN_MISMATCH", "message": "String should match a pattern"}]
    api.refuses("PATCH", f"{LIST}/4009999000004", 400, "VALIDATION_FAILED", "the body is not valid", details)
    page = await person.send(f"{HERE}/4009999000004", {"ver": "7", "name": "Oat drink", "taxClass": "No Such"})
    assert page.status_code == 422
    assert 'aria-describedby="f-taxClass-problem"' in page.text
    assert "String should match a pattern" in page.text
    assert 'value="No Such"' in page.text
    number = await person.send(f"{HERE}/4009999000004", {"ver": "7", "ageRestriction": "sixteen"})
    assert "f-ageRestriction-problem" in number.text


async def test_when_somebody_else_was_faster_that_is_said_in_the_row(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.refuses("PATCH", f"{LIST}/4009999000004", 409, "VERSION_CONFLICT", "somebody has edited it since")
    part = await person.send(f"{HERE}/4009999000004/row", {"ver": "7", "name": "Oat drink"}, hx_request="true")
    assert part.status_code == 200
    assert "somebody has edited it since" in part.text
    assert 'value="Oat drink"' in part.text


async def test_many_are_changed_one_by_one_and_each_outcome_is_told(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.says("PATCH", f"{LIST}/1", product("1"))
    api.refuses("PATCH", f"{LIST}/2", 404, "PRODUCT_NOT_FOUND", "there is no such product")
    form = {"barcode": ["1", "2", "1"], "what": "status", "value": "inactive"}
    part = await person.send(HERE, form, hx_request="true")
    assert "1 changed, 1 not." in part.text
    assert "2: there is no such product" in part.text
    assert api.bodies("PATCH", f"{LIST}/1") == [{"status": "inactive"}]


@pytest.mark.parametrize("role", ["store_staff"])
async def test_who_may_not_edit_has_no_form_and_no_way_round_it(person: Person, api: FakeApi, role: str) -> None:
    await person.sign_in(role)
    page = await person.get(f"{HERE}/4009999000004")
    assert "<h2>Edit</h2>" not in page.text
    assert "/row?edit=1" not in (await person.get(HERE)).text
    for where in (HERE, f"{HERE}/4009999000004", f"{HERE}/4009999000004/row"):
        assert (await person.send(where, {"name": "x", "barcode": "1"})).status_code == 403
    assert not [request for request in api.asked if request.method == "PATCH"]


async def test_an_operator_has_no_products(person: Person) -> None:
    await person.sign_in("operator")
    assert (await person.get(HERE)).status_code == 403
    assert HERE not in (await person.get("/admin")).text


async def test_a_product_or_store_of_others_is_not_there(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    for where in ("/admin/stores/rival/products", f"{HERE}/123"):
        page = await person.get(where)
        assert page.status_code == 404
        assert "There is no such page" in page.text


@pytest.mark.parametrize("odd", ["..%2F..%2Fbrands", "a%2Fb", "%2E%2E", "x%3Fstatus=deleted", "x%23y"])
async def test_what_an_address_says_never_leads_to_another_operation(person: Person, api: FakeApi, odd: str) -> None:
    await person.sign_in()
    await person.get(f"{HERE}/{odd}")
    raw = [request.url.raw_path.decode() for request in api.asked]
    assert all(path.partition("?")[0].count("/") in (2, 3, 5, 6) for path in raw if path.startswith("/v1/stores"))
    assert not any("status=deleted" in path for path in raw)


async def test_stores_that_carry_it_are_looked_up_in_each(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.says("GET", "/v1/stores", [STORE, STORE | {"storeId": "hamburg", "name": "Hamburg"}])
    api.refuses("GET", "/v1/stores/hamburg/products/4009999000004", 404, "PRODUCT_NOT_FOUND", "no")
    part = await person.get(f"{HERE}/4009999000004/stores", hx_request="true")
    assert "Berlin Mitte</a>" in part.text
    assert "does not carry it" in part.text


async def test_an_outage_of_the_api_is_said_on_the_page(person: Person, api: FakeApi) -> None:
    await person.sign_in()

    def down(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down")

    api.does("GET", LIST, down)
    page = await person.get(HERE)
    assert page.status_code == 503
    assert "API_UNREACHABLE" in page.text
    part = await person.get(HERE, hx_request="true")
    assert part.headers["hx-retarget"] == "#notices"


SENT = "/v1/price-updates"
ROW = f"{HERE}/4009999000004/row"


@pytest.fixture
def stream(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The price stream; what becomes of the next update is what the test puts in."""
    became: dict[str, Any] = {"counts": {"applied": 1}, "rejected": []}
    api.says("PATCH", f"{LIST}/4009999000004", product(ver=8))
    api.says("POST", SENT, {"batchId": "pb-1", "accepted": 1, "statusUrl": f"{SENT}/pb-1"}, status=202)

    def answer(_request: httpx.Request) -> httpx.Response:
        counts = dict.fromkeys(("applied", "stale", "duplicate", "conflict", "parked", "rejected", "pending"), 0)
        return httpx.Response(200, json={"data": became | {"counts": counts | became["counts"]}})

    api.does("GET", f"{SENT}/pb-1", answer)
    monkeypatch.setattr(prices, "_PAUSES", (0.0, 0.0))
    return became


def typed(price: str) -> dict[str, str]:
    return {"ver": "7", "name": "Oat milk", "price": price, "priceShown": "1.49"}


async def test_a_price_typed_in_the_row_goes_to_the_price_stream(
    person: Person, api: FakeApi, stream: dict[str, Any]
) -> None:
    await person.sign_in()
    form = await person.get(f"{ROW}?edit=1", hx_request="true")
    assert 'name="price"' in form.text
    assert 'value="1.49"' in form.text
    for _ in range(2):
        row = await person.send(ROW, typed("2,49"), hx_request="true")
        assert row.status_code == 200
        assert "on its way" not in row.text
    assert api.bodies("POST", SENT)[0] == {"updates": [{"storeId": "berlin", "barcode": "4009999000004", "price": 249}]}
    keys = [request.headers["idempotency-key"] for request in api.asked if request.url.path == SENT]
    assert keys[0] == keys[1], "sent twice, it is one change"


async def test_a_price_that_was_not_touched_is_not_sent(person: Person, api: FakeApi, stream: dict[str, Any]) -> None:
    await person.sign_in()
    await person.send(ROW, typed("1.49"), hx_request="true")
    assert api.bodies("POST", SENT) == []


@pytest.mark.parametrize("text", ["two", "1.234", "-1", "", "1e3", "1 . 49"])
async def test_what_is_no_amount_is_said_beside_the_price_and_nothing_is_written(
    person: Person, api: FakeApi, stream: dict[str, Any], text: str
) -> None:
    await person.sign_in()
    row = await person.send(ROW, typed(text), hx_request="true")
    assert 'id="price-problem-4009999000004"' in row.text
    assert "must be an amount such as 1.49" in row.text
    assert f'value="{text}"' in row.text
    assert not [request for request in api.asked if request.method == "PATCH" or request.url.path == SENT]


@pytest.mark.parametrize(
    ("became", "said"),
    [
        ({"counts": {"rejected": 1}, "rejected": [{"reason": "<b>too much</b>"}]}, "&lt;b&gt;too much"),
        ({"counts": {"stale": 1}}, "a newer price came from elsewhere"),
        ({"counts": {"pending": 1}}, "The new price is on its way."),
    ],
    ids=["rejected", "stale", "pending"],
)
async def test_a_price_that_is_not_there_at_once_says_why(
    person: Person, stream: dict[str, Any], became: dict[str, Any], said: str
) -> None:
    await person.sign_in()
    stream |= became
    assert said in (await person.send(ROW, typed("2.49"), hx_request="true")).text
