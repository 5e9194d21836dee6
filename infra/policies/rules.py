"""The policies G1 to G11: each yields a sentence for every breach."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from infra.policies.plan import Plan, Resource, containers, last, members, runs_as

SERVICE, JOB = "google_cloud_run_v2_service", "google_cloud_run_v2_job"
EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
IAM = ("_iam_member", "_iam_binding")
BASIC = frozenset({"roles/owner", "roles/editor", "roles/viewer"})
OWN_ROLE = re.compile(r"(^|/)retailscan_[a-z_]+$")
ADMIN = re.compile(r"(?i)admin$|owner$")
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
INTERNAL, BEHIND = "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
PROMISES = (
    *(
        "dead_letters",
        "queue_age",
        "error_rate",
        "latency",
        "reachable",
        "auth_spike",
        "webhook_4xx",
        "security_events",
    ),
    *("tenant_isolation", "outbox_age", "reconciliation", "reservation_leaks", "payments", "jobs"),
    *("mongo", "redis", "redis_health", "slo_fast", "slo_slow"),
)
"""What must be watched; the label `promise` of an alert policy says which of them it watches."""

Rule = Callable[[Plan], Iterator[str]]


def g1_nobody_but_the_load_balancer_is_open(plan: Plan) -> Iterator[str]:
    """Nothing is given to everybody but public doors behind the load balancer and the static files beside them."""
    services = {each.get("name"): each for each in plan.of(SERVICE)}
    behind = _behind_the_load_balancer(plan)
    shown = {each.get("bucket_name") for each in plan.of("google_compute_backend_bucket")}
    for each in plan.ending(*IAM):
        if not EVERYBODY.intersection(members(each)):
            continue
        if each.type == "google_cloud_run_v2_service_iam_member" and each.get("role") == "roles/run.invoker":
            name = last(each.get("name"))
            if (
                name in behind
                and services[name].get("ingress") == BEHIND
                and services[name].get("default_uri_disabled")
            ):
                continue
        reads = (
            each.type == "google_storage_bucket_iam_member" and each.get("role") == "roles/storage.legacyObjectReader"
        )
        if reads and each.get("bucket") in shown:
            continue
        yield f"{each.address} opens something to everybody"
    for each in plan.of(SERVICE):
        if each.get("invoker_iam_disabled"):
            yield f"{each.address} does not ask who calls"
    for each in plan.of("google_storage_bucket"):
        if each.get("public_access_prevention") != "enforced" and each.get("name") not in shown:
            yield f"{each.address} may be opened to the public"
        if not each.get("uniform_bucket_level_access"):
            yield f"{each.address} has rights on single objects, which nobody sees"


def g2_doors_are_entered_where_they_should(plan: Plan) -> Iterator[str]:
    """A worker is called from inside only; a public door through the load balancer only, not by Cloud Run's address."""
    behind = _behind_the_load_balancer(plan)
    for each in plan.of(SERVICE):
        wanted = BEHIND if each.get("name") in behind else INTERNAL
        if each.get("ingress") != wanted:
            yield f"{each.address} lets in {each.get('ingress', 'everything')} and should let in {wanted}"
        if wanted == BEHIND and not each.get("default_uri_disabled"):
            yield f"{each.address} can be reached around the load balancer"


def g3_everybody_is_somebody_with_few_rights(plan: Plan) -> Iterator[str]:
    """Each service and job has an account of its own, with nothing in the project beyond a short list."""
    accounts = Counter(runs_as(each) for each in plan.of(SERVICE, JOB))
    for each in plan.of(SERVICE, JOB):
        account = runs_as(each)
        if not account or account.endswith("-compute@developer.gserviceaccount.com"):
            yield f"{each.address} runs as the project's default account"
        elif accounts[account] > 1:
            yield f"{each.address} shares the account {account}"
    for each in plan.ending(*(f"project{end}" for end in IAM)):
        yield from _project_rights(each, accounts)


def g4_secrets_are_single_and_numbered(plan: Plan) -> Iterator[str]:
    """A secret is read by its own binding and its version's number, and its value is in no plan."""
    secret_names = {
        each["name"]
        for service in plan.of(SERVICE, JOB)
        for container in containers(service)
        for each in container.get("env") or []
        if each.get("value_source")
    }
    for each in plan.ending(*(f"project{end}" for end in IAM)):
        opens = str(each.get("role")).startswith("roles/secretmanager.") and not _is_deployers(each)
        if opens and "resource.name.startsWith" not in str(each.get("condition.expression")):
            yield f"{each.address} opens all secrets of the project"
    for each in plan.of(SERVICE, JOB):
        for container in containers(each):
            for variable in container.get("env") or []:
                yield from _variable(each, variable, secret_names)
    for each in plan.of("google_secret_manager_secret_version"):
        if each.get("secret_data") is not None:
            yield f"{each.address} writes the secret into plan and state: use secret_data_wo"


def g5_no_message_is_lost(plan: Plan) -> Iterator[str]:
    """Every subscription has an end that somebody reads, tries again slowly, lasts, and says who pushes."""
    subscriptions = list(plan.of("google_pubsub_subscription"))
    read = {last(each.get("topic")) for each in subscriptions}
    dead = {last(each.get("dead_letter_policy.dead_letter_topic")) for each in subscriptions} - {""}
    fills = {last(each.get("topic")) for each in _pubsub_rights(plan, "google_pubsub_topic", "roles/pubsub.publisher")}
    takes = {
        last(each.get("subscription"))
        for each in _pubsub_rights(plan, "google_pubsub_subscription", "roles/pubsub.subscriber")
    }
    for each in subscriptions:
        end = last(each.get("dead_letter_policy.dead_letter_topic"))
        if not end and last(each.get("topic")) not in dead:
            yield f"{each.address} has no dead letter: what cannot be applied comes back for ever"
        if end:
            if each.get("dead_letter_policy.max_delivery_attempts", 0) < 5:
                yield f"{each.address} gives up after fewer than 5 attempts, which Pub/Sub refuses"
            if end not in read:
                yield f"{each.address}: the dead-letter topic {end} has no subscription, so its messages are lost"
            if end not in fills or each.get("name") not in takes:
                yield f"{each.address}: Pub/Sub's agent may not move messages to {end}"
        if not each.get("retry_policy.minimum_backoff"):
            yield f"{each.address} has no retry policy: it tries again at once, and again"
        if each.get("expiration_policy.ttl") != "":
            yield f"{each.address} expires when nothing comes through for a while"
        yield from _push(each)


def g6_everything_has_limits(plan: Plan) -> Iterator[str]:
    """Queues have a rate, an end of attempts and a signature; services have sizes, bounds, time-outs and probes."""
    for each in plan.of("google_cloud_tasks_queue"):
        if not each.get("http_target.oidc_token.service_account_email") or not each.get(
            "http_target.oidc_token.audience"
        ):
            yield f"{each.address} does not sign its tasks"
        if each.get("retry_config.max_attempts", -1) < 1:
            yield f"{each.address} tries for ever"
        for limit in ("max_dispatches_per_second", "max_concurrent_dispatches"):
            if not each.get(f"rate_limits.{limit}"):
                yield f"{each.address} has no {limit}"
    for each in plan.of(SERVICE):
        if each.get("template.scaling.min_instance_count") is None or not each.get(
            "template.scaling.max_instance_count"
        ):
            yield f"{each.address} has no least or no most instances"
        for path, what in (("timeout", "time-out"), ("max_instance_request_concurrency", "limit of concurrency")):
            if not each.get(f"template.{path}"):
                yield f"{each.address} has no {what}"
        for container in containers(each):
            for probe in ("startup_probe", "liveness_probe"):
                if not container.get(probe):
                    yield f"{each.address} has no {probe}"
            limits = ((container.get("resources") or [{}])[0] or {}).get("limits") or {}
            if not {"cpu", "memory"} <= limits.keys():
                yield f"{each.address} does not say how much CPU and memory it takes"
        if each.get("template.execution_environment") != "EXECUTION_ENVIRONMENT_GEN2":
            yield f"{each.address} does not run in the second generation"
    for each in plan.of("google_cloud_scheduler_job"):
        if not each.get("http_target.oidc_token.audience") and not each.get(
            "http_target.oauth_token.service_account_email"
        ):
            yield f"{each.address} does not sign its calls"


def g7_redis_is_private_and_says_what_it_forgets(plan: Plan) -> Iterator[str]:
    """Redis has a replica, a password, TLS, no public way in, a snapshot, and a policy of what to forget."""
    wanted = {
        "tier": "STANDARD_HA",
        "auth_enabled": True,
        "transit_encryption_mode": "SERVER_AUTHENTICATION",
        "connect_mode": "PRIVATE_SERVICE_ACCESS",
        "persistence_config.persistence_mode": "RDB",
    }
    for each in plan.of("google_redis_instance"):
        for path, value in wanted.items():
            if each.get(path) != value:
                yield f"{each.address}: {path} is {each.get(path)}, not {value}"
        if "maxmemory-policy" not in each.get("redis_configs", {}):
            yield f"{each.address} does not say what it forgets first"


def g8_only_what_was_signed_runs_and_what_rests_is_ours(plan: Plan) -> Iterator[str]:
    """Images are signed and named by digest; data at rest is encrypted by keys of our own."""
    for each in plan.of(SERVICE, JOB):
        if not each.get("binary_authorization.use_default") and not each.get("binary_authorization.policy"):
            yield f"{each.address} runs images that nobody signed"
        for container in containers(each):
            if not DIGEST.search(container.get("image") or ""):
                yield f"{each.address} names its image by a tag: {container.get('image')}"
    for each in plan.of("google_binary_authorization_policy"):
        if each.get("default_admission_rule.evaluation_mode") != "REQUIRE_ATTESTATION":
            yield f"{each.address} admits what nobody signed"
        if each.get("default_admission_rule.enforcement_mode") != "ENFORCED_BLOCK_AND_AUDIT_LOG":
            yield f"{each.address} only takes note of what it should refuse"
    if not plan.is_for_trial:
        yield from _encrypted(plan)


def g9_mongodb_has_one_private_way_in(plan: Plan) -> Iterator[str]:
    """The cluster has a private way in, is restored to the second, protected, and nobody signs in with a password."""
    clusters = list(plan.of("mongodbatlas_advanced_cluster", "mongodbatlas_cluster"))
    linked = list(plan.of("mongodbatlas_privatelink_endpoint_service", "mongodbatlas_network_peering"))
    for each in clusters:
        if not linked:
            yield f"{each.address} has no private way in"
        if not each.get("backup_enabled") or not each.get("pit_enabled"):
            yield f"{each.address} cannot be restored to the second"
        if not each.get("termination_protection_enabled") and not plan.is_for_trial:
            yield f"{each.address} may be deleted by a slip"
        if each.get("advanced_configuration.javascript_enabled"):
            yield f"{each.address} runs code that queries bring along"
        if each.get("advanced_configuration.minimum_enabled_tls_protocol") not in ("TLS1_2", "TLS1_3"):
            yield f"{each.address} speaks TLS older than 1.2"
    for each in plan.of("mongodbatlas_project_ip_access_list"):
        yield f"{each.address} lets in addresses from outside: {each.get('cidr_block') or each.get('ip_address')}"
    yield from _database_rights(plan)


def g10_the_pipeline_has_no_key(plan: Plan) -> Iterator[str]:
    """No account has a key; whoever signs in from outside is of one repository and one branch."""
    for each in plan.of("google_service_account_key"):
        yield f"{each.address} is a key that anybody can carry away"
    for each in plan.of("google_iam_workload_identity_pool_provider"):
        condition = str(each.get("attribute_condition", ""))
        if "repository" not in condition or not re.search(r"\bref\b|branch", condition):
            yield f"{each.address} lets in builds of any repository or branch"
    for each in plan.ending(*IAM):
        for member in members(each):
            if member.startswith("principalSet:") and (member.endswith("/*") or "/attribute." not in member):
                yield f"{each.address} trusts everybody in a pool"


def g11_every_promise_is_watched(plan: Plan) -> Iterator[str]:
    """There is an alert for each promise, it is on, and it reaches somebody."""
    if not list(plan.of(SERVICE)):
        return
    policies = list(plan.of("google_monitoring_alert_policy"))
    watched = {(each.get("user_labels") or {}).get("promise") for each in policies}
    for promise in PROMISES:
        if promise not in watched:
            yield f"nothing watches the promise {promise}"
    for each in policies:
        if each.get("enabled") is False:
            yield f"{each.address} is switched off"
        if not each.get("notification_channels") and not each.is_unknown("notification_channels"):
            yield f"{each.address} tells nobody"


RULES: dict[str, Rule] = {
    "G1": g1_nobody_but_the_load_balancer_is_open,
    "G2": g2_doors_are_entered_where_they_should,
    "G3": g3_everybody_is_somebody_with_few_rights,
    "G4": g4_secrets_are_single_and_numbered,
    "G5": g5_no_message_is_lost,
    "G6": g6_everything_has_limits,
    "G7": g7_redis_is_private_and_says_what_it_forgets,
    "G8": g8_only_what_was_signed_runs_and_what_rests_is_ours,
    "G9": g9_mongodb_has_one_private_way_in,
    "G10": g10_the_pipeline_has_no_key,
    "G11": g11_every_promise_is_watched,
}


def breaches(plan: Plan) -> list[str]:
    """All of them, each with the name of its rule in front."""
    return [f"{name}: {sentence}" for name, rule in RULES.items() for sentence in rule(plan)]


def _behind_the_load_balancer(plan: Plan) -> frozenset[str]:
    return frozenset(
        str(each.get("cloud_run.service")) for each in plan.of("google_compute_region_network_endpoint_group")
    )


def _is_deployers(right: Resource) -> bool:
    return all(re.match(r"serviceAccount:deploy-[a-z]+@", member) for member in members(right))


def _project_rights(right: Resource, accounts: Counter[str]) -> Iterator[str]:
    role = str(right.get("role") or "")
    condition = str(right.get("condition.expression") or "")
    if role in BASIC:
        yield f"{right.address} gives {role}: a basic role is everything at once"
    elif role in ("roles/resourcemanager.projectIamAdmin", "roles/iam.securityAdmin"):
        if "modifiedGrantsByRole" not in condition:
            yield f"{right.address} gives {role} without a bound on what may be granted: who has it can become owner"
    elif ADMIN.search(role) and not _is_deployers(right):
        yield f"{right.address} gives {role} in the whole project"
    for member in members(right):
        if member.removeprefix("serviceAccount:") not in accounts:
            continue
        if OWN_ROLE.search(role):
            continue
        if not (role == "roles/secretmanager.secretAccessor" and "resource.name.startsWith" in condition):
            yield f"{right.address} gives {role} in the whole project to the door {member}"


def _variable(service: Resource, variable: dict[str, object], secrets: set[str]) -> Iterator[str]:
    name, source = variable["name"], variable.get("value_source")
    if source:
        reference = source[0]["secret_key_ref"][0]  # type: ignore[index]
        if not re.fullmatch(r"[1-9][0-9]*", str(reference.get("version"))):
            yield f"{service.address} reads {name} in the version {reference.get('version')}, not by a number"
    elif name in secrets or re.search(
        r"-----BEGIN|\bsk_live_|\bwhsec_|://[^/@\s]+:[^/@\s]+@", str(variable.get("value"))
    ):
        yield f"{service.address} carries the secret {name} in the open"


def _pubsub_rights(plan: Plan, kind: str, role: str) -> Iterator[Resource]:
    for each in plan.of(f"{kind}_iam_member"):
        if each.get("role") == role and any("@gcp-sa-pubsub." in member for member in members(each)):
            yield each


def _push(subscription: Resource) -> Iterator[str]:
    endpoint = subscription.get("push_config.push_endpoint")
    if endpoint is None:
        return
    if not subscription.get("push_config.oidc_token.service_account_email"):
        yield f"{subscription.address} does not sign its pushes"
    elif subscription.get("push_config.oidc_token.audience") != endpoint:
        yield f"{subscription.address} signs for another address than it pushes to"
    if subscription.get("enable_exactly_once_delivery"):
        yield f"{subscription.address} asks for exactly-once delivery, which pushes do not have"


# Where a key of our own is named, for each kind of thing that Google or Atlas encrypts by one.
_KEYS = {
    "google_pubsub_topic": "kms_key_name",
    "google_redis_instance": "customer_managed_key",
    "google_bigquery_table": "encryption_configuration.kms_key_name",
    "google_secret_manager_secret": "replication.user_managed.replicas.customer_managed_encryption.kms_key_name",
    "google_artifact_registry_repository": "kms_key_name",
    "google_storage_bucket": "encryption.default_kms_key_name",
    SERVICE: "template.encryption_key",
    JOB: "template.template.encryption_key",
}


def _encrypted(plan: Plan) -> Iterator[str]:
    shown = {each.get("bucket_name") for each in plan.of("google_compute_backend_bucket")}
    for each in plan.of(*_KEYS):
        if each.type == "google_storage_bucket" and each.get("name") in shown:
            continue
        path = _KEYS[each.type]
        if not each.get(path) and not each.is_unknown(path.partition(".")[0]):
            yield f"{each.address} is not encrypted by a key of our own"
    for each in plan.of("mongodbatlas_advanced_cluster"):
        if each.get("encryption_at_rest_provider") != "GCP":
            yield f"{each.address} is not encrypted by a key of our own"
    for each in plan.of("google_kms_crypto_key"):
        if each.get("purpose", "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT" and not each.get("rotation_period"):
            yield f"{each.address} never gets a new version"


def _database_rights(plan: Plan) -> Iterator[str]:
    roles = {each.get("role_name"): each for each in plan.of("mongodbatlas_custom_db_role")}
    for each in plan.of("mongodbatlas_database_user"):
        if each.get("oidc_auth_type", "NONE") == "NONE" and each.get("x509_type", "NONE") == "NONE":
            yield f"{each.address} signs in with a password"
        for role in each.get("roles", []):
            if role.get("role_name") not in roles:
                yield f"{each.address} has {role.get('role_name')}, a role that is not ours"
    for each in roles.values():
        for action in each.get("actions", []):
            name = str(action.get("action"))
            whole = [r for r in action.get("resources", []) if r.get("cluster") or not r.get("collection_name")]
            if name.startswith(("DROP", "KILL", "SHUTDOWN", "REPL", "ENABLE_SHARDING")):
                yield f"{each.address} may {name}"
            elif whole and name not in ("FIND", "LIST_INDEXES", "COLL_STATS", "LIST_COLLECTIONS"):
                yield f"{each.address} may {name} in every collection"
