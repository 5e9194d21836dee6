"""What lies under the doors: of production and of the bootstrap, read from their plans."""

from __future__ import annotations

import json
import re

import pytest

from infra.policies import plan as plans
from infra.policies.plan import Plan, Resource, last
from tests.infra.terraform.conftest import Workspace


@pytest.fixture(scope="module")
def production(workspace: Workspace) -> Plan:
    return plans.read(workspace.plan("prod"))


@pytest.fixture(scope="module")
def bootstrap(workspace: Workspace) -> Plan:
    return plans.read(workspace.bootstrap())


def the(plan: Plan, kind: str) -> Resource:
    """The one resource of a kind."""
    (found,) = plan.of(kind)
    return found


def test_redis_is_private_with_a_password_tls_a_replica_and_snapshots(production: Plan) -> None:
    redis = the(production, "google_redis_instance")
    assert redis.get("connect_mode") == "PRIVATE_SERVICE_ACCESS"
    assert redis.get("auth_enabled") is True
    assert redis.get("transit_encryption_mode") == "SERVER_AUTHENTICATION"
    assert redis.get("tier") == "STANDARD_HA"
    assert redis.get("persistence_config.persistence_mode") == "RDB"


def test_mongodb_has_one_private_way_in_and_can_be_restored_to_the_minute_from_elsewhere(production: Plan) -> None:
    cluster = the(production, "mongodbatlas_advanced_cluster")
    assert cluster.get("backup_enabled") is True
    assert cluster.get("pit_enabled") is True
    schedule = the(production, "mongodbatlas_cloud_backup_schedule")
    assert schedule.get("restore_window_days") >= 7
    assert schedule.get("copy_settings.should_copy_oplogs") is True
    region = cluster.get("replication_specs.region_configs.region_name")
    assert schedule.get("copy_settings.region_name") != region
    endpoint = the(production, "mongodbatlas_privatelink_endpoint_service")
    assert endpoint.get("gcp_project_id") == "retailscan-prod"
    assert list(production.of("mongodbatlas_project_ip_access_list")) == []


def test_atlas_says_when_the_database_is_unwell(production: Plan) -> None:
    alerts = list(production.of("mongodbatlas_alert_configuration"))
    metrics = {each.get("metric_threshold_config.metric_name") for each in alerts} - {None}
    assert {"DISK_PARTITION_SPACE_USED_DATA", "NORMALIZED_SYSTEM_CPU_USER", "CONNECTIONS_PERCENT"} <= metrics
    assert {"NO_PRIMARY", "CPS_OPLOG_BEHIND"} <= {each.get("event_type") for each in alerts}
    assert all(each.get("notification.email_address") == "on-call@example.com" for each in alerts)


def test_every_message_that_is_no_dead_letter_is_archived(production: Plan) -> None:
    subscriptions = list(production.of("google_pubsub_subscription"))
    dead = {last(each.get("dead_letter_policy.dead_letter_topic")) for each in subscriptions}
    topics = {each.get("name") for each in production.of("google_pubsub_topic")}
    archived = {last(each.get("topic")) for each in subscriptions if each.get("bigquery_config.table")}
    assert archived == topics - dead
    table = the(production, "google_bigquery_table")
    assert table.get("time_partitioning.expiration_ms") == 400 * 86_400_000
    columns = {column["name"] for column in json.loads(table.get("schema"))}
    assert columns == {"subscription_name", "message_id", "publish_time", "attributes", "data"}


def test_files_of_imports_are_nobodys_but_the_rooms_and_go_after_a_month(production: Plan) -> None:
    buckets = {each.get("name"): each for each in production.of("google_storage_bucket")}
    imports = buckets["retailscan-prod-import"]
    assert imports.get("uniform_bucket_level_access") is True
    assert imports.get("public_access_prevention") == "enforced"
    ages = [
        rule["condition"][0].get("age")
        for rule in imports.get("lifecycle_rule")
        if rule["action"][0]["type"] == "Delete"
    ]
    assert 30 in ages


def test_nothing_comes_into_the_network_and_out_goes_only_what_is_named(production: Plan) -> None:
    rules = list(production.of("google_compute_firewall"))
    denied = {each.get("direction") for each in rules if each.get("deny") and each.get("priority") == 65000}
    assert denied == {"INGRESS", "EGRESS"}
    assert all(each.get("direction") == "EGRESS" for each in rules if each.get("allow"))
    assert the(production, "google_compute_router_nat").get("nat_ip_allocate_option") == "MANUAL_ONLY"
    connector = list(production.of("google_vpc_access_connector"))
    assert connector == [], "Cloud Run has a way of its own into the network"


def test_the_way_in_is_https_with_rules_a_cache_and_a_certificate_that_renews_itself(production: Plan) -> None:
    redirect = next(each for each in production.of("google_compute_url_map") if not each.get("path_matcher"))
    assert redirect.get("default_url_redirect.https_redirect") is True
    assert {each.get("port_range") for each in production.of("google_compute_global_forwarding_rule")} == {"80", "443"}
    domains = the(production, "google_certificate_manager_certificate").get("managed.domains")
    assert set(domains) == {"api.retailscan.example.com", "candidate.api.retailscan.example.com"}
    live = [each for each in production.of("google_compute_backend_service") if "candidate" not in each.get("name")]
    assert all(each.get("enable_cdn") and each.get("cdn_policy.cache_mode") == "USE_ORIGIN_HEADERS" for each in live)
    assert the(production, "google_compute_backend_bucket").get("enable_cdn") is True
    rules = the(production, "google_compute_security_policy").get("rule")
    expressions = " ".join(str(rule["match"][0]["expr"]) for rule in rules if not rule.get("preview"))
    for attack in ("sqli", "xss", "rce", "lfi", "rfi", "protocolattack", "sessionfixation", "scannerdetection"):
        assert f"{attack}-v33-stable" in expressions, attack


def test_what_a_month_costs_is_watched(production: Plan) -> None:
    budget = the(production, "google_billing_budget")
    shares = {(rule["threshold_percent"], rule["spend_basis"]) for rule in budget.get("threshold_rules")}
    assert {(0.5, "CURRENT_SPEND"), (1, "CURRENT_SPEND"), (1, "FORECASTED_SPEND")} <= shares
    assert budget.get("budget_filter.projects") == ["projects/100000000003"]


def test_apps_sign_in_by_a_key_that_opens_nothing_else(production: Plan) -> None:
    targets = the(production, "google_apikeys_key").get("restrictions")[0]["api_targets"]
    assert {each["service"] for each in targets} == {"identitytoolkit.googleapis.com", "securetoken.googleapis.com"}


# --- the bootstrap


def test_state_is_kept_in_versions_under_a_key_of_ours_and_each_deployer_sees_its_own(bootstrap: Plan) -> None:
    buckets = {each.get("name"): each for each in bootstrap.of("google_storage_bucket")}
    state = buckets["retailscan-operations-tfstate"]
    assert state.get("versioning.enabled") is True
    assert state.get("public_access_prevention") == "enforced"
    assert state.get("encryption.default_kms_key_name")
    readers = [
        each for each in bootstrap.of("google_storage_bucket_iam_member") if each.get("bucket") == state.get("name")
    ]
    for each in readers:
        (environment,) = re.findall(r"serviceAccount:deploy-(\w+)@", each.get("member"))
        assert f"/objects/environments/{environment}/" in each.get("condition.expression")
    assert len(readers) == 3


def test_builds_from_outside_sign_in_without_a_key_from_one_branch_of_one_repository(bootstrap: Plan) -> None:
    provider = the(bootstrap, "google_iam_workload_identity_pool_provider")
    condition = provider.get("attribute_condition")
    assert "assertion.repository == 'retail/retailscan'" in condition
    assert "assertion.ref == 'refs/heads/main'" in condition
    assert list(bootstrap.of("google_service_account_key")) == []


def test_production_waits_for_a_person_and_images_are_scanned_and_forgotten(bootstrap: Plan) -> None:
    triggers = {each.get("name"): each for each in bootstrap.of("google_cloudbuild_trigger")}
    assert triggers["production"].get("approval_config.approval_required") is True
    registry = the(bootstrap, "google_artifact_registry_repository")
    assert registry.get("vulnerability_scanning_config.enablement_config") == "INHERITED"
    assert {each["action"] for each in registry.get("cleanup_policies")} == {"KEEP", "DELETE"}
    assert registry.get("cleanup_policy_dry_run") is False


def test_the_pipeline_may_keep_the_budgets(bootstrap: Plan) -> None:
    given = {
        (each.get("role"), each.get("member").partition("@")[0])
        for each in bootstrap.of("google_billing_account_iam_member")
    }
    assert given == {
        ("roles/billing.costsManager", f"serviceAccount:deploy-{name}") for name in ("dev", "staging", "prod")
    }
