"""Events of price changes: under ids that a redelivery finds again, and never too large."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from functions.price_ingest import announcing
from functions.price_ingest.announcing import Announced
from functions.price_ingest.domain import Change

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def announced(e: str, *, store: str = "s1", field: Any = "price", new: int = 2) -> Announced:
    currency = "EUR" if field == "price" else None
    return Announced(store, "4006381333931", Change(field, 1, new, currency, e, 1_795_168_800_000_001, 9))


def events(*changes: Announced, of: set[str] | None = None, **options: Any) -> list[dict[str, Any]]:
    made = announcing.events("t1", changes, NOW, of={"m1", "m2"} if of is None else of, **options)
    return [orjson.loads(message.data) for message in made]


def test_a_change_says_what_it_was_what_it_is_and_since_when() -> None:
    (event,) = events(announced("m1/0"))
    assert (event["type"], event["version"], event["tenantId"], event["storeId"]) == (
        "catalog.price_changed",
        1,
        "t1",
        "s1",
    )
    assert event["data"]["changes"] == [
        {
            "barcode": "4006381333931",
            "field": "price",
            "old": 1,
            "new": 2,
            "currency": "EUR",
            "sourceTime": "2026-11-20T10:00:00.000001Z",
            "ver": 9,
        }
    ]


def test_subscriptions_can_filter_by_type_and_store() -> None:
    (message,) = announcing.events("t1", [announced("m1/0")], NOW, of={"m1"})
    assert message.attributes["type"] == "catalog.price_changed"
    assert message.attributes["storeId"] == "s1"


def test_each_message_and_store_has_an_event_of_its_own() -> None:
    made = events(announced("m1/0"), announced("m2/0"), announced("m1/1"), announced("m1/2", store="s2"))
    assert [len(event["data"]["changes"]) for event in made] == [2, 1, 1]
    assert len({event["id"] for event in made}) == 3


def test_the_ids_do_not_depend_on_what_else_is_in_the_round() -> None:
    (alone,) = events(announced("m1/0"))
    together = events(announced("m2/0"), announced("m1/1"), announced("m1/0"))
    assert alone["id"] in [event["id"] for event in together]


def test_ids_differ_between_tenants() -> None:
    assert announcing.event_id("t1", "m1", "s1", 0) != announcing.event_id("t2", "m1", "s1", 0)


def test_an_event_never_holds_more_than_the_contract_allows() -> None:
    changes = [announced(f"m1/{n}", field=field) for n in range(600) for field in ("price", "stock")]
    made = events(*changes)
    assert [len(event["data"]["changes"]) for event in made] == [500, 500, 200]
    # Of a redelivery, half may have been superseded: what is left keeps its event.
    assert {event["id"] for event in events(*changes[::3])} == {event["id"] for event in made}


def test_a_message_that_failed_is_not_announced_yet() -> None:
    assert len(events(announced("m1/0"), announced("m2/0"), of={"m2"})) == 1


def test_what_was_parked_is_announced_on_its_own() -> None:
    (parked,) = events(announced("m1/0"), parked=True, of=set())
    (regular,) = events(announced("m1/0"))
    assert parked["id"] != regular["id"]
    assert parked["id"] == events(announced("m1/0"), parked=True, of=set())[0]["id"]
