"""What a change of cards or tenants brings about and what it leaves alone, with no line of Terraform for it."""

from __future__ import annotations

import re
from typing import Any

import yaml

from functions.common import cards
from infra.policies import plan as plans
from infra.policies import rules
from infra.policies.plan import Resource
from tests.infra.terraform.conftest import ROOT, Workspace

SERVICE, JOB = "google_cloud_run_v2_service", "google_cloud_run_v2_job"
SHARED = {
    "google_compute_url_map": "leads to all rooms",
    "google_compute_security_policy": "counts the requests to all rooms",
    "google_monitoring_alert_policy": "one alert says of all public services that they are slow",
    "google_monitoring_slo": "one objective says of all that comes from tenants' systems how long it waits",
}
"""What belongs to no room alone and may change with any, and why."""

OF_A_DOOR = {"target": "bakery", "cpu": 1, "memory": "512Mi", "concurrency": 8, "minInstances": 0, "maxInstances": 3}
OF_A_PUSH = {"ackDeadline": 60, "minBackoff": 1, "maxBackoff": 60}
BAKERY: dict[str, Any] = {
    "room": "bakery",
    "purpose": "Something of everything that a card may ask for.",
    "doors": {
        "http": {
            **OF_A_DOOR,
            **{"kind": "http", "public": True, "timeout": 30},
            "routes": ["/bread", "/v1/stores/{storeId}/ovens"],
            "secrets": ["MONGODB_URI", "OVEN_KEY"],
            "env": ["BREAD_BUCKET", "PUBLIC_API_URL"],
            "roles": ["roles/pubsub.publisher", "roles/storage.objectUser"],
        },
        "work": {
            **OF_A_DOOR,
            **{"kind": "events", "public": False, "timeout": 60, "secrets": ["MONGODB_URI"]},
            "subscriptions": {
                "loaves": {
                    **OF_A_PUSH,
                    **{"topic": "bakery-events", "path": "/push/loaves", "filter": 'attributes.type = "bakery.baked"'},
                    **{"maxDeliveryAttempts": 5, "deadLetter": "loaves-dead"},
                },
                "loaves-dead": {**OF_A_PUSH, "topic": "loaves-dead", "path": "/push/loaves-dead"},
                "orders": {
                    **OF_A_PUSH,
                    **{"topic": "bakery-orders", "path": "/push/orders/{tenantId}"},
                    **{"maxDeliveryAttempts": 5, "deadLetter": "bakery-orders-dead"},
                },
                "orders-dead": {**OF_A_PUSH, "topic": "bakery-orders-dead", "path": "/push/orders-dead/{tenantId}"},
            },
            "queues": {
                "bake": {
                    **{"path": "/tasks/bake", "maxDispatchesPerSecond": 5, "maxConcurrentDispatches": 2},
                    **{"maxAttempts": 10, "minBackoff": 1, "maxBackoff": 60},
                }
            },
            "schedules": {"heat": {"path": "/jobs/heat", "cron": "0 4 * * *", "timeZone": "Europe/Berlin"}},
        },
    },
    "topics": {
        "bakery-events": {"description": "What became of the bread."},
        "loaves-dead": {"description": "Loaves that nobody took."},
        "bakery-orders": {"description": "What a tenant wants baked.", "perTenant": True, "schema": "orders.proto"},
        "bakery-orders-dead": {"description": "Orders that failed.", "perTenant": True},
    },
    "events": {"publishes": ["bakery.baked"]},
    "collections": ["loaves"],
    "uses": {"read": ["stores"]},
    "jobs": {
        "count": {
            **{"purpose": "Counts the bread of the day.", "args": ["audit"], "cpu": 1, "memory": "512Mi"},
            **{"timeout": 600, "secrets": ["MONGODB_URI"], "database": "room"},
            **{"cron": "30 22 * * *", "timeZone": "Europe/Berlin"},
        }
    },
}
BAKERYS_OWN = re.compile(r"bakery|loaves|oven-key|OVEN_KEY|BREAD_BUCKET")


def resources(document: dict[str, Any]) -> dict[str, Resource]:
    """What a plan holds, by address."""
    return {each.address: each for each in plans.read(document).resources}


def changed(before: dict[str, Resource], after: dict[str, Resource]) -> list[str]:
    """What is in both and not the same."""
    return [address for address in after if address in before and after[address].values != before[address].values]


def test_a_new_room_is_a_new_folder_and_no_line_of_terraform(workspace: Workspace, spoiled: Workspace) -> None:
    assert cards.mistakes_of(BAKERY, "bakery") == []
    home = spoiled.functions / "bakery"
    home.mkdir()
    (home / "function.yaml").write_text(yaml.safe_dump(BAKERY))
    (home / "orders.proto").write_text('syntax = "proto3"; message Order { string loaf = 1; }')
    document = spoiled.plan("prod")
    before, after = resources(workspace.plan("prod")), resources(document)

    assert set(before) - set(after) == set()
    assert [address for address in set(after) - set(before) if not BAKERYS_OWN.search(address)] == []
    assert {after[address].type for address in changed(before, after)} <= set(SHARED)
    assert rules.breaches(plans.read(document)) == []

    new = [after[address] for address in set(after) - set(before)]

    def names(kind: str, attribute: str = "name") -> set[str]:
        return {each.get(attribute) for each in new if each.type == kind}

    tenants = ("casaverde", "fresko", "nordmarkt")
    assert names(SERVICE) == {"bakery", "bakery-work"}
    assert names(JOB) == {"bakery-migrate", "bakery-count"}
    assert names("google_cloud_scheduler_job") == {"bakery-work-heat", "run-bakery-count"}
    assert {each.get("time_zone") for each in new if each.type == "google_cloud_scheduler_job"} == {"Europe/Berlin"}
    assert names("google_cloud_tasks_queue") == {"bakery-work-bake"}
    own = {"bakery-events", "loaves-dead"}
    of_tenants = {f"bakery-orders{dead}-{tenant}" for tenant in tenants for dead in ("", "-dead")}
    assert names("google_pubsub_topic") == own | of_tenants
    assert names("google_pubsub_schema") == {f"bakery-orders-{tenant}" for tenant in tenants}
    assert names("google_storage_bucket") == {"retailscan-prod-bread"}
    assert names("google_secret_manager_secret", "secret_id") == {"oven-key"}
    assert names("google_service_account", "account_id") == {
        *("door-bakery", "door-bakery-work", "job-bakery-migrate", "job-bakery-count", "call-bakery"),
    }
    assert names("mongodbatlas_custom_db_role", "role_name") == {"room-bakery", "migrate-bakery"}
    assert names("google_monitoring_uptime_check_config", "display_name") == {"bakery"}
    assert names("google_compute_backend_service") == {"retailscan-bakery", "retailscan-candidate-bakery"}
    (http,) = (each for each in new if each.type == SERVICE and each.get("name") == "bakery")
    env = {each["name"]: each.get("value") for each in plans.containers(http)[0]["env"]}
    assert env["BREAD_BUCKET"] == "retailscan-prod-bread"
    assert env["PUBLIC_API_URL"] == "https://api.retailscan.example.com"
    routes = document["planned_values"]["outputs"]["routes"]["value"]
    assert {each["path"] for each in routes if each["service"] == "bakery"} == set(BAKERY["doors"]["http"]["routes"])


def marks(room: str, all_cards: tuple[cards.Card, ...]) -> tuple[str, ...]:
    """What an address of the room holds: its name, or a bucket or secret that only its doors name."""
    names = {
        card.room: {name for door in card.doors.values() for name in (*door.env, *door.secrets)} for card in all_cards
    }
    own = names[room] - set().union(*(theirs for other, theirs in names.items() if other != room))
    ids = (name.lower().replace("_", "-") for name in own)
    return room, room.replace("_", "-"), *(f'["{name}"]' for name in (*own, *ids))


def test_removing_rooms_folders_removes_exactly_their_resources(workspace: Workspace, spoiled: Workspace) -> None:
    before = resources(workspace.plan("prod"))
    rooms = ("scan", "import_publish")
    for room in rooms:
        (spoiled.functions / room / "function.yaml").unlink()
    after = resources(spoiled.plan("prod"))
    assert set(after) - set(before) == set()
    own = [mark for room in rooms for mark in marks(room, cards.load_cards())]
    strangers = [a for a in sorted(set(before) - set(after)) if not any(mark in a for mark in own)]
    assert strangers == [], "another room lost something"
    for room in rooms:
        left = [a for a in sorted(after) if re.search(rf'"(?:door-|job-)?{room.replace("_", "-")}(-|")', a)]
        assert left == [], "something of it is still there"
    assert {after[address].type for address in changed(before, after)} <= set(SHARED)


def test_a_new_tenant_gets_what_is_its_own_and_nothing_else_changes(workspace: Workspace, spoiled: Workspace) -> None:
    """By the very line that infra/README.md shows."""
    shown = re.search(r"```hcl\ntenants = {\n(.*?)\n}\n```", (ROOT / "infra" / "README.md").read_text(), re.DOTALL)
    assert shown
    values = spoiled.root / "infra" / "terraform" / "environments" / "prod.tfvars"
    values.write_text(values.read_text().replace("\ntenants = {\n", f"\ntenants = {{\n{shown[1]}\n"))
    before, after = resources(workspace.plan("prod")), resources(spoiled.plan("prod"))
    erp = "erp@tante-emma-systems.iam.gserviceaccount.com"
    assert set(before) - set(after) == set()
    assert changed(before, after) == []
    new = {address: after[address] for address in set(after) - set(before)}
    assert [address for address in new if "tante-emma" not in address] == []
    topics = {each.get("name") for each in new.values() if each.type == "google_pubsub_topic"}
    assert topics == {"price-updates-tante-emma", "price-updates-dead-tante-emma"}
    given = {
        (each.get("topic"), each.get("member"))
        for each in new.values()
        if each.type == "google_pubsub_topic_iam_member" and erp in each.get("member")
    }
    assert given == {("price-updates-tante-emma", f"serviceAccount:{erp}")}
