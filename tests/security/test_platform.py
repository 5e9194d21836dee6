"""The doors that only Google's platform may call: every path of the cards, every wrong caller, foreign ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from functions.common import cards
from local.issuer import OIDC_ISSUER, PUSH_SERVICE_ACCOUNT
from tests.security import forged
from tests.security.contract import changed, operation
from tests.security.goods import BOB, NAMES, RIVAL, RIVAL_STORE, STORE, TENANT
from tests.security.mall import CALLERS, Mall, event_paths
from tests.support import SERVICE_URL, bearer, push_body


def calls(door: cards.Door) -> tuple[Mapping[str, Any], ...]:
    """What the platform calls a door for."""
    return door.subscriptions, door.queues, door.schedules


def paths() -> list[str]:
    """The paths of every subscription, queue and schedule of the cards, for one tenant."""
    kinds = [kind for card in cards.load_cards() for door in card.doors.values() for kind in calls(door)]
    found: set[str] = {each.path for kind in kinds for each in kind.values()}
    return sorted(path.replace("{tenantId}", TENANT) for path in found)


def test_the_cards_name_every_path_of_the_event_doors() -> None:
    served = {path for card in cards.load_cards() for path in event_paths(card.room)}
    assert {path.replace("{tenantId}", TENANT) for path in served} == set(paths())


@pytest.mark.parametrize("path", paths())
def test_only_the_platform_gets_in_and_only_with_a_token_for_this_very_path(mall: Mall, path: str) -> None:
    issuer = mall.world.issuer
    other = path.replace(TENANT, RIVAL) if TENANT in path else next(each for each in paths() if each != path)
    genuine = mall.world.platform(path)["Authorization"].removeprefix("Bearer ")
    wrong = {name: bearer(token) for name, token in forged.variants(issuer, "oidc", genuine).items()}
    wrong |= {who: mall.headers(who) for who in CALLERS}
    wrong |= {
        "a token for another path or tenant": mall.world.platform(other),
        "a token for the door without its path": bearer(issuer.oidc_token(SERVICE_URL, PUSH_SERVICE_ACCOUNT)[0]),
        "a token for another door": bearer(issuer.oidc_token("https://other.test" + path, PUSH_SERVICE_ACCOUNT)[0]),
    }
    body = push_body(b"{}")
    before = mall.dump()
    for name, headers in wrong.items():
        reply = mall.client.post(path, json=body, headers=headers)
        assert reply.status_code == 401, f"{name}: {reply.status_code} {reply.text}"
    stranger = {"email": "someone@else.iam.gserviceaccount.com"}
    for changes in (stranger, {"email_verified": False}, {"email_verified": "true"}, {"email": None}):
        token = issuer.sign("oidc", {**claims(path), **changes})
        assert mall.client.post(path, json=body, headers=bearer(token)).status_code == 403, changes
    assert mall.dump() == before


def claims(path: str) -> dict[str, Any]:
    """What Google says of our service account."""
    import time

    now = int(time.time())
    return {
        "iss": OIDC_ISSUER, "aud": SERVICE_URL + path, "sub": "1", "email": PUSH_SERVICE_ACCOUNT,
        "email_verified": True, "iat": now, "exp": now + 600,
    }  # fmt: skip


def test_a_message_of_one_tenant_cannot_name_anothers_store(mall: Mall) -> None:
    before = mall.dump(RIVAL)
    body = mall.sample(operation("price_ingest.send_price_updates")).body
    foreign = changed(body, ("updates", 0, "storeId"), RIVAL_STORE)
    assert mall.deliver(f"/push/price-updates/{TENANT}", foreign, tenantId=RIVAL).status_code == 204
    dead = [letter for letter in mall.database.dead_letters.find({"code": "STORE_NOT_IN_SCOPE"})]
    assert [letter["tenantId"] for letter in dead] == [TENANT]
    event = {
        "id": "e1", "type": "catalog.product_published", "version": 2, "tenantId": TENANT, "storeId": RIVAL_STORE,
        "occurredAt": "2026-11-20T10:00:00Z", "data": {"products": [{"barcode": NAMES["barcode"].rival, "ver": 1}]},
    }  # fmt: skip
    kind = "catalog.product_published"
    attributes = {"type": kind, "version": "2", "tenantId": TENANT, "storeId": RIVAL_STORE, "eventId": "e1"}
    assert mall.deliver("/push/catalog-events", event, **attributes).status_code < 500
    replay = {"tenantId": TENANT, "id": NAMES["deadLetterId"].rival, "by": "op", "at": 1}
    assert mall.call("/tasks/replay", replay).status_code < 500
    assert mall.published == []
    assert mall.dump(RIVAL) == before


def test_the_platforms_work_is_in_scope_too(mall: Mall) -> None:
    """The watch of this folder sees the doors that no contract lists: pushes, tasks and schedules."""
    body = mall.sample(operation("price_ingest.send_price_updates")).body
    # A count of this morning: what was sold since is looked up in the ledger.
    for name, value in {"stock": 7000, "sourceTime": "2026-11-20T09:30:00Z", "sequence": 1, "source": "sap"}.items():
        body = changed(body, ("updates", 0, name), value)
    with mall.seen.recorded() as asked:
        assert mall.deliver(f"/push/price-updates/{TENANT}", body, batchId="pb-acme").status_code == 204
        unknown = changed(body, ("updates", 0, "barcode"), NAMES["barcode"].unknown)
        assert mall.deliver(f"/push/price-updates/{TENANT}", unknown).status_code == 204
        assert mall.deliver(f"/push/price-updates/{TENANT}", "nothing").status_code == 204
        assert mall.deliver(f"/push/dead-letters/{TENANT}", body).status_code == 204
        assert mall.call("/tasks/replay", {"tenantId": TENANT, "id": "a" * 32, "by": "op", "at": 1}).status_code == 204
        assert mall.call("/jobs/sweep-outbox").status_code == 204
    touched = {collection for _, collection in asked}
    assert touched >= {"products", "stock_movements", "price_batch_parts", "parked_updates", "dead_letters"}


def test_publishing_retrying_and_rolling_back_stay_in_their_store(mall: Mall) -> None:
    """The tasks of imports name a tenant and an import; what they do never leaves that import's store."""
    before = mall.dump(RIVAL)
    manager = mall.headers("brand_manager")
    with mall.seen.recorded() as asked:
        staged, failed = "1a" * 16, "3a" * 16
        assert mall.client.post(f"/v1/imports/{staged}/approve", json={}, headers=manager).status_code == 202
        work_off(mall, "/tasks/publish")
        assert mall.client.get(f"/v1/imports/{staged}", headers=manager).json()["data"]["state"] == "published"
        again = {"values": {"price": "2.99"}}
        assert mall.client.put(f"/v1/retries/{failed}/items/2", json=again, headers=manager).status_code == 202
        work_off(mall, "/tasks/publish")
        assert mall.client.post(f"/v1/imports/{staged}/rollback", headers=manager).status_code == 202
        work_off(mall, "/tasks/rollback")
        assert mall.client.get(f"/v1/imports/{staged}", headers=manager).json()["data"]["state"] == "rolled_back"
    touched = {collection for _, collection in asked}
    assert touched >= {"products", "audit_log", "imports", "product_staging", "import_undo", "import_failures"}
    foreign = {"tenantId": RIVAL, "importId": staged, "n": 0}
    for path in ("/tasks/publish", "/tasks/rollback"):
        assert mall.call(path, foreign).status_code == 204, "an import of another tenant is none"
    assert mall.dump(RIVAL) == before


def work_off(mall: Mall, path: str) -> None:
    """Deliver the tasks that are waiting, and those that they make."""
    while mall.enqueued:
        assert mall.call(path, mall.enqueued.pop(0)).status_code == 204


def test_what_carts_hear_of_one_tenant_touches_no_cart_of_another(mall: Mall) -> None:
    before = mall.dump(RIVAL)
    change = {
        "barcode": NAMES["barcode"].mine, "field": "price", "old": 159, "new": 1, "currency": "EUR",
        "sourceTime": "2026-11-20T10:00:00Z", "ver": 2,
    }  # fmt: skip
    promoted = {"promotionId": NAMES["promotionId"].rival, "ver": 1, "status": "active"}
    everywhere, there = ({"promotions": [{**promoted, "storeIds": ids}]} for ids in (None, [RIVAL_STORE]))
    prices = {"changes": [change, {**change, "field": "stock", "new": 0}]}
    for path, kind, store, data in (
        ("/push/cart-prices", "catalog.price_changed", RIVAL_STORE, prices),
        ("/push/cart-promotions", "discount.promotions_changed", "", everywhere),
        ("/push/cart-promotions", "discount.promotions_changed", "", there),
    ):
        event = {
            "id": "e1", "type": kind, "version": 1, "tenantId": TENANT, "storeId": store,
            "occurredAt": "2026-11-20T10:00:00Z", "data": data,
        }  # fmt: skip
        assert mall.deliver(path, event, tenantId=TENANT).status_code == 204
    with mall.seen.recorded() as asked:
        for path in ("/jobs/tell-expiring", "/jobs/sweep-sessions"):
            assert mall.call(path).status_code == 204
    assert ("find", "sessions") in asked
    assert mall.dump(RIVAL) == before


def test_what_is_told_of_one_tenant_reaches_no_shopper_of_another(mall: Mall) -> None:
    before = mall.dump(RIVAL)
    for store in (STORE, RIVAL_STORE):
        event = {
            "id": "e2", "type": "purchase.paid", "version": 1, "tenantId": TENANT, "storeId": store,
            "occurredAt": "2026-11-20T10:00:00Z",
            "data": {
                "sessionId": NAMES["sessionId"].rival, "userId": BOB, "checkoutId": "c1", "total": 1, "currency": "EUR",
                "items": 1, "paidAt": "2026-11-20T10:00:00Z",
            },
        }  # fmt: skip
        assert mall.deliver("/push/notices-of-checkouts", event, tenantId=TENANT).status_code == 204
    assert mall.database.dead_letters.count_documents({"tenantId": TENANT, "code": "NOT_THIS_SHOPPERS"}) == 2
    theirs = {"tenantId": TENANT, "storeId": STORE, "userId": BOB, "sessionId": NAMES["sessionId"].rival}
    assert mall.call("/tasks/attend", theirs).status_code == 204
    with mall.seen.recorded() as asked:
        assert mall.call("/jobs/sweep-notices").status_code == 204
    assert asked == [("find", "notices")]
    assert mall.dump(RIVAL) == before
