"""The cards become flat lists, by the same names as in the cloud."""

from pathlib import Path

import pytest

from functions.common.cards import CardInvalid, load_cards
from local.topology import Topology, build

DOOR = "public: {public}, cpu: 1, memory: 256Mi, concurrency: 8, minInstances: 0, maxInstances: 1, timeout: 9"
SHOP = f"""
room: shop_floor
purpose: Sells, to try the topology.
doors:
  http: {{kind: http, target: shop, {DOOR.format(public="true")}, routes: [/v1/shop, "/v1/shop/{{shopId}}/secret"]}}
  staff: {{kind: http, target: staff, {DOOR.format(public="false")}, routes: [/v1/shop/staff]}}
  apply:
    kind: events
    target: apply
    {DOOR.format(public="false").replace(", ", chr(10) + "    ")}
    subscriptions:
      prices: {{topic: prices, path: "/push/prices/{{tenantId}}", ackDeadline: 20, minBackoff: 1, maxBackoff: 9,
        maxDeliveryAttempts: 7, deadLetter: prices-dead}}
      news: {{topic: news, path: /push/news, ackDeadline: 20, minBackoff: 1, maxBackoff: 9}}
    queues:
      later: {{path: /tasks/later, maxDispatchesPerSecond: 5, maxConcurrentDispatches: 2, maxAttempts: 3,
        minBackoff: 1, maxBackoff: 9}}
    schedules:
      sweep: {{path: /jobs/sweep, every: 60}}
topics:
  prices: {{perTenant: true, description: New prices of a tenant.}}
  prices-dead: {{perTenant: true, description: What could not be applied.}}
  news: {{description: News that all tenants share.}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    room = tmp_path / "functions" / "shop_floor"
    room.mkdir(parents=True)
    (room / "function.yaml").write_text(SHOP)
    return room.parent


@pytest.fixture
def topology(folder: Path) -> Topology:
    return build(load_cards(folder), ["acme", "bolt"])


def test_a_door_is_a_service(topology: Topology) -> None:
    assert topology.services == ("shop-floor", "shop-floor-staff", "shop-floor-apply")


def test_a_topic_per_tenant_exists_for_each_and_a_shared_one_once(topology: Topology) -> None:
    assert sorted(topology.topics) == ["news", "prices-acme", "prices-bolt", "prices-dead-acme", "prices-dead-bolt"]


def test_a_push_carries_its_tenant_in_id_topic_path_and_dead_letter(topology: Topology) -> None:
    push = next(each for each in topology.pushes if each.tenant_id == "bolt")
    assert (push.id, push.topic_id) == ("shop-floor-apply-prices-bolt", "prices-bolt")
    assert (push.path, push.dead_letter_topic_id) == ("/push/prices/bolt", "prices-dead-bolt")


def test_a_push_of_a_shared_topic_has_no_tenant(topology: Topology) -> None:
    assert [each.id for each in topology.pushes if each.tenant_id is None] == ["shop-floor-apply-news"]


def test_queues_and_schedules_are_named_after_their_service(topology: Topology) -> None:
    assert [each.id for each in topology.queues] == ["shop-floor-apply-later"]
    assert [each.id for each in topology.schedules] == ["shop-floor-apply-sweep"]


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/shop", "shop-floor"),
        ("/v1/shop/17/secret/drawer", "shop-floor"),
        ("/v1/shopping", None),
        ("/v1", None),
        ("/push/prices/acme", None),
        ("/v1/shop/staff", None),
    ],
)
def test_only_public_routes_lead_anywhere(topology: Topology, path: str, service: str | None) -> None:
    assert topology.routes.service_for(path) == service


def test_a_room_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(CardInvalid, match="there is no room exit_gate"):
        build(load_cards(folder), [], rooms=["exit_gate"])


def test_without_the_room_there_is_nothing_of_it_but_its_topics(folder: Path) -> None:
    alone = build(load_cards(folder), ["acme"], rooms=[])
    assert (alone.doors, alone.pushes, alone.queues, alone.schedules) == ((), (), (), ())
    assert "prices-acme" in alone.topics
