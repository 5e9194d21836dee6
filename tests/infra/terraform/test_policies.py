"""Each of our own policies finds what it is there to find."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from infra.policies import __main__ as command
from infra.policies import plan, rules
from tests.infra.terraform.conftest import ENVIRONMENTS, ROOT, Workspace

FIXTURES = sorted((ROOT / "infra" / "policies" / "fixtures").glob("*.json"))


@pytest.mark.parametrize("path", FIXTURES, ids=[path.stem for path in FIXTURES])
def test_a_bad_plan_is_refused_by_its_rule(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = json.loads(path.read_text())
    assert command.main([str(path)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert any(line.startswith(f"{path.name}: {bad['breaks']}: ") and bad["says"] in line for line in said), said


def test_every_rule_has_a_bad_plan() -> None:
    assert {json.loads(path.read_text())["breaks"] for path in FIXTURES} == set(rules.RULES)
    assert list(rules.RULES) == [f"G{n}" for n in range(1, 12)]


def test_an_empty_plan_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text('{"resource_changes": []}')
    assert command.main([str(tmp_path / "plan.json")]) == 0


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_environment_breaks_a_policy(workspace: Workspace, environment: str) -> None:
    assert rules.breaches(plan.read(workspace.plan(environment))) == []


def test_the_bootstrap_breaks_no_policy(workspace: Workspace) -> None:
    assert rules.breaches(plan.read(workspace.bootstrap())) == []


Break = Callable[[dict[str, Any]], object]


def template(after: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = after["template"][0]
    return found


# One change to the real plan of production, and the rule that must see it.
BREAKS: dict[str, tuple[str, str, Break]] = {
    "a worker for everybody": (
        "G1",
        'module.doors["catalog-jobs"].google_cloud_run_v2_service_iam_member.caller[0]',
        lambda after: after.update(member="allUsers"),
    ),
    "a worker from outside": (
        "G2",
        'module.doors["catalog-jobs"].google_cloud_run_v2_service.this',
        lambda after: after.update(ingress="INGRESS_TRAFFIC_ALL"),
    ),
    "a public door around the load balancer": (
        "G2",
        'module.doors["scan"].google_cloud_run_v2_service.this',
        lambda after: after.update(default_uri_disabled=False),
    ),
    "two doors as one": (
        "G3",
        'module.doors["scan"].google_cloud_run_v2_service.this',
        lambda after: template(after).update(service_account="door-catalog@retailscan-prod.iam.gserviceaccount.com"),
    ),
    "secrets without a bound": (
        "G4",
        'module.doors["import-publish-work"].google_project_iam_member.connection_secrets_read[0]',
        lambda after: after.update(condition=[]),
    ),
    "dead letters that cannot be filled": (
        "G5",
        'module.topics["price-updates-dead-fresko"].google_pubsub_topic_iam_member.publishers["pubsub"]',
        lambda after: after.update(topic="elsewhere"),
    ),
    "a push for another address": (
        "G5",
        'module.subscriptions["price-ingest-apply-price-updates-fresko"].google_pubsub_subscription.this',
        lambda after: after["push_config"][0]["oidc_token"][0].update(audience="https://elsewhere"),
    ),
    "a queue without a signature": (
        "G6",
        'module.queues["import-publish-work-publish"].google_cloud_tasks_queue.this',
        lambda after: after.update(http_target=[]),
    ),
    "redis without a password": (
        "G7",
        "module.cache.google_redis_instance.this",
        lambda after: after.update(auth_enabled=False),
    ),
    "an image by its tag": (
        "G8",
        'module.doors["scan"].google_cloud_run_v2_service.this',
        lambda after: template(after)["containers"][0].update(image="registry/scan:latest"),
    ),
    "messages under another's key": (
        "G8",
        'module.topics["catalog-events"].google_pubsub_topic.this',
        lambda after: after.update(kms_key_name=None),
    ),
    "a cluster that cannot be restored": (
        "G9",
        "module.database.mongodbatlas_advanced_cluster.this",
        lambda after: after.update(pit_enabled=False),
    ),
    "a promise without an alert": (
        "G11",
        'module.observability.google_monitoring_alert_policy.this["outbox_age"]',
        lambda after: after["user_labels"].update(promise="something else"),
    ),
}


@pytest.mark.parametrize(("rule", "address", "spoil"), BREAKS.values(), ids=BREAKS.keys())
def test_one_slip_in_the_plan_of_production_is_seen(
    workspace: Workspace, rule: str, address: str, spoil: Break
) -> None:
    document = deepcopy(workspace.plan("prod"))
    (change,) = (each for each in document["resource_changes"] if each["address"] == address)
    # A key that is only known after the apply is one all the same.
    change["change"]["after_unknown"].pop("kms_key_name", None)
    spoil(change["change"]["after"])
    found = rules.breaches(plan.read(document))
    assert any(breach.startswith(f"{rule}: ") for breach in found), found
