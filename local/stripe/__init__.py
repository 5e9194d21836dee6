"""A Stripe on one's own machine, as far as checkouts use it: payment intents, refunds, events and webhooks.

It keeps a ledger, honours idempotency keys, survives its own death and misbehaves on demand. No money moves.
`python -m local.stripe --help`.
"""

from local.stripe.faults import EFFECTS, Faults
from local.stripe.server import FakeStripe

__all__ = ["EFFECTS", "FakeStripe", "Faults"]
