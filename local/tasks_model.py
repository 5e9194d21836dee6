"""The nouns of the local Cloud Tasks and the rules for what a client may ask for."""

import re
import time

from google.cloud.tasks_v2 import types

from local.push import Target, target_of
from local.rpc import Pb, invalid

PbQueue = types.Queue.pb()
PbTask = types.Task.pb()

RUNNING = int(types.Queue.State.RUNNING)
PAUSED = int(types.Queue.State.PAUSED)

_QUEUE = re.compile(r"projects/[^/]+/locations/[^/]+/queues/[A-Za-z0-9\-]{1,100}")
_TASK_ID = re.compile(r"[A-Za-z0-9_\-]{1,500}")
_MAX_BODY = 1 << 20
_MAX_AHEAD_S = 30 * 24 * 3600
_DEADLINE_S = 600
_METHODS = {0: "POST", 1: "POST", 2: "GET", 3: "HEAD", 4: "PUT", 5: "DELETE", 6: "PATCH", 7: "OPTIONS"}
# Headers that Cloud Tasks sets itself, whatever the task says.
_RESERVED = ("host", "content-length", "user-agent", "x-google-", "x-appengine-", "x-cloudtasks-", "connection")


class Task:
    """One task until it is done. Times are Unix seconds."""

    __slots__ = ("deadline_s", "eta", "first_attempt_at", "head", "name", "pb", "previous", "target")

    def __init__(self, pb: Pb) -> None:
        self.pb = pb
        self.name: str = pb.name
        self.eta: float = seconds_since_epoch(pb.schedule_time)
        self.deadline_s: float = pb.dispatch_deadline.seconds + pb.dispatch_deadline.nanos / 1e9
        self.target: Target = target_of(pb.http_request.url)
        self.head = _fixed_head(pb.http_request, self.target)
        self.first_attempt_at = seconds_since_epoch(pb.first_attempt.dispatch_time)
        # The status of the last response, for X-CloudTasks-TaskPreviousResponse.
        self.previous = 0


def normalise_queue(pb: Pb) -> None:
    """Fills in Google's defaults in place; raises Refused for what Google refuses."""
    check_queue_name(pb.name)
    limits, retry = pb.rate_limits, pb.retry_config
    if limits.max_dispatches_per_second == 0:
        limits.max_dispatches_per_second = 500.0
    if limits.max_concurrent_dispatches == 0:
        limits.max_concurrent_dispatches = 1000
    if not 0 < limits.max_dispatches_per_second <= 500 or not 0 < limits.max_concurrent_dispatches <= 5000:
        raise invalid("A queue has at most 500 dispatches per second and 5,000 concurrent dispatches.")
    # Google picks the burst from the rate; the field is output only.
    limits.max_burst_size = max(1, round(limits.max_dispatches_per_second / 5))
    if retry.max_attempts == 0:
        retry.max_attempts = 100
    if retry.max_attempts < -1:
        raise invalid("max_attempts is -1 (without end) or positive.")
    if not retry.HasField("min_backoff"):
        retry.min_backoff.FromMilliseconds(100)
    if not retry.HasField("max_backoff"):
        retry.max_backoff.FromSeconds(3600)
    if retry.max_doublings == 0:
        retry.max_doublings = 16
    if retry.min_backoff.ToNanoseconds() > retry.max_backoff.ToNanoseconds():
        raise invalid("min_backoff must not be longer than max_backoff.")
    if pb.state == 0:
        pb.state = RUNNING


def check_queue_name(name: str) -> str:
    """The name itself; raises Refused when Google would not take it."""
    if not _QUEUE.fullmatch(name):
        raise invalid(f'Queue name must be formatted: "projects/P/locations/L/queues/Q", not "{name}".')
    return name


def normalise_task(pb: Pb, queue: str, unnamed: str) -> None:
    """Checks a task to be created and fills in what the service sets; raises Refused."""
    if not pb.name:
        pb.name = f"{queue}/tasks/{unnamed}"
    parent, _, task_id = pb.name.rpartition("/tasks/")
    if parent != queue or not _TASK_ID.fullmatch(task_id):
        raise invalid(f'Task name must be formatted: "{queue}/tasks/TASK_ID", not "{pb.name}".')
    if pb.WhichOneof("message_type") != "http_request":
        raise invalid("The local Cloud Tasks takes tasks with an http_request only.")
    request = pb.http_request
    try:
        target_of(request.url)
    except ValueError as error:
        raise invalid(f"HttpRequest.url is invalid: {error}") from None
    if len(request.body) > _MAX_BODY:
        raise invalid(f"The task is too large: {len(request.body)} > {_MAX_BODY} bytes.")
    if any(
        re.search(r"[\x00-\x1f\x7f]|^$", name) or re.search(r"[\r\n\x00]", value)
        for name, value in request.headers.items()
    ):
        raise invalid("HttpRequest.headers holds a line end or a control character.")
    request.http_method = request.http_method or 1
    now = time.time()
    if not pb.HasField("dispatch_deadline"):
        pb.dispatch_deadline.seconds = _DEADLINE_S
    if not 15 <= pb.dispatch_deadline.seconds <= 1800:
        raise invalid("dispatch_deadline must be between 15 s and 30 min.")
    if seconds_since_epoch(pb.schedule_time) > now + _MAX_AHEAD_S:
        raise invalid("The Task.schedule_time is too far in the future: at most 30 days.")
    pb.create_time.GetCurrentTime()
    if not pb.HasField("schedule_time") or seconds_since_epoch(pb.schedule_time) < now:
        pb.schedule_time.CopyFrom(pb.create_time)
    for made_by_us in ("dispatch_count", "response_count", "first_attempt", "last_attempt"):
        pb.ClearField(made_by_us)


def shown(pb: Pb, view: int) -> Pb:
    """The task as a client sees it: the BASIC view leaves out what may be large or secret."""
    copy = PbTask()
    copy.CopyFrom(pb)
    if view == int(types.Task.View.FULL):
        copy.view = view
    else:
        copy.view = int(types.Task.View.BASIC)
        copy.http_request.ClearField("body")
        copy.http_request.ClearField("headers")
    return copy


def backoff_s(retry: Pb, failures: int) -> float:
    """The wait after the n-th failure: doubles `max_doublings` times, then grows by equal steps, up to the maximum."""
    low, high = retry.min_backoff.ToMicroseconds() / 1e6, retry.max_backoff.ToMicroseconds() / 1e6
    doublings = min(failures - 1, retry.max_doublings)
    steps = 1 + max(0, failures - 1 - retry.max_doublings)
    return float(min(high, low * 2.0**doublings * steps))


def seconds_since_epoch(timestamp: Pb) -> float:
    """A protobuf Timestamp as Unix seconds (0 when it is not set)."""
    return float(timestamp.seconds + timestamp.nanos / 1e9)


def _fixed_head(request: Pb, target: Target) -> str:
    lines = [
        f"{_METHODS[request.http_method]} {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        "User-Agent: Google-Cloud-Tasks",
    ]
    names = set()
    for name, value in sorted(request.headers.items()):
        if not name.lower().startswith(_RESERVED):
            names.add(name.lower())
            lines.append(f"{name}: {value}")
    if request.body and "content-type" not in names:
        lines.append("Content-Type: application/octet-stream")
    return "\r\n".join(lines) + "\r\n"
