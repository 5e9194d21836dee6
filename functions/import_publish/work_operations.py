"""What Cloud Tasks and Cloud Scheduler call. Every task may come twice, and two at once: all of it may be repeated."""

from __future__ import annotations

from functions.common.events import Job, Task
from functions.import_publish import (
    deciding,
    fetching,
    publishing,
    retrying,
    rolling_back,
    scheduling,
    staging,
    sweeping,
    wiring,
)
from functions.import_publish.door import work


@work.task("/tasks/fetch")
async def on_fetch(task: Task) -> None:
    deps = wiring.deps()
    await fetching.fetch_file(deps.core, deps.sources, task.body["tenantId"], task.body["importId"])


@work.task("/tasks/stage")
async def on_stage(task: Task) -> None:
    await staging.stage(wiring.deps().core, task.body["tenantId"], task.body["importId"])


@work.task("/tasks/publish")
async def on_publish(task: Task) -> None:
    deps, body = wiring.deps().publishing, task.body
    tenant_id, import_id = body["tenantId"], body["importId"]
    again = task.retry_count > 0
    if "n" in body:
        await publishing.publish_chunk(deps, tenant_id, import_id, body["n"], again=again)
    elif "retry" in body:
        await retrying.try_again(deps, tenant_id, import_id, body["retry"], again=again)
    elif "retries" in body:
        await retrying.mark_all(deps, tenant_id, import_id, body["retries"])
    elif "due" in body:
        await deciding.publish_when_due(deps.core, tenant_id, import_id)
    else:
        await publishing.start(deps, tenant_id, import_id)


@work.task("/tasks/rollback")
async def on_rollback(task: Task) -> None:
    deps, body = wiring.deps().publishing, task.body
    tenant_id, import_id = body["tenantId"], body["importId"]
    if "n" in body:
        await rolling_back.roll_back_chunk(deps, tenant_id, import_id, body["n"])
    else:
        await rolling_back.start(deps, tenant_id, import_id)


@work.job("/jobs/resume-imports")
async def resume_imports(job: Job) -> None:
    await sweeping.sweep(wiring.deps().core, job.now)


@work.job("/jobs/run-import-schedules")
async def run_import_schedules(job: Job) -> None:
    await scheduling.run_due(wiring.deps().scheduling, job.now)
