"""A small HTTP and event door, served by functions-framework as a room's `main.py` would be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pydantic import Field

from functions.common import auth, failpoints
from functions.common.errors import AlreadyDone, Conflict, Rejected, Retryable
from functions.common.events import EventDoor, Job, Message, Task
from functions.common.http import Call, HttpDoor, Pagination, Reply
from functions.common.wire import Wire


class Thing(Wire):
    display_name: str = Field(max_length=20)
    quantity: int = Field(ge=0, strict=True)


class Paging(Wire):
    page: int = Field(default=1, ge=1)


http_door = HttpDoor("example")
event_door = EventDoor("example")
seen: list[str] = []


@http_door.get("/v1/things/{name}", auth=auth.public(), summary="One thing")
async def get_thing(call: Call) -> Reply:
    return Reply({"name": call.params["name"]})


@http_door.get("/v1/things", auth=auth.public(), summary="Things", query="Paging", listed=True)
async def list_things(call: Call) -> Reply:
    return Reply([{"name": "a"}], pagination=Pagination(page=call.query.page, limit=10, total=21))


@http_door.post("/v1/things", auth=auth.roles("brand_manager"), summary="Make", body="Thing", status=201, max_body=1000)
async def make_thing(call: Call) -> Reply:
    return Reply(call.body, headers=(("Location", "/v1/things/x"),))


@http_door.post(
    "/v1/orders",
    auth=auth.roles("erp"),
    summary="Order",
    body="Thing",
    status=202,
    idempotency="required",
    max_body=1000,
)
async def make_order(call: Call) -> Reply:
    seen.append(call.body.display_name)
    await failpoints.hit("example.in_handler")
    if call.body.quantity == 0:
        raise Conflict("nothing to order", code="EMPTY")
    return Reply({"id": call.idempotency_id, "count": len(seen)})


@http_door.get("/v1/here", auth=auth.session(), summary="Where am I")
async def here(call: Call) -> Reply:
    return Reply({"storeId": call.principal.store_id})


@http_door.get("/v1/broken", auth=auth.public(), summary="A bug")
async def broken(call: Call) -> Reply:
    raise RuntimeError("a secret of the inside: mongodb://user:pw@host")


@http_door.get("/v1/slow", auth=auth.public(), summary="Too slow")
async def slow(call: Call) -> Reply:
    await asyncio.sleep(30)
    return Reply({})


@http_door.post(
    "/v1/files",
    auth=auth.roles("erp"),
    summary="A file",
    media=("text/csv", "application/gzip"),
    max_body=1000,
    idempotency="optional",
    status=202,
    budget=5.0,
)
async def take_file(call: Call) -> Reply:
    seen.append(call.content_type)
    await asyncio.sleep(0.3)  # longer than the door's own budget in the tests
    return Reply({"bytes": len(call.content), "type": call.content_type})


@http_door.get("/v1/report", auth=auth.public(), summary="A report", reply_media="text/csv")
async def report(call: Call) -> Reply:
    async def lines() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"%d\r\n" % number

    return Reply(stream=lines(), headers=(("content-type", "text/csv; charset=utf-8"),))


@event_door.push("/push/things/{tenantId}", subscription="things", topic="things-{tenantId}")
async def on_thing(message: Message) -> None:
    what = message.json()["do"]
    seen.append(f"{message.params['tenantId']}:{what}")
    if what == "retry":
        raise Retryable("not now")
    if what == "reject":
        raise Rejected("never", code="NEVER")
    if what == "done":
        raise AlreadyDone
    if what == "bug":
        raise KeyError("bug")


@event_door.task("/tasks/work")
async def work(task: Task) -> None:
    seen.append(f"task:{task.body['n']}:{task.retry_count}")


@event_door.job("/jobs/tick")
async def tick(job: Job) -> None:
    seen.append("tick")


for _route in http_door.routes:
    if _route.body:
        _route.models["body"] = Thing
    if _route.query:
        _route.models["query"] = Paging

example = http_door.entry()
example_events = event_door.entry()
