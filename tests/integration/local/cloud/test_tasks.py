"""The local Cloud Tasks through Google's own client: queues, named and scheduled tasks, limits, retries, kills."""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from google.api_core import exceptions
from google.cloud.tasks_v2 import CloudTasksClient, Queue, Task
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from tests.integration.local.cloud.support import CloudProcess, Hit, Sink, cloud_process, eventually

PARENT = "projects/conformance/locations/europe-west1"
FAST_RETRY = {"min_backoff": {"nanos": 50_000_000}, "max_backoff": {"nanos": 100_000_000}}


@dataclass
class Tasks:
    """Google's client on the local Cloud Tasks."""

    client: CloudTasksClient
    sink: Sink

    def queue(self, **config: Any) -> str:
        """A new queue."""
        name = f"{PARENT}/queues/q-{uuid.uuid4().hex[:12]}"
        self.client.create_queue(request={"parent": PARENT, "queue": {"name": name, **config}})
        return name

    def create(self, queue: str, path: str = "/", **task: Any) -> Task:
        """A new task for the sink."""
        http = {"url": self.sink.url + path, **task.pop("http_request", {})}
        return self.client.create_task(request={"parent": queue, "task": {"http_request": http, **task}})

    def names(self, queue: str) -> list[str]:
        return [task.name for task in self.client.list_tasks(parent=queue)]


@contextlib.contextmanager
def connect(address: str, sink: Sink) -> Iterator[Tasks]:
    with grpc.insecure_channel(address) as channel:
        yield Tasks(CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel)), sink)


@pytest.fixture
def tasks(cloud: CloudProcess, sink: Sink) -> Iterator[Tasks]:
    with connect(cloud.tasks, sink) as connected:
        yield connected


def soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


# Queues


def test_a_queue_gets_googles_defaults(tasks: Tasks) -> None:
    queue = tasks.client.get_queue(name=tasks.queue())

    assert queue.state == Queue.State.RUNNING
    assert queue.rate_limits.max_dispatches_per_second == 500
    assert queue.rate_limits.max_concurrent_dispatches == 1000
    assert queue.rate_limits.max_burst_size == 100
    assert queue.retry_config.max_attempts == 100
    assert queue.retry_config.max_doublings == 16
    assert queue.retry_config.min_backoff == timedelta(seconds=0.1)
    assert queue.retry_config.max_backoff == timedelta(hours=1)


def test_a_queue_is_created_once_listed_and_deleted(tasks: Tasks) -> None:
    name = tasks.queue()

    with pytest.raises(exceptions.AlreadyExists):
        tasks.client.create_queue(request={"parent": PARENT, "queue": {"name": name}})
    assert name in [queue.name for queue in tasks.client.list_queues(parent=PARENT)]
    tasks.client.delete_queue(name=name)
    with pytest.raises(exceptions.NotFound):
        tasks.client.get_queue(name=name)
    with pytest.raises(exceptions.NotFound):
        tasks.create(name)


@pytest.mark.parametrize(
    "queue",
    [
        {"name": "nonsense"},
        {"name": f"{PARENT}/queues/under_score"},
        {"name": "projects/other/locations/here/queues/q"},
        {"name": f"{PARENT}/queues/q", "rate_limits": {"max_dispatches_per_second": 501}},
        {"name": f"{PARENT}/queues/q", "rate_limits": {"max_concurrent_dispatches": 5001}},
        {"name": f"{PARENT}/queues/q", "retry_config": {"max_attempts": -2}},
        {
            "name": f"{PARENT}/queues/q",
            "retry_config": {"min_backoff": {"seconds": 9}, "max_backoff": {"seconds": 8}},
        },
    ],
)
def test_a_bad_queue_is_refused(tasks: Tasks, queue: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        tasks.client.create_queue(request={"parent": PARENT, "queue": queue})


def test_an_update_changes_what_its_mask_names(tasks: Tasks) -> None:
    name = tasks.queue(rate_limits={"max_dispatches_per_second": 5}, retry_config={"max_attempts": 3})
    wanted = {"name": name, "rate_limits": {"max_dispatches_per_second": 7}, "retry_config": {"max_attempts": 9}}

    mask = {"paths": ["rate_limits.max_dispatches_per_second"]}
    tasks.client.update_queue(request={"queue": wanted, "update_mask": mask})
    found = tasks.client.get_queue(name=name)
    assert (found.rate_limits.max_dispatches_per_second, found.retry_config.max_attempts) == (7, 3)

    tasks.client.update_queue(request={"queue": wanted})
    assert tasks.client.get_queue(name=name).retry_config.max_attempts == 9


def test_a_paused_queue_holds_its_tasks_until_it_is_resumed(tasks: Tasks) -> None:
    queue = tasks.queue()
    assert tasks.client.pause_queue(name=queue).state == Queue.State.PAUSED
    tasks.create(queue)
    time.sleep(0.3)
    assert tasks.sink.hits == []

    assert tasks.client.resume_queue(name=queue).state == Queue.State.RUNNING
    tasks.sink.wait(1)


def test_a_purged_queue_is_empty(tasks: Tasks) -> None:
    queue = tasks.queue()
    for _ in range(3):
        tasks.create(queue, schedule_time=soon(60))
    assert len(tasks.names(queue)) == 3

    tasks.client.purge_queue(name=queue)

    assert tasks.names(queue) == []


# Dispatch


def test_a_task_arrives_as_it_was_made_with_cloud_tasks_own_headers(tasks: Tasks) -> None:
    queue = tasks.queue()
    request = {
        "http_method": "PUT",
        "headers": {"Content-Type": "application/json", "X-Mine": "yes", "X-CloudTasks-QueueName": "forged"},
        "body": '{"preis": "19,99 €"}'.encode(),
    }
    task = tasks.create(queue, "/tasks/replay?x=1", http_request=request)

    [hit] = tasks.sink.wait(1)

    assert (hit.method, hit.path) == ("PUT", "/tasks/replay?x=1")
    assert hit.body.decode() == '{"preis": "19,99 €"}'
    assert hit.headers["content-type"] == "application/json"
    assert hit.headers["x-mine"] == "yes"
    assert hit.headers["user-agent"] == "Google-Cloud-Tasks"
    assert hit.headers["x-cloudtasks-queuename"] == queue.rpartition("/")[2]
    assert hit.headers["x-cloudtasks-taskname"] == task.name.rpartition("/")[2]
    assert hit.headers["x-cloudtasks-taskretrycount"] == hit.headers["x-cloudtasks-taskexecutioncount"] == "0"
    assert abs(float(hit.headers["x-cloudtasks-tasketa"]) - time.time()) < 5
    assert "authorization" not in hit.headers


def test_a_task_carries_a_token_for_its_audience(cloud: CloudProcess, tasks: Tasks) -> None:
    oidc = {"service_account_email": "tasks@shop", "audience": "https://door/tasks/replay"}
    tasks.create(tasks.queue(), http_request={"oidc_token": oidc})

    token = tasks.sink.wait(1)[0].headers["authorization"].removeprefix("Bearer ")

    key = jwt.PyJWKSet.from_dict(cloud.get("issuer", "/jwks/oidc"))[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=oidc["audience"])
    assert claims["email"] == "tasks@shop"


def test_a_scheduled_task_waits_for_its_time(tasks: Tasks) -> None:
    queue = tasks.queue()
    started = time.monotonic()
    later = tasks.create(queue, "/later", schedule_time=soon(0.5))
    tasks.create(queue, "/now")

    assert later.schedule_time > datetime.now(UTC)
    assert [hit.path for hit in tasks.sink.wait(2)] == ["/now", "/later"]
    assert tasks.sink.hits[1].at - started >= 0.49


def test_run_dispatches_at_once_even_from_a_paused_queue(tasks: Tasks) -> None:
    queue = tasks.queue()
    tasks.client.pause_queue(name=queue)
    task = tasks.create(queue, schedule_time=soon(60))

    tasks.client.run_task(name=task.name)

    tasks.sink.wait(1)
    eventually(lambda: tasks.names(queue) == [])
    assert len(tasks.sink.hits) == 1


def test_a_deleted_task_never_runs(tasks: Tasks) -> None:
    queue = tasks.queue()
    task = tasks.create(queue, schedule_time=soon(0.3))

    tasks.client.delete_task(name=task.name)

    time.sleep(0.5)
    assert tasks.sink.hits == []
    with pytest.raises(exceptions.NotFound):
        tasks.client.delete_task(name=task.name)


def test_a_task_is_shown_without_its_body_unless_asked_for_in_full(tasks: Tasks) -> None:
    queue = tasks.queue()
    request = {"body": b"secret", "headers": {"x-key": "secret"}}
    task = tasks.create(queue, http_request=request, schedule_time=soon(60))

    basic = tasks.client.get_task(name=task.name)
    full = tasks.client.get_task(request={"name": task.name, "response_view": "FULL"})

    assert (task.http_request.body, basic.http_request.body, full.http_request.body) == (b"", b"", b"secret")
    assert basic.http_request.url == tasks.sink.url + "/"
    assert dict(full.http_request.headers) == {"x-key": "secret"}


# Names


def test_a_name_is_refused_while_its_task_waits_and_after_it_is_done(tasks: Tasks) -> None:
    queue = tasks.queue()
    name = f"{queue}/tasks/order-4711_cancel"
    tasks.create(queue, name=name, schedule_time=soon(0.2))

    with pytest.raises(exceptions.AlreadyExists):
        tasks.create(queue, name=name)
    tasks.sink.wait(1)
    eventually(lambda: tasks.names(queue) == [])
    with pytest.raises(exceptions.AlreadyExists):
        tasks.create(queue, name=name)
    with pytest.raises(exceptions.NotFound):
        tasks.client.get_task(name=name)
    assert len(tasks.sink.hits) == 1


def test_a_name_is_refused_after_its_task_was_deleted(tasks: Tasks) -> None:
    queue = tasks.queue()
    name = f"{queue}/tasks/once"
    tasks.create(queue, name=name, schedule_time=soon(60))
    tasks.client.delete_task(name=name)

    with pytest.raises(exceptions.AlreadyExists):
        tasks.create(queue, name=name)


def test_unnamed_tasks_get_names_of_their_own(tasks: Tasks) -> None:
    queue = tasks.queue()

    names = {tasks.create(queue, schedule_time=soon(60)).name for _ in range(20)}

    assert len(names) == 20
    assert set(tasks.names(queue)) == names


@pytest.mark.parametrize(
    "task",
    [
        {"name": "nonsense"},
        {"name": "QUEUE/tasks/with space"},
        {"http_request": {"url": "nonsense"}},
        {"http_request": {"url": "ftp://x/"}},
        {"http_request": {"body": b"x" * (1 << 20) + b"x"}},
        {"http_request": {"headers": {"x": "a\r\nEvil: 1"}}},
        {"dispatch_deadline": {"seconds": 14}},
        {"dispatch_deadline": {"seconds": 1801}},
        {"schedule_time": datetime(2999, 1, 1, tzinfo=UTC)},
    ],
    ids=["name", "space", "url", "scheme", "body", "header", "short", "long", "far"],
)
def test_a_bad_task_is_refused(tasks: Tasks, task: dict[str, Any]) -> None:
    queue = tasks.queue()
    if "name" in task:
        task = task | {"name": task["name"].replace("QUEUE", queue)}

    with pytest.raises(exceptions.InvalidArgument):
        tasks.create(queue, **task)


# Failure


def failing(times: int, sink: Sink) -> Callable[[Hit], int]:
    return lambda _hit: 500 if len(sink.hits) <= times else 200


def test_a_failed_task_comes_again_with_growing_pauses_and_counts(tasks: Tasks) -> None:
    queue = tasks.queue(retry_config={"min_backoff": {"nanos": 100_000_000}, "max_doublings": 1})
    tasks.sink.answer = failing(4, tasks.sink)
    tasks.create(queue)

    hits = tasks.sink.wait(5)

    assert hits[4].at - hits[0].at > 1.0  # 0.1 doubled once, then equal steps of 0.2: 0.1 + 0.2 + 0.4 + 0.6
    assert [hit.headers["x-cloudtasks-taskretrycount"] for hit in hits] == list("01234")
    assert [hit.headers["x-cloudtasks-taskexecutioncount"] for hit in hits] == list("01234")
    assert hits[1].headers["x-cloudtasks-taskpreviousresponse"] == "500"
    eventually(lambda: tasks.names(queue) == [])


def test_a_task_is_given_up_after_its_last_attempt(cloud: CloudProcess, tasks: Tasks) -> None:
    queue = tasks.queue(retry_config=FAST_RETRY | {"max_attempts": 3})
    tasks.sink.answer = lambda _hit: 503
    tasks.create(queue)

    tasks.sink.wait(3)
    eventually(lambda: tasks.names(queue) == [])
    time.sleep(0.3)

    assert len(tasks.sink.hits) == 3
    figures = cloud.get("admin", "/stats")["queues"][queue]
    assert (figures["dispatched"], figures["failures"], figures["givenUp"], figures["completed"]) == (3, 3, 1, 0)


def test_attempts_without_an_answer_count_as_retries_but_not_as_executions(tasks: Tasks) -> None:
    queue = tasks.queue(retry_config=FAST_RETRY)
    task = tasks.create(queue, http_request={"url": "http://127.0.0.1:9/"})

    eventually(lambda: tasks.client.get_task(name=task.name).dispatch_count >= 3)
    found = tasks.client.get_task(name=task.name)

    assert found.response_count == 0
    assert found.first_attempt.dispatch_time < found.last_attempt.dispatch_time


# Limits


def test_a_queue_dispatches_no_faster_than_its_rate(tasks: Tasks) -> None:
    queue = tasks.queue(rate_limits={"max_dispatches_per_second": 20})
    tasks.client.pause_queue(name=queue)
    for _ in range(24):
        tasks.create(queue)

    tasks.client.resume_queue(name=queue)
    hits = tasks.sink.wait(24)

    assert hits[23].at - hits[0].at > 0.85  # a burst of 4, then 20 more at 20 a second


def test_a_queue_keeps_its_limit_of_concurrent_dispatches(tasks: Tasks) -> None:
    queue = tasks.queue(rate_limits={"max_concurrent_dispatches": 3})
    tasks.sink.answer = lambda _hit: (200, 0.1)
    for _ in range(12):
        tasks.create(queue)

    tasks.sink.wait(12)

    assert tasks.sink.most_busy == 3


# A kill


def test_tasks_queues_and_used_names_survive_a_kill(tmp_path: Path, sink: Sink) -> None:
    sink.answer = lambda hit: 500 if hit.path == "/failing" else 200
    with cloud_process(tmp_path) as first, connect(first.tasks, sink) as tasks:
        queue = tasks.queue(retry_config={"min_backoff": {"seconds": 1}, "max_attempts": 5})
        idle = tasks.queue()
        deleted = tasks.queue()
        tasks.client.pause_queue(name=idle)
        tasks.client.delete_queue(name=deleted)
        tasks.create(queue, "/done", name=f"{queue}/tasks/done")
        tasks.create(queue, "/failing", http_request={"body": b"kept"})
        tasks.create(queue, "/later", schedule_time=soon(1))
        held = tasks.create(idle, "/held").name
        eventually(lambda: len(sink.hits) >= 2 and f"{queue}/tasks/done" not in tasks.names(queue))
        time.sleep(0.05)
        first.child.kill()

    sink.hits.clear()
    sink.answer = lambda _hit: 200
    with cloud_process(tmp_path) as second, connect(second.tasks, sink) as tasks:
        hits = sink.wait(2)
        assert sorted(hit.path for hit in hits) == ["/failing", "/later"]
        [retried] = [hit for hit in hits if hit.path == "/failing"]
        assert (retried.headers["x-cloudtasks-taskretrycount"], retried.body) == ("1", b"kept")
        with pytest.raises(exceptions.AlreadyExists):
            tasks.create(queue, name=f"{queue}/tasks/done")
        assert tasks.client.get_queue(name=idle).state == Queue.State.PAUSED
        assert tasks.names(idle) == [held]
        assert tasks.client.get_queue(name=queue).retry_config.max_attempts == 5
        with pytest.raises(exceptions.NotFound):
            tasks.client.get_queue(name=deleted)
