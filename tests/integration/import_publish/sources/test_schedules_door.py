"""Schedules at the door and at the clock: each run once, none over another, begun again where a scheduler died."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.common import clock, failpoints
from functions.import_publish import scheduling, wiring
from tests.integration.import_publish.conftest import BERLIN, PARIS, RIVAL, ROME
from tests.integration.import_publish.sources.conftest import Sources

BASE = "/v1/import-schedules"
NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 21, 4, 30, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _failpoints_end_with_the_test() -> Any:
    yield
    failpoints.configure(None)
    clock.freeze(None)


@pytest.fixture
async def nightly(sources: Sources) -> AsyncIterator[Sources]:
    """A connection, and a schedule at half past five in Berlin."""
    await sources.put()
    clock.freeze(lambda: NIGHT.timestamp())
    reply = await sources.schedule()
    assert reply.status_code == 200, reply.text
    yield sources
    # Here and not only below: the guards borrow this fixture, and time must go on after them.
    clock.freeze(None)


def at(moment: datetime) -> None:
    clock.freeze(lambda: moment.timestamp())


async def fire(sources: Sources, moment: datetime) -> None:
    """What the clock does; tokens would have run out by then."""
    await scheduling.run_due(wiring.deps().scheduling, moment)


async def runs(sources: Sources) -> list[dict[str, Any]]:
    document = await sources.room.database.import_schedules.find_one()
    assert document is not None
    found: list[dict[str, Any]] = document["runs"]
    return found


async def imports(sources: Sources) -> list[dict[str, Any]]:
    return [each async for each in sources.room.database.imports.find().sort("createdAt", 1)]


async def test_a_schedule_is_kept_read_and_forgotten(sources: Sources) -> None:
    await sources.put()
    kept = (await sources.schedule(autoApprove="when_clean", path="/rest/products")).json()["data"]
    assert (kept["enabled"], kept["autoApprove"], kept["runs"]) == (True, "when_clean", [])
    next_at = datetime.fromisoformat(kept["nextAt"])
    assert (next_at - datetime.now(UTC)) < timedelta(days=1)
    assert [each["name"] for each in await sources.room.get(BASE)] == ["nightly"]
    off = (await sources.schedule(enabled=False)).json()["data"]
    assert (off["nextAt"], off["ver"]) == (None, 2)
    in_use = await sources.room.client.delete("/v1/import-connections/erp", headers=sources.room.manager)
    assert in_use.json()["error"]["code"] == "CONNECTION_IN_USE"
    gone = await sources.room.client.delete(f"{BASE}/nightly", headers=sources.room.manager)
    assert gone.json()["data"]["removed"]
    assert (await sources.room.client.get(f"{BASE}/nightly", headers=sources.room.manager)).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"cron": "0 0 31 2 *"}, 400, "INVALID_SCHEDULE"),
        ({"cron": "* * * * * *"}, 400, "INVALID_SCHEDULE"),
        ({"timeZone": "Europe/Atlantis"}, 400, "INVALID_SCHEDULE"),
        ({"connection": "nobodys"}, 400, "UNKNOWN_CONNECTION"),
        ({"profile": "nobodys"}, 400, "UNKNOWN_PROFILE"),
        ({"storeIds": []}, 400, "VALIDATION_FAILED"),
        ({"storeIds": [ROME]}, 403, "STORE_NOT_IN_SCOPE"),
        ({"autoApprove": "always"}, 400, "VALIDATION_FAILED"),
    ],
)
async def test_what_could_never_run_is_not_kept(sources: Sources, body: dict[str, Any], status: int, code: str) -> None:
    await sources.put()
    reply = await sources.schedule(**body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert await sources.room.get(BASE) == []


async def test_another_tenants_schedule_does_not_exist(sources: Sources) -> None:
    await sources.put()
    await sources.schedule()
    rival = sources.room.world.staff("brand_manager", RIVAL)
    client = sources.room.client
    replies = [
        await client.get(f"{BASE}/nightly", headers=rival),
        await client.delete(f"{BASE}/nightly", headers=rival),
        await client.post(f"{BASE}/nightly/run", headers=rival),
    ]
    assert [reply.status_code for reply in replies] == [404] * 3
    assert (await client.get(BASE, headers=rival)).json()["data"] == []
    theirs = {"connection": "erp", "storeIds": [ROME], "cron": "* * * * *", "timeZone": "UTC"}
    mine = await client.put(f"{BASE}/mine", json=theirs, headers=rival)
    assert mine.json()["error"]["code"] == "UNKNOWN_CONNECTION"


async def test_it_fires_at_its_time_and_not_before(nightly: Sources) -> None:
    await fire(nightly, NIGHT + timedelta(minutes=89))
    assert await imports(nightly) == []
    at(DUE)
    await fire(nightly, DUE)
    [run] = await runs(nightly)
    assert (run["state"], run["kind"], run["dueAt"]) == ("started", "cron", datetime(2026, 11, 21, 4, 30, tzinfo=UTC))
    [begun] = await imports(nightly)
    assert (begun["state"], begun["storeId"], begun["createdBy"]) == ("fetching", BERLIN, "schedule/nightly")
    document = await nightly.room.database.import_schedules.find_one()
    assert document["nextAt"] == datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
    await fire(nightly, DUE + timedelta(minutes=1))
    assert len(await imports(nightly)) == 1


async def test_the_job_fires_it(sources: Sources) -> None:
    await sources.put()
    await sources.schedule(cron="* * * * *", storeIds=[BERLIN, PARIS])
    await sources.room.database.import_schedules.update_one({}, {"$set": {"nextAt": NIGHT - timedelta(days=30)}})
    await sources.fire()
    assert len(await imports(sources)) == 2
    await sources.room.work_off()
    assert {each["state"] for each in await imports(sources)} == {"staged"}


async def test_two_schedulers_at_once_fire_once(nightly: Sources) -> None:
    at(DUE)
    await asyncio.gather(*(fire(nightly, DUE) for _ in range(8)))
    assert len(await imports(nightly)) == 1
    assert len(await runs(nightly)) == 1


async def test_a_schedule_that_is_switched_off_does_not_fire(nightly: Sources) -> None:
    await nightly.schedule(enabled=False)
    at(DUE)
    await fire(nightly, DUE)
    assert await imports(nightly) == []


async def test_times_that_were_missed_are_made_up_for_once(nightly: Sources) -> None:
    weeks = DUE + timedelta(days=20)
    at(weeks)
    await fire(nightly, weeks)
    await fire(nightly, weeks)
    assert len(await imports(nightly)) == 1
    document = await nightly.room.database.import_schedules.find_one()
    assert weeks < document["nextAt"] <= weeks + timedelta(days=1)


@pytest.mark.parametrize("state", ["fetching", "staging", "publishing"])
async def test_a_run_does_not_begin_while_the_last_is_under_way(nightly: Sources, state: str) -> None:
    at(DUE)
    await fire(nightly, DUE)
    await nightly.room.database.imports.update_one({}, {"$set": {"state": state}})
    tomorrow = DUE + timedelta(days=1)
    at(tomorrow)
    await fire(nightly, tomorrow)
    assert len(await imports(nightly)) == 1
    first, second = await runs(nightly)
    assert (first["state"], second["state"], second["code"]) == ("started", "skipped", "STILL_RUNNING")
    await nightly.room.database.imports.update_one({}, {"$set": {"state": "staged"}})
    day_after = DUE + timedelta(days=2)
    at(day_after)
    await fire(nightly, day_after)
    assert len(await imports(nightly)) == 2


@pytest.mark.parametrize("point", ["import.after_lease_before_run", "import.after_run_before_record"])
async def test_a_run_whose_scheduler_died_is_finished_by_another_and_begun_once(nightly: Sources, point: str) -> None:
    at(DUE)
    failpoints.configure(f"{point}:raise")
    await fire(nightly, DUE)
    failpoints.configure("")
    assert await runs(nightly) == []
    await fire(nightly, DUE + timedelta(seconds=30))
    assert await runs(nightly) == [], "its lease has not run out"
    later = DUE + timedelta(seconds=70)
    at(later)
    await fire(nightly, later)
    [run] = await runs(nightly)
    [begun] = await imports(nightly)
    assert (run["state"], run["importIds"]) == ("started", [begun["_id"]])


async def test_a_scheduler_that_wakes_up_late_begins_nothing_twice(nightly: Sources) -> None:
    at(DUE)
    schedules = wiring.deps().scheduling.schedules
    document = await nightly.room.database.import_schedules.find_one()
    run = {"id": "r1", "kind": "cron", "by": None, "dueAt": DUE, "at": DUE}
    slow = await schedules.take(document, run, DUE, {"nextAt": DUE + timedelta(days=1)})
    assert slow is not None
    later = DUE + timedelta(seconds=70)
    at(later)
    await fire(nightly, later)
    assert len(await imports(nightly)) == 1
    await scheduling._begin(wiring.deps().scheduling, slow)
    assert len(await imports(nightly)) == 1
    assert len(await runs(nightly)) == 1, "its fence is too low to write anything down"


async def test_a_run_now_begins_at_once_even_when_switched_off(sources: Sources) -> None:
    await sources.put()
    await sources.schedule(enabled=False)
    operator = sources.room.world.staff("operator", "acme")
    reply = await sources.room.client.post(f"{BASE}/nightly/run", headers=operator)
    assert reply.status_code == 202
    run = reply.json()["data"]
    assert (run["kind"], run["state"], run["by"]) == ("now", "started", "operator-acme")
    await sources.room.work_off()
    view = await sources.room.view(run["importIds"][0])
    assert (view["state"], view["counts"]["rows"]) == ("staged", 120)
    assert (await sources.room.get(f"{BASE}/nightly"))["runs"][0]["id"] == run["id"]


async def test_a_run_now_that_is_asked_for_twice_with_one_key_is_one_run(sources: Sources) -> None:
    await sources.put()
    await sources.schedule()
    headers = sources.room.manager | {"idempotency-key": "again-and-again"}
    replies = [await sources.room.client.post(f"{BASE}/nightly/run", headers=headers) for _ in range(2)]
    assert len({reply.json()["data"]["id"] for reply in replies}) == 1
    assert len(await imports(sources)) == 1


async def test_a_run_now_waits_for_the_last_run_too(sources: Sources) -> None:
    await sources.put()
    await sources.schedule()
    assert (await sources.room.post(f"{BASE}/nightly/run")).status_code == 202
    again = await sources.room.post(f"{BASE}/nightly/run")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "STILL_RUNNING")
    assert len(await imports(sources)) == 1


async def test_a_store_that_was_closed_meanwhile_holds_the_run_up_and_says_so(nightly: Sources) -> None:
    from functions.common import stores

    await nightly.room.database.stores.update_one({"_id": BERLIN}, {"$set": {"status": "deleted"}})
    stores.forget()
    at(DUE)
    await fire(nightly, DUE)
    [run] = await runs(nightly)
    assert (run["state"], run["code"]) == ("skipped", "STORE_NOT_FOUND")


async def test_what_is_clean_is_published_without_asking_when_the_schedule_says_so(sources: Sources) -> None:
    await sources.put()
    await sources.schedule(autoApprove="when_clean")
    await sources.room.post(f"{BASE}/nightly/run")
    await sources.room.work_off()
    [begun] = await imports(sources)
    assert begun["state"] == "publishing"
    assert begun["approval"]["by"] == "schedule/nightly"


async def test_only_the_last_fifty_runs_are_remembered(nightly: Sources) -> None:
    filler = [{"id": str(number), "groupId": None, "state": "skipped"} for number in range(50)]
    await nightly.room.database.import_schedules.update_one({}, {"$set": {"runs": filler}})
    at(DUE)
    await fire(nightly, DUE)
    found = await runs(nightly)
    assert (len(found), found[0]["id"], found[-1]["state"]) == (50, "1", "started")


async def test_one_schedule_that_fails_does_not_hold_up_the_others(
    nightly: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    await nightly.schedule("another")
    begin, names = scheduling._begin, list[str]()

    async def one_fails(deps: Any, taken: Any) -> Any:
        names.append(taken["name"])
        if len(names) == 1:
            raise RuntimeError("a bug")
        return await begin(deps, taken)

    monkeypatch.setattr(scheduling, "_begin", one_fails)
    at(DUE)
    await fire(nightly, DUE)
    assert sorted(names) == ["another", "nightly"]
    assert len(await imports(nightly)) == 1
