"""Push: POSTs messages to a subscription's endpoint through a window that grows with success and shrinks on failure."""

import asyncio
import binascii
import time

import orjson

from local.issuer import Issuer
from local.pubsub_model import Delivery, Message, rfc3339
from local.pubsub_subscription import Subscription
from local.push import NO_ANSWER, Pool, Pusher, target_of

# What Google's service takes for an acknowledgement.
_ACKS = frozenset((102, 200, 201, 202, 204))
# Google's own grows into the thousands; a Cloud Run instance takes what its door's card says, 500 at most here.
PUSH_WINDOW = 500
_FIRST_WINDOW = 8
_SHRINK = 0.75
_PAUSE_S = (0.05, 1.0)
_CONTROL = set(map(chr, range(32))) | {"\x7f"}


class PushOutlet:
    """Pushes one subscription's messages. At most `window` are in flight at once."""

    def __init__(self, subscription: Subscription, pusher: Pusher, issuer: Issuer, max_window: int) -> None:
        self._subscription = subscription
        self.config = subscription.pb.push_config
        self._target = target_of(self.config.push_endpoint)
        self._pool: Pool = pusher.pool(self._target)
        self._issuer = issuer
        self._max_window = max_window
        self._head = b""
        self._head_until = 0.0
        self._tail = b',"subscription":' + orjson.dumps(subscription.name) + b"}"
        self._wrapped = not self.config.HasField("no_wrapper")
        self._loop = asyncio.get_running_loop()
        self._paused = False
        self._pause_s = 0.0
        self._in_flight = 0
        self.window = min(_FIRST_WINDOW, max_window)

    def pump(self) -> None:
        """Sends what is ready while the window has room."""
        subscription = self._subscription
        if self._paused or subscription.outlet is not self:
            return
        while self._in_flight < self.window:
            delivery = subscription.take()
            if delivery is None:
                return
            self._in_flight += 1
            self._pool.send(self._request(delivery), subscription.ack_deadline_s, self._done, delivery)

    def _done(self, delivery: Delivery, status: int) -> None:
        self._in_flight -= 1
        if status in _ACKS:
            self._pause_s = 0.0
            if self.window < self._max_window:
                self.window += 1
            self._subscription.ack(delivery)
        else:
            self.window = max(1, int(self.window * _SHRINK))
            if status == NO_ANSWER:
                self._pause()
            self._subscription.nack(delivery)
        # Not self.pump(): the subscription may have been given another endpoint meanwhile.
        self._subscription.pump()

    def _pause(self) -> None:
        # Nobody listens (a room that restarts): waiting costs no delivery attempts, trying on would.
        if not self._paused:
            low, high = _PAUSE_S
            self._pause_s = min(high, max(low, self._pause_s * 2))
            self._paused = True
            self._loop.call_later(self._pause_s, self._resume)

    def _resume(self) -> None:
        self._paused = False
        self._subscription.pump()

    def _request(self, delivery: Delivery) -> bytes:
        if time.time() >= self._head_until:
            self._refresh_head()
        if not self._wrapped:
            return self._unwrapped(delivery)
        message = delivery.message
        fragment = message.fragment
        if fragment is None:
            fragment = message.fragment = _fragment(message)
        if self._subscription.dead_letter_topic:
            body = b'{"deliveryAttempt":%d,%s%s' % (delivery.attempt, fragment, self._tail)
        else:
            body = b"{%s%s" % (fragment, self._tail)
        return b"%sContent-Length: %d\r\n\r\n%s" % (self._head, len(body), body)

    def _refresh_head(self) -> None:
        target = self._target
        lines = [
            f"POST {target.path} HTTP/1.1",
            f"Host: {target.authority}",
            "Content-Type: application/json",
            "Accept: application/json",
            "From: noreply@google.com",
            "User-Agent: APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
        ]
        self._head_until = float("inf")
        oidc = self.config.oidc_token
        if oidc.service_account_email:
            audience = oidc.audience or self.config.push_endpoint
            token, self._head_until = self._issuer.oidc_token(audience, oidc.service_account_email)
            lines.append(f"Authorization: Bearer {token}")
        self._head = ("\r\n".join(lines) + "\r\n").encode()

    def _unwrapped(self, delivery: Delivery) -> bytes:
        message = delivery.message
        body: bytes = message.pb.data
        head = self._head
        if self.config.no_wrapper.write_metadata:
            fields = {
                "x-goog-pubsub-subscription-name": self._subscription.name,
                "x-goog-pubsub-message-id": str(message.id),
                "x-goog-pubsub-publish-time": rfc3339(message.publish_us),
                "x-goog-pubsub-ordering-key": message.key,
            } | dict(message.pb.attributes)
            head += "".join(
                f"{name}: {value}\r\n" for name, value in fields.items() if value and not _CONTROL & set(name + value)
            ).encode()
        return b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)


def _fragment(message: Message) -> bytes:
    pb = message.pb
    when = rfc3339(message.publish_us).encode()
    parts = [b'"message":{']
    if pb.attributes:
        parts += [b'"attributes":', orjson.dumps(dict(pb.attributes)), b","]
    if pb.data:
        parts += [b'"data":"', binascii.b2a_base64(pb.data, newline=False), b'",']
    parts.append(b'"messageId":"%d","message_id":"%d",' % (message.id, message.id))
    if message.key:
        parts += [b'"orderingKey":', orjson.dumps(message.key), b","]
    parts.append(b'"publishTime":"%s","publish_time":"%s"}' % (when, when))
    return b"".join(parts)
