"""Pull: leases messages to waiting Pull calls and to streams, and takes them back when a lease runs out."""

import asyncio
import heapq
import itertools
from collections import deque
from dataclasses import dataclass, field

from google.pubsub_v1 import types

from local.pubsub_model import Delivery
from local.pubsub_subscription import Subscription
from local.rpc import Pb, invalid

PbReceived = types.ReceivedMessage.pb()

# Clients in emulator mode take no reply above gRPC's default of 4 MB, except that one message alone may be larger.
BATCH_BYTES = 1 << 20

_leases = itertools.count(1)
_ties = itertools.count()


@dataclass(eq=False, slots=True)
class Waiter:
    """One Pull call that waits for messages."""

    wanted: int
    future: asyncio.Future[list[Pb]]


@dataclass(eq=False, slots=True)
class Feed:
    """One StreamingPull call: what it may still hold, and what waits to be written to it."""

    max_messages: int
    max_bytes: int
    ack_deadline_s: int
    held: int = 0
    held_bytes: int = 0
    batch: list[Pb] = field(default_factory=list)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def has_room(self) -> bool:
        """Whether the client's flow control lets one more message through."""
        return (
            not self.closed
            and (self.max_messages <= 0 or self.held < self.max_messages)
            and (self.max_bytes <= 0 or self.held_bytes < self.max_bytes)
        )


class PullOutlet:
    """Hands one subscription's messages to whoever pulls, in turn."""

    window = 0

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self._waiters: deque[Waiter] = deque()
        self._feeds: deque[Feed] = deque()
        # (deadline, tie-breaker, lease, delivery); a lease that was moved or ended leaves its old entry behind.
        self._expiries: list[tuple[float, int, int, Delivery]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def pump(self) -> None:
        """Serves waiting Pull calls first, then the streams round robin."""
        while self._subscription.has_ready:
            waiter = self._next_waiter()
            if waiter is not None:
                batch = self._batch(waiter.wanted)
                if batch:
                    waiter.future.set_result(batch)
                    self._waiters.popleft()
                continue
            feed = self._next_feed()
            if feed is None or not self._feed_one(feed):
                return

    async def pull(self, wanted: int, wait_s: float) -> list[Pb]:
        """At least one message, or none after `wait_s`."""
        batch = self._batch(wanted)
        if batch or wait_s <= 0:
            return batch
        waiter = Waiter(wanted, self._loop.create_future())
        self._waiters.append(waiter)
        done, _ = await asyncio.wait([waiter.future], timeout=wait_s)
        if done:
            return waiter.future.result()
        waiter.future.cancel()
        return []

    def add_feed(self, feed: Feed) -> None:
        """A stream opened."""
        self._feeds.append(feed)
        self.pump()

    def remove_feed(self, feed: Feed) -> None:
        """A stream ended; what it holds stays leased to its client, which may still acknowledge it."""
        feed.closed = True
        feed.wake.set()
        if feed in self._feeds:
            self._feeds.remove(feed)

    def ack(self, ack_id: str) -> None:
        """Acknowledges; an ack id whose message was handed out again since does nothing. Raises Refused."""
        delivery = self._find(ack_id)
        if delivery is None:
            return
        if delivery.held_by is None:  # late, but nobody else has got it
            self._subscription.settle(delivery)
        else:
            self._release(delivery)
            self._subscription.ack(delivery)
        self._subscription.pump()

    def modify(self, ack_id: str, seconds: int) -> None:
        """Moves the end of a lease; 0 gives the message back. Raises Refused."""
        delivery = self._find(ack_id)
        if delivery is None or delivery.held_by is None:
            return
        if seconds > 0:
            self._lease_until(delivery, self._loop.time() + seconds)
            return
        self._release(delivery)
        self._subscription.nack(delivery)
        self._subscription.pump()

    def close(self) -> None:
        """The subscription is gone: whoever waits goes away empty."""
        for waiter in self._waiters:
            if not waiter.future.done():
                waiter.future.set_result([])
        for feed in list(self._feeds):
            self.remove_feed(feed)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _next_waiter(self) -> Waiter | None:
        while self._waiters and self._waiters[0].future.done():
            self._waiters.popleft()
        return self._waiters[0] if self._waiters else None

    def _next_feed(self) -> Feed | None:
        for _ in range(len(self._feeds)):
            self._feeds.rotate(-1)
            if self._feeds[-1].has_room():
                return self._feeds[-1]
        return None

    def _feed_one(self, feed: Feed) -> bool:
        delivery = self._subscription.take()
        if delivery is None:
            return False
        delivery.size = delivery.message.pb.ByteSize()
        feed.held += 1
        feed.held_bytes += delivery.size
        feed.batch.append(self._lease(delivery, feed, feed.ack_deadline_s))
        feed.wake.set()
        return True

    def _batch(self, wanted: int) -> list[Pb]:
        batch: list[Pb] = []
        size = 0
        while len(batch) < wanted and size < BATCH_BYTES and (delivery := self._subscription.take()) is not None:
            size += delivery.message.pb.ByteSize()
            batch.append(self._lease(delivery, self, self._subscription.ack_deadline_s))
        return batch

    def _lease(self, delivery: Delivery, holder: object, seconds: int) -> Pb:
        delivery.lease = next(_leases)
        delivery.held_by = holder
        self._lease_until(delivery, self._loop.time() + seconds)
        message = delivery.message
        received = PbReceived(ack_id=f"{self._subscription.serial}-{message.id}-{delivery.lease}")
        if self._subscription.dead_letter_topic:
            received.delivery_attempt = delivery.attempt
        pb = received.message
        pb.CopyFrom(message.pb)
        pb.message_id = str(message.id)
        pb.publish_time.FromMicroseconds(message.publish_us)
        return received

    def _lease_until(self, delivery: Delivery, deadline: float) -> None:
        delivery.deadline = deadline
        heapq.heappush(self._expiries, (deadline, next(_ties), delivery.lease, delivery))
        self._arm()

    def _release(self, delivery: Delivery) -> None:
        holder, delivery.held_by = delivery.held_by, None
        if isinstance(holder, Feed):
            holder.held -= 1
            holder.held_bytes -= delivery.size

    def _find(self, ack_id: str) -> Delivery | None:
        parts = ack_id.split("-")
        if len(parts) != 3 or not all(part.isdecimal() for part in parts):
            raise invalid("You have passed an invalid ack ID to the service.")
        delivery = self._subscription.unacked.get(int(parts[1]))
        if delivery is None or delivery.lease != int(parts[2]) or int(parts[0]) != self._subscription.serial:
            return None
        return delivery

    def _arm(self) -> None:
        if self._expiries and (self._timer is None or self._timer.when() > self._expiries[0][0]):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(self._expiries[0][0], self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = self._loop.time() + 0.001
        while self._expiries and self._expiries[0][0] <= now:
            _, _, lease, delivery = heapq.heappop(self._expiries)
            if delivery.held_by is not None and delivery.lease == lease and delivery.deadline <= now:
                self._release(delivery)
                self._subscription.nack(delivery)
        self._arm()
        self._subscription.pump()
