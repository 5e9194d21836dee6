"""The tables of infra/README.md, as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from infra.capacity.cost import Line, lines, total
from infra.capacity.plan import Plan
from infra.capacity.sources import Figures, Prices, Workload

TIMES = "\u00d7"


def capacity(plans: Sequence[Plan], figures: Figures, workload: Workload, prices: Prices) -> str:
    """What each size needs, and which figure says so."""
    use = workload("planning.use")
    said = (
        f"Measured on {figures.measured}, {figures.machine}, by `{figures.command}`. "
        f"Planned with {use:.0%} of each figure."
    )
    rows: list[tuple[str, list[str]]] = [
        ("scans a second", [_number(p.rates.scans) for p in plans]),
        ("price updates a second", [_number(p.rates.updates) for p in plans]),
        ("rows imported a second", [_number(p.rates.rows) for p in plans]),
        *_service_rows(plans, workload),
        ("instances of all doors", [str(p.instances) for p in plans]),
        ("connections to MongoDB at most", [_number(p.mongo.connections) for p in plans]),
        ("MongoDB, data on disk after a year", [f"{_number(p.mongo.data_gb)} GB" for p in plans]),
        ("of it the stock ledger, which is kept for good", [f"{_number(p.mongo.ledger_gb)} GB" for p in plans]),
        ("MongoDB, working set", [f"{_number(p.mongo.working_set_gb)} GB" for p in plans]),
        ("MongoDB, writes to disk a second", [_number(p.mongo.iops) for p in plans]),
        ("MongoDB Atlas", [p.mongo.tier.name if p.mongo.tier else "shard it" for p in plans]),
        ("Redis, in use", [_small(p.redis.used_gib) for p in plans]),
        ("Memorystore", [f"{p.redis.size_gib} GiB" for p in plans]),
        ("Redis, network", [f"{_number(p.redis.megabits)} Mbit/s" for p in plans]),
        (
            f"connections to Redis, of {_number(prices.quota('redis_connections'))}",
            [_number(p.redis.connections) for p in plans],
        ),
        (
            f"Pub/Sub, MB a second, of {_number(prices.quota('pubsub_push_mb_s'))}",
            [_number(p.pubsub_mb_s) for p in plans],
        ),
        (f"topics, of {_number(prices.quota('pubsub_topics'))}", [_number(p.topics) for p in plans]),
        (
            f"tasks a second, of {_number(prices.quota('tasks_queue_s'))} a queue",
            [_number(p.tasks_s) for p in plans],
        ),
    ]
    heads = ["at the busiest", *(p.size.name for p in plans)]
    memory, start = figures.ours("memory_container"), figures.ours("cold_start")
    told = (
        f"An instance of `scan` holds {memory:.0f} MiB after 100,000 scans; a process serves {start:.2g} s after its "
        "start, to which Cloud Run adds what it takes to place it."
    )
    return "\n\n".join([said, _table(heads, [(name, *cells) for name, cells in rows]), told])


def costs(plans: Sequence[Plan], workload: Workload, prices: Prices) -> str:
    """The bill of a month for each size, with its arithmetic."""
    bills = [lines(plan, workload, prices) for plan in plans]
    sums = [f"**{total(bill):,.0f}**" for bill in bills]
    heads = ["a month", *(f"{plan.size.name}" for plan in plans)]
    parts = [
        f"{prices.currency}, {prices.region}, one environment. {prices.note}",
        _table(heads, [("in all", *sums), ("a store", *_each(plans, bills)), *_groups(bills)]),
    ]
    for plan, bill in zip(plans, bills, strict=True):
        rows = [(line.what, f"{_quantity(line)} {TIMES} {_price(line.price)}", f"{line.amount:,.2f}") for line in bill]
        head = f"<details><summary>{plan.size.name}: the arithmetic</summary>"
        table = _table(["what", f"quantity {TIMES} price", prices.currency], rows)
        parts.append(f"{head}\n\n{table}\n\n</details>")
    return "\n\n".join(parts)


def assumptions(workload: Workload) -> str:
    """What is assumed of shops and shoppers, to be replaced by one's own."""
    rows = [
        (entry["what"] if group != "bytes" else f"bytes: {entry['what']}", f"{entry['value']:,g}")
        for group in ("visits", "stream", "imports", "data", "bytes", "planning")
        for entry in workload.groups[group].values()
    ]
    sizes = [
        (size.name, f"stores {size.stores:,}, tenants {size.tenants}, shoppers at the busiest {size.shoppers:,}")
        for size in workload.sizes
    ]
    return _table(["assumed", "value"], [*sizes, *rows])


def price_list(prices: Prices) -> str:
    """Every price with where it is from and when it was read."""
    rows = [
        (
            entry["what"],
            f"{_price(entry['price'])} for a {entry['unit']}",
            entry["source"],
            entry["read"] or "from memory",
        )
        for entry in prices.entries.values()
    ]
    tiers = ", ".join(f"{tier.name} {tier.hour:.2f}" for tier in prices.tiers)
    rows.append(("MongoDB Atlas on Google Cloud, by tier", f"{tiers} an hour", "mongodb.com/pricing", "from memory"))
    return _table(["what", prices.currency, "source", "read"], rows)


def _service_rows(plans: Sequence[Plan], workload: Workload) -> list[tuple[str, list[str]]]:
    rows = []
    for group in zip(*(plan.services for plan in plans), strict=True):
        first = group[0]
        if first.door.service not in workload.doors and all(service.instances == 1 for service in group):
            continue
        each = f"`{first.door.service}`, instances at {_number(first.each)}/s (`{first.figure}`)"
        rows.append((each, [str(s.instances) for s in group]))
    return rows


def _each(plans: Sequence[Plan], bills: Sequence[list[Line]]) -> list[str]:
    return [f"{total(bill) / plan.size.stores:,.2f}" for plan, bill in zip(plans, bills, strict=True)]


def _groups(bills: Sequence[list[Line]]) -> list[tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {
        "Cloud Run": ("Cloud Run",),
        "MongoDB": ("Atlas", "private endpoint"),
        "Redis": ("Memorystore",),
        "streams and tasks": ("Pub/Sub", "archive", "Cloud Tasks", "Cloud Scheduler"),
        "front, network and protection": ("load balancer", "answers", "Cloud Armor"),
        "logs": ("logs",),
    }
    found = []
    for name, starts in groups.items():
        amounts = (total(line for line in bill if line.what.startswith(starts)) for bill in bills)
        found.append((name, *(f"{amount:,.0f}" for amount in amounts)))
    return found


def _quantity(line: Line) -> str:
    digits = 0 if line.quantity >= 1000 else 3
    return f"{line.quantity:,.{digits}f} {line.unit}"


def _price(price: float) -> str:
    return f"{price:.7f}".rstrip("0").rstrip(".")


def _number(value: float) -> str:
    if value == 0:
        return "0"
    return f"{value:,.0f}" if value >= 20 else f"{value:.2g}"


def _small(gib: float) -> str:
    return f"{gib * 1024:,.1f} MiB"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))
