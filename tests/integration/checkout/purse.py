"""A payment provider in memory: one ledger, keys that make an effect happen once, and trouble on demand."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from functions.checkout.payments.provider import (
    Capture,
    Intent,
    IntentGone,
    Method,
    Page,
    PaymentRefused,
    PaymentsDown,
    Refund,
    Status,
)
from functions.common import clock
from retailscan.audit_purchases import Charge

CARD = Method("card", "visa", "4242")


class Purse:
    """See `provider.Payments`. `before` and `after` are asked at every call, and may raise or wait."""

    name = "purse"
    publishable_key = "pk_test"

    def __init__(self) -> None:
        self.intents: dict[str, Intent] = {}
        self.calls: Counter[str] = Counter()
        self.down: set[str] = set()
        """Verbs that do not answer."""
        self.silent: set[str] = set()
        """Verbs that take effect, and then do not answer."""
        self._keys: dict[str, str] = {}
        self._capture: dict[str, Capture] = {}
        self._refunds: dict[str, Refund] = {}
        self.at_cancel: Callable[[Intent], None] | None = None

    async def create(
        self, order: str, amount: int, currency: str, capture: Capture, metadata: Mapping[str, str], key: str
    ) -> Intent:
        await self._begin("create")
        if amount <= 0:
            raise PaymentRefused("amount_not_payable")
        if key not in self._keys:
            made = Intent(
                id=f"pi_{uuid.uuid4().hex}",
                status="requires_payment_method",
                amount=amount,
                received=0,
                capturable=0,
                currency=currency,
                created=clock.now(),
                order=order,
                metadata=dict(metadata),
                client_secret=f"secret_{uuid.uuid4().hex}",
            )
            self.intents[made.id] = made
            self._keys[key] = made.id
            self._capture[made.id] = capture
        found = self.intents[self._keys[key]]
        assert (found.amount, found.currency, found.order) == (amount, currency, order), "a key is for one effect"
        self._end("create")
        return found

    async def retrieve(self, intent_id: str) -> Intent:
        await self._begin("retrieve")
        return self._of(intent_id)

    async def capture(self, intent_id: str, amount: int, currency: str, key: str) -> Intent:
        await self._begin("capture")
        found = self._of(intent_id)
        if found.status == "requires_capture":
            assert amount <= found.capturable
            found = self._put(found, status="succeeded", received=amount, capturable=0)
        self._end("capture")
        return found

    async def cancel(self, intent_id: str, key: str) -> Intent:
        await self._begin("cancel")
        found = self._of(intent_id)
        if self.at_cancel is not None:
            self.at_cancel(found)
            found = self._of(intent_id)
        if not found.is_final and found.status != "processing":
            found = self._put(found, status="canceled", capturable=0)
        self._end("cancel")
        return found

    async def refund(self, intent_id: str, amount: int, currency: str, reference: str, key: str) -> Refund:
        await self._begin("refund")
        if reference not in self._refunds:
            found = self._of(intent_id)
            if found.refunded + amount > found.received:
                raise PaymentRefused("charge_already_refunded")
            self._put(found, refunded=found.refunded + amount)
            self._refunds[reference] = Refund(
                f"re_{uuid.uuid4().hex}", intent_id, amount, currency, "succeeded", clock.now(), reference
            )
        self._end("refund")
        return self._refunds[reference]

    async def refunds_of(self, intent_id: str) -> tuple[Refund, ...]:
        await self._begin("refunds_of")
        return tuple(each for each in self._refunds.values() if each.intent_id == intent_id)

    # ---- the shopper, the bank, and trouble

    def know(self, intent: Intent, capture: Capture) -> None:
        """An intent that was made before."""
        self.intents[intent.id] = intent
        self._capture[intent.id] = capture
        self._keys[f"{intent.order}:pi"] = intent.id

    def forget(self) -> None:
        """As on the first day."""
        for kept in (self.intents, self._keys, self._capture, self._refunds):
            kept.clear()

    def pay(self, intent_id: str, *, method: Method = CARD, amount: int | None = None) -> Intent:
        """The shopper pays; taken at once, or held until it is captured."""
        found = self._of(intent_id)
        assert not found.is_final, f"{intent_id} is {found.status}"
        paid = found.amount if amount is None else amount
        if self._capture[intent_id] == "manual":
            return self._put(found, status="requires_capture", capturable=paid, method=method, error=None)
        return self._put(found, status="succeeded", received=paid, method=method, error=None)

    def set(self, intent_id: str, status: Status, error: str | None = None) -> Intent:
        """Whatever else can happen to a payment."""
        return self._put(self._of(intent_id), status=status, error=error)

    def ledger(self) -> list[Charge]:
        """What the provider has taken."""
        return [
            Charge(each.id, each.order or "", each.received, each.refunded, each.currency)
            for each in self.intents.values()
            if each.received
        ]

    def _of(self, intent_id: str) -> Intent:
        if intent_id not in self.intents:
            raise IntentGone(intent_id)
        return self.intents[intent_id]

    def _put(self, intent: Intent, **changes: object) -> Intent:
        self.intents[intent.id] = dataclasses.replace(intent, **changes)  # type: ignore[arg-type]
        return self.intents[intent.id]

    async def _begin(self, verb: str) -> None:
        self.calls[verb] += 1
        await asyncio.sleep(0)
        if verb in self.down:
            raise PaymentsDown(verb)

    def _end(self, verb: str) -> None:
        if verb in self.silent:
            raise PaymentsDown(verb)

    async def list(self, since: datetime, until: datetime, after: str | None = None) -> Page:
        await self._begin("list")
        return Page(tuple(each for each in self.intents.values() if since <= each.created < until), None)
