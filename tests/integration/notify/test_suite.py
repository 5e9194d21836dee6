"""The room as it runs: Pub/Sub pushes, a queue that waits ten seconds, FCM beside it, a stream through the gateway."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from functions.common import pubsub, settings
from functions.common.contracts.envelope import Event, to_message
from local.suite import Suite
from tests.integration.notify.test_streams import reading

pytestmark = [pytest.mark.suite, pytest.mark.slow]

VISIT, STORE, TENANT = "fresko-mitte.0f5e2f4b8a9c4d1e8f7a6b5c4d3e2f10", "fresko-mitte", "fresko"


@pytest.fixture
async def suite() -> AsyncIterator[Suite]:
    async with Suite(rooms=["notify"]) as running:
        common = settings.Common(pubsub_emulator_host=running.pubsub_endpoint)
        settings.override(common)
        yield running
        await pubsub.close()
        settings.override(None)


async def repriced(number: int, old: int, new: int) -> None:
    change = {"barcode": "4006381333931", "name": "Pen", "old": old, "new": new, "currency": "EUR"}
    said = {
        "sessionId": VISIT, "userId": "shopper-1", "cartVersion": number, "changes": [change], "currency": "EUR",
        "oldTotal": old, "total": new,
    }  # fmt: skip
    event = Event(f"e{number}", "session.cart_repriced", 1, TENANT, STORE, datetime.now(UTC), said)
    await pubsub.publish("session-events", [to_message(event)])


async def until(read: Callable[[], Any], within: float) -> Any:
    end = time.monotonic() + within
    while not (found := await read()):
        assert time.monotonic() < end, "it never came to that"
        await asyncio.sleep(0.05)
    return found


async def test_a_change_in_a_cart_reaches_phone_and_page_and_the_next_waits_its_ten_seconds(suite: Suite) -> None:
    token = suite.issuer.session_token("shopper-1", tenant_id=TENANT, store_id=STORE, session_id=VISIT)
    app = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(timeout=20) as client, reading(suite.gateway_url, app) as reader:
        body = {"token": "token-of-phone", "platform": "android"}
        put = await client.put(f"{suite.gateway_url}/v1/devices/phone", json=body, headers=app)
        assert put.status_code == 200, put.text

        async def sent(number: int) -> list[dict[str, Any]]:
            kept = (await client.get(f"{suite.stand_in_url('fcm')}/_sent")).json()
            assert kept["refused"] == []
            return kept["sent"] if len(kept["sent"]) >= number else []

        await repriced(1, 199, 149)
        first = await reader.next()
        assert first is not None
        assert first.data["data"]["prices"][0]["new"] == 149
        await until(lambda: sent(1), 5)
        for number in range(5):
            await repriced(number + 2, 149 - number, 148 - number)
        second = await reader.next(within=20)
        assert second is not None
        assert second.data["data"]["prices"][0] == {
            "barcode": "4006381333931", "name": "Pen", "old": 149, "new": 144, "currency": "EUR"
        }  # fmt: skip
        pushes = await until(lambda: sent(2), 5)
        assert len(pushes) == 2
        assert 9.9 <= pushes[1]["at"] - pushes[0]["at"] <= 15
