"""One subscription: what is unacknowledged, what may be handed out next, and what happens after a failure.

A message with an ordering key is handed out only when the one before it with the same key is settled, so order per key
holds through failures, redelivery and restarts. How messages leave (push or pull) is pubsub_push.py and pubsub_pull.py.
"""

import asyncio
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Protocol

from local.faults import Faults
from local.pubsub_filter import compile_filter
from local.pubsub_model import Delivery, KeyQueue, Message, seconds_of
from local.rpc import Pb, camel

# Without a retry policy Google retries pushes with a back-off of its own, and pulls at once.
_PUSH_BACKOFF_S = (0.1, 10.0)
_MAX_DOUBLINGS = 30


class Host(Protocol):
    """What a subscription needs of the server it lives in."""

    def acked(self, subscription: "Subscription", message_id: int) -> None:
        """Remembers that a message is done."""

    def attempted(self, subscription: "Subscription", delivery: Delivery) -> None:
        """Remembers how often a message was tried."""

    def dead_letter(self, subscription: "Subscription", delivery: Delivery) -> bool:
        """Publishes to the dead letter topic; False when that topic is gone."""


class Outlet(Protocol):
    """How messages leave a subscription. `window` is how many pushes may be in flight now, 0 for pull."""

    window: int

    def pump(self) -> None:
        """Hands out what it can of what is ready."""


@dataclass(slots=True)
class Stats:
    """Counts since the server started."""

    published: int = 0
    sent: int = 0
    delivered: int = 0
    failures: int = 0
    dead_lettered: int = 0


class Subscription:
    """The state of one subscription. Not thread-safe: everything happens on the event loop."""

    def __init__(self, serial: int, pb: Pb, host: Host, faults: Faults | None) -> None:
        self.serial = serial
        self.name: str = pb.name
        self.host = host
        self.faults = faults
        self.stats = Stats()
        self.unacked: dict[int, Delivery] = {}
        self.closed = False
        self.outlet: Outlet | None = None
        self.in_flight = 0
        self._ready: deque[Delivery] = deque()
        # Per busy key: first the one handed out (or waiting for its retry), then those that must wait for it.
        self._keys: dict[str, KeyQueue] = {}
        self.configure(pb)

    def configure(self, pb: Pb) -> None:
        """Takes over a new configuration; what is in flight goes on under it."""
        self.pb = pb
        self.topic: str = pb.topic
        self.ordered: bool = pb.enable_message_ordering
        self.ack_deadline_s: int = pb.ack_deadline_seconds
        self.matches = compile_filter(pb.filter)
        policy = pb.dead_letter_policy
        self.dead_letter_topic: str = policy.dead_letter_topic
        self.max_attempts: int = policy.max_delivery_attempts
        self._backoff: tuple[float, float] | None = None
        if pb.HasField("retry_policy"):
            retry = pb.retry_policy
            self._backoff = (seconds_of(retry.minimum_backoff), seconds_of(retry.maximum_backoff))
        elif pb.push_config.push_endpoint:
            self._backoff = _PUSH_BACKOFF_S

    def offer(self, message: Message) -> None:
        """Takes a freshly published message, if the filter lets it pass. The caller pumps afterwards."""
        if self.matches is not None and not self.matches(message.pb.attributes):
            return
        self.stats.published += 1
        delivery = self.unacked[message.id] = Delivery(message)
        if self.ordered and message.key:
            queue = self._keys.get(message.key)
            if queue is not None:
                queue.append(delivery)
                return
            self._keys[message.key] = deque((delivery,))
        faults = self.faults
        if faults is not None and faults.strikes("delay", faults.delay):
            self._later(faults.delay_s, delivery)
        else:
            self._ready.append(delivery)

    def pump(self) -> None:
        """Lets the outlet hand out what is ready."""
        if self.outlet is not None and not self.closed:
            self.outlet.pump()

    @property
    def has_ready(self) -> bool:
        """Whether `take` is worth a call."""
        return bool(self._ready)

    def take(self) -> Delivery | None:
        """The next message to hand out, its attempt counted; None when nothing is ready."""
        ready = self._ready
        while ready:
            if self.faults is not None and self.faults.reorder > 1:
                ready.rotate(-self.faults.random.randrange(min(len(ready), self.faults.reorder)))
            delivery = ready.popleft()
            if self.unacked.get(delivery.message.id) is delivery:
                delivery.attempt += 1
                self.stats.sent += 1
                self.in_flight += 1
                return delivery
        return None

    def ack(self, delivery: Delivery) -> None:
        """The subscriber is done with a message that was handed out."""
        self.in_flight -= 1
        faults = self.faults
        if faults is not None:
            if faults.strikes("drop_ack", faults.drop_ack):
                self._fail(delivery)
                return
            if faults.strikes("duplicate", faults.duplicate):
                self._wake(delivery)
                return
        self.stats.delivered += 1
        self.settle(delivery)

    def nack(self, delivery: Delivery) -> None:
        """A message that was handed out came back: refused, timed out or expired."""
        self.in_flight -= 1
        self._fail(delivery)

    def settle(self, delivery: Delivery) -> None:
        """Forgets a message for good and lets the next one of its key go."""
        message = delivery.message
        if self.unacked.pop(message.id, None) is None:
            return
        self.host.acked(self, message.id)
        if self.ordered and message.key:
            self._advance(message.key, delivery)

    def purge(self, before_us: int) -> None:
        """Drops every message published before a time (Seek)."""
        for delivery in [d for d in self.unacked.values() if d.message.publish_us < before_us]:
            self.settle(delivery)

    def restore(self, message: Message, attempt: int) -> None:
        """Puts back a message read from the journal; `rebuild` follows when all are there."""
        delivery = self.unacked[message.id] = Delivery(message)
        delivery.attempt = attempt

    def rebuild(self, now_us: int) -> None:
        """After a restart: drops what is older than the retention and queues the rest in publish order."""
        oldest = now_us - int(seconds_of(self.pb.message_retention_duration) * 1e6)
        self.unacked = {i: d for i, d in sorted(self.unacked.items()) if d.message.publish_us >= oldest}
        for delivery in self.unacked.values():
            key = delivery.message.key
            if self.ordered and key:
                queue = self._keys.setdefault(key, deque())
                queue.append(delivery)
                if len(queue) > 1:
                    continue
            self._ready.append(delivery)

    def close(self) -> None:
        """Deleted or detached: drops everything."""
        self.closed = True
        self.unacked.clear()
        self._ready.clear()
        self._keys.clear()

    def report(self) -> dict[str, int | float | str]:
        """The figures of the live table; ages in seconds."""
        first = next(iter(self.unacked.values()), None)
        age = 0.0 if first is None else max(0.0, time.time() - first.message.publish_us / 1e6)
        return {camel(name): value for name, value in asdict(self.stats).items()} | {
            "topic": self.topic,
            "endpoint": str(self.pb.push_config.push_endpoint),
            "depth": len(self.unacked),
            "inFlight": self.in_flight,
            "window": 0 if self.outlet is None else self.outlet.window,
            "oldestAgeSeconds": round(age, 3),
        }

    def _fail(self, delivery: Delivery) -> None:
        if self.closed or self.unacked.get(delivery.message.id) is not delivery:  # purged while it was out
            return
        self.stats.failures += 1
        if self.dead_letter_topic:
            if delivery.attempt >= self.max_attempts and self.host.dead_letter(self, delivery):
                self.stats.dead_lettered += 1
                self.settle(delivery)
                return
            self.host.attempted(self, delivery)
        if self._backoff is None:
            self._wake(delivery)
        else:
            self._later(backoff_s(*self._backoff, delivery.attempt), delivery)

    def _advance(self, key: str, delivery: Delivery) -> None:
        queue = self._keys.get(key)
        if not queue:
            return
        if queue[0] is not delivery:
            queue.remove(delivery)
            return
        queue.popleft()
        if queue:
            self._ready.append(queue[0])
        else:
            del self._keys[key]

    def _later(self, delay_s: float, delivery: Delivery) -> None:
        asyncio.get_running_loop().call_later(delay_s, self._wake, delivery)

    def _wake(self, delivery: Delivery) -> None:
        if not self.closed:
            self._ready.append(delivery)
            self.pump()


def backoff_s(low_s: float, high_s: float, attempt: int) -> float:
    """The wait after the n-th attempt failed: doubles from the minimum up to the maximum."""
    return float(min(high_s, low_s * 2.0 ** min(attempt - 1, _MAX_DOUBLINGS)))
