"""Day closings at the door."""

from __future__ import annotations

from functions.checkout import closing_days
from functions.checkout.door import NOT_FOUND, door
from functions.common import auth, errors, stores
from functions.common.http import Call, Pagination, Reply
from functions.common.stores import Store

PATH = "/v1/stores/{storeId}/day-closings"
CLOSERS = auth.roles(auth.STORE_MANAGER)
READERS = auth.roles(auth.STORE_MANAGER, auth.BRAND_MANAGER)


@door.post(
    PATH,
    auth=CLOSERS,
    summary="Close a day: its sums by tax rate and payment method; may be repeated",
    body="DayToClose",
    reply="DayClosing",
    max_body=1024,
    rate="manage",
    errors=(errors.NotFound, errors.Conflict),
)
async def close_day(call: Call) -> Reply:
    store = await _store(call)
    return Reply(closing_days.view(await closing_days.close(store, call.body.date, call.principal.sub, call.now)))


@door.get(
    PATH,
    auth=READERS,
    summary="The day closings of a store, the latest first",
    query="Page",
    reply="DayClosing",
    listed=True,
    rate="manage",
    errors=NOT_FOUND,
)
async def list_day_closings(call: Call) -> Reply:
    query = call.query
    found, total = await closing_days.page(await _store(call), query.page, query.limit)
    return Reply([closing_days.view(each) for each in found], pagination=Pagination(query.page, query.limit, total))


@door.get(
    f"{PATH}/{{date}}",
    auth=READERS,
    summary="The closing of one day",
    reply="DayClosing",
    rate="manage",
    errors=NOT_FOUND,
)
async def read_day_closing(call: Call) -> Reply:
    return Reply(closing_days.view(await closing_days.read(await _store(call), call.params["date"])))


async def _store(call: Call) -> Store:
    return await stores.scope_for(call.principal, call.params["storeId"])
