"""What was not published: shown, exported, put right and brought again, or tried again row by row."""

from __future__ import annotations

import csv
import io
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from functions.import_publish import gently
from tests.integration.import_publish.conftest import MILK, PARIS, RICE, RIVAL, SALT, TENANT, WINE, Room
from tests.support import bearer

ALL = ("fetch", "stage", "publish", "rollback")
FILE = (
    "barcode;name;price;note;colour\r\n"
    f"{MILK};Milk;1,99;=cmd|calc;white\r\n"
    f"{WINE};Wine;cheap;'quoted;red\r\n"
    f"5000112637923;Rice;2,49;;\r\n"
    f"{SALT};Salt;0,49;;\r\n"
)
"""A row that is good, one with a price that is none, one with a wrong check digit, another good one."""


async def published(room: Room, content: str = FILE, **query: Any) -> str:
    """The id of an import that was staged, approved and published as far as it could be."""
    import_id = await room.staged(content, **query)
    reply = await room.post(f"/v1/imports/{import_id}/approve", {})
    assert reply.status_code == 202, reply.text
    await room.work_off(only=ALL)
    return import_id


async def exported(room: Room, import_id: str) -> tuple[str, list[dict[str, str]]]:
    """The failures as text, and row by row."""
    reply = await room.client.get(f"/v1/imports/{import_id}/failures.csv", headers=room.manager)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    text = reply.content.decode("utf-8-sig")
    return text, list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


async def failed(room: Room, import_id: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await room.get(f"/v1/import-failures/{import_id}", **query)
    return found


async def retry(room: Room, import_id: str, line: int | None = None, **body: Any) -> Any:
    path = f"/v1/retries/{import_id}" + ("" if line is None else f"/items/{line}")
    reply = await room.client.put(path, json=body, headers=room.manager)
    if reply.status_code == 202:
        await room.work_off(only=ALL)
    return reply


async def live(room: Room, barcode: str) -> Any:
    return await room.database.products.find_one({"barcode": barcode})


async def test_what_failed_is_listed_with_line_code_and_the_cells_as_they_came(room: Room) -> None:
    import_id = await published(room)
    view = await room.view(import_id)
    assert (view["state"], view["result"]["created"], view["result"]["rejected"]) == ("partly_published", 2, 2)
    (batch,) = await room.get("/v1/import-failures", batchId=import_id)
    assert (batch["status"], batch["counts"]["failed"], batch["resolvedAt"]) == ("failed", 2, None)
    wine, rice = await failed(room, import_id)
    assert (wine["line"], wine["status"], wine["faults"][0]["code"]) == (3, "failed", "PRICE_NOT_A_NUMBER")
    assert wine["raw"] == [WINE, "Wine", "cheap", "'quoted", "red"]
    assert (rice["line"], rice["barcode"], rice["faults"][0]["code"]) == (4, None, "BARCODE_CHECK_DIGIT")
    assert [each["line"] for each in await failed(room, import_id, code="BARCODE_CHECK_DIGIT")] == [4]
    assert await failed(room, import_id, status="resolved") == []


async def test_an_import_says_how_far_it_is_published(room: Room) -> None:
    import_id = await room.staged(FILE)
    await room.post(f"/v1/imports/{import_id}/approve", {})
    assert (await room.view(import_id))["progress"] is None, "nobody has begun"
    await room.task("publish", {"tenantId": TENANT, "importId": import_id})
    progress = (await room.view(import_id))["progress"]
    assert (progress["rowsDone"], progress["rowsTotal"], progress["secondsLeft"]) == (0, 4, None)
    await room.database.imports.update_one({"_id": import_id}, {"$inc": {"published.rows": 3}})
    progress = (await room.view(import_id))["progress"]
    assert progress["rowsDone"] == 3
    assert progress["rowsPerSecond"] > 0
    assert progress["secondsLeft"] >= 0
    await room.work_off(only=ALL)
    view = await room.view(import_id)
    assert (view["progress"], view["failures"]["failed"]) == (None, 2)


async def test_a_retry_keeps_the_pace_of_its_import_and_a_corrected_file_has_its_own(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    paces: list[gently.Pace] = []
    turn = gently.turn

    def noted(pace: gently.Pace) -> AbstractAsyncContextManager[gently.Gait]:
        paces.append(pace)
        return turn(pace)

    monkeypatch.setattr(gently, "turn", noted)
    import_id = await room.staged(FILE)
    await room.post(f"/v1/imports/{import_id}/approve", {"pace": "full"})
    await room.work_off(only=ALL)
    assert (await retry(room, import_id)).status_code == 202
    assert (await retry(room, import_id, 3, values={"price": "7,50"})).status_code == 202
    await published(room, f"barcode;name;price\r\n{RICE};Rice;2,49\r\n", corrects=import_id)
    gentle, full = gently.PACES["gentle"], gently.PACES["full"]
    assert paces == [full, full, full, gentle]


async def test_failures_are_found_by_what_they_are(room: Room) -> None:
    import_id = await published(room)
    assert len(await room.get("/v1/import-failures", status="failed", code="BARCODE_CHECK_DIGIT")) == 1
    assert len(await room.get("/v1/import-failures", status="resolved")) == 0
    assert len(await room.get("/v1/import-failures", code="PRICE_JUMP")) == 0
    assert len(await room.get("/v1/import-failures", storeId=PARIS)) == 0
    everybody = [("brand_manager", 1), ("store_manager", 1), ("operator", 1), ("erp", 0)]
    for role, found in everybody:
        headers = room.world.staff(role, TENANT)
        assert len(await room.get("/v1/import-failures", headers=headers, batchId=import_id)) == found, role
    elsewhere = room.world.staff("store_manager", TENANT, [PARIS])
    assert await room.get("/v1/import-failures", headers=elsewhere) == []


@pytest.mark.parametrize("path", ["/v1/import-failures/{}", "/v1/imports/{}/failures.csv", "/v1/imports/{}/rollback"])
async def test_nobody_sees_what_failed_elsewhere(room: Room, path: str) -> None:
    import_id = await published(room)
    for headers in (room.world.staff("brand_manager", RIVAL), room.world.staff("store_manager", TENANT, [PARIS])):
        reply = await room.client.get(path.format(import_id), headers=headers)
        assert reply.status_code == 404


async def test_the_export_is_the_file_with_the_reasons_and_no_formulas(room: Room) -> None:
    bad = FILE.replace(";1,99;", ";much;")
    import_id = await published(room, bad)
    text, (milk, wine, rice) = await exported(room, import_id)
    assert text.splitlines()[0] == (
        "barcode;name;price;note;colour;retailscan_line;retailscan_codes;retailscan_messages"
    )
    assert (milk["note"], wine["note"]) == ("'=cmd|calc", "'quoted")
    assert (wine["price"], wine["retailscan_line"], wine["retailscan_codes"]) == ("cheap", "3", "PRICE_NOT_A_NUMBER")
    assert rice["retailscan_codes"] == "BARCODE_CHECK_DIGIT"
    assert "digit" in rice["retailscan_messages"]


async def test_a_corrected_file_resolves_what_failed_before_it(room: Room) -> None:
    first = await published(room)
    text, _ = await exported(room, first)
    fixed = text.replace("cheap", "4,99").replace("5000112637923", RICE)
    second = await published(room, fixed, corrects=first)
    assert (await live(room, WINE))["price"]["amount"] == 499
    assert (await live(room, RICE))["metadata"] == {}, "what the export added is not about the product"
    assert {each["status"] for each in await failed(room, first)} == {"resolved"}, "also by the line"
    assert {each["resolvedBy"] for each in await failed(room, first)} == {second}
    (batch,) = await room.get("/v1/import-failures", batchId=first)
    assert batch["status"] == "resolved"
    assert batch["resolvedAt"] is not None
    assert (await room.view(first))["state"] == "published"


async def test_an_export_that_comes_back_means_what_the_file_meant(room: Room) -> None:
    rows = f"barcode;name;price\r\n{MILK};=SUM(A1);much\r\n{WINE};'-quoted;much\r\n"
    first = await published(room, rows + f"{SALT};Salt;1,00\r\n")
    text, _ = await exported(room, first)
    await published(room, text.replace("much", "3,00"), corrects=first)
    assert [(await live(room, code))["name"] for code in (MILK, WINE)] == ["=SUM(A1)", "'-quoted"]


async def test_one_row_is_put_right_and_tried_again(room: Room) -> None:
    import_id = await published(room)
    reply = await retry(room, import_id, 3, values={"price": "4,99"})
    assert reply.json()["data"]["status"] == "pending"
    assert (await live(room, WINE))["price"]["amount"] == 499
    wine, rice = await failed(room, import_id)
    assert (wine["status"], wine["attempts"], rice["status"]) == ("resolved", 1, "failed")
    assert (await room.view(import_id))["state"] == "partly_published"
    await retry(room, import_id, 4, values={"barcode": RICE})
    assert (await live(room, RICE))["price"]["amount"] == 249
    assert (await room.view(import_id))["state"] == "published"
    entry = await room.database.audit_log.find_one({"entityId": RICE})
    assert (entry["requestId"], entry["who"]) == (import_id, f"brand_manager-{TENANT}")


async def test_a_row_that_is_still_wrong_says_so(room: Room) -> None:
    import_id = await published(room)
    await retry(room, import_id, 3, values={"price": "dear"})
    wine, _ = await failed(room, import_id)
    assert (wine["status"], wine["raw"][2], wine["faults"][0]["value"]) == ("retried", "dear", "dear")
    assert (await room.view(import_id))["state"] == "partly_published"
    await retry(room, import_id, 3, values={"price": "5,99"})
    assert (await live(room, WINE))["price"]["amount"] == 599


async def test_everything_is_tried_again_when_the_cause_is_gone(room: Room) -> None:
    content = f"barcode;name;brandId;price\r\n{MILK};Milk;new-brand;1,99\r\n{WINE};Wine;;much\r\n{SALT};Salt;;1,00\r\n"
    await room.client.put("/v1/import-rules", json={"rules": {"unknownBrand": "reject"}}, headers=room.manager)
    import_id = await published(room, content)
    assert await live(room, MILK) is None
    await room.database.brands.insert_one(
        {"tenantId": TENANT, "brandId": "new-brand", "name": "New", "ver": 1, "deletedAt": None}
        | dict.fromkeys(("createdAt", "updatedAt"), (await room.document(import_id))["createdAt"])
    )
    reply = await retry(room, import_id)
    assert (reply.status_code, reply.json()["data"]["counts"]["pending"]) == (202, 2)
    assert (await live(room, MILK))["brandId"] == "new-brand"
    assert [each["status"] for each in await failed(room, import_id)] == ["resolved", "retried"]
    assert (await room.view(import_id))["state"] == "partly_published"


async def test_of_duplicates_the_one_that_is_asked_for_is_taken(room: Room) -> None:
    content = f"barcode;name;price\r\n{MILK};One;1,00\r\n{MILK};Two;2,00\r\n{SALT};Salt;1,00\r\n"
    import_id = await published(room, content)
    await retry(room, import_id)
    assert await live(room, MILK) is None, "nobody has said which one is right"
    await retry(room, import_id, 3)
    assert (await live(room, MILK))["name"] == "Two"
    assert [each["status"] for each in await failed(room, import_id)] == ["retried", "resolved"]


async def test_a_retry_may_confirm_what_the_rules_ask_about(room: Room) -> None:
    await room.sell(WINE, price=1000)
    import_id = await published(room)
    await retry(room, import_id, 3, values={"price": "0,99"})
    wine, _ = await failed(room, import_id)
    assert (wine["status"], wine["faults"][0]["code"]) == ("retried", "PRICE_JUMP")
    await retry(room, import_id, 3, confirm=["PRICE_JUMP"])
    assert (await live(room, WINE))["price"]["amount"] == 99


@pytest.mark.parametrize(
    ("line", "body", "status", "code"),
    [
        (2, {}, 404, "FAILURE_NOT_FOUND"),
        (99, {}, 404, "FAILURE_NOT_FOUND"),
        (3, {"values": {"nonsense": "1"}}, 400, "COLUMN_UNKNOWN"),
    ],
)
async def test_a_retry_that_cannot_be_is_refused(
    room: Room, line: int, body: dict[str, Any], status: int, code: str
) -> None:
    import_id = await published(room)
    reply = await retry(room, import_id, line, **body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)


async def test_what_is_resolved_or_never_failed_is_not_tried_again(room: Room) -> None:
    import_id = await published(room)
    await retry(room, import_id, 3, values={"price": "4,99"})
    assert (await retry(room, import_id, 3)).json()["error"]["code"] == "ALREADY_RESOLVED"
    clean = await published(room, f"barcode;name;price\r\n{RICE};Rice;1,00\r\n")
    assert (await retry(room, clean)).json()["error"]["code"] == "NOTHING_TO_RETRY"
    waiting = await room.staged(f"barcode;name;price\r\n{RICE};Rice;much\r\n")
    assert (await retry(room, waiting, 2)).status_code == 409


async def test_a_retry_that_is_delivered_twice_or_lost_is_done_once(room: Room) -> None:
    import_id = await published(room)
    reply = await room.client.put(f"/v1/retries/{import_id}", json={}, headers=room.manager)
    assert reply.status_code == 202
    room.queue.clear()
    await room.task("publish", {"tenantId": TENANT, "importId": import_id})
    marks = [body for _, body, _ in room.queue if "retries" in body]
    for _ in range(2):
        await room.task("publish", marks[0])
    (once, *_) = [body for _, body, _ in room.queue if "retry" in body]
    room.queue.clear()
    for _ in range(2):
        await room.task("publish", once)
    assert {each["attempts"] for each in await failed(room, import_id)} == {1}
    assert (await room.view(import_id))["state"] == "partly_published"


async def test_a_row_that_is_being_tried_is_not_put_right_in_another_way(room: Room) -> None:
    import_id = await published(room)
    path = f"/v1/retries/{import_id}/items/3"
    for values, status in (("1,00", 202), ("1,00", 202), ("2,00", 409)):
        reply = await room.client.put(path, json={"values": {"price": values}}, headers=room.manager)
        assert reply.status_code == status, reply.text
    assert reply.json()["error"]["code"] == "BEING_RETRIED"
    await room.work_off(only=ALL)
    assert (await live(room, WINE))["price"]["amount"] == 100


async def test_what_was_marked_by_somebody_who_died_is_tried_with_the_rest(room: Room) -> None:
    import_id = await published(room)
    await room.client.put(f"/v1/retries/{import_id}/items/3", json={"values": {"price": "3,00"}}, headers=room.manager)
    room.queue.clear()
    await room.database.imports.update_one({"_id": import_id}, {"$set": {"state": "partly_published"}})
    await room.database.import_failures.update_one({"batchId": import_id}, {"$pull": {"items": {"line": 4}}})
    await room.database.import_failures.update_one({"batchId": import_id}, {"$set": {"counts.failed": 0}})
    assert (await retry(room, import_id)).status_code == 202
    assert (await live(room, WINE))["price"]["amount"] == 300
    assert (await room.view(import_id))["state"] == "published"


async def test_a_second_person_also_sees_what_is_put_right_after_publishing(room: Room) -> None:
    await room.client.put("/v1/import-rules", json={"rules": {"twoPersonApproval": True}}, headers=room.manager)
    import_id = await room.staged(FILE)
    second = bearer(room.world.issuer.identity_token("second", role="brand_manager", tenant_id=TENANT, store_ids=["*"]))
    assert (await room.post(f"/v1/imports/{import_id}/approve", {}, second)).status_code == 202
    await room.work_off(only=ALL)
    path = f"/v1/retries/{import_id}/items/3"
    refused = [
        await retry(room, import_id, confirm=["PRICE_JUMP"]),
        await retry(room, import_id, 3, confirm=["PRICE_JUMP"]),
        await retry(room, import_id, 3, values={"price": "0,01"}),
        await room.client.put(path, json={"values": {"price": "0,01"}}, headers=second),
    ]
    assert {(each.status_code, each.json()["error"]["code"]) for each in refused} == {(403, "SECOND_PERSON_NEEDED")}
    assert (await retry(room, import_id)).status_code == 202, "what was seen may be tried again"
    assert (await room.client.put(path, json={"confirm": ["PRICE_JUMP"]}, headers=second)).status_code == 202


async def test_a_file_corrects_an_import_of_its_own_store(room: Room) -> None:
    first = await published(room)
    reply = await room.upload(FILE, storeId=PARIS, corrects=first)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "OTHER_STORE")


async def test_a_worker_that_dies_at_the_end_has_told_the_import_that_was_corrected(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await published(room)
    text, _ = await exported(room, first)
    import_id = await room.staged(text.replace("cheap", "4,99").replace("5000112637923", RICE), corrects=first)
    await room.post(f"/v1/imports/{import_id}/approve", {})
    monkeypatch.setattr("functions.import_publish.publishing.failing.call_somebody", _dies)
    with pytest.raises(AssertionError, match="INTERNAL"):
        await room.work_off(only=ALL)
    assert (await room.view(import_id))["state"] == "published"
    assert (await room.view(first))["state"] == "published"


def _dies(_: Any) -> None:
    raise RuntimeError("killed")


async def test_a_published_import_is_taken_back_with_what_was_retried(room: Room) -> None:
    await room.sell(MILK, price=150)
    import_id = await published(room)
    await retry(room, import_id, 3, values={"price": "4,99"})
    reply = await room.post(f"/v1/imports/{import_id}/rollback")
    assert (reply.status_code, reply.json()["data"]["state"]) == (202, "rolling_back")
    await room.work_off(only=ALL)
    view = await room.get(f"/v1/imports/{import_id}/rollback")
    assert (view["state"], view["result"]["restored"], view["result"]["withdrawn"]) == ("rolled_back", 1, 2)
    assert ((await live(room, MILK))["price"]["amount"], (await live(room, WINE))["status"]) == (150, "deleted")
    assert await room.get(f"/v1/imports/{import_id}/rollback/kept") == []
    assert (await retry(room, import_id)).status_code == 409


async def test_an_import_that_was_never_taken_back_has_no_roll_back(room: Room) -> None:
    import_id = await published(room)
    reply = await room.client.get(f"/v1/imports/{import_id}/rollback", headers=room.manager)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "NO_ROLLBACK")
