"""One running suite for the journeys of imports: it takes longer to start than they take."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from local.suite import Suite
from tests.faults.shop import RIVAL, TENANT, Shop


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop() -> AsyncIterator[Shop]:
    """Two tenants with a store and three products each, behind the gateway."""
    env = {"OTEL_TRACES_SAMPLE": "0"}
    async with Suite(rooms=("scan", "import_publish"), tenants=(TENANT, RIVAL), door_env=env) as suite:
        shop = Shop(suite, seed=1, products=3)
        try:
            await shop.open()
            yield shop
        finally:
            await shop.close()
