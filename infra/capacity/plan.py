"""The capacity plan of one size: rates at the busiest, instances, connections, MongoDB, Redis, Pub/Sub, tasks. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from functions.common.cards import Card, Door, doors
from infra.capacity.sources import Figures, Prices, Size, Tier, Workload

GIB = 1 << 30
GB = 10**9
DAY = 86_400.0
MONTH_DAYS = 30.4
CHUNK_ROWS = 500


@dataclass(frozen=True)
class Rates:
    """A second, at the busiest. Nights are the busiest of the price stream, days of everything else."""

    visits: float
    scans: float
    requests: float
    """Of each public door that is not the scan's."""
    updates: float
    messages: float
    events: float
    rows: float
    nothing: float = 0.0

    def of(self, name: str) -> float:
        """By the name that workload.json uses."""
        found: float = getattr(self, name)
        return found


@dataclass(frozen=True)
class Service:
    """What one door needs."""

    door: Door
    rate: float
    figure: str
    each: float
    """What one instance is planned to do a second."""
    instances: int

    @property
    def fits(self) -> bool:
        """Whether the card allows so many."""
        return self.instances <= self.door.max_instances


@dataclass(frozen=True)
class Mongo:
    """What MongoDB must hold and do."""

    data_gb: float
    ledger_gb: float
    working_set_gb: float
    iops: float
    updates: float
    connections: int
    tier: Tier | None
    """The smallest that is enough; None when none is, and the cluster must be sharded."""


@dataclass(frozen=True)
class Redis:
    """What the cache must hold and carry."""

    used_gib: float
    size_gib: int
    megabits: float
    connections: int


@dataclass(frozen=True)
class Plan:
    """Everything for one size."""

    size: Size
    rates: Rates
    services: tuple[Service, ...]
    mongo: Mongo
    redis: Redis
    pubsub_mb_s: float
    topics: int
    tasks_s: float

    @property
    def instances(self) -> int:
        """Of all doors."""
        return sum(service.instances for service in self.services)


def plan(size: Size, cards: Sequence[Card], figures: Figures, workload: Workload, prices: Prices) -> Plan:
    """The plan for one size."""
    rates = busiest(size, workload)
    services = tuple(_service(door, rates, figures, workload) for door in doors(cards))
    connections = math.ceil(sum(s.instances for s in services) * workload("planning.pool"))
    return Plan(
        size=size,
        rates=rates,
        services=services,
        mongo=_mongo(size, rates, connections, figures, workload, prices),
        redis=_redis(size, rates, services, workload),
        pubsub_mb_s=rates.messages * message_bytes(workload) / 1e6 + rates.events * event_bytes(workload) / 1e6,
        topics=_topics(size, cards),
        # A task for each chunk of an import, twice (stage and publish), and one that ends each order.
        tasks_s=2 * rates.rows / CHUNK_ROWS + rates.visits,
    )


def busiest(size: Size, workload: Workload) -> Rates:
    """What comes in the busiest second."""
    visits = size.shoppers / (workload("visits.minutes") * 60) * workload("visits.rush")
    updates = size.stores * workload("stream.updates") * workload("stream.nightShare") / 3600
    messages = updates / workload("stream.perMessage")
    importing = math.ceil(size.stores * workload("imports.storesAtOnce"))
    return Rates(
        visits=visits,
        scans=visits * workload("visits.scans"),
        requests=visits * workload("visits.requestsElsewhere"),
        updates=updates,
        messages=messages,
        # One event for each message; the catalogue's own come by the chunk.
        events=messages + importing * workload("imports.rows") / CHUNK_ROWS / 3600,
        rows=importing * workload("imports.rows") / 3600,
    )


def message_bytes(workload: Workload) -> float:
    """Of a message of an ERP."""
    return workload("stream.perMessage") * workload("bytes.update")


def event_bytes(workload: Workload) -> float:
    """Of an event with the prices of one message; stock counts change no price."""
    return max(1000.0, workload("stream.perMessage") * (1 - workload("stream.counts")) * workload("bytes.event"))


def _service(door: Door, rates: Rates, figures: Figures, workload: Workload) -> Service:
    kind = "jobs" if door.schedules and not door.subscriptions and not door.queues else door.kind
    driven = workload.doors.get(door.service) or workload.others[kind]
    rate, each = rates.of(driven["drives"]), figures.ours(driven["figure"]) * workload("planning.use") * door.cpu
    wanted = math.ceil(rate / each)
    # Something is always under way: a door without minimum instances has one while it is used.
    return Service(door, rate, driven["figure"], each, max(wanted, door.min_instances, 1))


def _mongo(size: Size, rates: Rates, connections: int, figures: Figures, workload: Workload, prices: Prices) -> Mongo:
    products = size.stores * workload("data.products")
    days = workload("data.days")
    counts_a_day = size.stores * workload("stream.updates") * workload("stream.counts")
    orders_a_day = visits_a_day(size, workload)
    ledger = days * counts_a_day * workload("bytes.movement")
    data = (
        products * (workload("bytes.product") + workload("bytes.productIndexes"))
        + ledger
        + days * orders_a_day * workload("bytes.order")
    )
    hot = (
        products * (workload("data.hot") * workload("bytes.product") + workload("bytes.productIndexes"))
        + counts_a_day * workload("bytes.movement")
        + orders_a_day * workload("bytes.order")
    )
    iops = rates.updates * workload("planning.pagesPerUpdate") + workload("planning.journalWrites")
    # What the raw driver's bulk write reached, on the two cores that it shared with everything else.
    each_vcpu = figures.baseline("price_batch") / 2 * workload("planning.use")
    needed = Mongo(
        data_gb=data * workload("data.compression") / GB,
        ledger_gb=ledger * workload("data.compression") / GB,
        working_set_gb=hot / GB,
        iops=iops,
        updates=rates.updates,
        connections=connections,
        tier=None,
    )
    enough = (t for t in prices.tiers if _is_enough(t, needed, each_vcpu, workload("planning.connectionShare")))
    return replace(needed, tier=next(enough, None))


def _is_enough(tier: Tier, needed: Mongo, updates_each_vcpu: float, connection_share: float) -> bool:
    return (
        # WiredTiger keeps half of the memory for itself.
        needed.working_set_gb <= tier.ram_gb / 2
        and needed.iops <= tier.iops
        and needed.updates <= tier.vcpu * updates_each_vcpu
        and needed.connections <= tier.connections * connection_share
        # A disk may grow to about four times what a tier brings before the next one is the better buy.
        and needed.data_gb <= 4 * tier.storage_gb
    )


def visits_a_day(size: Size, workload: Workload) -> float:
    """Visits of a whole day, from those of its busiest hour."""
    return size.shoppers * 60 / workload("visits.minutes") * workload("visits.busyHours")


def _redis(size: Size, rates: Rates, services: Sequence[Service], workload: Workload) -> Redis:
    seconds = workload("planning.cacheSeconds")
    entry = workload("bytes.cached")
    cached = min(size.stores * workload("data.products"), rates.scans * seconds)
    tombstones = rates.updates * seconds
    limits = size.shoppers + size.stores
    used = (cached * entry + tombstones * 150 + limits * 200) / GIB
    # Half stays free: for copies that a failover makes, and for what is fragmented.
    return Redis(
        used_gib=used,
        size_gib=max(round(workload("planning.cacheGib")), math.ceil(2 * used)),
        # As if no process ever had a copy of its own, and every update voided its product.
        megabits=(rates.scans * entry + rates.updates * 150) * 8 / 1e6,
        # One for commands and one for invalidations.
        connections=sum(service.instances for service in services) * 2,
    )


def _topics(size: Size, cards: Sequence[Card]) -> int:
    each = [topic.per_tenant for card in cards for topic in card.topics.values()]
    return sum(size.tenants if per_tenant else 1 for per_tenant in each)
