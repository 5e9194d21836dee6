"""The environment of this room alone; what every room reads is in `functions.common.settings`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from functions.common import settings
from functions.common.once import Once


@dataclass(frozen=True, slots=True)
class Payment:
    """How Stripe is reached.

    `STRIPE_WEBHOOK_SECRETS`, with commas between, are those of the webhook's endpoint that are valid now: two while
    one is being replaced. `STRIPE_METHOD_TYPES`, with commas between, restricts what may be paid with; empty leaves it
    to Stripe, by what is switched on in its dashboard. What takes days to be decided holds the goods for days.
    """

    stripe_api_key: str = dataclasses.field(repr=False)
    stripe_webhook_secrets: str = dataclasses.field(default="", repr=False)
    stripe_publishable_key: str = ""
    stripe_api_base: str = ""
    stripe_method_types: str = ""


payment = Once(lambda: settings.load(Payment))


@dataclass(frozen=True, slots=True)
class ExitPass:
    """`EXIT_SIGNING_KEY`: the Ed25519 private key (JWK with `kid`) that signs exit passes."""

    exit_signing_key: str = dataclasses.field(repr=False)


exit_pass = Once(lambda: settings.load(ExitPass))
