"""What Cloud Tasks and Cloud Scheduler call. Every task may come twice, and two at once: all of it may be repeated."""

from __future__ import annotations

from functions.common.errors import Retryable
from functions.common.events import Job, Task
from functions.import_publish.door import work


@work.task("/tasks/fetch")
async def on_fetch(task: Task) -> None:
    raise Retryable("not yet")


@work.task("/tasks/stage")
async def on_stage(task: Task) -> None:
    raise Retryable("not yet")


@work.task("/tasks/publish")
async def on_publish(task: Task) -> None:
    raise Retryable("not yet")


@work.task("/tasks/rollback")
async def on_rollback(task: Task) -> None:
    raise Retryable("not yet")


@work.job("/jobs/resume-imports")
async def resume_imports(job: Job) -> None:
    return None


@work.job("/jobs/run-import-schedules")
async def run_import_schedules(job: Job) -> None:
    return None
