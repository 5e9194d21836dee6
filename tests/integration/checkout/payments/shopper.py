"""The shopper's app as Stripe sees it: it pays with the client secret and the publishable key, nothing else."""

from __future__ import annotations

from typing import Any

import httpx

from functions.checkout.payments.provider import Intent
from local.stripe import FakeStripe
from local.stripe.server import PUBLISHABLE_KEY


async def pay(stripe: FakeStripe, intent: Intent, method: str = "pm_card_visa") -> dict[str, Any]:
    """Confirm an intent; what Stripe answered."""
    form = {"client_secret": str(intent.client_secret), "key": PUBLISHABLE_KEY, "payment_method": method}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{stripe.url}/v1/payment_intents/{intent.id}/confirm", data=form)
    return dict(answer.json())
