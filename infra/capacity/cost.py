"""What a size costs in a month, a line for each thing that is paid for, with the arithmetic. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from infra.capacity.plan import DAY, GIB, MONTH_DAYS, Plan, Service, event_bytes, message_bytes, visits_a_day
from infra.capacity.sources import Prices, Workload

TIB = 1 << 40
ARMOR_RULES = 10
MINIMUM_BYTES = 1000.0
"""What Pub/Sub charges for a request at least."""


@dataclass(frozen=True)
class Line:
    """A quantity, its unit price, and what is meant."""

    what: str
    quantity: float
    unit: str
    price: float

    @property
    def amount(self) -> float:
        """What is paid."""
        return self.quantity * self.price


@dataclass(frozen=True)
class Volumes:
    """What comes in a month."""

    scans: float
    requests: float
    """Of people, at all public doors."""
    messages: float
    events: float
    tasks: float
    rows: float

    @property
    def calls(self) -> float:
        """Of all services, also by Pub/Sub and Cloud Tasks."""
        return self.requests + self.messages + self.events + self.tasks


def volumes(plan: Plan, workload: Workload) -> Volumes:
    """Of a month, for a size."""
    size = plan.size
    visits = visits_a_day(size, workload) * MONTH_DAYS
    public = sum(1 for s in plan.services if s.door.public and s.door.service not in workload.doors)
    rows = size.stores * workload("imports.rows")
    messages = size.stores * workload("stream.updates") * MONTH_DAYS / workload("stream.perMessage")
    scans = visits * workload("visits.scans")
    return Volumes(
        scans=scans,
        requests=scans + visits * workload("visits.requestsElsewhere") * public,
        messages=messages,
        events=messages + rows / 500,
        tasks=2 * rows / 500 + visits,
        rows=rows,
    )


def lines(plan: Plan, workload: Workload, prices: Prices) -> list[Line]:
    """Every line of the bill of one environment."""
    month = volumes(plan, workload)
    return [
        *_run(plan, month, workload, prices),
        *_streams(plan, month, workload, prices),
        *_front(month, workload, prices),
        *_stores(plan, prices),
        Line("logs", month.calls * workload("bytes.log") / GIB, "GiB", prices["logging_gib"]),
    ]


def total(bill: Iterable[Line]) -> float:
    """The sum."""
    return sum(line.amount for line in bill)


def _run(plan: Plan, month: Volumes, workload: Workload, prices: Prices) -> list[Line]:
    busy = dict.fromkeys(("cpu", "memory", "idle cpu", "idle memory"), 0.0)
    for service in plan.services:
        seconds = charged_seconds(service, _calls(service, plan, month, workload), workload)
        gib = memory_gib(service.door.memory)
        idle = max(0.0, service.door.min_instances * MONTH_DAYS * DAY - seconds)
        busy["cpu"] += seconds * service.door.cpu
        busy["memory"] += seconds * gib
        busy["idle cpu"] += idle * service.door.cpu
        busy["idle memory"] += idle * gib
    return [
        Line("Cloud Run, CPU while serving", busy["cpu"], "vCPU-s", prices["run_vcpu_second"]),
        Line("Cloud Run, memory while serving", busy["memory"], "GiB-s", prices["run_gib_second"]),
        Line("Cloud Run, CPU of idle minimum instances", busy["idle cpu"], "vCPU-s", prices["run_idle_vcpu_second"]),
        Line("Cloud Run, their memory", busy["idle memory"], "GiB-s", prices["run_idle_gib_second"]),
        Line("Cloud Run, requests", month.calls / 1e6, "million", prices["run_million_requests"]),
    ]


def charged_seconds(service: Service, calls: float, workload: Workload) -> float:
    """Seconds a month in which instances of a service have a request and are charged.

    Calls are spread over the busy hours and, at random, over the instances; while several are served at once, the
    seconds are charged once.
    """
    busy = workload("visits.busyHours") * 3600 * MONTH_DAYS
    if not calls:
        # Schedules: a request a minute.
        return MONTH_DAYS * DAY / 60 * workload("planning.serviceSeconds") if service.door.schedules else 0.0
    each = calls / busy / service.instances
    return service.instances * busy * (1 - math.exp(-each * workload("planning.serviceSeconds")))


def memory_gib(text: str) -> float:
    """`512Mi` or `1Gi`, as cards say it."""
    return float(text[:-2]) / (1024 if text.endswith("Mi") else 1)


def _calls(service: Service, plan: Plan, month: Volumes, workload: Workload) -> float:
    driven = workload.doors.get(service.door.service)
    if driven is not None:
        return {"scans": month.scans, "updates": month.messages, "rows": month.tasks}[driven["drives"]]
    if service.door.kind == "http":
        visits = visits_a_day(plan.size, workload) * MONTH_DAYS
        return visits * workload("visits.requestsElsewhere") if service.door.public else 0.0
    return month.events if service.door.subscriptions else 0.0


def _streams(plan: Plan, month: Volumes, workload: Workload, prices: Prices) -> list[Line]:
    readers = sum(
        1
        for service in plan.services
        for subscription in service.door.subscriptions.values()
        if subscription.topic == "catalog-events" and "product_published" not in subscription.filter
    )
    # Published once, delivered to the room that applies it; its event to every reader and to the archive.
    moved = month.messages * 2 * max(MINIMUM_BYTES, message_bytes(workload))
    told = month.events * (2 + readers) * max(MINIMUM_BYTES, event_bytes(workload))
    schedules = sum(len(service.door.schedules) for service in plan.services)
    return [
        Line("Pub/Sub, prices in", moved / TIB, "TiB", prices["pubsub_tib"]),
        Line(f"Pub/Sub, events to the archive and to readers: {readers}", told / TIB, "TiB", prices["pubsub_tib"]),
        Line(
            "archive of events, a year of it",
            12 * month.events * event_bytes(workload) / GIB,
            "GiB",
            prices["storage_gib"],
        ),
        Line("Cloud Tasks", 2 * month.tasks / 1e6, "million", prices["tasks_million"]),
        Line("Cloud Scheduler", schedules, "jobs", prices["scheduler_job"]),
    ]


def _front(month: Volumes, workload: Workload, prices: Prices) -> list[Line]:
    gib = month.requests * workload("bytes.answer") / GIB
    return [
        Line("load balancer", prices.hours, "hours", prices["lb_rule_hour"]),
        Line("load balancer, data", gib, "GiB", prices["lb_gib"]),
        Line("answers to phones", gib, "GiB", prices["egress_gib"]),
        Line("Cloud Armor, policy", 1, "policy", prices["armor_policy"]),
        Line("Cloud Armor, rules", ARMOR_RULES, "rules", prices["armor_rule"]),
        Line("Cloud Armor, requests", month.requests / 1e6, "million", prices["armor_million"]),
    ]


def _stores(plan: Plan, prices: Prices) -> list[Line]:
    size, tier = plan.redis.size_gib, plan.mongo.tier
    redis = prices["redis_gib_hour"]
    found = [Line(f"Memorystore, {size} GiB with a replica", size * prices.hours, "GiB-hours", redis)]
    if tier is None:
        return found
    more = max(0.0, plan.mongo.data_gb - tier.storage_gb)
    return [
        *found,
        Line(f"Atlas {tier.name}, three nodes", prices.hours, "hours", tier.hour),
        Line("Atlas, more storage", more, "GB", prices["atlas_storage_gb"]),
        Line("Atlas, continuous backup", plan.mongo.data_gb, "GB", prices["atlas_backup_gb"]),
        Line("private endpoint to Atlas", prices.hours, "hours", prices["endpoint_hour"]),
    ]
