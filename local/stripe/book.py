"""What the local Stripe knows: intents, charges, refunds, events, and what idempotency keys were answered with.

Everything is kept in a journal, so that a killed process comes back knowing it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from local.journal import Journal

KINDS = ("payment_intent", "charge", "refund", "event", "key")
Plain = dict[str, Any]


class Book:
    """`put` what changed; `flush` before anybody is told."""

    def __init__(self, file: Path | None = None) -> None:
        self._journal = Journal(file) if file is not None else None
        self.objects: dict[str, dict[str, Plain]] = {kind: {} for kind in KINDS}
        self._by_intent: dict[tuple[str, str], list[str]] = {}
        if self._journal is not None:
            for number, payload in self._journal.replay():
                self._keep(KINDS[number], orjson.loads(payload))
            rows = ((n, orjson.dumps(each)) for n, kind in enumerate(KINDS) for each in self.objects[kind].values())
            self._journal.rewrite(rows)

    def new_id(self, prefix: str) -> str:
        """An id nobody has."""
        return f"{prefix}_{secrets.token_hex(12)}"

    def now(self) -> int:
        """Seconds since the epoch."""
        return int(time.time())

    def put(self, kind: str, value: Plain) -> Plain:
        """Keep an object as it is now."""
        self._keep(kind, value)
        if self._journal is not None:
            self._journal.append(KINDS.index(kind), orjson.dumps(value))
        return value

    def flush(self) -> None:
        """From here on a killed process still knows it."""
        if self._journal is not None:
            self._journal.flush()

    def close(self) -> None:
        """Let go of the file."""
        if self._journal is not None:
            self._journal.close()

    def get(self, kind: str, name: str) -> Plain | None:
        """An object, or None."""
        return self.objects[kind].get(name)

    def of_intent(self, kind: str, intent_id: str) -> list[Plain]:
        """The charges or refunds of an intent, oldest first."""
        return [self.objects[kind][name] for name in self._by_intent.get((kind, intent_id), ())]

    def newest_first(self, kind: str) -> Iterator[Plain]:
        """Everything of a kind."""
        return reversed(self.objects[kind].values())

    def forget_keys(self) -> int:
        """What Stripe does a day later; how many there were."""
        count = len(self.objects["key"])
        self.objects["key"].clear()
        return count

    def ledger(self) -> list[Plain]:
        """Money only, one row an intent: what was authorised, captured and given back, and how often it was paid."""
        return [self._row(intent) for intent in self.objects["payment_intent"].values()]

    def _row(self, intent: Plain) -> Plain:
        charges = self.of_intent("charge", intent["id"])
        paid = [each for each in charges if each["status"] == "succeeded"]
        refunds = self.of_intent("refund", intent["id"])
        return {
            "intent": intent["id"],
            "order": intent["metadata"].get("checkoutId"),
            "status": intent["status"],
            "currency": intent["currency"],
            "amount": intent["amount"],
            "captured": sum(each["amount_captured"] for each in paid),
            "refunded": sum(each["amount"] for each in refunds if each["status"] in ("succeeded", "pending")),
            "charges": len(paid),
            "declined": len(charges) - len(paid),
        }

    def _keep(self, kind: str, value: Plain) -> None:
        known = self.objects[kind]
        if value["id"] not in known and kind in ("charge", "refund"):
            self._by_intent.setdefault((kind, value["payment_intent"]), []).append(value["id"])
        known[value["id"]] = value
