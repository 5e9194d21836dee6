"""Connections at the door: signed in once and never read again, each tenant's its own, pulled and gone on with."""

import json
from datetime import timedelta
from typing import Any

import pymongo
import pytest

from functions.common import failpoints
from functions.import_publish import connecting, fetching
from functions.import_publish.sources.problems import Budget
from local.erp.web import TOKEN, Erp
from tests.integration.import_publish.conftest import BERLIN, PARIS, RIVAL, ROME
from tests.integration.import_publish.sources.conftest import Sources

BASE = "/v1/import-connections"


async def everything(sources: Sources) -> str:
    """All that is in the database."""
    found = []
    for name in await sources.room.database.list_collection_names():
        found += [each async for each in sources.room.database[name].find()]
    return repr(found)


async def test_a_connection_is_kept_listed_read_and_forgotten(sources: Sources) -> None:
    kept = (await sources.put()).json()["data"]
    assert (kept["name"], kept["kind"], kept["ver"], kept["secretSetAt"]) == ("erp", "rest", 1, None)
    assert kept["settings"]["paging"]["next"] == "meta.next"
    assert [each["name"] for each in await sources.room.get(BASE)] == ["erp"]
    assert (await sources.put(etag=True)).json()["data"]["ver"] == 2
    gone = await sources.room.client.delete(f"{BASE}/erp", headers=sources.room.manager)
    assert gone.json()["data"] == {"id": "erp", "removed": True}
    assert (await sources.room.client.get(f"{BASE}/erp", headers=sources.room.manager)).status_code == 404


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"url": "https://169.254.169.254/latest"}, "SOURCE_FORBIDDEN_ADDRESS"),
        ({"url": "http://erp.example.com/x"}, "SOURCE_FORBIDDEN_ADDRESS"),
        ({"url": "https://user:pw@erp.example.com/x"}, "SOURCE_FORBIDDEN_ADDRESS"),
        ({"url": "https://erp.example.com:6379/x"}, "SOURCE_FORBIDDEN_ADDRESS"),
        ({"url": "file:///etc/passwd"}, "VALIDATION_FAILED"),
        ({"kind": "graphql", "query": "mutation { x }", "etag": None}, "VALIDATION_FAILED"),
        ({"kind": "gopher"}, "VALIDATION_FAILED"),
        ({"token": "in the settings"}, "VALIDATION_FAILED"),
    ],
)
async def test_what_would_lead_astray_is_not_kept(sources: Sources, settings: dict[str, Any], code: str) -> None:
    reply = await sources.put(**settings)
    assert reply.status_code == 400
    assert code in reply.text
    assert await sources.room.get(BASE) == []


@pytest.mark.parametrize("name", ["Erp", "a_b", "a.b", "-a", "a" * 60])
async def test_a_name_that_could_be_mistaken_is_refused(sources: Sources, name: str) -> None:
    assert (await sources.put(name)).json()["error"]["code"] == "INVALID_NAME"


async def test_a_secret_is_used_and_seen_nowhere(sources: Sources, capfd: pytest.CaptureFixture[str]) -> None:
    await sources.put(auth={"kind": "bearer"})
    signed = await sources.sign(token="tok-4711-top-secret")
    assert signed.status_code == 200
    assert signed.json()["data"]["secretSetAt"] is not None
    view = await sources.pulled()
    assert view["state"] == "staged"
    assert sources.erp.seen[-1].headers["authorization"] == "Bearer tok-4711-top-secret"
    shown = [signed.text, json.dumps(view), json.dumps(await sources.room.get(f"{BASE}/erp"))]
    shown += [json.dumps(await sources.room.get(BASE)), await everything(sources), "".join(capfd.readouterr())]
    assert not [text for text in shown if "4711" in text]
    for method in ("GET", "POST", "PATCH"):
        reply = await sources.room.client.request(method, f"{BASE}/erp/secret", headers=sources.room.manager)
        assert reply.status_code in (404, 405)


async def test_a_refused_secret_is_not_echoed(sources: Sources) -> None:
    await sources.put()
    reply = await sources.sign(token="tok-4711", nonsense="x-4711")
    assert reply.status_code == 400
    assert "4711" not in reply.text


async def test_a_secret_is_forgotten_when_the_connection_leads_elsewhere(sources: Sources) -> None:
    await sources.put(auth={"kind": "bearer"})
    await sources.sign(token="for-the-old-place")
    assert (await sources.put(auth={"kind": "bearer"}, items="data.rows")).json()["data"]["secretSetAt"] is not None
    async with Erp() as thief:
        moved = await sources.put(auth={"kind": "bearer"}, url="https://thief.example.com/rest/products")
        assert moved.json()["data"]["secretSetAt"] is None
        assert not sources.secrets._secrets
        assert not thief.seen
    # The settings go back; the secret does not come back with them.
    assert (await sources.put(auth={"kind": "bearer"})).json()["data"]["secretSetAt"] is None
    assert (await sources.pulled())["error"]["code"] == "SECRET_INCOMPLETE"


async def test_another_way_to_sign_in_forgets_the_secret_too(sources: Sources) -> None:
    await sources.put(auth={"kind": "bearer"})
    await sources.sign(token=TOKEN)
    moved = await sources.put(auth={"kind": "header", "header": "X-Debug"})
    assert moved.json()["data"]["secretSetAt"] is None


async def test_removing_a_connection_removes_its_secret(sources: Sources) -> None:
    await sources.put(auth={"kind": "bearer"})
    await sources.sign(token="x")
    assert sources.secrets._secrets
    await sources.room.client.delete(f"{BASE}/erp", headers=sources.room.manager)
    assert not sources.secrets._secrets
    assert (await sources.put(auth={"kind": "bearer"})).json()["data"]["secretSetAt"] is None


async def test_another_tenants_connection_does_not_exist(sources: Sources) -> None:
    await sources.put(auth={"kind": "bearer"})
    await sources.sign(token="acmes-own")
    rival = sources.room.world.staff("brand_manager", RIVAL)
    client = sources.room.client
    replies = [
        await client.get(f"{BASE}/erp", headers=rival),
        await client.delete(f"{BASE}/erp", headers=rival),
        await client.post(f"{BASE}/erp/test", json={}, headers=rival),
        await client.delete(f"{BASE}/erp/checkpoint", headers=rival),
        await sources.sign(headers=rival, token="mine-now"),
    ]
    assert [reply.status_code for reply in replies] == [404] * 5
    assert (await client.get(BASE, headers=rival)).json()["data"] == []
    pulled = await sources.pull(headers=rival, storeIds=[ROME])
    assert (pulled.status_code, pulled.json()["error"]["code"]) == (400, "UNKNOWN_CONNECTION")
    assert not sources.erp.seen


async def test_two_tenants_connections_of_one_name_have_two_secrets(sources: Sources) -> None:
    rival = sources.room.world.staff("brand_manager", RIVAL)
    await sources.put(auth={"kind": "bearer"})
    await sources.put(auth={"kind": "bearer"}, headers=rival)
    await sources.sign(token="of-acme")
    # The rival has none, and does not get ours.
    pulled = await sources.pull(headers=rival, storeIds=[ROME])
    await sources.room.work_off()
    import_id = pulled.json()["data"]["imports"][0]["importId"]
    assert (await sources.room.document(import_id))["error"]["code"] == "SECRET_INCOMPLETE"
    assert not sources.erp.seen


async def test_a_document_that_points_at_anothers_secret_gets_nothing(sources: Sources) -> None:
    rival = sources.room.world.staff("brand_manager", RIVAL)
    for headers in (None, rival):
        await sources.put(auth={"kind": "bearer"}, headers=headers)
    await sources.sign(token="of-acme")
    ours = await sources.room.database.import_connections.find_one({"tenantId": "acme"})
    await sources.room.database.import_connections.update_one({"tenantId": RIVAL}, {"$set": {"secret": ours["secret"]}})
    reply = await sources.room.client.post(f"{BASE}/erp/test", json={}, headers=rival)
    assert reply.json()["data"]["code"] == "SECRET_MISSING"
    assert not sources.erp.seen


@pytest.mark.parametrize("role", ["store_manager", "store_staff", "erp", "operator", "shopper"])
async def test_only_a_brand_manager_sets_what_is_fetched_from_where(sources: Sources, role: str) -> None:
    await sources.put()
    headers = sources.room.world.staff(role, "acme") if role != "shopper" else sources.room.world.shopper()
    assert (await sources.put(headers=headers)).status_code == 403
    assert (await sources.sign(headers=headers, token="x")).status_code == 403
    listed = await sources.room.client.get(BASE, headers=headers)
    assert listed.status_code == (200 if role == "operator" else 403)


async def test_a_test_says_what_is_there_or_what_is_wrong(sources: Sources) -> None:
    await sources.put()
    path = f"{BASE}/erp/test"
    good = (await sources.room.post(path, {})).json()["data"]
    assert good["ok"]
    assert good["found"]["items"] == 50
    sources.erp.misbehaviour.change({"changed-schema": -1})
    bad = (await sources.room.post(path, {})).json()["data"]
    assert (bad["ok"], bad["code"], bad["where"]) == (False, "ERP_SCHEMA_CHANGED", "data.items[0].price")
    assert (await sources.room.get(f"{BASE}/erp"))["lastTest"]["code"] == "ERP_SCHEMA_CHANGED"


# ---- pulling ------------------------------------------------------------------------------------------------


async def test_an_erps_items_are_staged_like_an_uploaded_file(sources: Sources) -> None:
    await sources.put()
    view = await sources.pulled()
    assert (view["state"], view["counts"]["rows"], view["counts"]["valid"]) == ("staged", 120, 120)
    rows = await sources.room.rows(view["importId"])
    assert rows[0]["values"]["price"] == sources.erp.assortment.items[0].cents


async def test_one_fetch_serves_all_stores(sources: Sources) -> None:
    await sources.put()
    reply = await sources.pull(storeIds=[BERLIN, PARIS])
    await sources.room.work_off()
    ids = [each["importId"] for each in reply.json()["data"]["imports"]]
    assert [(await sources.room.view(each))["state"] for each in ids] == ["staged", "staged"]
    assert len(sources.erp.seen) == 3


async def test_the_other_stores_get_their_file_when_the_first_is_stopped(sources: Sources, later: Any) -> None:
    room = sources.room
    await sources.put()
    reply = await sources.pull(storeIds=[BERLIN, PARIS])
    first, second = [each["importId"] for each in reply.json()["data"]["imports"]]
    assert (await room.post(f"/v1/imports/{first}/cancel")).status_code == 200
    ((queue, body, _),) = room.queue
    assert (queue, body["importId"], (await room.task(queue, body)).status_code) == ("fetch", first, 204)
    room.queue.clear()
    later(timedelta(minutes=2))
    await room.sweep()
    await room.work_off()
    assert [(await room.view(each))["state"] for each in (first, second)] == ["cancelled", "staged"]


async def test_the_checkpoint_moves_when_the_import_is_staged(sources: Sources) -> None:
    await sources.put()
    await sources.pulled()
    sources.erp.assortment.touch(3)
    second = await sources.pulled()
    assert second["counts"]["rows"] == 3
    third = await sources.pulled()
    assert (third["state"], third["error"]["code"]) == ("duplicate", "NOTHING_NEW")


async def test_the_checkpoint_stays_where_it_is_when_what_was_fetched_was_not_staged(sources: Sources) -> None:
    await sources.put()
    await sources.pulled()
    sources.erp.assortment.touch(3)
    reply = await sources.pull()
    await sources.room.work_off(only=["fetch"])
    import_id = reply.json()["data"]["imports"][0]["importId"]
    cancelled = await sources.room.post(f"/v1/imports/{import_id}/cancel")
    assert cancelled.json()["data"]["state"] == "cancelled"
    again = await sources.pulled()
    assert (again["state"], again["counts"]["rows"]) == ("staged", 3)


async def test_a_rejected_import_is_fetched_again(sources: Sources) -> None:
    await sources.put()
    await sources.pulled()
    sources.erp.assortment.touch(3)
    rejected = await sources.pulled()
    reply = await sources.room.post(f"/v1/imports/{rejected['importId']}/reject", {"reason": "no"})
    assert reply.status_code == 200
    assert (await sources.pulled())["counts"]["rows"] == 3


async def test_other_stores_begin_at_the_beginning(sources: Sources) -> None:
    await sources.put()
    await sources.pulled()
    assert (await sources.pulled(storeIds=[PARIS]))["counts"]["rows"] == 120


async def test_a_full_catalogue_is_asked_for_in_full(sources: Sources) -> None:
    await sources.put()
    await sources.pulled(mode="full")
    sources.erp.assortment.touch(1)
    assert (await sources.pulled(mode="full"))["counts"]["rows"] == 120


async def test_starting_over_brings_everything(sources: Sources) -> None:
    await sources.put()
    await sources.pulled()
    sources.erp.assortment.touch(1)
    await sources.room.client.delete(f"{BASE}/erp/checkpoint", headers=sources.room.manager)
    assert (await sources.pulled())["counts"]["rows"] == 120


async def test_a_schema_that_has_changed_fails_the_import_and_says_where(sources: Sources) -> None:
    await sources.put()
    sources.erp.misbehaviour.change({"changed-schema": -1})
    view = await sources.pulled()
    assert (view["state"], view["error"]["code"]) == ("failed", "ERP_SCHEMA_CHANGED")
    assert "data.items[0].price" in view["error"]["message"]


async def test_a_source_that_is_down_is_tried_again_later_and_given_up_in_the_end(
    sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_FAILURES", 2)
    monkeypatch.setattr(connecting, "Budget", lambda: Budget(tries=1))
    await sources.put()
    sources.erp.misbehaviour.change({"500": -1})
    reply = await sources.pull()
    import_id = reply.json()["data"]["imports"][0]["importId"]
    queue, body, _ = sources.room.queue.popleft()
    assert (await sources.room.task(queue, body)).status_code == 204
    assert (await sources.room.view(import_id))["state"] == "fetching"
    queue, body, at = sources.room.queue.popleft()
    assert at is not None
    assert (await sources.room.task(queue, body)).status_code == 204
    view = await sources.room.view(import_id)
    assert (view["state"], view["error"]["code"]) == ("failed", "SOURCE_FAILS")


async def test_an_import_says_why_it_is_still_being_fetched(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "Budget", lambda: Budget(tries=1))
    await sources.put()
    sources.erp.misbehaviour.change({"500": 1})
    reply = await sources.pull()
    import_id = reply.json()["data"]["imports"][0]["importId"]
    queue, body, _ = sources.room.queue.popleft()
    assert (await sources.room.task(queue, body)).status_code == 204
    view = await sources.room.view(import_id)
    assert (view["state"], view["error"]["code"]) == ("fetching", "SOURCE_FAILS")
    assert view["error"]["message"].endswith("It is tried again.")
    await sources.room.work_off()
    view = await sources.room.view(import_id)
    assert (view["state"], view["error"]) == ("staged", None)


async def test_another_worker_goes_on_at_the_page_where_one_died(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, later: Any
) -> None:
    monkeypatch.setattr("functions.import_publish.sources.fetch.PART_BYTES", 1)
    await sources.put()
    reply = await sources.pull()
    import_id = reply.json()["data"]["imports"][0]["importId"]
    failpoints.configure("import.while_fetching:raise")
    queue, body, _ = sources.room.queue.popleft()
    assert (await sources.room.task(queue, body)).status_code == 500
    failpoints.configure("")
    assert len(sources.erp.seen) == 1
    later(timedelta(minutes=2))
    assert (await sources.room.task(queue, body)).status_code == 204
    await sources.room.work_off()
    assert (await sources.room.view(import_id))["counts"]["rows"] == 120
    assert len(sources.erp.seen) == 3, "the first page was there already"
    failpoints.configure(None)


async def test_a_worker_that_has_run_for_long_gives_way_to_another(
    sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.import_publish.sources.fetch.LONGEST_SECONDS", 0)
    await sources.put()
    view = await sources.pulled()
    assert (view["state"], view["counts"]["rows"]) == ("staged", 120)
    document = await sources.room.document(view["importId"])
    assert len(sources.erp.seen) == 3, "each page once, by a worker of its own"
    assert document["fetched"]["items"] == 100


async def test_a_file_that_kills_every_worker_is_given_up(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    await sources.put()
    reply = await sources.pull()
    import_id = reply.json()["data"]["imports"][0]["importId"]
    await sources.room.database.imports.update_one({"_id": import_id}, {"$set": {"work.fence": fetching.MOST_WORKERS}})
    await sources.room.work_off()
    assert (await sources.room.view(import_id))["error"]["code"] == "SOURCE_GIVEN_UP"


async def test_a_fetch_that_is_delivered_twice_brings_the_file_once(sources: Sources) -> None:
    await sources.put()
    reply = await sources.pull()
    queue, body, _ = sources.room.queue.popleft()
    for _ in range(2):
        assert (await sources.room.task(queue, body)).status_code == 204
    assert len(sources.erp.seen) == 3
    await sources.room.work_off()
    import_id = reply.json()["data"]["imports"][0]["importId"]
    assert (await sources.room.view(import_id))["state"] == "staged"


async def test_a_worker_that_lost_its_lease_leaves_no_trace(sources: Sources) -> None:
    await sources.put()
    reply = await sources.pull()
    import_id = reply.json()["data"]["imports"][0]["importId"]
    before = await sources.room.document(import_id)
    answer = sources.erp.assortment.since

    def meanwhile(revision: int) -> Any:
        # Another worker takes over while the ERP thinks.
        database: Any = pymongo.MongoClient(sources.room.world.settings.mongodb_uri)
        with database:
            imports = database[sources.room.world.settings.mongodb_database].imports
            imports.update_one({"_id": import_id}, {"$inc": {"work.fence": 1}})
        return answer(revision)

    sources.erp.assortment.since = meanwhile  # type: ignore[method-assign]
    queue, body, _ = sources.room.queue.popleft()
    assert (await sources.room.task(queue, body)).status_code == 204
    after = await sources.room.document(import_id)
    assert after["state"] == "fetching"
    assert after["source"] == before["source"]
    connection = await sources.room.database.import_connections.find_one()
    assert "checkpoints" not in connection


@pytest.mark.parametrize("url", ["https://127.0.0.1/x.csv", "https://metadata.google.internal/x", "https://a:b@c.de/x"])
async def test_an_address_of_our_own_is_refused_at_the_door(sources: Sources, url: str) -> None:
    body = {"storeIds": [BERLIN], "url": url}
    reply = await sources.room.post("/v1/imports:pull", body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "SOURCE_FORBIDDEN_ADDRESS")
