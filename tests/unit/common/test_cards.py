"""A card says what is deployed; a card that is wrong says where, in a sentence."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.common import cards

HTTP = {
    "kind": "http", "target": "prices", "public": True, "cpu": 1, "memory": "512Mi", "concurrency": 80,
    "minInstances": 0, "maxInstances": 10, "timeout": 30, "routes": ["/v1/prices"],
}  # fmt: skip
SUBSCRIPTION = {
    "topic": "price-updates", "path": "/push/price-updates/{tenantId}", "ordering": True, "ackDeadline": 30,
    "minBackoff": 1, "maxBackoff": 60, "maxDeliveryAttempts": 5, "deadLetter": "price-dead",
}  # fmt: skip
EVENTS = {
    "kind": "events", "target": "apply_prices", "public": False, "cpu": 1, "memory": "512Mi",
    "concurrency": 200, "minInstances": 1, "maxInstances": 10, "timeout": 60,
    "subscriptions": {"price-updates": SUBSCRIPTION},
    "schedules": {"sweep": {"every": 60, "path": "/jobs/sweep"}},
}  # fmt: skip
CARD: dict[str, Any] = {
    "room": "price_ingest",
    "purpose": "Takes prices in and applies them.",
    "doors": {"http": HTTP, "apply": EVENTS},
    "topics": {
        "price-updates": {"perTenant": True, "description": "Prices as the ERP sends them."},
        "price-dead": {"perTenant": True, "description": "Prices that could not be applied."},
    },
}


def load(folder: Path, *documents: dict[str, Any]) -> tuple[cards.Card, ...]:
    for document in documents:
        (folder / document["room"]).mkdir(parents=True)
        (folder / document["room"] / cards.CARD).write_text(yaml.safe_dump(document))
    return cards.load_cards(folder)


def changed(path: str, value: Any) -> dict[str, Any]:
    document = deepcopy(CARD)
    *parents, last = path.split(".")
    entry = document
    for parent in parents:
        entry = entry[parent]
    if value is None:
        del entry[last]
    else:
        entry[last] = value
    return document


def test_the_http_door_has_the_name_of_the_room_and_other_doors_add_their_own() -> None:
    assert cards.service_name("price_ingest", "http") == "price-ingest"
    assert cards.service_name("price_ingest", "apply") == "price-ingest-apply"


def test_a_card_is_read_with_all_it_says(tmp_path: Path) -> None:
    (card,) = load(tmp_path, CARD)
    assert card.doors["http"].routes == ("/v1/prices",)
    assert card.doors["apply"].subscriptions["price-updates"].dead_letter == "price-dead"
    assert card.doors["apply"].schedules["sweep"].every == 60
    assert card.topics["price-updates"].per_tenant


def test_each_tenant_has_its_own_topic_subscription_and_push_path(tmp_path: Path) -> None:
    acme, zed = cards.pushes(load(tmp_path, CARD), ["acme", "zed"])
    assert acme.id == "price-ingest-apply-price-updates-acme"
    assert acme.topic_id == "price-updates-acme"
    assert acme.dead_letter_topic_id == "price-dead-acme"
    assert acme.path == "/push/price-updates/acme"
    assert zed.path == "/push/price-updates/zed"


def test_a_topic_per_tenant_has_no_id_without_a_tenant(tmp_path: Path) -> None:
    (card,) = load(tmp_path, CARD)
    with pytest.raises(ValueError, match="which tenant"):
        cards.topic_id(card.topics["price-updates"])


def test_a_queue_belongs_to_its_service() -> None:
    assert cards.queue_id("catalog-tasks", "publish") == "catalog-tasks-publish"


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("doors.http.memroy", "1Gi", "doors.http has the unknown key memroy"),
        ("doors.http.target", None, "doors.http: 'target' is a required property"),
        ("doors.http.routes", None, "doors.http: 'routes' is a required property"),
        ("doors.apply.routes", ["/v1/x"], "doors.apply.routes does not belong to a door of this kind"),
        ("doors.apply.public", True, "doors.apply.public: False was expected"),
        ("doors.http.subscriptions", {"a-b": SUBSCRIPTION}, "doors.http.subscriptions does not belong"),
        ("doors.apply.subscriptions.price-updates.maxDeliveryAttempts", 4, "4 is less than the minimum of 5"),
        ("doors.apply.subscriptions.price-updates.maxDeliveryAttempts", None, "'maxDeliveryAttempts' is a dep"),
        ("doors.apply.schedules.sweep.cron", "* * * * *", "is valid under each of"),
        ("purpose", "Prices", "purpose: 'Prices'"),
        ("room", "prices", "room is 'prices', but the folder is 'price_ingest'"),
    ],
)
def test_a_mistake_is_told_with_its_place(path: str, value: Any, sentence: str) -> None:
    assert any(sentence in mistake for mistake in cards.mistakes_of(changed(path, value), "price_ingest"))


def test_an_invalid_card_is_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(cards.CardInvalid, match=r"price_ingest/function.yaml: doors\.http has the unknown"):
        load(tmp_path, changed("doors.http.memroy", "1Gi"))


def test_two_rooms_cannot_own_one_topic(tmp_path: Path) -> None:
    loaded = load(tmp_path, CARD, {**CARD, "room": "other"})
    with pytest.raises(cards.CardInvalid, match="other and price_ingest both own"):
        cards.topics(loaded)


def test_a_subscription_to_a_topic_nobody_owns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cards.CardInvalid, match="no room owns the topic price-dead"):
        cards.pushes(load(tmp_path, changed("topics.price-dead", None)), ["acme"])


class TestRouteMap:
    @pytest.fixture
    def routes(self, tmp_path: Path) -> cards.RouteMap:
        def card(room: str, *routes: str) -> dict[str, Any]:
            return {"room": room, "purpose": "Serves these routes.", "doors": {"http": HTTP | {"routes": list(routes)}}}

        return cards.RouteMap(
            load(
                tmp_path,
                card("catalog", "/v1/stores", "/v1/stores/{storeId}/products"),
                card("scan", "/v1/scan"),
                card("stock", "/v1/stores/{storeId}/stock", "/v1/stores/main"),
            )
        )

    @pytest.mark.parametrize(
        ("path", "room"),
        [
            ("/v1/scan", "scan"),
            ("/v1/scan/4006381333931", "scan"),
            ("/v1/stores", "catalog"),
            ("/v1/stores/s1", "catalog"),
            ("/v1/stores/s1/products/1", "catalog"),
            ("/v1/stores/s1/stock", "stock"),
            ("/v1/stores/main", "stock"),
        ],
    )
    def test_the_longest_route_wins_and_a_name_wins_over_a_placeholder(
        self, routes: cards.RouteMap, path: str, room: str
    ) -> None:
        door = routes.door_for(path)
        assert door is not None
        assert door.room == room

    @pytest.mark.parametrize("path", ["/", "/v1", "/v1/scanner", "/v2/scan", ""])
    def test_a_path_is_matched_by_whole_segments_or_not_at_all(self, routes: cards.RouteMap, path: str) -> None:
        assert routes.door_for(path) is None
