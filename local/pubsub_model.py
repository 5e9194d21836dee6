"""The nouns of the local Pub/Sub: topics, messages, deliveries, and the rules for what a client may ask for."""

import re
from collections import deque
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from google.pubsub_v1 import types
from grpc import StatusCode

from local.pubsub_filter import BadFilter, compile_filter
from local.rpc import Pb, Refused, invalid

if TYPE_CHECKING:
    from local.pubsub_subscription import Subscription

# The raw protobuf classes behind the proto-plus types.
PbTopic = types.Topic.pb()
PbSubscription = types.Subscription.pb()
PbMessage = types.PubsubMessage.pb()

MAX_REQUEST_BYTES = 10_000_000
MAX_MESSAGES = 1_000
DELETED_TOPIC = "_deleted-topic_"

_ID = re.compile(r"[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")
_NAME = re.compile(r"projects/([^/]+)/(topics|subscriptions|schemas|snapshots)/([^/]+)")
_DEFAULT_ACK_DEADLINE_S = 10
# A message this small cannot hold an attribute that is too long, nor too many.
_SURELY_FINE = 256
_WEEK_S = 7 * 24 * 3600
_MONTH_S = 31 * 24 * 3600


class Message:
    """One published message, shared by all subscriptions of its topic."""

    __slots__ = ("fragment", "id", "key", "pb", "publish_us")

    def __init__(self, message_id: int, publish_us: int, pb: Pb) -> None:
        self.id = message_id
        self.publish_us = publish_us
        self.pb = pb
        self.key: str = pb.ordering_key
        # The `"message": {...}` part of push bodies, made on the first push and shared by later ones.
        self.fragment: bytes | None = None


class Delivery:
    """One message on its way through one subscription, until it is acknowledged."""

    __slots__ = ("attempt", "deadline", "held_by", "lease", "message", "size")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.attempt = 0
        # Pull only: which handing-out of the message an ack id speaks of (0 while nobody holds it), until when.
        self.lease = 0
        self.deadline = 0.0
        self.held_by: object | None = None
        self.size = 0


class Topic:
    """A topic and the subscriptions that get its messages."""

    __slots__ = ("name", "pb", "subscriptions")

    def __init__(self, pb: Pb) -> None:
        self.name: str = pb.name
        self.pb = pb
        self.subscriptions: list[Subscription] = []


KeyQueue = deque[Delivery]


def check_name(name: str, kind: str) -> str:
    """The name itself; raises Refused when Google would not take it."""
    match = _NAME.fullmatch(name)
    if match is None or match[2] != kind or not _ID.fullmatch(match[3]) or match[3].startswith("goog"):
        raise invalid(f"Invalid [{kind}] name: (name={name})")
    return name


@lru_cache(maxsize=1024)
def rfc3339(microseconds: int) -> str:
    """A publish time as push bodies show it. Cached: all messages of one request share theirs."""
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{microseconds % 1_000_000 // 1000:03d}Z"


def check_message(pb: Pb) -> None:
    """Raises Refused for a message that Google would refuse."""
    attributes = pb.attributes
    if not attributes:
        if not pb.data:
            raise invalid("One or more messages is empty: it needs data or at least one attribute.")
    elif pb.ByteSize() > _SURELY_FINE or "" in attributes:
        if len(attributes) > 100:
            raise invalid("A message has at most 100 attributes.")
        for key, value in attributes.items():
            if not key or len(key) > 256 or len(value) > 1024:
                raise invalid("An attribute's key has 1 to 256 bytes and its value at most 1024.")
    if len(pb.ordering_key) > 1024:
        raise invalid("An ordering key has at most 1024 bytes.")


def normalise_subscription(pb: Pb) -> None:
    """Fills in Google's defaults in place; raises Refused for what Google refuses."""
    if pb.ack_deadline_seconds == 0:
        pb.ack_deadline_seconds = _DEFAULT_ACK_DEADLINE_S
    if not 10 <= pb.ack_deadline_seconds <= 600:
        raise invalid(f"Invalid ack deadline given: (ackDeadlineSeconds={pb.ack_deadline_seconds}); 10 to 600.")
    if not pb.HasField("message_retention_duration"):
        pb.message_retention_duration.seconds = _WEEK_S
    if not 600 <= pb.message_retention_duration.seconds <= _MONTH_S:
        raise invalid("The message retention duration is at least 10 minutes and at most 31 days.")
    check_push_config(pb.push_config)
    if pb.HasField("retry_policy"):
        _normalise_retry_policy(pb.retry_policy)
    if pb.HasField("dead_letter_policy"):
        _normalise_dead_letter_policy(pb.dead_letter_policy)
    try:
        compile_filter(pb.filter)
    except BadFilter as error:
        raise invalid(f"Invalid filter: {error}") from None
    pb.state = int(types.Subscription.State.ACTIVE)


def check_push_config(pb: Pb) -> None:
    """Raises Refused unless the endpoint is empty (pull) or an http(s) URL."""
    endpoint = pb.push_endpoint
    if not endpoint:
        return
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", endpoint):
        raise invalid(f"Invalid push endpoint given (endpoint={endpoint}).")


def _normalise_retry_policy(pb: Pb) -> None:
    if not pb.HasField("minimum_backoff"):
        pb.minimum_backoff.seconds = 10
    if not pb.HasField("maximum_backoff"):
        pb.maximum_backoff.seconds = 600
    low, high = seconds_of(pb.minimum_backoff), seconds_of(pb.maximum_backoff)
    if not 0 <= low <= 600 or not 0 <= high <= 600 or low > high:
        raise invalid("A retry policy has 0 <= minimum_backoff <= maximum_backoff <= 600 s.")


def _normalise_dead_letter_policy(pb: Pb) -> None:
    if pb.max_delivery_attempts == 0:
        pb.max_delivery_attempts = 5
    attempts = pb.max_delivery_attempts
    if not 5 <= attempts <= 100:
        raise Refused(
            StatusCode.OUT_OF_RANGE,
            f"The value for max_delivery_attempts is out of range. You passed {attempts} in the request, "
            "but it must be between 5 and 100.",
        )
    check_name(pb.dead_letter_topic, "topics")


def seconds_of(duration: Pb) -> float:
    """A protobuf Duration in seconds."""
    return float(duration.seconds + duration.nanos / 1e9)
