"""Google's CloudTasks service: queues and tasks, kept in a journal."""

import asyncio
import struct
import time
import uuid
from collections import deque
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any

from google.cloud.tasks_v2 import types

from local.faults import Faults
from local.issuer import Issuer
from local.journal import Journal, Record
from local.push import Pusher
from local.rpc import Pb, already_exists, invalid, log, merge_masked, not_found, page_of, unary
from local.tasks_model import (
    PAUSED,
    RUNNING,
    PbQueue,
    PbTask,
    Task,
    check_queue_name,
    normalise_queue,
    normalise_task,
    seconds_since_epoch,
    shown,
)
from local.tasks_queue import Queue

_COMPACT_BYTES = 64 << 20
_UNTIL = struct.Struct(">d")


class Kind(IntEnum):
    """Kinds of journal records."""

    QUEUE = 1
    QUEUE_GONE = 2
    TASK = 3
    TASK_GONE = 4
    TOMBSTONE = 5


class Servicer:
    """The methods, and the registry behind them. A used name is refused for `tombstone_s` after its task ended."""

    def __init__(
        self, data_dir: Path | None, pusher: Pusher, issuer: Issuer, faults: Faults | None, tombstone_s: float
    ) -> None:
        self.queues: dict[str, Queue] = {}
        self._pusher = pusher
        self._issuer = issuer
        self._faults = faults
        self._tombstone_s = tombstone_s
        self._tombstones: dict[str, float] = {}
        self._by_end: deque[tuple[float, str]] = deque()
        self._journal = Journal(data_dir / "tasks.journal") if data_dir is not None else None
        self._compacted_size = 0
        self._compact_soon = False

    def open(self) -> None:
        """Reads the journal, drops what is done, and starts a fresh one."""
        if self._journal is not None:
            for kind, payload in self._journal.replay():
                self._replay(Kind(kind), payload)
            self._by_end = deque(sorted((until, name) for name, until in self._tombstones.items()))
            self._compact()

    def close(self) -> None:
        """Stops every queue and closes the journal; safe to repeat."""
        for queue in self.queues.values():
            queue.close()
        if self._journal is not None:
            self._journal.close()

    def services(self) -> dict[str, dict[str, Any]]:
        """Handlers by service and method, for GrpcServer."""
        return {
            "google.cloud.tasks.v2.CloudTasks": {
                "CreateQueue": unary(types.CreateQueueRequest.pb(), self.create_queue),
                "GetQueue": unary(types.GetQueueRequest.pb(), lambda r: self._queue(r.name).pb),
                "ListQueues": unary(types.ListQueuesRequest.pb(), self.list_queues),
                "UpdateQueue": unary(types.UpdateQueueRequest.pb(), self.update_queue),
                "DeleteQueue": unary(types.DeleteQueueRequest.pb(), self.delete_queue),
                "PurgeQueue": unary(types.PurgeQueueRequest.pb(), self.purge_queue),
                "PauseQueue": unary(types.PauseQueueRequest.pb(), lambda r: self._set_state(r.name, PAUSED)),
                "ResumeQueue": unary(types.ResumeQueueRequest.pb(), lambda r: self._set_state(r.name, RUNNING)),
                "CreateTask": unary(types.CreateTaskRequest.pb(), self.create_task),
                "GetTask": unary(types.GetTaskRequest.pb(), self.get_task),
                "ListTasks": unary(types.ListTasksRequest.pb(), self.list_tasks),
                "DeleteTask": unary(types.DeleteTaskRequest.pb(), self.delete_task),
                "RunTask": unary(types.RunTaskRequest.pb(), self.run_task),
            }
        }

    # Queues

    def create_queue(self, request: Pb) -> Pb:
        pb = request.queue
        check_queue_name(pb.name)
        if pb.name.rpartition("/queues/")[0] != request.parent:
            raise invalid(f"The queue's name must begin with the parent {request.parent}.")
        if pb.name in self.queues:
            raise already_exists("queue", pb.name)
        normalise_queue(pb)
        self._put_queue(pb)
        return pb

    def update_queue(self, request: Pb) -> Pb:
        pb = PbQueue()
        known = self.queues.get(check_queue_name(request.queue.name))
        paths = list(request.update_mask.paths)
        if known is not None:
            pb.CopyFrom(known.pb)
            # Without a mask every field that is set counts.
            merge_masked(
                pb, request.queue, paths or [f.name for f, _ in request.queue.ListFields() if f.name != "state"]
            )
        else:
            pb.CopyFrom(request.queue)
        pb.name = request.queue.name
        normalise_queue(pb)
        self._put_queue(pb)
        return pb

    def list_queues(self, request: Pb) -> Pb:
        found = [q.pb for name, q in sorted(self.queues.items()) if name.startswith(request.parent + "/")]
        page, token = page_of(found, request.page_size, request.page_token)
        return types.ListQueuesResponse.pb()(queues=page, next_page_token=token)

    def delete_queue(self, request: Pb) -> None:
        queue = self._queue(request.name)
        queue.purge()
        queue.close()
        del self.queues[queue.name]
        self._record(Kind.QUEUE_GONE, queue.name.encode())

    def purge_queue(self, request: Pb) -> Pb:
        queue = self._queue(request.name)
        queue.purge()
        queue.pb.purge_time.GetCurrentTime()
        self._put_queue(queue.pb)
        return queue.pb

    # Tasks

    def create_task(self, request: Pb) -> Pb:
        queue = self._queue(request.parent)
        pb = request.task
        normalise_task(pb, queue.name, unnamed=str(uuid.uuid4().int % 10**19))
        self._bury_old_names()
        if pb.name in queue.tasks or pb.name in self._tombstones:
            raise already_exists("task", pb.name)
        task = Task(pb)
        self.changed(task)
        queue.stats.created += 1
        queue.add(task)
        queue.pump()
        return shown(pb, request.response_view)

    def get_task(self, request: Pb) -> Pb:
        return shown(self._task(request.name)[1].pb, request.response_view)

    def list_tasks(self, request: Pb) -> Pb:
        tasks = [task.pb for _, task in sorted(self._queue(request.parent).tasks.items())]
        page, token = page_of(tasks, request.page_size, request.page_token)
        return types.ListTasksResponse.pb()(
            tasks=[shown(pb, request.response_view) for pb in page], next_page_token=token
        )

    def delete_task(self, request: Pb) -> None:
        queue, task = self._task(request.name)
        queue.remove(task)

    def run_task(self, request: Pb) -> Pb:
        queue, task = self._task(request.name)
        queue.run_now(task)
        return shown(task.pb, request.response_view)

    # Host of the queues

    def changed(self, task: Task) -> None:
        """Host: remembers a task's new state."""
        self._record(Kind.TASK, task.pb.SerializeToString())

    def finished(self, task: Task) -> None:
        """Host: remembers that a task is gone and its name used up."""
        until = time.time() + self._tombstone_s
        self._tombstones[task.name] = until
        self._by_end.append((until, task.name))
        self._record(Kind.TASK_GONE, _UNTIL.pack(until) + task.name.encode())

    # What the methods share

    def _queue(self, name: str) -> Queue:
        queue = self.queues.get(check_queue_name(name))
        if queue is None:
            raise not_found("queue", name)
        return queue

    def _task(self, name: str) -> tuple[Queue, Task]:
        queue = self._queue(name.rpartition("/tasks/")[0])
        task = queue.tasks.get(name)
        if task is None:
            raise not_found("task", name)
        return queue, task

    def _set_state(self, name: str, state: int) -> Pb:
        queue = self._queue(name)
        queue.pb.state = state
        self._put_queue(queue.pb)
        return queue.pb

    def _put_queue(self, pb: Pb) -> None:
        queue = self.queues.get(pb.name)
        self._record(Kind.QUEUE, pb.SerializeToString())
        if queue is None:
            self.queues[pb.name] = Queue(pb, self, self._pusher, self._issuer, self._faults)
        else:
            queue.configure(pb)

    def _bury_old_names(self) -> None:
        now = time.time()
        while self._by_end and self._by_end[0][0] <= now:
            self._tombstones.pop(self._by_end.popleft()[1], None)

    # Journal

    def _record(self, kind: Kind, payload: bytes) -> None:
        if self._journal is not None:
            self._journal.append_now(kind, payload)
            if self._journal.size > max(_COMPACT_BYTES, 4 * self._compacted_size) and not self._compact_soon:
                # Not now: what this record is about may not be in the tables yet that a snapshot is made of.
                self._compact_soon = True
                asyncio.get_running_loop().call_soon(self._compact)

    def _compact(self) -> None:
        assert self._journal is not None
        self._compact_soon = False
        self._bury_old_names()
        self._journal.rewrite(self._snapshot())
        self._compacted_size = self._journal.size
        log.info("compacted the Cloud Tasks journal to %d bytes", self._compacted_size)

    def _snapshot(self) -> Iterator[Record]:
        for queue in self.queues.values():
            yield Kind.QUEUE, queue.pb.SerializeToString()
            for task in queue.tasks.values():
                yield Kind.TASK, task.pb.SerializeToString()
        for name, until in self._tombstones.items():
            yield Kind.TOMBSTONE, _UNTIL.pack(until) + name.encode()

    def _replay(self, kind: Kind, payload: bytes) -> None:
        match kind:
            case Kind.QUEUE:
                pb = PbQueue.FromString(payload)
                known = self.queues.get(pb.name)
                if known is None:
                    self.queues[pb.name] = Queue(pb, self, self._pusher, self._issuer, self._faults)
                else:
                    known.pb = pb
            case Kind.QUEUE_GONE:
                self.queues.pop(payload.decode(), None)
            case Kind.TASK:
                task = PbTask.FromString(payload)
                queue = self.queues.get(task.name.rpartition("/tasks/")[0])
                if queue is not None:
                    queue.tasks[task.name] = Task(task)
            case Kind.TASK_GONE | Kind.TOMBSTONE:
                name = payload[_UNTIL.size :].decode()
                self._tombstones[name] = _UNTIL.unpack_from(payload)[0]
                queue = self.queues.get(name.rpartition("/tasks/")[0])
                if queue is not None:
                    queue.tasks.pop(name, None)

    def restart(self) -> None:
        """After `open`: schedules every restored task again."""
        for queue in self.queues.values():
            for task in list(queue.tasks.values()):
                task.eta = seconds_since_epoch(task.pb.schedule_time)
                queue.add(task)
            queue.pump()
