"""From the bytes of a file to staged rows: what is read, what is wrong with it, what it would change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from functions.common import failpoints
from functions.import_publish import reading, working
from functions.import_publish.gently import Gait
from tests.integration.import_publish.conftest import BERLIN, MILK, PARIS, RICE, SALT, WINE, Room

HEADER = "barcode,name,price,stock\n"
FILE = f"{HEADER}{MILK},Oat milk,1.99,5\n{WINE},Red wine,7.50,3\n"


def shown(counts: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in counts.items() if number}


async def test_a_file_is_staged_and_nothing_of_it_is_live(room: Room) -> None:
    import_id = await room.staged(FILE)
    view = await room.view(import_id)
    assert view["state"] == "staged"
    assert shown(view["counts"]) == {"rows": 2, "valid": 2, "create": 2}
    assert view["source"]["format"] == "csv"
    assert view["source"]["columns"] == ["barcode", "name", "price", "stock"]
    assert await room.database.products.count_documents({}) == 0
    assert room.published == []


async def test_rows_say_field_by_field_what_they_would_change(room: Room) -> None:
    await room.sell(MILK, name="Oat drink", price=199)
    await room.sell(WINE, name="Red wine", price=750, status="deleted")
    rows = await room.rows(await room.staged(f"{HEADER}{MILK},Oat milk,1.79,\n{WINE},Red wine,7.50,\n"))
    assert [(row["line"], row["barcode"], row["action"]) for row in rows] == [(2, MILK, "update"), (3, WINE, "return")]
    assert rows[0]["changes"] == [
        {"field": "name", "before": "Oat drink", "after": "Oat milk"},
        {"field": "price", "before": 199, "after": 179},
    ]
    assert [fault["code"] for fault in rows[1]["faults"]] == ["DELETED_PRODUCT_RETURNS"]


async def test_what_is_as_it_should_be_is_left_alone(room: Room) -> None:
    await room.sell(MILK, name="Oat milk", price=199)
    import_id = await room.staged(f"barcode,name,price\n{MILK},Oat milk,1.99\n")
    assert shown((await room.view(import_id))["counts"]) == {"rows": 1, "valid": 1, "unchanged": 1}


async def test_reading_rests_after_each_part_and_then_nothing_is_under_way(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    there: list[int] = []

    async def rest(_: Gait) -> None:
        there.append(await room.database.product_staging.count_documents({}))

    monkeypatch.setattr(Gait, "rest", rest)
    import_id = await room.staged(f"{FILE}{RICE},Rice,0.99,1\n{SALT},Salt,0.49,1\n")
    assert there == [1, 2]
    await room.post(f"/v1/imports/{import_id}/validate")
    await room.work_off()
    assert there == [1, 2, 2, 2]


async def test_a_row_that_is_wrong_says_what_and_where_and_does_not_hold_up_the_others(room: Room) -> None:
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,cheap,5\n4006381333932,Pen,1,1\n{WINE},Red wine,7.50,3\n")
    view = await room.view(import_id)
    assert shown(view["counts"]) == {"rows": 3, "errors": 2, "valid": 1, "create": 1}
    assert view["codes"] == {"PRICE_NOT_A_NUMBER": 1, "BARCODE_CHECK_DIGIT": 1}
    first, second = await room.rows(import_id, status="error")
    assert first["line"] == 2
    assert first["raw"] == [MILK, "Oat milk", "cheap", "5"]
    (fault,) = first["faults"]
    assert (fault["code"], fault["field"], fault["column"], fault["value"]) == (
        "PRICE_NOT_A_NUMBER",
        "price",
        "price",
        "cheap",
    )
    assert second["faults"][0]["code"] == "BARCODE_CHECK_DIGIT"


async def test_of_rows_with_the_same_barcode_none_is_taken_and_each_names_the_others(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    lines = [MILK, WINE, MILK, RICE, SALT, MILK]
    content = HEADER + "".join(f"{barcode},Name,1.00,1\n" for barcode in lines)
    import_id = await room.staged(content)
    rows = await room.rows(import_id, code="DUPLICATE_IN_FILE")
    assert [row["line"] for row in rows] == [2, 4, 7]
    assert "4, 7" in rows[0]["faults"][0]["message"]
    assert "2, 4" in rows[2]["faults"][0]["message"]
    assert shown((await room.view(import_id))["counts"]) == {"rows": 6, "errors": 3, "valid": 3, "create": 3}
    assert {row["action"] for row in rows} == {None}


async def test_conflicts_with_what_is_live_are_found(room: Room) -> None:
    await room.sell(WINE, units=[{"name": "six", "barcode": MILK, "quantity": 6000}])
    await room.sell(RICE, price=1000)
    content = f"barcode,name,price,brand\n{MILK},Oat milk,1.99,\n{RICE},Rice,1.00,\n{SALT},Salt,1.00,no-brand\n"
    import_id = await room.staged(content)
    view = await room.view(import_id)
    assert view["codes"] == {"BARCODE_IN_USE": 1, "PRICE_JUMP": 1, "UNKNOWN_BRAND": 1}
    assert view["toConfirm"] == {"PRICE_JUMP": 1}
    (brandless,) = await room.rows(import_id, status="warning")
    assert brandless["action"] == "create", "a shop's first export names brands that nobody has created yet"
    assert brandless["faults"][0]["column"] == "brand"
    (jump,) = await room.rows(import_id, status="confirm")
    assert jump["faults"][0]["column"] == "price"
    assert jump["action"] == "update", "it is published once somebody has confirmed it"


async def test_a_full_catalogue_withdraws_what_it_does_not_name(room: Room) -> None:
    for barcode in (MILK, WINE, RICE, SALT):
        await room.sell(barcode)
    await room.sell("5012345678900", status="deleted")
    await room.sell(MILK, store=PARIS)
    import_id = await room.staged(f"barcode,name\n{MILK},Oat milk\n{RICE},Rice\n{SALT},Salt\n", mode="full")
    view = await room.view(import_id)
    assert view["counts"]["withdraw"] == 1
    assert view["toConfirm"] == {"FULL_WITHDRAWS_MANY": 1}, "a quarter of the assortment needs a second look"
    (row,) = await room.rows(import_id, action="withdraw")
    assert (row["line"], row["barcode"], row["name"]) == (None, WINE, f"Product {WINE}")
    assert row["changes"] == [{"field": "status", "before": "active", "after": "deleted"}]


async def test_a_product_whose_row_is_wrong_is_not_withdrawn(room: Room) -> None:
    await room.sell(MILK)
    import_id = await room.staged(f"barcode,name,price\n{MILK},Oat milk,cheap\n", mode="full")
    assert (await room.view(import_id))["counts"]["withdraw"] == 0


async def test_a_file_that_breaks_off_fails_with_its_line_and_shows_what_was_read(room: Room) -> None:
    import_id = await room.staged(f'{HEADER}{MILK},Oat milk,1.99,5\n{WINE},"Red wine,7.50,3\n' + "x\n" * 600)
    view = await room.view(import_id)
    assert view["state"] == "failed"
    assert view["error"]["code"] == "UNCLOSED_QUOTE"
    assert view["error"]["line"] == 3
    assert view["finishedAt"] is not None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\n\n", "FILE_EMPTY"),
        (b"\x00\x01\x02\x03", "NUL_BYTE"),
        (b"name,price\nMilk,1\n", "COLUMN_MISSING"),
        (b"barcode,name,name\n1,2,3\n", "DUPLICATE_HEADER"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(room: Room, content: bytes, code: str) -> None:
    view = await room.view(await room.staged(content))
    assert (view["state"], view["error"]["code"]) == ("failed", code)


async def test_text_that_no_database_can_keep_does_not_stop_an_import(room: Room) -> None:
    content = '{"barcode":"' + MILK + '","name":"Oat \\ud800 milk","\\udfff":"x","price":"\\ud800"}\n'
    import_id = await room.staged(content, headers={**room.manager, "Content-Type": "application/x-ndjson"})
    view = await room.view(import_id)
    assert view["state"] == "staged", view["error"]
    assert view["counts"]["errors"] == 1


async def test_a_file_that_failed_may_come_again(room: Room) -> None:
    await room.staged(b"name,price\nMilk,1\n")
    assert (await room.upload(b"name,price\nMilk,1\n")).status_code == 202


# -- once ---------------------------------------------------------------------------------------------------------


async def test_the_same_file_twice_is_recognised_and_says_so(room: Room) -> None:
    import_id = await room.staged(FILE)
    again = await room.upload(FILE)
    assert again.status_code == 409
    assert again.json()["error"]["code"] == "DUPLICATE_FILE"
    assert again.json()["error"]["details"] == {"importId": import_id, "state": "staged"}
    assert (await room.upload(FILE, storeId=PARIS)).status_code == 202, "another store is another import"
    assert (await room.upload(FILE, again="true")).status_code == 202


async def test_a_request_that_is_repeated_with_its_key_is_the_same_import(room: Room) -> None:
    headers = {**room.manager, "Idempotency-Key": "k-1"}
    first, second = [await room.upload(FILE, headers=headers) for _ in range(2)]
    assert first.json()["data"] == second.json()["data"]
    assert await room.database.imports.count_documents({}) == 1


async def test_a_worker_that_dies_is_continued_and_nothing_is_read_twice_into_the_rows(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 1)
    content = HEADER + "".join(f"{barcode},Name,1.00,1\n" for barcode in (MILK, WINE, RICE, SALT, MILK))
    accepted = await room.upload(content)
    import_id = accepted.json()["data"]["imports"][0]["importId"]
    (_, body, _) = room.queue.popleft()
    failpoints.configure("import.after_chunk_staged:raise:0.5")
    try:
        for _ in range(50):
            if (await room.task("stage", body)).status_code == 204:
                break
    finally:
        failpoints.configure(None)
    await room.task("stage", body)
    view = await room.view(import_id)
    assert view["state"] == "staged"
    assert shown(view["counts"]) == {"rows": 5, "errors": 2, "valid": 3, "create": 3}
    assert [row["line"] for row in await room.rows(import_id)] == [2, 3, 4, 5, 6]


async def test_a_worker_that_was_given_up_can_write_nothing_any_more(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 1)
    import_id = await room.staged(FILE)
    (first, _) = await room.chunks(import_id)
    from functions.import_publish.chunks_repository import Chunks

    assert not await Chunks().write({**first, "fence": first["fence"] - 1, "rows": []})
    assert (await room.chunks(import_id))[0]["rows"]


async def test_a_lost_task_is_found_by_the_sweep(room: Room, later: Callable[[timedelta], None]) -> None:
    accepted = await room.upload(FILE)
    room.queue.clear()
    await room.sweep()
    assert not room.queue, "it may still come"
    later(timedelta(minutes=2))
    await room.sweep()
    await room.work_off()
    assert (await room.view(accepted.json()["data"]["imports"][0]["importId"]))["state"] == "staged"


async def test_an_import_that_no_worker_gets_through_is_given_up(room: Room) -> None:
    accepted = await room.upload(FILE)
    import_id = accepted.json()["data"]["imports"][0]["importId"]
    await room.database.imports.update_one({"_id": import_id}, {"$set": {"work.attempts": 30}})
    await room.work_off()
    view = await room.view(import_id)
    assert (view["state"], view["error"]["code"]) == ("failed", "STAGING_FAILED")


async def test_a_file_that_is_gone_says_so(room: Room) -> None:
    accepted = await room.upload(FILE)
    room.bucket.objects.clear()
    await room.work_off()
    view = await room.view(accepted.json()["data"]["imports"][0]["importId"])
    assert (view["state"], view["error"]["code"]) == ("failed", "FILE_GONE")


async def test_a_task_that_runs_for_too_long_hands_over_to_another(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 1)
    monkeypatch.setattr(working, "LONGEST_SECONDS", 0.0)
    accepted = await room.upload(FILE)
    import_id = accepted.json()["data"]["imports"][0]["importId"]
    (_, body, _) = room.queue.popleft()
    assert (await room.task("stage", body)).status_code == 204
    assert (await room.view(import_id))["state"] == "staging"
    assert [queued for _, queued, _ in room.queue] == [body]
    monkeypatch.setattr(working, "LONGEST_SECONDS", 60.0)
    await room.work_off()
    assert (await room.view(import_id))["state"] == "staged"


async def test_two_tasks_at_once_are_one_worker(room: Room) -> None:
    accepted = await room.upload(FILE)
    import_id = accepted.json()["data"]["imports"][0]["importId"]
    await room.database.imports.update_one(
        {"_id": import_id}, {"$set": {"work.until": (await room.document(import_id))["createdAt"] + timedelta(hours=1)}}
    )
    (_, body, _) = room.queue.popleft()
    assert (await room.task("stage", body)).status_code == 204
    assert (await room.view(import_id))["state"] == "staging", "the one that holds the lease goes on"


async def test_only_two_imports_of_a_tenant_are_read_at_the_same_time(room: Room) -> None:
    for number in range(3):
        await room.upload(FILE + f"{RICE},Rice {number},1.00,1\n", again="true")
    ids = [each["_id"] async for each in room.database.imports.find().sort("createdAt", 1)]
    soon = (await room.document(ids[0]))["createdAt"] + timedelta(minutes=1)
    await room.database.imports.update_many({"_id": {"$in": ids[:2]}}, {"$set": {"work.until": soon}})
    (queued,) = [body for _, body, _ in room.queue if body["importId"] == ids[2]]
    room.queue.clear()
    assert (await room.task("stage", queued)).status_code == 204
    assert (await room.view(ids[2]))["state"] == "staging"
    ((queue, body, at),) = room.queue
    assert (queue, body) == ("stage", queued)
    assert at is not None, "it is tried again a little later"


# -- other ways ---------------------------------------------------------------------------------------------------


async def test_a_large_file_goes_to_the_bucket_first(room: Room) -> None:
    body = {"storeIds": [BERLIN, PARIS], "name": "big.csv", "media": "text/csv"}
    reply = await room.post("/v1/imports:upload-url", body)
    assert reply.status_code == 201, reply.text
    data = reply.json()["data"]
    assert [each["state"] for each in data["imports"]] == ["waiting_for_upload"] * 2
    uploaded = data["upload"]["uploadedUrl"]
    early = await room.post(uploaded)
    assert early.json()["error"]["code"] == "NOT_UPLOADED"
    room.bucket.objects[data["upload"]["url"].removeprefix("https://bucket.test/")] = FILE.encode()
    assert (await room.post(uploaded)).status_code == 202
    assert (await room.post(uploaded)).status_code == 202, "saying it twice changes nothing"
    await room.work_off()
    for each in data["imports"]:
        view = await room.view(each["importId"])
        assert view["state"] == "staged"
        assert len(view["source"]["sha256"]) == 64


async def test_a_file_that_came_by_url_is_recognised_by_its_content_too(room: Room) -> None:
    first = await room.staged(FILE)
    reply = await room.post("/v1/imports:upload-url", {"storeIds": [BERLIN], "name": "again.csv"})
    upload = reply.json()["data"]["upload"]
    room.bucket.objects[upload["url"].removeprefix("https://bucket.test/")] = FILE.encode()
    await room.post(upload["uploadedUrl"])
    await room.work_off()
    view = await room.view(reply.json()["data"]["imports"][0]["importId"])
    assert (view["state"], view["duplicateOf"]) == ("duplicate", first)


async def test_an_upload_url_that_nobody_uses_expires(room: Room, later: Callable[[timedelta], None]) -> None:
    reply = await room.post("/v1/imports:upload-url", {"storeIds": [BERLIN], "name": "never.csv"})
    later(timedelta(hours=2))
    await room.sweep()
    assert (await room.view(reply.json()["data"]["imports"][0]["importId"]))["state"] == "expired"


async def test_what_nobody_decides_about_expires_after_a_week(room: Room, later: Callable[[timedelta], None]) -> None:
    import_id = await room.staged(FILE)
    later(timedelta(days=8))
    await room.sweep()
    assert (await room.view(import_id))["state"] == "expired"
    assert (await room.upload(FILE)).status_code == 202, "and the file may come again"


async def test_a_file_can_be_cancelled_before_it_is_published(room: Room) -> None:
    import_id = await room.staged(FILE)
    for _ in range(2):
        reply = await room.post(f"/v1/imports/{import_id}/cancel")
        assert reply.json()["data"]["state"] == "cancelled"
