"""Sizes, seeds and counts of the fault scenarios: small in `make test`, full in `make faults`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.suite import Suite
from tests.faults.shop import RIVAL, TENANT, Shop

FULL = os.environ.get("FAULTS") == "full"


@dataclass
class Run:
    """One scenario: its seed, its size, and how often it reached what it is about."""

    name: str
    seed: int
    counts: Counter[str] = field(default_factory=Counter)

    def size(self, small: int, full: int) -> int:
        """How many, by the size of the run."""
        return full if FULL else small

    def reached(self, state: str, times: int = 1) -> None:
        """Note that a dangerous state was reached."""
        self.counts[state] += times

    def must_have_reached(self, *states: str) -> None:
        """A scenario that never got where it hurts has shown nothing."""
        missing = [state for state in states if not self.counts[state]]
        assert not missing, f"never reached: {', '.join(missing)} (seed {self.seed}, counts {dict(self.counts)})"

    @asynccontextmanager
    async def shop(
        self, *, products: int, rooms: tuple[str, ...] = ("scan", "price_ingest"), **options: Any
    ) -> AsyncIterator[Shop]:
        """A suite of its own with a shop in it."""
        options.setdefault("gateway", False)
        options["door_env"] = {"TEST": "1", "OTEL_TRACES_SAMPLE": "0"} | options.get("door_env", {})
        async with Suite(rooms=rooms, tenants=(TENANT, RIVAL), **options) as suite:
            shop = Shop(suite, self.seed, products)
            try:
                await shop.open()
                yield shop
            finally:
                await shop.close()


@pytest.fixture
def run(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """The scenario's seed (SEED=n repeats one) and counts, printed at its end."""
    made = Run(request.node.name, int(os.environ.get("SEED") or 20261120))
    yield made
    with capsys.disabled():
        sys.stdout.write(f"\n  {made.name}: seed {made.seed}, {'full' if FULL else 'small'}, {dict(made.counts)}\n")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every scenario is one of the faults."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.suite)
