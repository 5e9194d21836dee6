"""What a plan of Terraform may not do unasked: destroy what holds data, messages or keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from infra.pipeline import Failed

PRECIOUS = (
    "google_bigquery_",
    "google_cloud_tasks_queue",
    "google_artifact_registry_repository",
    "google_kms_",
    "google_memorystore_",
    "google_pubsub_",
    "google_redis_",
    "google_secret_manager_secret",
    "google_storage_bucket",
    "google_compute_global_address",
    "google_dns_managed_zone",
    "mongodbatlas_",
)
# Rights and triggers lie on these too, and come back with the next apply.
HARMLESS = ("_iam_member", "_iam_binding", "_iam_policy")


def destroyed(plan: Mapping[str, Any]) -> list[str]:
    """The addresses of precious resources that the plan (`terraform show -json`) deletes or replaces."""
    return sorted(
        change["address"]
        for change in plan.get("resource_changes", ())
        if "delete" in change["change"]["actions"]
        and change["type"].startswith(PRECIOUS)
        and not change["type"].endswith(HARMLESS)
    )


def refused(plan: Mapping[str, Any], allowed: Iterable[str]) -> list[str]:
    """What the plan would destroy and nobody has allowed."""
    return sorted(set(destroyed(plan)) - set(allowed))


def summary(plan: Mapping[str, Any]) -> str:
    """How much the plan changes, for the log."""
    counts = dict.fromkeys(("create", "update", "delete"), 0)
    for change in plan.get("resource_changes", ()):
        for action in change["change"]["actions"]:
            if action in counts:
                counts[action] += 1
    return f"{counts['create']} to create, {counts['update']} to change, {counts['delete']} to destroy"


def target(plan: Mapping[str, Any]) -> dict[str, str]:
    """Where the plan leads: project, location and domain of its environment. Raises Failed when it does not say."""
    variables = {name: each.get("value") for name, each in plan.get("variables", {}).items()}
    try:
        return {
            "project": variables["project"]["id"],
            "location": variables["region"]["google"],
            "domain": variables["domain"],
        }
    except (KeyError, TypeError) as error:
        raise Failed(f"the plan does not say where it leads: variables lack {error}") from error
