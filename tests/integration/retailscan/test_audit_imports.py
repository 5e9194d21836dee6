"""The auditor on imports: quiet after a good one, and each thing that may not be is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.common import clock
from retailscan import audit
from tests.integration.import_publish.conftest import MILK, RICE, WINE, Room
from tests.integration.import_publish.conftest import room as room

FILE = f"barcode,name,price\n{MILK},Oat milk,1.99\n{WINE},Red wine,7.50\n{RICE},Rice,cheap\n"


@pytest.fixture
async def published(room: Room) -> str:
    """An import of three rows, one of which was no good."""
    import_id = await room.staged(FILE)
    assert (await room.post(f"/v1/imports/{import_id}/approve", {})).status_code == 202
    await room.work_off(only=("publish",))
    assert (await room.view(import_id))["state"] == "partly_published"
    return import_id


async def findings(room: Room) -> list[str]:
    return await audit.findings(room.database, None)


async def test_a_good_import_gives_no_cause_for_complaint(room: Room, published: str) -> None:
    assert await findings(room) == []


async def test_nor_does_one_that_is_rolled_back(room: Room, published: str) -> None:
    await room.post(f"/v1/imports/{published}/rollback")
    await room.work_off(only=("rollback",))
    assert (await room.view(published))["state"] == "rolled_back"
    assert await findings(room) == []


@pytest.mark.parametrize(
    ("collection", "change", "complaint"),
    [
        ("imports", {"$inc": {"counts.valid": 1}}, "3 rows and knows the status of 4"),
        ("imports", {"$inc": {"result.created": -1}}, "3 rows, published 3 and accounts for 2"),
        ("imports", {"$set": {"result": None}}, "does not say what became of its rows"),
        ("imports", {"$inc": {"result.rows": 1, "result.stale": 1}}, "3 rows, published 4"),
        ("import_failures", {"$set": {"items": []}}, "left out 1 rows and kept 0"),
        ("product_staging", {"$set": {"state": "staged"}}, "is partly_published with 1 chunks that are not"),
        ("products", {"$set": {"ver": 0}}, "which is in 0"),
        ("imports", {"$set": {"storeId": "umbrella-rome"}}, "1 documents of imports put store umbrella-rome"),
    ],
)
async def test_what_may_not_be_is_found(
    room: Room, published: str, collection: str, change: dict[str, Any], complaint: str
) -> None:
    await room.database[collection].update_one({}, change)
    assert any(complaint in sentence for sentence in await findings(room))


async def test_an_import_that_nobody_goes_on_with_is_found(room: Room) -> None:
    await room.upload(FILE)
    assert await findings(room) == []
    await room.database.imports.update_one({}, {"$set": {"dueAt": clock.now() - timedelta(minutes=11)}})
    assert await findings(room) == ["imports: 1 imports stand still for longer than ten minutes"]
