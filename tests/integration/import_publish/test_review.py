"""What is staged, looked at row by row, put right, and decided about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.common import clock
from functions.import_publish import reading
from tests.integration.import_publish.conftest import MILK, RICE, SALT, TENANT, WINE, Room

HEADER = "barcode,name,price,stock\n"
PEN, JAM = "5012345678900", "8712345678906"


def shown(counts: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in counts.items() if number}


async def one_of_each(room: Room) -> str:
    """An import with a row of every status, two rows a chunk."""
    await room.sell(RICE, name="Rice", price=1000)
    await room.sell(SALT, name="Salt", price=100)
    lines = (
        f"{MILK},Oat milk,1.99,5",
        f"{WINE},Red wine,cheap,5",
        f"{RICE},Rice,1.00,5",
        f"{SALT},=Salt,1.00,5",
        f"{PEN},Pen,2.00,5",
    )
    import_id = await room.staged(HEADER + "\n".join(lines) + "\n")
    assert (await room.correct(import_id, 6, excluded=True)).status_code == 200
    return import_id


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)


# -- looking ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ({}, [2, 3, 4, 5, 6]),
        ({"status": "valid"}, [2]),
        ({"status": "error"}, [3]),
        ({"status": "confirm"}, [4]),
        ({"status": "warning"}, [5]),
        ({"status": "excluded"}, [6]),
        ({"action": "create"}, [2]),
        ({"action": "update"}, [4, 5]),
        ({"action": "withdraw"}, []),
        ({"code": "PRICE_JUMP"}, [4]),
        ({"code": "NO_SUCH_CODE"}, []),
        ({"action": "update", "status": "warning"}, [5]),
        ({"q": "oat"}, [2]),
        ({"q": WINE[:6]}, [3]),
        ({"q": "$name"}, []),
        ({"q": "rice", "status": "confirm"}, [4]),
        ({"q": "rice", "status": "valid"}, []),
    ],
)
async def test_rows_are_found_by_what_they_are(room: Room, query: dict[str, str], lines: list[int]) -> None:
    import_id = await one_of_each(room)
    assert [row["line"] for row in await room.rows(import_id, **query)] == lines


async def test_pages_of_rows_are_cut_across_chunks(room: Room) -> None:
    import_id = await one_of_each(room)
    seen = []
    for page in (1, 2, 3):
        reply = await room.client.get(
            f"/v1/imports/{import_id}/rows", params={"page": page, "limit": 2}, headers=room.manager
        )
        assert reply.json()["pagination"]["total"] == 5
        seen += [row["line"] for row in reply.json()["data"]]
    assert seen == [2, 3, 4, 5, 6]
    assert await room.rows(import_id, page=3) == []


async def test_a_row_is_read_by_its_line(room: Room) -> None:
    import_id = await one_of_each(room)
    assert (await room.get(f"/v1/imports/{import_id}/rows/3"))["raw"] == [WINE, "Red wine", "cheap", "5"]
    for line in ("1", "99", "x", "-3"):
        reply = await room.client.get(f"/v1/imports/{import_id}/rows/{line}", headers=room.manager)
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "ROW_NOT_FOUND")


# -- putting right ------------------------------------------------------------------------------------------------


async def test_a_row_with_an_error_can_be_put_right(room: Room) -> None:
    import_id = await one_of_each(room)
    before = (await room.view(import_id))["counts"]
    reply = await room.correct(import_id, 3, values={"price": "7.50"})
    row = reply.json()["data"]
    assert (row["status"], row["action"], row["values"]["price"], row["faults"]) == ("valid", "create", 750, [])
    view = await room.view(import_id)
    assert view["counts"]["errors"] == before["errors"] - 1
    assert view["counts"]["create"] == before["create"] + 1
    assert "PRICE_NOT_A_NUMBER" not in view["codes"]


async def test_a_correction_that_is_wrong_too_says_so(room: Room) -> None:
    import_id = await one_of_each(room)
    row = (await room.correct(import_id, 3, values={"price": "dear", "name": "Rotwein"})).json()["data"]
    assert row["status"] == "error"
    assert [fault["value"] for fault in row["faults"]] == ["dear"]
    assert row["values"]["name"] == "Rotwein"
    assert row["raw"][2] == "dear"


async def test_a_good_row_can_be_given_other_values(room: Room) -> None:
    import_id = await one_of_each(room)
    row = (await room.correct(import_id, 2, values={"name": "Oat drink", "description": "From oats"})).json()["data"]
    assert row["status"] == "valid"
    assert row["values"] == {"name": "Oat drink", "description": "From oats", "price": 199, "stock": 5000}


async def test_a_name_that_is_no_field_is_refused(room: Room) -> None:
    import_id = await one_of_each(room)
    reply = await room.correct(import_id, 2, values={"colour": "red"})
    assert reply.status_code == 400
    assert reply.json()["error"]["details"][0]["field"] == "colour"


async def test_a_row_that_was_left_out_can_be_taken_in_again(room: Room) -> None:
    import_id = await one_of_each(room)
    assert (await room.view(import_id))["counts"]["excluded"] == 1
    row = (await room.correct(import_id, 6, excluded=False)).json()["data"]
    assert (row["status"], row["action"]) == ("valid", "create")
    assert (await room.view(import_id))["counts"]["excluded"] == 0


async def test_leaving_one_of_two_duplicates_out_makes_the_other_good(room: Room) -> None:
    lines = (f"{MILK},Oat milk,1.99,5", f"{WINE},Red wine,7.50,5", f"{MILK},Oat drink,1.89,5")
    import_id = await room.staged(HEADER + "\n".join(lines) + "\n")
    assert (await room.view(import_id))["counts"]["errors"] == 2
    await room.correct(import_id, 4, excluded=True)
    row = await room.get(f"/v1/imports/{import_id}/rows/2")
    assert (row["status"], row["action"]) == ("valid", "create")
    await room.correct(import_id, 4, excluded=False)
    view = await room.view(import_id)
    assert (view["counts"]["errors"], view["codes"]) == (2, {"DUPLICATE_IN_FILE": 2})


async def test_another_barcode_may_be_in_the_file_already(room: Room) -> None:
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,1.99,5\n{WINE},Red wine,7.50,5\n{RICE},Rice,1.00,5\n")
    row = (await room.correct(import_id, 4, values={"barcode": MILK})).json()["data"]
    assert [fault["code"] for fault in row["faults"]] == ["DUPLICATE_IN_FILE"]
    assert (await room.get(f"/v1/imports/{import_id}/rows/2"))["status"] == "error"
    await room.correct(import_id, 4, values={"barcode": JAM})
    assert shown((await room.view(import_id))["counts"]) == {"rows": 3, "valid": 3, "create": 3}


async def test_a_product_that_a_correction_names_is_not_withdrawn(room: Room) -> None:
    await room.sell(MILK)
    await room.sell(WINE)
    import_id = await room.staged(f"barcode,name\n{MILK},Oat milk\n301234567890,Red wine\n", mode="full")
    assert (await room.view(import_id))["counts"]["withdraw"] == 1
    await room.correct(import_id, 3, values={"barcode": WINE})
    view = await room.view(import_id)
    assert (view["counts"]["withdraw"], view["toConfirm"]) == (0, {})


async def test_two_who_correct_at_the_same_time_both_get_through(room: Room) -> None:
    import asyncio

    import_id = await one_of_each(room)
    replies = await asyncio.gather(
        *(room.correct(import_id, line, values={"name": f"Name {line}"}) for line in (2, 3, 4, 5))
    )
    assert [reply.status_code for reply in replies] == [200] * 4
    names = {row["line"]: row["name"] for row in await room.rows(import_id)}
    assert {line: names[line] for line in (2, 3, 4, 5)} == {line: f"Name {line}" for line in (2, 3, 4, 5)}
    chunks = await room.chunks(import_id)
    counts = (await room.document(import_id))["counts"]
    assert counts == {name: sum(chunk["counts"][name] for chunk in chunks) for name in counts}


async def test_everything_can_be_judged_again_and_corrections_stay(room: Room) -> None:
    import_id = await one_of_each(room)
    await room.correct(import_id, 3, values={"price": "7.50"})
    await room.sell(MILK, name="Oat milk", price=199)
    await room.database.products.update_one({"barcode": RICE}, {"$set": {"price.amount": 100}})
    reply = await room.post(f"/v1/imports/{import_id}/validate")
    assert (reply.status_code, reply.json()["data"]["state"]) == (202, "staging")
    await room.work_off()
    view = await room.view(import_id)
    assert shown(view["counts"]) == {
        "rows": 5,
        "valid": 3,
        "warnings": 1,
        "excluded": 1,
        "create": 1,
        "update": 3,
    }
    assert (await room.get(f"/v1/imports/{import_id}/rows/3"))["values"]["price"] == 750


# -- deciding -----------------------------------------------------------------------------------------------------


async def approve(room: Room, import_id: str, who: str = "brand_manager", **body: Any) -> Any:
    headers = {**room.world.staff(who, TENANT)}
    return await room.post(f"/v1/imports/{import_id}/approve", body, headers)


async def test_what_must_be_confirmed_is_not_published_without(room: Room) -> None:
    import_id = await one_of_each(room)
    reply = await approve(room, import_id)
    assert reply.status_code == 409
    assert reply.json()["error"]["code"] == "CONFIRMATION_NEEDED"
    assert reply.json()["error"]["details"] == {"codes": {"PRICE_JUMP": 1}}
    reply = await approve(room, import_id, confirm=["PRICE_JUMP"])
    assert (reply.status_code, reply.json()["data"]["state"]) == (202, "publishing")
    assert reply.json()["data"]["approval"]["by"] == f"brand_manager-{TENANT}"
    assert [(queue, body["importId"]) for queue, body, _ in room.queue] == [("publish", import_id)]


async def test_a_row_that_is_left_out_need_not_be_confirmed(room: Room) -> None:
    import_id = await one_of_each(room)
    await room.correct(import_id, 4, excluded=True)
    assert (await approve(room, import_id)).status_code == 202


async def test_what_was_changed_since_it_was_looked_at_is_not_approved(room: Room) -> None:
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,1.99,5\n")
    seen = (await room.view(import_id))["ver"]
    await room.correct(import_id, 2, values={"price": "0.01"})
    reply = await approve(room, import_id, ver=seen)
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "VERSION_CONFLICT")


async def test_what_has_no_good_row_has_nothing_to_publish(room: Room) -> None:
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,cheap,5\n")
    assert (await approve(room, import_id)).json()["error"]["code"] == "NOTHING_TO_PUBLISH"


async def test_the_rules_may_want_a_second_person(room: Room) -> None:
    rules = {"rules": {"twoPersonApproval": True}}
    assert (await room.client.put("/v1/import-rules", json=rules, headers=room.manager)).status_code == 200
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,1.99,5\n")
    reply = await approve(room, import_id)
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "SECOND_PERSON_NEEDED")
    other = room.world.issuer.identity_token("second", role="brand_manager", tenant_id=TENANT, store_ids=["*"])
    headers = {"Authorization": f"Bearer {other}"}
    body = {"values": {"price": "2.99"}}
    assert (await room.client.patch(f"/v1/imports/{import_id}/rows/2", json=body, headers=headers)).status_code == 200
    assert (await room.post(f"/v1/imports/{import_id}/approve", {}, headers)).status_code == 403, "it is theirs too now"
    third = room.world.issuer.identity_token("third", role="brand_manager", tenant_id=TENANT, store_ids=["*"])
    reply = await room.post(f"/v1/imports/{import_id}/approve", {}, {"Authorization": f"Bearer {third}"})
    assert reply.status_code == 202


async def test_an_import_can_be_published_at_a_time_and_that_be_taken_back(room: Room, later: Any) -> None:
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,1.99,5\n")
    at = (clock.now() + timedelta(days=20)).isoformat()
    reply = await approve(room, import_id, publishAt=at)
    assert reply.json()["data"]["state"] == "scheduled"
    for chunk in await room.chunks(import_id):
        assert chunk["expireAt"] > datetime.fromisoformat(at), "it must not be cleaned away before"
    assert (await room.correct(import_id, 2, values={"price": "1"})).json()["error"]["code"] == "IMPORT_STATE"
    assert (await room.post(f"/v1/imports/{import_id}/unschedule")).json()["data"]["state"] == "staged"
    await approve(room, import_id, publishAt=at)
    assert [when for _, _, when in room.queue] == [datetime.fromisoformat(at)] * 2
    _, early, _ = room.queue.popleft()
    assert (await room.task("publish", early)).status_code == 204
    assert (await room.view(import_id))["state"] == "scheduled", "a task that comes too early publishes nothing"
    later(timedelta(days=20, minutes=1))
    _, due, _ = room.queue.popleft()
    for _ in range(2):
        assert (await room.task("publish", due)).status_code == 204
        assert (await room.view(import_id))["state"] == "publishing"
    assert [queue for queue, _, _ in room.queue] == ["publish"]


async def test_a_time_whose_task_was_lost_is_kept_by_the_sweep(room: Room, later: Any) -> None:
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,1.99,5\n")
    await approve(room, import_id, publishAt=(clock.now() + timedelta(hours=1)).isoformat())
    room.queue.clear()
    later(timedelta(hours=1, minutes=1))
    await room.sweep()
    assert (await room.view(import_id))["state"] == "publishing"
    assert [queue for queue, _, _ in room.queue] == ["publish"]


async def test_an_approval_that_says_nothing_of_it_is_gentle(room: Room) -> None:
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,1.99,5\n")
    assert (await approve(room, import_id)).json()["data"]["approval"]["pace"] == "gentle"


async def test_the_pace_of_an_approval_is_kept_until_its_time_has_come(room: Room, later: Any) -> None:
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,1.99,5\n")
    at = (clock.now() + timedelta(hours=1)).isoformat()
    reply = await approve(room, import_id, publishAt=at, pace="full")
    assert reply.json()["data"]["approval"]["pace"] == "full"
    later(timedelta(hours=1, minutes=1))
    await room.sweep()
    view = await room.view(import_id)
    assert (view["state"], view["approval"]["pace"]) == ("publishing", "full")


async def test_whoever_approves_last_decides_on_the_pace_too(room: Room) -> None:
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,1.99,5\n")
    await approve(room, import_id, publishAt=(clock.now() + timedelta(hours=1)).isoformat(), pace="full")
    reply = await approve(room, import_id)
    assert (reply.json()["data"]["state"], reply.json()["data"]["approval"]["pace"]) == ("publishing", "gentle")


@pytest.mark.parametrize("days", [-1, 31])
async def test_a_time_in_the_past_or_far_away_is_refused(room: Room, days: int) -> None:
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,1.99,5\n")
    reply = await approve(room, import_id, publishAt=(clock.now() + timedelta(days=days)).isoformat())
    assert (reply.status_code, reply.json()["error"]["details"][0]["field"]) == (400, "publishAt")


async def test_an_import_can_be_refused_with_a_reason(room: Room) -> None:
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,1.99,5\n")
    reply = await room.post(f"/v1/imports/{import_id}/reject", {"reason": "old prices"})
    assert reply.json()["data"]["rejection"]["reason"] == "old prices"
    assert reply.json()["data"]["state"] == "rejected"
    for step in ("approve", "reject", "validate"):
        reply = await room.post(f"/v1/imports/{import_id}/{step}", {"reason": "x"} if step == "reject" else {})
        assert step == "validate" or reply.json()["error"]["code"] == "IMPORT_STATE"


# -- profiles and rules -------------------------------------------------------------------------------------------


async def test_a_profile_of_ones_own_reads_ones_own_columns(room: Room) -> None:
    profile = {"extends": "retailscan", "columns": {"price": ["Brutto"]}, "decimal": ","}
    reply = await room.client.put("/v1/import-profiles/kasse", json={"profile": profile}, headers=room.manager)
    assert reply.status_code == 200, reply.text
    import_id = await room.staged(f"EAN;Bezeichnung;Brutto\n{MILK};Hafermilch;1,99\n", profile="kasse")
    (row,) = await room.rows(import_id)
    assert row["values"] == {"name": "Hafermilch", "price": 199}
    await room.client.delete("/v1/import-profiles/kasse", headers=room.manager)
    reply = await room.upload(f"EAN;Bezeichnung;Brutto\n{WINE};Wein;1,99\n", profile="kasse")
    assert reply.json()["error"]["code"] == "UNKNOWN_PROFILE"
    assert (await room.view(import_id))["profile"] == "kasse", "what was begun under it keeps it"


async def test_profiles_are_listed_with_those_that_everybody_has(room: Room) -> None:
    await room.client.put("/v1/import-profiles/mine", json={"profile": {"extends": "square"}}, headers=room.manager)
    found = (await room.get("/v1/import-profiles"))["profiles"]
    assert [(each["name"], each["builtIn"]) for each in found] == [
        ("mine", False),
        ("retailscan", True),
        ("shopify", True),
        ("square", True),
    ]
    reply = await room.client.put("/v1/import-profiles/shopify", json={"profile": {}}, headers=room.manager)
    assert reply.json()["error"]["code"] == "PROFILE_BUILT_IN"
    wrong = {"profile": {"decimal": "x", "colour": 1}}
    reply = await room.client.put("/v1/import-profiles/mine", json=wrong, headers=room.manager)
    fields = [each["field"] for each in reply.json()["error"]["details"]]
    assert (reply.status_code, sorted(fields)) == (400, ["profile.colour", "profile.decimal"])


async def test_a_preview_shows_what_a_profile_makes_of_a_sample(room: Room) -> None:
    await room.sell(MILK, name="Oat milk", price=199)
    content = f"EAN,Name,Price,Colour\n{MILK},Oat milk,1.79,white\n{WINE},,x,\n"
    reply = await room.client.post(
        "/v1/import-profiles:preview",
        params={"storeId": "acme-berlin"},
        content=content.encode(),
        headers={**room.manager, "Content-Type": "text/csv"},
    )
    assert reply.status_code == 200, reply.text
    data = reply.json()["data"]
    assert [(each["column"], each["use"], each["fields"]) for each in data["columns"]] == [
        ("EAN", "field", ["barcode"]),
        ("Name", "field", ["name"]),
        ("Price", "field", ["price"]),
        ("Colour", "ignored", []),
    ]
    assert [(row["status"], row["action"]) for row in data["rows"]] == [("valid", "update"), ("error", None)]
    assert room.bucket.objects == {}
    broken = await room.client.post(
        "/v1/import-profiles:preview", content=b"a,b\n1,2\n", headers={**room.manager, "Content-Type": "text/csv"}
    )
    assert broken.json()["data"]["error"]["code"] == "COLUMN_MISSING"


async def test_rules_are_in_force_for_what_comes_after_them(room: Room) -> None:
    assert (await room.get("/v1/import-rules"))["rules"]["maxPrice"] > 10_000
    reply = await room.client.put("/v1/import-rules", json={"rules": {"maxPrice": 10_000}}, headers=room.manager)
    assert reply.json()["data"]["rules"]["maxPrice"] == 10_000
    import_id = await room.staged(f"{HEADER}{MILK},Oat milk,199.00,5\n")
    assert (await room.view(import_id))["codes"] == {"PRICE_TOO_HIGH": 1}
    wrong = await room.client.put("/v1/import-rules", json={"rules": {"maxPrice": -1}}, headers=room.manager)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "RULES_INVALID")
