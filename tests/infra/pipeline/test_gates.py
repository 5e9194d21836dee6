"""What stops a build before anything is deployed: vulnerabilities with a fix, and plans that destroy data."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from infra import pipeline
from infra.pipeline import Failed
from infra.pipeline.plans import refused, summary, target
from infra.pipeline.vulnerabilities import Accepted, exceptions, judge

TODAY = date(2026, 11, 21)


def occurrence(name: str, severity: str, *, fix: bool = True, package: str = "openssl") -> dict[str, Any]:
    """As the on-demand scanner lists it."""
    issue = {"affectedPackage": package, "fixAvailable": fix}
    return {
        "noteName": f"projects/goog-vulnz/notes/{name}",
        "vulnerability": {"effectiveSeverity": severity, "packageIssue": [issue]},
    }


def found(*occurrences: dict[str, Any], accepted: dict[str, Accepted] | None = None) -> tuple[list[str], list[str]]:
    return judge({"scan": occurrences}, accepted or {}, TODAY)


@pytest.mark.parametrize("severity", ["CRITICAL", "HIGH"])
def test_what_is_serious_and_can_be_mended_stops_the_build(severity: str) -> None:
    assert found(occurrence("CVE-1", severity)) == ([f"scan: CVE-1 ({severity}) in openssl, and there is a fix"], [])


def test_what_is_serious_and_cannot_be_mended_is_told() -> None:
    assert found(occurrence("CVE-1", "HIGH", fix=False)) == (
        [],
        ["scan: CVE-1 (HIGH) in openssl, without a fix so far"],
    )


@pytest.mark.parametrize("severity", ["MEDIUM", "LOW", "MINIMAL", "SEVERITY_UNSPECIFIED"])
def test_what_is_not_serious_is_left_to_the_next_base_image(severity: str) -> None:
    assert found(occurrence("CVE-1", severity)) == ([], [])


def test_an_exception_holds_until_its_day_and_no_longer() -> None:
    until = {"CVE-1": Accepted("CVE-1", TODAY, "we do not parse certificates of others")}
    assert found(occurrence("CVE-1", "HIGH"), accepted=until)[0] == []
    over = {"CVE-1": Accepted("CVE-1", date(2026, 11, 20), "we do not parse certificates of others")}
    assert found(occurrence("CVE-1", "HIGH"), accepted=over)[0] == [
        "scan: CVE-1 (HIGH) in openssl, accepted only until 2026-11-20"
    ]


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "CVE-1", "until": "2026-12-31"},
        {"id": "CVE-1", "until": "2026-12-31", "reason": " "},
        {"id": "CVE-1", "until": "some day", "reason": "because"},
    ],
)
def test_an_exception_without_a_reason_or_an_end_is_refused(entry: dict[str, str]) -> None:
    with pytest.raises(Failed):
        exceptions([entry])


def test_the_exceptions_that_are_committed_can_be_read() -> None:
    path = Path(pipeline.__file__).with_name("accepted-vulnerabilities.json")
    exceptions(json.loads(path.read_text()))


def change(address: str, *actions: str) -> dict[str, Any]:
    kind = address.split(".")[-2]
    return {"address": address, "type": kind, "change": {"actions": list(actions)}}


def plan(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"resource_changes": list(changes)}


@pytest.mark.parametrize(
    "address",
    [
        "module.atlas.mongodbatlas_advanced_cluster.this",
        "module.cache.google_memorystore_instance.this",
        'module.topics["price-updates"].google_pubsub_topic.this',
        "google_storage_bucket.imports",
        "google_kms_crypto_key.data",
    ],
)
@pytest.mark.parametrize("actions", [("delete",), ("delete", "create"), ("create", "delete")])
def test_what_holds_data_is_not_destroyed_unasked(address: str, actions: tuple[str, ...]) -> None:
    planned = plan(change(address, *actions))
    assert refused(planned, []) == [address]
    assert refused(planned, [address]) == []


@pytest.mark.parametrize(
    "harmless",
    [
        change("google_pubsub_topic.this", "update"),
        change("google_cloud_run_v2_service.this", "delete"),
        change("google_pubsub_topic_iam_member.erp", "delete"),
        change("google_storage_bucket.imports", "no-op"),
    ],
)
def test_what_holds_nothing_may_come_and_go(harmless: dict[str, Any]) -> None:
    assert refused(plan(harmless), []) == []


def test_a_plan_is_told_in_figures() -> None:
    planned = plan(
        change("google_cloud_run_v2_service.a", "create"),
        change("google_cloud_run_v2_service.b", "delete", "create"),
        change("google_cloud_run_v2_service.c", "update"),
        change("google_cloud_run_v2_service.d", "no-op"),
    )
    assert summary(planned) == "2 to create, 1 to change, 1 to destroy"


def test_a_plan_says_where_it_leads() -> None:
    variables = {
        "project": {"value": {"id": "shop-prod", "number": "1"}},
        "region": {"value": {"google": "europe-west1", "atlas": "WESTERN_EUROPE"}},
        "domain": {"value": "api.shop.example"},
    }
    assert target({"variables": variables}) == {
        "project": "shop-prod",
        "location": "europe-west1",
        "domain": "api.shop.example",
    }
    del variables["domain"]
    with pytest.raises(Failed, match="the plan does not say where it leads: variables lack 'domain'"):
        target({"variables": variables})


def test_terraform_has_the_variables_and_outputs_that_are_asked_for() -> None:
    folder = Path(pipeline.__file__).parents[1] / "terraform" / "environment"
    declared = (folder / "variables.tf").read_text() + (folder / "admission.tf").read_text()
    for name in ("project", "region", "domain", "images"):
        assert f'variable "{name}"' in declared
    assert 'output "migrations"' in (folder / "outputs.tf").read_text()
