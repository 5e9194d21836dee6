"""The example door on a real MongoDB and Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.functional.common.test_http_door import SOURCE
from tests.integration.common.conftest import world as world
from tests.support import World, app_of, client_of, close


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The HTTP door."""
    async with client_of(app_of("example", SOURCE)) as made:
        yield made
    await close()


@pytest.fixture
async def door(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The event door."""
    async with client_of(app_of("example_events", SOURCE)) as made:
        yield made
    await close()
