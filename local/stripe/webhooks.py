"""Telling others what happened: events with a fresh signature for every attempt, and all that can go wrong on the way.

https://docs.stripe.com/webhooks: an event may come twice, late, in any order, or not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import random
import time
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from local.stripe.book import Book, Plain

BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 3_600.0)
"""Seconds between attempts: the shape of Stripe's three days, the first of them for people who wait."""
API_VERSION = "2026-01-28.clover"


def signature(secret: str, payload: bytes, at: int | None = None) -> str:
    """The `Stripe-Signature` header of a payload. https://docs.stripe.com/webhooks#verify-manually"""
    at = int(time.time()) if at is None else at
    mac = hmac.new(secret.encode(), b"%d.%s" % (at, payload), hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events go; several secrets sign at once while one is being replaced."""

    url: str
    secrets: tuple[str, ...]


@dataclass
class Delivery:
    """How events travel: the shares (0 to 1) that are lost for good or come twice, at most `copies` times; seconds of
    delay, drawn anew for each. While `hold` is on nothing leaves; `release` then sends, turned round when `reverse`.
    """

    lose: float = 0.0
    duplicate: float = 0.0
    copies: int = 2
    delay: float = 0.0
    hold: bool = False
    reverse: bool = False


class Webhooks:
    """Sends what `tell` is told. Start and stop it with its event loop."""

    def __init__(self, book: Book, endpoints: tuple[Endpoint, ...] = (), seed: int | None = None) -> None:
        self._book = book
        self.endpoints = endpoints
        self.delivery = Delivery()
        self.backoff: tuple[float, ...] = BACKOFF
        self.counts: dict[str, int] = {"sent": 0, "refused": 0, "lost": 0, "duplicated": 0, "given_up": 0}
        self._held: list[Plain] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._chance = random.Random(seed)
        self._client: httpx.AsyncClient | None = None

    def start(self) -> None:
        """Resume what an earlier process had not delivered."""
        self._client = httpx.AsyncClient(timeout=10.0, trust_env=False)
        for event in list(self._book.objects["event"].values()):
            if event["pending_webhooks"] and not event.get("lost"):
                self._send(event)

    async def stop(self) -> None:
        """Safe to repeat."""
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def tell(self, kind: str, value: Plain, request: Plain | None = None) -> Plain:
        """Something happened."""
        event = {
            "id": self._book.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self._book.now(),
            "data": {"object": value},
            "livemode": False,
            "pending_webhooks": len(self.endpoints),
            "request": request or {"id": None, "idempotency_key": None},
            "type": kind,
        }
        if self._chance.random() < self.delivery.lose:
            self.counts["lost"] += 1
            self._book.put("event", event | {"lost": True})
            return event
        self._book.put("event", event)
        if self.delivery.hold:
            self._held.append(event)
            return event
        self._send_as_asked(event)
        return event

    def release(self) -> int:
        """Send what was held; how many."""
        self.delivery.hold = False
        held, self._held = self._held, []
        if self.delivery.reverse:
            held.reverse()
        for event in held:
            self._send_as_asked(event)
        return len(held)

    def resend(self, name: str) -> bool:
        """As somebody does by hand in Stripe's dashboard."""
        event = self._book.get("event", name)
        if event is not None:
            self._send(event)
        return event is not None

    async def idle(self) -> None:
        """Until nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _send_as_asked(self, event: Plain) -> None:
        self._send(event)
        if self._chance.random() < self.delivery.duplicate:
            for _ in range(self.delivery.copies - 1):
                self.counts["duplicated"] += 1
                self._send(event)

    def _send(self, event: Plain) -> None:
        for endpoint in self.endpoints:
            task = asyncio.get_running_loop().create_task(self._deliver(endpoint, event))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _deliver(self, endpoint: Endpoint, event: Plain) -> None:
        if self.delivery.delay:
            await asyncio.sleep(self._chance.uniform(0, self.delivery.delay))
        payload = orjson.dumps({name: value for name, value in event.items() if name != "lost"})
        for pause in (*self.backoff, None):
            if await self._attempt(endpoint, payload):
                self.counts["sent"] += 1
                known = self._book.get("event", event["id"]) or event
                if known["pending_webhooks"]:
                    self._book.put("event", known | {"pending_webhooks": known["pending_webhooks"] - 1})
                    self._book.flush()
                return
            self.counts["refused"] += 1
            if pause is not None:
                await asyncio.sleep(pause * self._chance.uniform(0.8, 1.2))
        self.counts["given_up"] += 1

    async def _attempt(self, endpoint: Endpoint, payload: bytes) -> bool:
        at = int(time.time())
        signed = [signature(secret, payload, at) for secret in endpoint.secrets]
        header = ",".join([f"t={at}", *(each.partition(",")[2] for each in signed)])
        headers: Any = {"content-type": "application/json; charset=utf-8", "stripe-signature": header}
        assert self._client is not None
        with contextlib.suppress(httpx.HTTPError):
            answer = await self._client.post(endpoint.url, content=payload, headers=headers)
            return answer.is_success
        return False
