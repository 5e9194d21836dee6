"""Purchases that are paid, in a real MongoDB, and who issues their papers."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from functions.checkout.collections import PURCHASES
from functions.checkout.papers.issuing import Papers
from functions.common import clock, migrations, mongo, stores, tenants
from functions.common.purchases import Purchases
from functions.common.retail import purchase_states as states
from tests.support import World
from tests.unit.checkout.papers.goods import STORE, TENANT, purchase


@pytest.fixture
async def world(mongod: str, redis_server: str, emptied_database: str) -> AsyncIterator[World]:
    world = World(mongo_uri=mongod, database=emptied_database, redis_url=redis_server)
    with world.installed():
        tenants.forget()
        await migrations.apply(mongo.database(), [*migrations.SHARED, PURCHASES])
        yield world
        await mongo.close()


@pytest.fixture
def papers(world: World) -> Papers:
    return Papers(Purchases(), stores.find, tenants.settings_of)


async def paid(count: int = 1, *, store: str = STORE, **more: Any) -> list[dict[str, Any]]:
    """So many purchases that wait for their receipts."""
    made = []
    for _ in range(count):
        digest = uuid.uuid4().hex
        own = {"storeId": store, "sessionId": f"{store}.{digest}", "tenantId": TENANT}
        made.append(purchase(checkout_id=f"{store}.{digest}") | own | more)
    await mongo.collection("purchases").insert_many(made)
    return made


async def issued(papers: Papers, **more: Any) -> dict[str, Any]:
    """A purchase with its papers, as checkout leaves it."""
    (purchase,) = await paid(**more)
    now = clock.now()
    with_receipt = await papers.issue_receipt(purchase, now)
    assert with_receipt is not None
    values = {"pass": await papers.new_pass(with_receipt, now)}
    found = await Purchases().move(with_receipt, states.EXIT_ISSUED, now=now, values=values)
    assert found is not None
    return found


async def numbers(store: str = STORE) -> list[int]:
    """The receipt numbers of a store, in order."""
    found = mongo.collection("purchases").find({"storeId": store, "receipt.number": {"$gt": 0}})
    return sorted([each["receipt"]["number"] async for each in found])
