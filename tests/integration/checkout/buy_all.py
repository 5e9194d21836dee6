"""A process of its own in which shoppers buy, until all have what they want or the process is killed."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import os
import random
import sys
from datetime import datetime
from typing import Any

import httpx

from functions.checkout import advancing, opening, wiring
from functions.checkout.core import Deps
from functions.checkout.opening import Wanted
from functions.common import clock, mongo, pubsub, redis
from functions.common.auth import SHOPPER, Principal
from functions.common.errors import Problem
from functions.common.retail import purchase_states as states
from local.stripe.server import PUBLISHABLE_KEY


async def main(seed: int, shoppers: list[dict[str, Any]]) -> None:
    """Four at a time, in an order of its own."""
    pubsub.publish = _publish  # type: ignore[assignment]
    deps = dataclasses.replace(wiring.deps(), remind=_remind)
    random.Random(seed).shuffle(shoppers)
    room = asyncio.Semaphore(4)

    async def one(shopper: dict[str, Any]) -> None:
        async with room:
            await buy(deps, shopper)

    await asyncio.gather(*(one(shopper) for shopper in shoppers))
    await wiring.close()
    await redis.cache().close()
    await mongo.close()


async def buy(deps: Deps, shopper: dict[str, Any]) -> None:
    """The same tap whichever process it is in; every third shopper thinks better of it."""
    sub, session_id = shopper["sub"], shopper["session"]
    store = session_id.partition(".")[0]
    caller = Principal(sub, SHOPPER, "acme", frozenset({store}), clock.seconds() + 3600, session_id)
    digest = hashlib.sha256(f"{sub} tap".encode()).hexdigest()
    try:
        purchase, intent = await opening.check_out(
            deps, caller, Wanted(1, shopper["total"], "EUR"), digest, clock.now()
        )
        if shopper["leaves"] and purchase["state"] not in states.BOUGHT:
            await opening.cancel(deps, purchase, clock.now())
        elif intent is not None and not intent.is_final:
            await pay(str(intent.client_secret))
        await advancing.look_after(deps, await opening_again(deps, purchase["_id"]))
    except Problem as problem:
        if problem.status >= 500:
            raise


async def opening_again(deps: Deps, checkout_id: str) -> dict[str, Any]:
    """The purchase as it is kept."""
    found = await deps.purchases.by_id(checkout_id)
    assert found is not None
    return found


async def pay(secret: str) -> None:
    """As the app does."""
    form = {"client_secret": secret, "key": PUBLISHABLE_KEY, "payment_method": "pm_card_visa"}
    intent = secret.partition("_secret_")[0]
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        await client.post(f"{os.environ['STRIPE_API_BASE']}/v1/payment_intents/{intent}/confirm", data=form)


async def _publish(_topic: str, _messages: list[pubsub.OutMessage]) -> None:
    """Nobody listens."""


async def _remind(_at: datetime) -> None:
    """The sweep does it."""


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), json.loads(sys.argv[2])))
