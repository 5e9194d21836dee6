"""Imports on pages: what is asked of the API, and who is offered what."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.functional.admin.conftest import FakeApi, Person

ID = "1a" * 16
API, PAGE = f"/v1/imports/{ID}", f"/admin/imports/{ID}"
FILE = "/admin/stores/berlin/imports/file"
SCRIPT = {"content_type": "text/csv", "hx_request": "true", "sec_fetch_site": "same-origin"}


def import_(state: str = "staged", **changes: Any) -> dict[str, Any]:
    return {
        "importId": ID, "groupId": ID, "storeId": "berlin", "state": state, "name": "<i>goods.csv", "source": {},
        "profile": "retailscan", "mode": "partial", "currency": "EUR", "counts": {"rows": 2, "errors": 1},
        "codes": {"PRICE_NOT_A_NUMBER": 1}, "toConfirm": {"PRICE_JUMP": 1}, "confirmed": [], "corrects": None,
        "duplicateOf": None, "approval": None, "rejection": None, "publishAt": None, "progress": None, "result": None,
        "failures": None, "error": None, "links": {}, "createdBy": "kim", "createdAt": "2026-11-20T09:00:00Z",
        "updatedAt": "2026-11-20T09:00:00Z", "finishedAt": None, "ver": 5,
    } | changes  # fmt: skip


def row(**changes: Any) -> dict[str, Any]:
    fault = {
        "code": "PRICE_NOT_A_NUMBER", "severity": "error", "field": "price", "column": "price",
        "value": "<script>x</script>", "message": "Write digits.",
    }  # fmt: skip
    return {
        "line": 3, "barcode": "4009999700027", "name": "<script>alert(1)</script>", "status": "error", "action": None,
        "values": {}, "changes": [], "faults": [fault], "raw": None,
    } | changes  # fmt: skip


@pytest.fixture(autouse=True)
def shelf(api: FakeApi) -> None:
    api.says("GET", API, import_())
    api.says("GET", "/v1/imports", [import_()])
    api.says("GET", "/v1/import-profiles", {"profiles": []})
    api.says("GET", f"{API}/rows", [row()])


async def upload(person: Person, where: str, content: bytes, **headers: str) -> Any:
    sent = {name.replace("_", "-"): text for name, text in ({"x_csrf_token": person.csrf} | SCRIPT | headers).items()}
    return await person.client.post(where, content=content, headers=sent)


async def test_a_file_goes_on_as_it_came(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.says("POST", "/v1/imports", {"groupId": ID, "imports": [{"importId": ID}]}, status=202)
    reply = await upload(person, f"{FILE}?name=g%C3%BCter.csv&profile=mine&mode=", b"barcode,name\n1,\xc3\xbc\n")
    assert reply.headers["hx-redirect"] == PAGE
    sent = api.asked[-1]
    assert sent.content == b"barcode,name\n1,\xc3\xbc\n"
    assert sent.headers["content-type"] == "text/csv"
    assert dict(sent.url.params) == {"storeId": "berlin", "profile": "mine", "name": "güter.csv"}


async def test_a_file_from_another_page_is_refused(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    before = len(api.asked)
    for headers in ({"x_csrf_token": ""}, {"origin": "https://evil.example", "sec_fetch_site": "cross-site"}):
        assert (await upload(person, FILE, b"barcode\n1\n", **headers)).status_code == 403
    assert len(api.asked) == before


async def test_a_file_that_is_too_large_is_not_read_to_its_end(person: Person) -> None:
    await person.sign_in()
    reply = await upload(person, FILE, b"x" * ((31 << 20) + 1))
    assert reply.status_code == 413


async def test_for_a_larger_file_leave_is_asked_to_put_it_into_the_bucket(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    upload = {"method": "PUT", "url": "https://bucket.test/signed", "headers": {"content-type": "application/gzip"}}
    begun = {"groupId": ID, "imports": [{"importId": ID}], "upload": upload}
    api.says("POST", "/v1/imports:upload-url", begun, status=201)
    said = {"name": "all.csv.gz", "profile": "mine", "mode": "", "again": "1", "media": "application/gzip"}
    reply = await person.send("/admin/stores/berlin/imports/upload-url", said)
    assert reply.json() == {"url": upload["url"], "headers": upload["headers"], "page": PAGE}
    assert reply.headers["cache-control"] == "no-store"
    assert json.loads(api.asked[-1].content) == {
        **{"storeIds": ["berlin"], "profile": "mine", "name": "all.csv.gz", "again": True},
        **{"media": "application/gzip"},
    }
    api.says("POST", f"{API}/uploaded", {"groupId": ID, "imports": [{"importId": ID}]}, status=202)
    reply = await person.send(f"{PAGE}/uploaded", {}, hx_request="true")
    assert reply.headers["hx-redirect"] == PAGE


async def test_only_the_page_that_brings_files_may_talk_to_the_bucket(person: Person) -> None:
    await person.sign_in()

    async def connects(where: str) -> str:
        policy = (await person.get(where)).headers["content-security-policy"]
        return next(rule for rule in policy.split("; ") if rule.startswith("connect-src"))

    assert await connects("/admin/stores/berlin/imports") == "connect-src 'self' https://storage.googleapis.com"
    for where in ("/admin", "/admin/imports", PAGE):
        assert await connects(where) == "connect-src 'self'"


async def test_what_a_file_says_is_text_in_preview_rows_and_list(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    nasty = "<script>alert(1)</script>"
    columns = [{"column": nasty, "use": "ignored", "fields": []}]
    reason = {"code": "COLUMN_MISSING", "message": nasty, "line": 1}
    seen = {"format": nasty, "compression": None, "encoding": nasty, "delimiter": nasty, "columns": columns,
            "rows": [row()], "error": reason}  # fmt: skip
    api.says("POST", "/v1/import-profiles:preview", seen)
    pages = [await upload(person, "/admin/stores/berlin/imports/preview?profile=retailscan", b"barcode\n")]
    pages += [
        await person.get(where) for where in ("/admin/imports", PAGE, f"{PAGE}/rows", "/admin/stores/berlin/imports")
    ]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<i>goods" not in page.text
        assert "&lt;" in page.text


async def test_a_mapping_is_kept_as_a_profile_and_then_tried(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.says("PUT", "/v1/import-profiles/mine", {})
    empty: dict[str, Any] = {
        "format": "csv",
        "compression": None,
        "encoding": "utf-8",
        "delimiter": ",",
        "columns": [],
        "rows": [],
        "error": None,
    }
    api.says("POST", "/v1/import-profiles:preview", empty)
    await upload(
        person,
        "/admin/stores/berlin/imports/preview?profile=retailscan&own=mine&map.Was=name&map.Nr=barcode",
        b"Nr,Was\n",
    )
    assert api.bodies("PUT", "/v1/import-profiles/mine") == [
        {"profile": {"extends": "retailscan", "name": "mine", "columns": {"name": ["Was"], "barcode": ["Nr"]}}}
    ]
    assert api.asked[-1].url.params["profile"] == "mine"


async def test_a_row_is_put_right_in_place(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.says("PATCH", f"{API}/rows/3", row(status="valid", faults=[]))
    part = await person.send(f"{PAGE}/rows/3", {"v.price": "2.19"}, hx_request="true")
    assert api.bodies("PATCH", f"{API}/rows/3") == [{"values": {"price": "2.19"}}]
    assert part.text.lstrip().startswith("<tr")
    assert part.headers["hx-trigger"] == "import-changed"
    await person.send(f"{PAGE}/rows/3", {"v.price": "x", "do": "exclude"}, hx_request="true")
    assert api.bodies("PATCH", f"{API}/rows/3")[-1] == {"excluded": True}


async def test_a_decision_names_what_was_seen_and_what_is_meant_as_it_is(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.says("POST", f"{API}/approve", import_("publishing"), status=202)
    page = await person.get(PAGE)
    assert 'value="PRICE_JUMP"' in page.text
    reply = await person.send(f"{PAGE}/decision", {"do": "approve", "ver": "5", "confirm": ["PRICE_JUMP"]})
    assert (reply.status_code, reply.headers["location"]) == (303, PAGE)
    await person.send(f"{PAGE}/decision", {"do": "schedule", "ver": "5", "at": "2026-12-01T06:00"})
    assert api.bodies("POST", f"{API}/approve") == [
        {"confirm": ["PRICE_JUMP"], "ver": 5},
        {"confirm": [], "ver": 5, "publishAt": "2026-12-01T06:00:00+01:00"},
    ]


async def test_a_store_that_is_closed_is_published_to_at_full_speed_by_a_tick(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.says("POST", f"{API}/approve", import_("publishing"), status=202)
    page = await person.get(PAGE)
    assert 'name="pace" value="full"' in page.text
    assert "full speed, store closed" not in page.text
    await person.send(f"{PAGE}/decision", {"do": "approve", "pace": "full"})
    await person.send(f"{PAGE}/decision", {"do": "schedule", "pace": "full", "at": "2026-12-01T06:00"})
    assert [body["pace"] for body in api.bodies("POST", f"{API}/approve")] == ["full", "full"]
    approval = {"by": "kim", "at": "2026-11-20T09:00:00Z", "pace": "full"}
    api.says("GET", API, import_("publishing", approval=approval))
    assert "full speed, store closed" in (await person.get(PAGE)).text


@pytest.mark.parametrize("form", [{"do": "schedule", "at": "soon"}, {"do": "delete everything"}, {}])
async def test_a_decision_that_is_none_is_refused(person: Person, api: FakeApi, form: dict[str, str]) -> None:
    await person.sign_in()
    reply = await person.send(f"{PAGE}/decision", form)
    assert reply.status_code == 400
    assert all(request.method == "GET" or request.url.path == "/dev/token" for request in api.asked)


async def test_when_it_has_changed_since_that_is_said_with_the_import_as_it_is(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.refuses("POST", f"{API}/approve", 409, "VERSION_CONFLICT", "the import has changed since")
    reply = await person.send(f"{PAGE}/decision", {"do": "approve", "ver": "4"})
    assert reply.status_code == 409
    assert "the import has changed since" in reply.text


async def test_a_moving_import_is_looked_at_again_and_the_page_follows_its_state(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    progress = {"rowsDone": 50, "rowsTotal": 200, "rowsPerSecond": 10.0, "secondsLeft": 15.0}
    api.says("GET", API, import_("staging", progress=progress))
    part = await person.get(f"{PAGE}/status?seen=staging", hx_request="true")
    assert "every 1s" in part.text
    assert 'value="25"' in part.text
    api.says("GET", API, import_())
    assert (await person.get(f"{PAGE}/status?seen=staging", hx_request="true")).headers["hx-refresh"] == "true"
    assert "every 1s" not in (await person.get(f"{PAGE}/status?seen=staged", hx_request="true")).text


async def test_a_store_manager_looks_but_does_not_decide(person: Person, api: FakeApi) -> None:
    await person.sign_in("store_manager", stores="berlin")
    page = await person.get(PAGE)
    for offered in ("Publish now", "Say no"):
        assert offered not in page.text
    assert "Stop this import" in page.text
    assert (await person.send(f"{PAGE}/rows/3", {"v.price": "1"})).status_code == 403


async def test_failed_rows_are_tried_again_alone_or_all(person: Person, api: FakeApi) -> None:
    await person.sign_in("operator")
    failed = row(status="failed", attempts=0, resolvedBy=None)
    api.says("GET", API, import_("partly_published", failures={"failed": 1}))
    api.says("GET", f"/v1/import-failures/{ID}", [failed])
    api.says("PUT", f"/v1/retries/{ID}/items/3", failed | {"status": "pending"}, status=202)
    api.says("PUT", f"/v1/retries/{ID}", {"batchId": ID, "counts": {}}, status=202)
    part = await person.get(f"{PAGE}/failures", hx_request="true")
    assert "Try all again" in part.text
    await person.send(f"{PAGE}/failures/3", {"v.price": "2.19"}, hx_request="true")
    assert api.bodies("PUT", f"/v1/retries/{ID}/items/3") == [{"values": {"price": "2.19"}, "confirm": []}]
    await person.send(f"{PAGE}/decision", {"do": "retry"})
    assert api.bodies("PUT", f"/v1/retries/{ID}") == [{"confirm": []}]
    assert not [request for request in api.asked if request.url.path.startswith("/v1/stores")], (
        "operators see no stores"
    )


async def test_what_failed_comes_as_a_file_and_never_as_a_page(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    api.does("GET", f"{API}/failures.csv", lambda _r: httpx.Response(200, content=b"\xef\xbb\xbfname\r\n'=1+1\r\n"))
    reply = await person.get(f"{PAGE}/failures.csv")
    assert reply.content == b"\xef\xbb\xbfname\r\n'=1+1\r\n"
    assert reply.headers["content-disposition"] == 'attachment; filename="failed-rows-1a1a1a1a.csv"'
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_anothers_import_is_not_there(person: Person, api: FakeApi) -> None:
    await person.sign_in()
    for tail in ("", "/rows", "/status", "/failures", "/failures.csv", "/rollback"):
        assert (await person.get(f"/admin/imports/{'2b' * 16}{tail}")).status_code == 404, tail
