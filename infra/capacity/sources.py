"""What the plan is computed from: figures.json (measured), workload.json (assumed), prices.json (looked up)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NEEDED = ("scan", "price_batch", "price_single", "import", "memory_container", "cold_start")


class SourceInvalid(Exception):
    """A source lacks something; the message says what."""


@dataclass(frozen=True)
class Figures:
    """What `python -m bench all --json` printed, and when."""

    measured: str
    machine: str
    command: str
    rows: Mapping[str, Mapping[str, Any]]

    def ours(self, name: str) -> float:
        """Our side of a figure. Raises SourceInvalid when it was not measured."""
        if name not in self.rows:
            raise SourceInvalid(f"figures.json has no {name}: measure it and write the file again")
        return float(self.rows[name]["ours"])

    def baseline(self, name: str) -> float:
        """What it was measured against. Raises SourceInvalid when there is nothing."""
        self.ours(name)
        found = self.rows[name]["baseline"]
        if found is None:
            raise SourceInvalid(f"{name} of figures.json has no baseline")
        return float(found)


@dataclass(frozen=True)
class Size:
    """How big: stores and tenants, and shoppers inside at the busiest."""

    name: str
    stores: int
    shoppers: int
    tenants: int


@dataclass(frozen=True)
class Workload:
    """What is assumed of shops and shoppers."""

    sizes: tuple[Size, ...]
    groups: Mapping[str, Mapping[str, Mapping[str, Any]]]
    doors: Mapping[str, Mapping[str, str]]
    others: Mapping[str, Mapping[str, str]]

    def __call__(self, path: str) -> float:
        """An assumption by its group and name."""
        group, _, name = path.partition(".")
        return float(self.groups[group][name]["value"])


@dataclass(frozen=True)
class Tier:
    """A size of MongoDB Atlas on Google Cloud."""

    name: str
    hour: float
    vcpu: int
    ram_gb: float
    storage_gb: float
    iops: int
    connections: int


@dataclass(frozen=True)
class Prices:
    """The list of prices, tiers and quotas."""

    currency: str
    region: str
    hours: float
    note: str
    entries: Mapping[str, Mapping[str, Any]]
    tiers: tuple[Tier, ...]
    quotas: Mapping[str, Mapping[str, Any]]

    def __getitem__(self, name: str) -> float:
        return float(self.entries[name]["price"])

    def quota(self, name: str) -> float:
        """What Google allows by default."""
        return float(self.quotas[name]["value"])


def figures(path: Path = HERE / "figures.json") -> Figures:
    """Raises SourceInvalid when one that is needed is missing."""
    document = json.loads(path.read_text())
    rows = {row["name"]: row for row in document["rows"]}
    found = Figures(document["measured"], document["machine"], document["command"], rows)
    for name in NEEDED:
        found.ours(name)
    return found


def workload(path: Path = HERE / "workload.json") -> Workload:
    """What is assumed."""
    document = json.loads(path.read_text())
    sizes = tuple(Size(**size) for size in document.pop("sizes"))
    doors, others = document.pop("doors"), document.pop("otherDoors")
    return Workload(sizes, document, doors, others)


def prices(path: Path = HERE / "prices.json") -> Prices:
    """What things cost."""
    document = json.loads(path.read_text())
    tiers = tuple(
        Tier(t["name"], t["hour"], t["vcpu"], t["ramGb"], t["storageGb"], t["iops"], t["connections"])
        for t in document["atlas"]["tiers"]
    )
    return Prices(
        document["currency"],
        document["region"],
        document["hoursPerMonth"],
        document["note"],
        document["prices"],
        tiers,
        document["quotas"]["values"],
    )


def collected(lines: Iterable[str], *, measured: str, machine: str, command: str) -> dict[str, Any]:
    """figures.json from what the benchmarks printed. Raises SourceInvalid for lines that are none of theirs."""
    rows = []
    for line in filter(str.strip, lines):
        try:
            row = json.loads(line)
            rows.append({key: row[key] for key in ("name", "ours", "baseline", "unit")})
        except (ValueError, KeyError, TypeError) as error:
            raise SourceInvalid(f"this is no line of `python -m bench all --json`: {line.strip()[:80]}") from error
    missing = sorted(set(NEEDED) - {row["name"] for row in rows})
    if missing:
        raise SourceInvalid(f"not measured: {', '.join(missing)}")
    return {"measured": measured, "machine": machine, "command": command, "rows": rows}
