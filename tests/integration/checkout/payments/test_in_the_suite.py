"""Bought and given back in the running suite: real processes, real webhooks over HTTP, real tasks, and a kill -9."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pymongo import AsyncMongoClient

from local.stripe.server import PUBLISHABLE_KEY
from local.suite import Suite
from tests.integration.checkout.payments.shop import GUM, MILK, STORE, TENANT, stocked
from tests.support import bearer

pytestmark = [pytest.mark.suite, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def suite() -> AsyncIterator[Suite]:
    env = {"OTEL_TRACES_SAMPLE": "0"}
    async with Suite(rooms=("sessions", "checkout"), tenants=(TENANT,), door_env=env, scheduler=False) as running:
        mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(running.mongo_uri)
        database = mongo[running.mongo_database]
        for name, documents in stocked().items():
            await database[name].insert_many(documents)
        yield running
        await mongo.close()


async def begin(suite: Suite, http: httpx.AsyncClient) -> tuple[dict[str, str], dict[str, Any]]:
    """Check in, put two things into the cart, check out."""
    now = int(time.time())
    claims = {
        "iss": "retailscan-catalog", "aud": "check-in", "sub": STORE, "storeId": STORE, "tenantId": TENANT,
        "codeVersion": 1, "iat": now, "exp": now + 3600,
    }  # fmt: skip
    code = suite.issuer.sign("store-codes", claims, typ="store+jwt")
    shopper = suite.authorization(role="shopper", sub=f"shopper-{uuid.uuid4().hex[:8]}")
    entered = (await http.post("/v1/sessions", json={"storeCode": code}, headers=shopper)).json()["data"]
    headers = bearer(entered["token"])
    for barcode in (MILK, GUM):
        reply = await http.post("/v1/cart/lines", json={"code": barcode, "quantity": 1000}, headers=headers)
        assert reply.status_code == 201, reply.text
    cart = (await http.get("/v1/cart", headers=headers)).json()["data"]
    body = {"cartVersion": cart["cartVersion"], "total": cart["total"], "currency": cart["currency"]}
    reply = await http.post("/v1/checkouts", json=body, headers={**headers, "Idempotency-Key": uuid.uuid4().hex})
    assert reply.status_code == 201, reply.text
    return headers, reply.json()["data"]


async def pay(suite: Suite, checkout: dict[str, Any], method: str = "pm_card_visa") -> None:
    secret = checkout["payment"]["clientSecret"]
    form = {"client_secret": secret, "key": PUBLISHABLE_KEY, "payment_method": method}
    async with httpx.AsyncClient(trust_env=False) as stripe:
        path = f"/v1/payment_intents/{checkout['payment']['intentId']}/confirm"
        reply = await stripe.post(suite.stand_in_url("stripe") + path, data=form)
        assert reply.status_code == 200, reply.text


async def until(suite: Suite, checkout_id: str, state: str, seconds: float = 20.0) -> dict[str, Any]:
    """The purchase, once it has come into a state; nobody of ours asks for it meanwhile."""
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(suite.mongo_uri)
    try:
        deadline = time.monotonic() + seconds
        while True:
            found = await mongo[suite.mongo_database].purchases.find_one({"_id": checkout_id})
            assert found is not None
            if found["state"] == state:
                return dict(found)
            assert time.monotonic() < deadline, found["history"]
            await asyncio.sleep(0.05)
    finally:
        await mongo.close()


async def ledger(suite: Suite) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(trust_env=False) as stripe:
        reply = await stripe.get(suite.stand_in_url("stripe") + "/_control/ledger")
    return [row for row in reply.json() if row["charges"]]


async def test_the_webhook_alone_takes_a_payment_to_its_pass_and_a_refund_goes_back(suite: Suite) -> None:
    async with httpx.AsyncClient(base_url=suite.gateway_url, timeout=30, trust_env=False) as http:
        _, checkout = await begin(suite, http)
        assert checkout["payment"]["publishableKey"] == PUBLISHABLE_KEY
        await pay(suite, checkout)
        purchase = await until(suite, checkout["checkoutId"], "exit_issued")
        assert purchase["payment"]["captured"] == 260
        path = f"/v1/stores/{STORE}/purchases/{checkout['checkoutId']}/refunds"
        headers = suite.authorization(role="store_manager", tenant=TENANT, stores=[STORE], sub="kim")
        body = {"whole": True, "reason": "brought back", "restock": True}
        reply = await http.post(path, json=body, headers={**headers, "Idempotency-Key": "k1"})
        assert reply.status_code == 201, reply.text
        await until(suite, checkout["checkoutId"], "refunded")
    mine = [row for row in await ledger(suite) if row["order"] == checkout["checkoutId"]]
    assert [(row["charges"], row["captured"], row["refunded"]) for row in mine] == [(1, 260, 260)]


async def test_a_killed_door_and_a_killed_stripe_lose_no_payment(suite: Suite) -> None:
    async with httpx.AsyncClient(base_url=suite.gateway_url, timeout=30, trust_env=False) as http:
        _, checkout = await begin(suite, http)
        suite.freeze_door("checkout")
        await pay(suite, checkout)
        # Its webhook hangs at a door that does not answer; then both of them die.
        suite.kill_door("checkout")
        suite.others["stripe"].kill()
        await suite.restart_stand_in("stripe")
        purchase = await until(suite, checkout["checkoutId"], "exit_issued", 60)
    mine = [row for row in await ledger(suite) if row["order"] == purchase["_id"]]
    assert [(row["charges"], row["captured"]) for row in mine] == [(1, 260)]
