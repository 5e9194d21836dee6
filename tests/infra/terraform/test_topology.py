"""Terraform reads the cards as the suite does: the same names, and a sentence for a card that does not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.common import cards
from local.topology import build
from retailscan import rooms
from tests.infra.terraform.conftest import ROOT, Workspace

TENANTS = ("casaverde", "fresko", "nordmarkt")
SAID = "tests/said"


class Refused(Exception):
    """Terraform says no; the message is all that it said."""


ASK = """
variable "functions_dir" { type = string }
module "topology" {
  source        = "../../modules/topology"
  functions_dir = var.functions_dir
  tenants       = %s
}
output "said" { value = module.topology }
"""


def said(workspace: Workspace) -> dict[str, Any]:
    """Everything that modules/topology says of the copy's cards. Raises Refused."""
    folder = workspace.root / "infra" / "terraform" / SAID
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text(ASK % json.dumps(TENANTS))
    workspace.init(SAID)
    plan = str(workspace.root / "plan.bin")
    done = workspace.run(SAID, "plan", "-no-color", f"-var=functions_dir={workspace.functions}", f"-out={plan}")
    if done.status != 0:
        raise Refused(done.said)
    shown = json.loads(workspace.run(SAID, "show", "-json", plan).out)
    found: dict[str, Any] = shown["planned_values"]["outputs"]["said"]["value"]
    return found


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    from tests.infra.terraform import conftest

    if not conftest.TOOLS.terraform:
        pytest.skip("terraform is not installed")
    return said(conftest.copy(tmp_path_factory.mktemp("topology"), None))


@pytest.fixture(scope="module")
def loaded() -> tuple[cards.Card, ...]:
    return cards.load_cards()


def test_every_door_of_every_card_is_a_service(topology: dict[str, Any], loaded: tuple[cards.Card, ...]) -> None:
    assert {
        door.service: (door.kind, door.public, door.cpu, door.memory, door.concurrency, door.timeout)
        for door in cards.doors(loaded)
    } == {
        service: tuple(door[key] for key in ("kind", "public", "cpu", "memory", "concurrency", "timeout"))
        for service, door in topology["doors"].items()
    }


def test_routes_are_tried_in_the_order_in_which_the_gateway_tries_them(
    topology: dict[str, Any], loaded: tuple[cards.Card, ...]
) -> None:
    wanted = [(route, door.service if door.public else None) for route, door in cards.RouteMap(loaded)]
    found = [(each["path"], each["service"]) for each in sorted(topology["routes"], key=lambda each: each["priority"])]
    assert sorted(found, key=str) == sorted(wanted, key=str)

    def rank(route: str) -> tuple[int, tuple[bool, ...]]:
        parts = route.strip("/").split("/")
        return len(parts), tuple(not part.startswith("{") for part in parts)

    ranks = [rank(route) for route, _ in found]
    assert ranks == sorted(ranks, reverse=True)


def test_topics_subscriptions_queues_and_schedules_have_the_names_of_the_local_cloud(
    topology: dict[str, Any], loaded: tuple[cards.Card, ...]
) -> None:
    local = build(loaded, TENANTS)
    assert sorted(topology["topics"]) == sorted(local.topics)
    assert sorted(topology["queues"]) == sorted(queue.id for queue in local.queues)
    assert sorted(topology["schedules"]) == sorted(schedule.id for schedule in local.schedules)
    assert {push.id: (push.topic_id, push.path, push.dead_letter_topic_id) for push in local.pushes} == {
        name: (each["topic"], each["path"], each["dead_letter_topic"])
        for name, each in topology["subscriptions"].items()
    }


def test_an_event_goes_to_the_topic_of_its_contract(topology: dict[str, Any]) -> None:
    published = {kind for card in cards.load_cards() for kind in card.publishes}
    assert topology["events"] == {
        kind: each.topic for (kind, _), each in rooms.event_kinds().items() if kind in published
    }


def test_the_cards_of_the_repository_fit_together(topology: dict[str, Any]) -> None:
    assert topology["mistakes"] == []


def test_each_room_with_collections_has_a_job_that_brings_them_about(
    topology: dict[str, Any], loaded: tuple[cards.Card, ...]
) -> None:
    migrate = {job["room"] for job in topology["jobs"].values() if job["args"] == ["migrate"]}
    assert migrate == {card.room for card in loaded if card.collections}
    declared = {f"{cards.service_name(card.room, name)}" for card in loaded for name in card.jobs}
    assert declared == {name for name, job in topology["jobs"].items() if job["args"] != ["migrate"]}


def test_what_is_asked_from_outside_every_minute_is_a_path_that_answers(loaded: tuple[cards.Card, ...]) -> None:
    """401 without a token and 405 for another method are answers; 404 would wake somebody for nothing."""
    for each in loaded:
        known = {route.path for door in rooms.http_doors(each.room) for route in door.routes}
        for public in (one for one in each.doors.values() if one.public):
            written = [route for route in public.routes if "{" not in route]
            assert not written or written[0] in known, f"{public.service}: nothing is at {written[0]}"


def test_the_audit_runs_every_hour_and_only_reads(topology: dict[str, Any]) -> None:
    (audit,) = (job for job in topology["jobs"].values() if job["args"] == ["audit"])
    assert audit["cron"] == "17 * * * *"
    assert audit["database"] == "read"


# --- cards that do not fit

Spoil = Callable[[dict[str, Any]], object]


def change(workspace: Workspace, room: str, spoil: Spoil) -> None:
    path = workspace.functions / room / "function.yaml"
    card = yaml.safe_load(path.read_text())
    spoil(card)
    path.write_text(yaml.safe_dump(card))


def door(card: dict[str, Any], name: str = "http") -> dict[str, Any]:
    found: dict[str, Any] = card["doors"][name]
    return found


def subscription(card: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = door(card, "apply")["subscriptions"]["price-updates"]
    return found


MISTAKES: dict[str, tuple[str, Spoil, str]] = {
    "a misspelt key of a door": (
        "scan",
        lambda card: door(card).update(memroy="1Gi"),
        "functions/scan: doors.http has the unknown key memroy",
    ),
    "a misspelt key of the card": (
        "scan",
        lambda card: card.update(colections=["carts"]),
        "functions/scan: the card has the unknown key colections",
    ),
    "a misspelt key of a subscription": (
        "price_ingest",
        lambda card: subscription(card).update(deadletter="x"),
        "functions/price_ingest: doors.apply.subscriptions.price-updates has the unknown key deadletter",
    ),
    "a misspelt key of a job": (
        "catalog",
        lambda card: card["jobs"]["audit"].update(evry=60),
        "functions/catalog: jobs.audit has the unknown key evry",
    ),
    "a key that is missing": (
        "scan",
        lambda card: door(card).pop("cpu"),
        "functions/scan: doors.http lacks cpu",
    ),
    "a topic that nobody publishes": (
        "price_ingest",
        lambda card: (
            card["topics"].update({"rumours": {"description": "What nobody tells."}}),
            subscription(card).update(topic="rumours", path="/push/rumours"),
        ),
        "listens to the topic rumours, to which nobody publishes",
    ),
    "a topic that nobody owns": (
        "price_ingest",
        lambda card: subscription(card).update(topic="gossip"),
        "uses the topic gossip, which nobody owns",
    ),
    "a dead letter that nobody reads": (
        "price_ingest",
        lambda card: door(card, "events")["subscriptions"].pop("dead-letters"),
        "the dead-letter topic price-updates-dead has no subscription: its messages would be lost",
    ),
    "a subscription without an end": (
        "price_ingest",
        lambda card: (subscription(card).pop("deadLetter"), subscription(card).pop("maxDeliveryAttempts")),
        "has no dead letter: what cannot be applied would come back for ever",
    ),
    "a route that two doors claim": (
        "scan",
        lambda card: door(card)["routes"].append("/v1/stores"),
        "both claim the route /v1/stores",
    ),
    "a role that nobody grants": (
        "scan",
        lambda card: door(card).update(roles=["roles/owner"]),
        "scan asks for roles/owner, which modules/door does not know how to grant",
    ),
    "a schedule that drifts": (
        "price_ingest",
        lambda card: door(card, "events").update(schedules={"odd": {"every": 420, "path": "/jobs/odd"}}),
        "every 420 seconds divides neither an hour nor a day",
    ),
    "a card of another room": (
        "scan",
        lambda card: card.update(room="scam"),
        "functions/scan: the card calls the room scam",
    ),
    "a name that no account can have": (
        "catalog",
        lambda card: card["jobs"].update({"looks-at-everything": card["jobs"].pop("audit")}),
        "the job looks-at-everything of catalog: a service account's name has at most 30 characters",
    ),
    "a schema that nobody wrote": (
        "price_ingest",
        lambda card: card["topics"]["price-updates"].update(schema="prices.proto"),
        "the topic price-updates has the schema prices.proto, which is not in functions/price_ingest",
    ),
    "an event that nobody tells": (
        "scan",
        lambda card: card.update(events={"consumes": ["catalog.product_melted"]}),
        "scan consumes catalog.product_melted, which nobody publishes",
    ),
}


@pytest.mark.parametrize(("room", "spoil", "sentence"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_card_that_does_not_fit_fails_with_a_sentence(
    offline: Workspace, room: str, spoil: Spoil, sentence: str
) -> None:
    change(offline, room, spoil)
    with pytest.raises(Refused) as refused:
        said(offline)
    assert sentence in str(refused.value)


def test_a_folder_that_is_gone_takes_exactly_its_own_things_along(offline: Workspace, tmp_path: Path) -> None:
    everything = build(cards.load_cards(), TENANTS)
    (offline.functions / "scan" / "function.yaml").unlink()
    left = said(offline)
    assert set(everything.services) - set(left["doors"]) == {"scan"}
    assert sorted(left["topics"]) == sorted(everything.topics)


def test_functions_dir_must_hold_rooms(offline: Workspace) -> None:
    (offline.functions / "common" / "card.schema.json").unlink()
    with pytest.raises(Refused, match="name the folder that holds the rooms"):
        said(offline)


def test_no_value_of_an_environment_stands_on_a_card() -> None:
    for path in ROOT.glob("functions/*/function.yaml"):
        assert not {"environments", "dev", "staging", "prod"} & set(yaml.safe_load(path.read_text())), path
