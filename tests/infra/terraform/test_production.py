"""The plan of production, read from outside: what will exist, whatever the configuration says of itself."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import pytest

from functions.common import cards
from infra.policies import plan as plans
from infra.policies.plan import Plan, Resource, last
from local.topology import PublicRoutes, build
from tests.infra.terraform.conftest import ENVIRONMENTS, ROOT, Workspace

SERVICE, JOB = "google_cloud_run_v2_service", "google_cloud_run_v2_job"
TENANTS = ("casaverde", "fresko", "nordmarkt")
PROJECT, NUMBER = "retailscan-prod", "100000000003"
AGENT = f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"


class Production:
    """The plan, and the cards that it must follow."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.plan: Plan = plans.read(document)
        self.cards = cards.load_cards()
        self.local = build(self.cards, TENANTS)
        self.doors = {door.service: door for door in self.local.doors}

    @cached_property
    def services(self) -> dict[str, Resource]:
        return {each.get("name"): each for each in self.plan.of(SERVICE)}

    def environment(self, service: Resource) -> dict[str, str]:
        """The variables of a service that are no secrets."""
        env = plans.containers(service)[0]["env"]
        return {each["name"]: each.get("value", "") for each in env if not each.get("value_source")}

    def account(self, service: str) -> str:
        return f"serviceAccount:{plans.runs_as(self.services[service])}"


@pytest.fixture(scope="module")
def production(workspace: Workspace) -> Production:
    return Production(workspace.plan("prod"))


def test_every_door_of_every_card_is_a_service_of_its_rooms_image(production: Production) -> None:
    assert set(production.services) == set(production.doors)
    for name, service in production.services.items():
        door, (container,) = production.doors[name], plans.containers(service)
        assert container["image"].startswith(f"registry/{door.room}@sha256:")
        assert production.environment(service)["FUNCTION_TARGET"] == door.target
        assert container["resources"][0]["limits"] == {"cpu": str(door.cpu), "memory": door.memory}
        assert container["resources"][0]["startup_cpu_boost"] is True
        template = service.get("template")[0]
        assert template["timeout"] == f"{door.timeout}s"
        assert template["max_instance_request_concurrency"] == door.concurrency
        assert template["scaling"][0]["min_instance_count"] == door.min_instances
        assert template["scaling"][0]["max_instance_count"] == door.max_instances
        assert template["vpc_access"][0]["egress"] == "ALL_TRAFFIC"


def test_every_event_door_has_a_dead_letter_with_a_subscriber(production: Production) -> None:
    subscriptions = {each.get("name"): each for each in production.plan.of("google_pubsub_subscription")}
    read = {last(each.get("topic")) for each in subscriptions.values()}
    for push in production.local.pushes:
        planned = subscriptions[push.id]
        assert last(planned.get("topic")) == push.topic_id
        end = last(planned.get("dead_letter_policy.dead_letter_topic"))
        if push.dead_letter_topic_id is None:
            assert any(other.dead_letter_topic_id == push.topic_id for other in production.local.pushes), push.id
        else:
            assert end == push.dead_letter_topic_id
            assert end in read, f"nobody reads {end}"


def test_messages_tasks_and_schedules_wait_try_and_give_up_as_their_cards_say(production: Production) -> None:
    subscriptions = {each.get("name"): each for each in production.plan.of("google_pubsub_subscription")}
    for push in production.local.pushes:
        planned, card = subscriptions[push.id], push.subscription
        assert planned.get("filter", "") == card.filter
        assert planned.get("enable_message_ordering") == card.ordering
        assert planned.get("ack_deadline_seconds") == card.ack_deadline
        assert planned.get("retry_policy.minimum_backoff") == f"{card.min_backoff}s"
        assert planned.get("retry_policy.maximum_backoff") == f"{card.max_backoff}s"
        assert planned.get("dead_letter_policy.max_delivery_attempts") == card.max_delivery_attempts
        assert planned.get("message_retention_duration") == "604800s"
    queues = {each.get("name"): each for each in production.plan.of("google_cloud_tasks_queue")}
    for queue in production.local.queues:
        tasks = queues[queue.id]
        assert tasks.get("rate_limits.max_dispatches_per_second") == queue.spec.max_dispatches_per_second
        assert tasks.get("rate_limits.max_concurrent_dispatches") == queue.spec.max_concurrent_dispatches
        assert tasks.get("retry_config.max_attempts") == queue.spec.max_attempts
        assert tasks.get("retry_config.max_backoff") == f"{queue.spec.max_backoff}s"
    schedules = {each.get("name"): each for each in production.plan.of("google_cloud_scheduler_job")}
    for schedule in production.local.schedules:
        assert schedules[schedule.id].get("time_zone") == schedule.spec.time_zone
        if schedule.spec.cron:
            assert schedules[schedule.id].get("schedule") == schedule.spec.cron


def test_no_right_is_given_twice(production: Production) -> None:
    """Whichever of two bindings goes first takes the right away from the other."""
    seen: dict[str, list[str]] = defaultdict(list)
    for each in production.plan.ending("_iam_member"):
        # Two accounts that both do not exist yet look the same.
        if not each.is_unknown("service_account_id") and not each.is_unknown("member"):
            seen[f"{each.type} {json.dumps(dict(each.values), sort_keys=True)}"].append(each.address)
    assert [addresses for addresses in seen.values() if len(addresses) > 1] == []


def test_no_service_is_public_unless_its_card_says_so(production: Production) -> None:
    public = {
        last(each.get("name"))
        for each in production.plan.of(f"{SERVICE}_iam_member")
        if each.get("member") == "allUsers"
    }
    assert public == {name for name, door in production.doors.items() if door.public}
    for name, service in production.services.items():
        wanted = "INTERNAL_LOAD_BALANCER" if production.doors[name].public else "INTERNAL_ONLY"
        assert service.get("ingress") == f"INGRESS_TRAFFIC_{wanted}", name


def test_no_service_account_has_a_project_wide_editor_owner_or_admin_role(production: Production) -> None:
    project_wide = list(production.plan.ending("project_iam_member", "project_iam_binding"))
    assert project_wide, "doors that make secrets need something"
    for each in project_wide:
        assert not re.search(r"(?i)owner|editor|admin", each.get("role")), each.address


def test_every_secret_is_referenced_by_version(production: Production) -> None:
    for each in production.plan.of(SERVICE, JOB):
        named = {
            variable["name"]: variable["value_source"][0]["secret_key_ref"][0]
            for variable in plans.containers(each)[0]["env"]
            if variable.get("value_source")
        }
        assert all(re.fullmatch(r"[1-9][0-9]*", reference["version"]) for reference in named.values()), each.address
        if each.type == SERVICE:
            assert set(named) == set(production.doors[each.get("name")].secrets)
    managed = {each.get("secret_id") for each in production.plan.of("google_secret_manager_secret")}
    assert {"mongodb-uri", "redis-url", "session-signing-key"} <= managed


def test_no_secret_is_in_the_plan(production: Production) -> None:
    text = json.dumps(production.document["planned_values"])
    assert not re.search(r"rediss?://:[^$]|mongodb(\+srv)?://[^\"]+:[^\"]+@|-----BEGIN (?!CERTIFICATE)|sk_live_", text)
    for each in production.plan.of("google_secret_manager_secret_version"):
        assert each.get("secret_data") is None


class UrlMap:
    """What the load balancer does with a path: the first rule, by number, one of whose matches fits."""

    def __init__(self, resource: Resource) -> None:
        self.matchers = {
            host["hosts"][0]: matcher
            for host in resource.get("host_rule")
            for matcher in resource.get("path_matcher")
            if matcher["name"] == host["path_matcher"]
        }

    def rules(self, host: str) -> list[dict[str, Any]]:
        return sorted(self.matchers[host]["route_rules"], key=lambda rule: rule["priority"])

    def fits(self, match: dict[str, Any], path: str) -> bool:
        if match.get("full_path_match"):
            return bool(path == match["full_path_match"])
        if match.get("prefix_match"):
            return path.startswith(match["prefix_match"])
        template: str = match["path_template_match"]
        pattern = re.escape(template).replace(r"\*\*", ".*").replace(r"\*", "[^/]+")
        return re.fullmatch(pattern, path) is not None


@pytest.fixture(scope="module")
def url_map(production: Production) -> UrlMap:
    (found,) = (each for each in production.plan.of("google_compute_url_map") if each.get("path_matcher"))
    return UrlMap(found)


def paths_to_try(production: Production) -> Iterator[str]:
    routes = [route for door in production.doors.values() for route in door.routes]
    operations = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    for path in (*routes, *operations):
        for value in ("s1", "main", "a%20b", "4006381333931"):
            filled = re.sub(r"\{\w+\}", value, path)
            yield from (filled, f"{filled}/", f"{filled}/more", f"{filled}/more/still", f"{filled}x", f"{filled}:verb")
    yield from (
        "/",
        "/v1",
        "/v1/",
        "/v2/scan",
        "/health",
        "/metrics",
        "/push/price-updates/fresko",
        "/tasks/publish",
        "/v1//scan",
    )


def test_every_route_of_the_local_gateway_is_in_the_url_map_and_the_reverse(
    production: Production, url_map: UrlMap
) -> None:
    gateway = PublicRoutes(production.cards)
    # The plan does not know ids yet, so what a rule leads to is told by the configuration's own output.
    leads = {
        each["priority"]: each.get("service")
        for each in production.document["planned_values"]["outputs"]["routes"]["value"]
    }
    assert set(url_map.matchers) == {"api.retailscan.example.com", "candidate.api.retailscan.example.com"}
    for host in url_map.matchers:
        rules = url_map.rules(host)
        assert {rule["priority"] for rule in rules} == set(leads)
        for path in set(paths_to_try(production)):
            taken = next((rule for rule in rules if any(url_map.fits(m, path) for m in rule["match_rules"])), None)
            service = leads[taken["priority"]] if taken else None
            assert service == gateway.service_for(path), f"{path} leads to {service}"


def test_every_public_route_has_a_limit_of_requests_for_each_client(production: Production) -> None:
    (policy,) = production.plan.of("google_compute_security_policy")
    counted = [rule for rule in policy.get("rule") if rule["action"] == "rate_based_ban"]
    patterns = []
    for rule in counted:
        assert rule["rate_limit_options"][0]["enforce_on_key"] == "IP"
        expression = rule["match"][0]["expr"][0]["expression"]
        assert len(expression) <= 2048, "Cloud Armor takes no longer ones"
        patterns += re.findall(r"request\.path\.matches\('(.+)'\)", expression)
    assert len(patterns) == len(counted)
    for door in production.doors.values():
        for route in door.routes if door.public else ():
            path = re.sub(r"\{\w+\}", "s1", route)
            assert any(re.search(pattern, path) for pattern in patterns), path
            assert any(re.search(pattern, f"{path}/more") for pattern in patterns), path
    assert not any(re.search(pattern, f"{path}x") for path in ("/v1/scan", "/v1/stores") for pattern in patterns)


def test_everything_that_takes_labels_has_those_of_its_environment(production: Production) -> None:
    labelled = [each for each in production.plan.resources if each.get("effective_labels") is not None]
    assert {"google_pubsub_topic", "google_storage_bucket", "google_redis_instance"} <= {each.type for each in labelled}
    for each in labelled:
        wanted = {"app": "retailscan", "environment": "prod", "managed-by": "terraform"}
        assert wanted.items() <= each.get("effective_labels").items(), each.address


def test_a_service_that_people_reach_has_a_backend_with_rules_and_no_other_has(production: Production) -> None:
    names = {
        each.get("cloud_run.service") for each in production.plan.of("google_compute_region_network_endpoint_group")
    }
    assert names == {name for name, door in production.doors.items() if door.public}
    for backend in production.plan.of("google_compute_backend_service"):
        assert backend.is_unknown("security_policy"), f"{backend.address} has no rules of Cloud Armor"


def test_a_private_door_is_called_by_its_rooms_caller_alone(production: Production) -> None:
    invokers = defaultdict(set)
    for each in production.plan.of(f"{SERVICE}_iam_member"):
        invokers[last(each.get("name"))].add(each.get("member"))
    for name, door in production.doors.items():
        if door.kind == "events":
            caller = f"call-{door.room.replace('_', '-')}@{PROJECT}.iam.gserviceaccount.com"
            assert invokers[name] == {f"serviceAccount:{caller}"}
            assert production.environment(production.services[name])["PUSH_SERVICE_ACCOUNTS"] == caller


def test_what_calls_a_door_signs_for_the_address_that_the_door_knows_itself_by(production: Production) -> None:
    """The door compares the token's audience with SERVICE_URL and the path: both are Terraform's."""
    own = {name: production.environment(service)["SERVICE_URL"] for name, service in production.services.items()}
    assert own["price-ingest-apply"] == f"https://price-ingest-apply-{NUMBER}.europe-west1.run.app"
    targets = {
        each.get("name"): (each.get(f"{block}.{url}"), each.get(f"{block}.oidc_token.audience"))
        for kind, block, url in (
            ("google_pubsub_subscription", "push_config", "push_endpoint"),
            ("google_cloud_scheduler_job", "http_target", "uri"),
        )
        for each in production.plan.of(kind)
        if each.get(f"{block}.oidc_token")
    }
    for push in production.local.pushes:
        assert targets[push.id] == (own[push.door.service] + push.path,) * 2
    for schedule in production.local.schedules:
        assert targets[schedule.id] == (own[schedule.door.service] + schedule.spec.path,) * 2
    queues = {each.get("name"): each for each in production.plan.of("google_cloud_tasks_queue")}
    for queue in production.local.queues:
        assert queues[queue.id].get("http_target.oidc_token.audience") == own[queue.door.service] + queue.spec.path
        # The sender looks the door up by name.
        for name, door in production.doors.items():
            if door.room == queue.door.room:
                urls = json.loads(production.environment(production.services[name])["DOOR_URLS"])
                assert urls[queue.door.service] == own[queue.door.service]


def test_only_a_tenants_own_erp_publishes_to_its_topics(production: Production) -> None:
    outside = {
        (last(each.get("topic")), each.get("member"))
        for each in production.plan.of("google_pubsub_topic_iam_member")
        if "retailscan-prod" not in each.get("member") and "gcp-sa-" not in each.get("member")
    }
    assert outside == {
        ("price-updates-fresko", "serviceAccount:erp-fresko@fresko-systems.iam.gserviceaccount.com"),
        ("price-updates-nordmarkt", "serviceAccount:erp-nordmarkt@nordmarkt-systems.iam.gserviceaccount.com"),
    }


# --- the table of rights: what a card asks for, and where it is granted; nothing else is


def wanted_rights(production: Production) -> set[tuple[str, str, str]]:
    """(account, role, thing) of every door and job, from the cards alone."""
    rights: set[tuple[str, str, str]] = set()
    topics = {name: topic for name, topic in cards.topics(production.cards).items()}
    dead = {s.dead_letter for door in production.doors.values() for s in door.subscriptions.values()} - {None}
    by_room = {card.room: card for card in production.cards}
    for name, door in production.doors.items():
        account = production.account(name)
        rights |= {(account, "roles/secretmanager.secretAccessor", s.lower().replace("_", "-")) for s in door.secrets}
        card = by_room[door.room]
        if "roles/pubsub.publisher" in door.roles:
            mine = {topic for topic in topics.values() if topic.room == door.room and topic.name not in dead}
            told = {topics[topic_of(kind)] for kind in card.publishes}
            for topic in mine | told:
                for tenant in TENANTS if topic.per_tenant else (None,):
                    rights.add((account, "roles/pubsub.publisher", cards.topic_id(topic, tenant)))
        if "roles/cloudtasks.enqueuer" in door.roles:
            queues = {queue.id for queue in production.local.queues if queue.door.room == door.room}
            rights |= {(account, "roles/cloudtasks.enqueuer", queue) for queue in queues}
            rights.add((account, "roles/iam.serviceAccountUser", "an account"))
        for role in door.roles:
            if role.startswith("roles/storage."):
                rights |= {(account, role, bucket(name)) for name in door.env if name.endswith("_BUCKET")}
        rights |= {(account, role, thing) for asked, role, thing in WIDE if asked in door.roles}
    for card in production.cards:
        if card.collections:
            rights.add((job_account(card.room, "migrate"), "roles/secretmanager.secretAccessor", "mongodb-uri"))
        for job in card.jobs.values():
            account = job_account(card.room, job.name)
            rights |= {
                (account, "roles/secretmanager.secretAccessor", s.lower().replace("_", "-")) for s in job.secrets
            }
            if job.cron or job.every:
                rights.add((account, "roles/run.invoker", cards.service_name(card.room, job.name)))
    return rights


OWN = f"projects/{PROJECT}/roles/retailscan"
WIDE = (
    ("roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountTokenCreator", "an account"),
    ("roles/secretmanager.admin", f"{OWN}_connection_secrets_create", PROJECT),
    ("roles/secretmanager.admin", f"{OWN}_connection_secrets_manage", f"{PROJECT} if import_"),
    ("roles/secretmanager.secretAccessor", "roles/secretmanager.secretAccessor", f"{PROJECT} if import_"),
    ("roles/firebasecloudmessaging.admin", f"{OWN}_messages_send", PROJECT),
    ("roles/monitoring.viewer", f"{OWN}_metrics_read", PROJECT),
    ("roles/logging.viewer", f"{OWN}_logs_read", PROJECT),
)
THING = {
    "google_secret_manager_secret_iam_member": "secret_id",
    "google_pubsub_topic_iam_member": "topic",
    "google_pubsub_subscription_iam_member": "subscription",
    "google_cloud_tasks_queue_iam_member": "name",
    "google_storage_bucket_iam_member": "bucket",
    "google_project_iam_member": "project",
    f"{SERVICE}_iam_member": "name",
    f"{JOB}_iam_member": "name",
}


def topic_of(kind: str) -> str:
    from retailscan import rooms

    return next(each.topic for (name, _), each in rooms.event_kinds().items() if name == kind)


def bucket(variable: str) -> str:
    return f"{PROJECT}-{variable.removesuffix('_BUCKET').lower().replace('_', '-')}"


def job_account(room: str, job: str) -> str:
    return f"serviceAccount:job-{cards.service_name(room, job)}@{PROJECT}.iam.gserviceaccount.com"


def planned_rights(production: Production) -> set[tuple[str, str, str]]:
    """The same of every account that a service or job runs as, from the plan alone."""
    ours = {f"serviceAccount:{plans.runs_as(each)}" for each in production.plan.of(SERVICE, JOB)}
    rights = set()
    for each in production.plan.ending("_iam_member"):
        if each.get("member") not in ours:
            continue
        thing = last(each.get(THING.get(each.type, ""), "")) or "an account"
        if (condition := each.get("condition.expression")) is not None:
            assert f"projects/{NUMBER}/secrets/import_" in condition
            thing += " if import_"
        rights.add((each.get("member"), each.get("role"), thing))
    return rights


def test_every_door_and_job_has_exactly_the_rights_of_its_card(production: Production) -> None:
    wanted, planned = wanted_rights(production), planned_rights(production)
    assert wanted - planned == set(), "asked for and not granted"
    assert planned - wanted == set(), "granted and not asked for"


def test_every_room_may_in_mongodb_what_its_card_says_and_nothing_else(production: Production) -> None:
    roles: dict[str, dict[str, set[str]]] = {}
    for each in production.plan.of("mongodbatlas_custom_db_role"):
        actions = {a["action"]: {r["collection_name"] for r in a["resources"]} for a in each.get("actions")}
        roles[each.get("role_name")] = actions
        assert {r["database_name"] for a in each.get("actions") for r in a["resources"]} == {"retailscan"}
    shared = {"dead_letters", "idempotency"}
    for card in production.cards:
        writes = {*card.collections, *card.writes, *shared}
        role = roles[f"room-{card.room}"]
        assert role["FIND"] == writes | set(card.reads)
        assert role["INSERT"] == role["UPDATE"] == role["REMOVE"] == writes
        assert set(role) == {"FIND", "LIST_INDEXES", "COLL_STATS", "INSERT", "UPDATE", "REMOVE"}
    users = {each.get("description"): each for each in production.plan.of("mongodbatlas_database_user")}
    assert set(users) == {
        *(f"door-{name}" for name, door in production.doors.items() if "MONGODB_URI" in door.secrets),
        *(f"job-{each.get('name')}" for each in production.plan.of(JOB)),
    }
    for name, door in production.doors.items():
        if f"door-{name}" in users:
            assert users[f"door-{name}"].get("roles.role_name") == f"room-{door.room}"
    assert users["job-catalog-audit"].get("roles.role_name") == "read"


# --- watching


def test_alerts_look_for_events_that_the_code_logs(production: Production) -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "functions").rglob("*.py"))
    filters = [
        condition["condition_threshold"][0].get("filter", "")
        for each in production.plan.of("google_monitoring_alert_policy")
        for condition in each.get("conditions")
        if condition.get("condition_threshold")
    ]
    names = {
        name
        for text in filters
        for group in re.findall(r'metric\.labels\.event = monitoring\.regex\.full_match\("([^"]+)"\)', text)
        for name in group.split("|")
    }
    assert {"payment.mismatch", "product_reader.foreign_tenant", "redis.breaker_opened"} <= names
    assert [name for name in sorted(names) if f'"{name}"' not in code] == []


def test_alerts_look_for_invariants_that_the_audit_knows(production: Production) -> None:
    said = "\n".join(path.read_text() for path in (ROOT / "retailscan").glob("audit*.py"))
    known = set(re.findall(r'yield f?"([a-z]+): ', said))
    patterns = [
        found
        for each in production.plan.of("google_monitoring_alert_policy")
        for condition in each.get("conditions")
        for found in re.findall(
            r'metric\.labels\.invariant = (?:monitoring\.regex\.full_match\()?"([^"]+)"',
            condition["condition_threshold"][0].get("filter", ""),
        )
    ]
    assert patterns
    for pattern in patterns:
        assert any(re.fullmatch(pattern, name) for name in known), (
            f"the audit never says {pattern}, only {sorted(known)}"
        )


def test_each_room_has_a_dashboard_and_each_public_door_is_asked_from_outside(production: Production) -> None:
    boards = {
        json.loads(each.get("dashboard_json"))["displayName"]
        for each in production.plan.of("google_monitoring_dashboard")
    }
    assert boards == {f"RetailScan: {card.room}" for card in production.cards}
    asked = {
        each.get("display_name"): each.get("http_check.path")
        for each in production.plan.of("google_monitoring_uptime_check_config")
    }
    gateway = PublicRoutes(production.cards)
    public = {name: door for name, door in production.doors.items() if door.public}
    written = {name: [route for route in door.routes if "{" not in route] for name, door in public.items()}
    assert asked == {name: routes[0] for name, routes in written.items() if routes}
    assert all(gateway.service_for(path) == name for name, path in asked.items())


def test_scan_and_checkout_and_fresh_prices_have_objectives(production: Production) -> None:
    objectives = {each.get("slo_id"): each.get("goal") for each in production.plan.of("google_monitoring_slo")}
    assert {
        "scan-availability",
        "scan-latency",
        "checkout-availability",
        "checkout-latency",
        "prices-freshness",
    } <= set(objectives)
    burns = [each for each in production.plan.of("google_monitoring_alert_policy") if ".burn[" in each.address]
    assert len(burns) == 2 * len(objectives)


# --- environments


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_planned_with_its_own_names(workspace: Workspace, environment: str) -> None:
    document = workspace.plan(environment)
    found = plans.read(document)
    assert not document.get("errored", False)
    projects = {
        each.get("project") for each in found.resources if each.type.startswith("google_") and each.get("project")
    }
    assert projects == {f"retailscan-{environment}"}
    assert all(check["status"] == "pass" for check in document.get("checks", ()) if check["address"]["kind"] == "check")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_doors_with_pages_are_told_all_without_which_they_never_become_ready(
    workspace: Workspace, environment: str
) -> None:
    document = workspace.plan(environment)
    services = {each.get("name"): each for each in plans.read(document).of(SERVICE)}
    env = {
        name: {each["name"]: each for each in plans.containers(services[name])[0]["env"]}
        for name in ("admin", "storefront", "checkout")
    }
    domain = document["variables"]["domain"]["value"]
    assert env["admin"]["PUBLIC_API_URL"]["value"] == f"https://{domain}"
    assert env["admin"]["DASHBOARD_KEY"]["value_source"][0]["secret_key_ref"][0]["version"] == "1"
    assert "DASHBOARD_SIGN_IN" not in env["admin"], "Firebase, unless somebody says otherwise"
    # Google makes the key, so its value is known when it has: that there is one is what a plan can show.
    assert {"FIREBASE_API_KEY"} <= env["admin"].keys() & env["storefront"].keys()
    assert env["storefront"]["STRIPE_PUBLISHABLE_KEY"]["value"] == env["checkout"]["STRIPE_PUBLISHABLE_KEY"]["value"]


def test_only_the_dashboard_puts_files_into_the_bucket_of_imports(production: Production) -> None:
    (bucket,) = (each for each in production.plan.of("google_storage_bucket") if each.get("name").endswith("-import"))
    (shared,) = bucket.get("cors")
    assert shared["origin"] == ["https://api.retailscan.example.com"]
    assert {"Content-Type", "x-goog-content-length-range", "x-goog-if-generation-match"} <= set(
        shared["response_header"]
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS[1:])
def test_what_holds_data_cannot_be_deleted_by_a_slip(workspace: Workspace, environment: str) -> None:
    found = plans.read(workspace.plan(environment))
    for kind in (SERVICE, JOB, "google_bigquery_table", "google_redis_instance", "google_secret_manager_secret"):
        for each in found.of(kind):
            assert each.get("deletion_protection") is True, each.address
    (cluster,) = found.of("mongodbatlas_advanced_cluster")
    assert cluster.get("termination_protection_enabled") is True
    assert all(each.get("force_destroy") is False for each in found.of("google_storage_bucket"))


def test_services_carry_the_labels_by_which_the_pipeline_finds_them(production: Production) -> None:
    for each in production.plan.of(SERVICE, JOB):
        labels = each.get("effective_labels")
        assert {"app", "environment", "managed-by", "room"} <= set(labels), each.address
    assert {each.get("labels")["room"] for each in production.plan.of(SERVICE)} == {
        card.room.replace("_", "-") for card in production.cards
    }


def test_the_first_apply_makes_everything_under_the_doors_before_there_are_images(workspace: Workspace) -> None:
    found = plans.read(workspace.plan("prod", "-var=rooms=[]"))
    assert list(found.of(SERVICE)) == []
    assert {"google_redis_instance", "mongodbatlas_advanced_cluster", "google_pubsub_topic"} <= {
        r.type for r in found.resources
    }
    secrets = {each.get("secret_id") for each in found.of("google_secret_manager_secret")}
    whole = plans.read(workspace.plan("prod"))
    assert secrets == {each.get("secret_id") for each in whole.of("google_secret_manager_secret")}


def test_addresses_of_doors_are_no_surprise(production: Production) -> None:
    for service in production.services.values():
        url = production.environment(service)["SERVICE_URL"]
        label = urlsplit(url).hostname
        assert label is not None
        assert len(label.split(".")[0]) <= 63
