"""The room's dependencies, built on first use, after the server's fork."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from functions.checkout import settings
from functions.checkout.core import Deps
from functions.checkout.papers.issuing import Papers
from functions.checkout.payments.provider import Payments
from functions.checkout.payments.stripe_payments import StripePayments
from functions.checkout.reminders import Reminders
from functions.checkout.repository import Lists
from functions.common import (
    brand_cards,
    clock,
    http,
    log,
    mongo,
    pubsub,
    quotes,
    redemptions,
    redis,
    stores,
    tasks,
    tenants,
)
from functions.common.carts import Carts
from functions.common.contracts import catalog
from functions.common.contracts.envelope import Event, to_message
from functions.common.once import Once, OncePerLoop
from functions.common.product_cache import ProductCache
from functions.common.promotion_source import Promotions
from functions.common.purchases import Purchases
from functions.common.stock_holds import Emptied, StockHolds

WORKER = "checkout-events"


def _stripe() -> Payments:
    payment = settings.payment()
    return StripePayments(
        payment.stripe_api_key,
        publishable_key=payment.stripe_publishable_key,
        api_base=payment.stripe_api_base,
        method_types=tuple(filter(None, payment.stripe_method_types.split(","))),
    )


provider: Once[Payments] = Once(_stripe)
"""The payment provider; its connections belong to an event loop, and it knows that."""


def lists() -> Lists:
    """Lists of purchases."""
    return Lists()


def _build() -> Deps:
    purchases = Purchases()
    return Deps(
        purchases=purchases,
        carts=Carts(),
        payments=provider(),
        papers=Papers(purchases, stores.find, tenants.settings_of),
        holds=StockHolds(ProductCache(redis.cache())),
        cards=brand_cards,
        redemptions=redemptions,
        rules=Promotions(),
        store=stores.find,
        terms=tenants.settings_of,
        products=quotes.products_of,
        remind=Reminders(close_windows).at,
        sold_out=sold_out,
    )


deps = OncePerLoop(_build)
"""What the doors hand to the verbs."""


async def enqueue(path: str, body: dict[str, Any], at: datetime | None = None, name: str | None = None) -> None:
    """Have a path of the events door called with `body`, now or at a time; `/tasks/<queue>` names its queue.

    Raises google.api_core's errors; a `name` that is taken already is none.
    """
    queue = path.removeprefix("/tasks/").partition("/")[0]
    await tasks.enqueue(f"{WORKER}-{queue}", WORKER, path, body, schedule=at, name=name)


async def close_windows(second: int) -> None:
    """Have the payment windows looked after that have closed by this second since the epoch."""
    # All processes ask for it under one name. Read backwards, because names in order slow Cloud Tasks down:
    # https://docs.cloud.google.com/tasks/docs/creating-http-target-tasks
    await enqueue("/tasks/advance", {}, datetime.fromtimestamp(second, UTC), f"windows-{str(second)[::-1]}")


async def sold_out(tenant_id: str, store_id: str, emptied: Sequence[Emptied]) -> None:
    """Tell carts that the last of something has been taken. A notice only: who was not told finds out at checkout."""
    now = clock.now()
    changes: list[catalog.Change] = [
        {
            "barcode": each.barcode,
            "field": "stock",
            "old": each.taken,
            "new": 0,
            "currency": None,
            "sourceTime": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "ver": each.ver,
        }
        for each in emptied
    ]
    event = Event(uuid4().hex, *catalog.PRICE_CHANGED, tenant_id, store_id, now, {"changes": changes})
    try:
        await pubsub.publish(catalog.TOPIC, [to_message(event)])
    except Exception as error:
        log.warning("checkout.sold_out_not_told", storeId=store_id, error=type(error).__name__)


async def close() -> None:
    """Forget what was built, and close the connections to the payment provider."""
    if isinstance(provider.built, StripePayments):
        await provider.built.close()
    provider.replace(None)
    deps.replace(None)


async def ready() -> dict[str, str]:
    """MongoDB decides whether this room can work; the payment provider is asked when it is needed."""
    return await http.probe(mongo=mongo.ping)
