"""One queue: which task goes out when, within the queue's rate and concurrency, and what happens after a failure."""

import asyncio
import heapq
import itertools
import time
from dataclasses import asdict, dataclass
from typing import Protocol

from local.faults import Faults
from local.issuer import Issuer
from local.push import NO_ANSWER, TOO_LATE, Pusher
from local.rpc import Pb, camel
from local.tasks_model import RUNNING, Task, backoff_s

_ties = itertools.count()
# Instead of the time of the next attempt: an attempt is on its way, so no entry may start another.
_IN_FLIGHT = float("inf")


class Host(Protocol):
    """What a queue needs of the server it lives in."""

    def changed(self, task: Task) -> None:
        """Remembers a task's new state."""

    def finished(self, task: Task) -> None:
        """Remembers that a task is gone and its name used up."""


@dataclass(slots=True)
class Stats:
    """Counts since the server started."""

    created: int = 0
    dispatched: int = 0
    completed: int = 0
    failures: int = 0
    given_up: int = 0


class Queue:
    """The state of one queue. Not thread-safe: everything happens on the event loop."""

    def __init__(self, pb: Pb, host: Host, pusher: Pusher, issuer: Issuer, faults: Faults | None) -> None:
        self.name: str = pb.name
        self.pb = pb
        self.tasks: dict[str, Task] = {}
        self.stats = Stats()
        self.running = 0
        self._host = host
        self._pusher = pusher
        self._issuer = issuer
        self._faults = faults
        self._due: list[tuple[float, int, Task]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tokens = float(pb.rate_limits.max_burst_size)
        self._filled_at = time.monotonic()
        self._closed = False

    def configure(self, pb: Pb) -> None:
        """Takes over new limits; tasks in flight go on."""
        self.pb = pb
        self.pump()

    def add(self, task: Task) -> None:
        """Takes a new or restored task; the caller pumps."""
        self.tasks[task.name] = task
        faults = self._faults
        late = faults.delay_s if faults is not None and faults.strikes("delay", faults.delay) else 0.0
        self._schedule(task, task.eta + late)

    def run_now(self, task: Task) -> None:
        """Dispatches at once, even when the queue is paused or at its limit (RunTask)."""
        if task.eta != _IN_FLIGHT:
            self._dispatch(task, time.time())

    def remove(self, task: Task) -> None:
        """Forgets a task, done or deleted."""
        if self.tasks.pop(task.name, None) is not None:
            self._host.finished(task)

    def purge(self) -> None:
        """Deletes every task."""
        for task in list(self.tasks.values()):
            self.remove(task)

    def close(self) -> None:
        """The queue is gone or the server stops: nothing goes out any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def pump(self) -> None:
        """Dispatches what is due and allowed, and sets the alarm for the next."""
        if self._closed:
            return
        now = time.time()
        self._refill()
        while self._due and self._due[0][0] <= now and self._allowed():
            task = self._pick()
            # An entry outlives its task, or a retry or RunTask that came first.
            if self.tasks.get(task.name) is task and task.eta <= now:
                self._tokens -= 1.0
                self._dispatch(task, task.eta)
        self._set_alarm(now)

    def report(self) -> dict[str, int | float | str]:
        """The figures of the live table; ages in seconds."""
        oldest = min((task.eta for task in self.tasks.values() if task.eta != _IN_FLIGHT), default=None)
        age = 0.0 if oldest is None else max(0.0, time.time() - oldest)
        return {camel(name): value for name, value in asdict(self.stats).items()} | {
            "state": "RUNNING" if self.pb.state == RUNNING else "PAUSED",
            "depth": len(self.tasks),
            "inFlight": self.running,
            "oldestAgeSeconds": round(age, 3),
        }

    def _schedule(self, task: Task, at: float) -> None:
        heapq.heappush(self._due, (at, next(_ties), task))

    def _pick(self) -> Task:
        faults = self._faults
        if faults is None or faults.reorder <= 1:
            return heapq.heappop(self._due)[2]
        now = time.time()
        chosen = faults.random.choice([e for e in heapq.nsmallest(faults.reorder, self._due) if e[0] <= now])
        self._due.remove(chosen)
        heapq.heapify(self._due)
        return chosen[2]

    def _refill(self) -> None:
        now = time.monotonic()
        limits = self.pb.rate_limits
        grown = self._tokens + (now - self._filled_at) * limits.max_dispatches_per_second
        self._tokens = min(float(limits.max_burst_size), grown)
        self._filled_at = now

    def _allowed(self) -> bool:
        return (
            self.pb.state == RUNNING
            and self._tokens >= 1.0
            and self.running < self.pb.rate_limits.max_concurrent_dispatches
        )

    def _set_alarm(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._due:
            return
        wait = self._due[0][0] - now
        if wait <= 0:
            # Something is due but held back. A pause or a full house ends with an event that pumps; a rate does not.
            if self._tokens >= 1.0:
                return
            wait = (1.0 - self._tokens) / self.pb.rate_limits.max_dispatches_per_second
        self._timer = asyncio.get_running_loop().call_later(max(0.001, wait), self.pump)

    def _dispatch(self, task: Task, planned: float) -> None:
        task.eta = _IN_FLIGHT
        self.running += 1
        self.stats.dispatched += 1
        pb = task.pb
        pb.dispatch_count += 1
        pb.last_attempt.Clear()
        pb.last_attempt.schedule_time.FromMicroseconds(int(planned * 1e6))
        pb.last_attempt.dispatch_time.GetCurrentTime()
        if not task.first_attempt_at:
            task.first_attempt_at = time.time()
            pb.first_attempt.dispatch_time.CopyFrom(pb.last_attempt.dispatch_time)
        data = self._request(task, planned)
        self._pusher.pool(task.target).send(data, task.deadline_s, self._done, task)

    def _request(self, task: Task, planned: float) -> bytes:
        request = task.pb.http_request
        lines = [
            f"X-CloudTasks-QueueName: {self.name.rpartition('/')[2]}",
            f"X-CloudTasks-TaskName: {task.name.rpartition('/')[2]}",
            f"X-CloudTasks-TaskRetryCount: {task.pb.dispatch_count - 1}",
            f"X-CloudTasks-TaskExecutionCount: {task.pb.response_count}",
            f"X-CloudTasks-TaskETA: {planned:.6f}",
            f"Content-Length: {len(request.body)}",
        ]
        if task.previous:
            lines.append(f"X-CloudTasks-TaskPreviousResponse: {task.previous}")
        email = request.oidc_token.service_account_email
        if email:
            token, _ = self._issuer.oidc_token(request.oidc_token.audience or request.url, email)
            lines.append(f"Authorization: Bearer {token}")
        return (task.head + "\r\n".join(lines) + "\r\n\r\n").encode() + bytes(request.body)

    def _done(self, task: Task, status: int) -> None:
        self.running -= 1
        if not self._closed:
            self._settle(task, status)
            self.pump()

    def _settle(self, task: Task, status: int) -> None:
        pb, faults = task.pb, self._faults
        if status not in (NO_ANSWER, TOO_LATE):
            pb.response_count += 1
            task.previous = status
            pb.last_attempt.response_time.GetCurrentTime()
            pb.last_attempt.response_status.code = 0 if 200 <= status < 300 else 2
            pb.last_attempt.response_status.message = f"HTTP status code {status}"
        if self.tasks.get(task.name) is not task:  # deleted while it was out
            return
        again = False
        if 200 <= status < 300:
            again = faults is not None and (
                faults.strikes("drop_ack", faults.drop_ack) or faults.strikes("duplicate", faults.duplicate)
            )
            if not again:
                self.stats.completed += 1
                self.remove(task)
                return
        else:
            self.stats.failures += 1
        if not again and self._spent(task):
            self.stats.given_up += 1
            self.remove(task)
            return
        task.eta = time.time() + (0.0 if again else backoff_s(self.pb.retry_config, pb.dispatch_count))
        pb.schedule_time.FromMicroseconds(int(task.eta * 1e6))
        self._host.changed(task)
        self._schedule(task, task.eta)

    def _spent(self, task: Task) -> bool:
        retry = self.pb.retry_config
        spent_attempts = retry.max_attempts != -1 and task.pb.dispatch_count >= retry.max_attempts
        longest = retry.max_retry_duration.ToMicroseconds() / 1e6
        # As Google says: with both limits set a task is given up only when both are reached.
        return bool(spent_attempts) and (longest <= 0 or time.time() - task.first_attempt_at >= longest)
