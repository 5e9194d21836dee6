"""The operations on how files are read and what their rows must keep to."""

from __future__ import annotations

from functions.common import errors
from functions.common.http import Call, Reply
from functions.import_publish import profiling, wiring
from functions.import_publish.door import MANAGERS, NOT_FOUND, READERS, UPLOADERS, WRITE, door, store_of
from functions.import_publish.import_operations import ENDINGS, MEDIA

PROFILE = "/v1/import-profiles/{profileName}"
_MOST_SAMPLE = 1 << 20


@door.get("/v1/import-profiles", auth=READERS, summary="List profiles", reply="ProfileList", rate="manage")
async def list_import_profiles(call: Call) -> Reply:
    settings = wiring.deps().core.settings
    return Reply({"profiles": await profiling.profiles(settings, call.principal.tenant_id)})


@door.get(PROFILE, auth=READERS, summary="Read a profile", reply="ProfileView", errors=NOT_FOUND, rate="manage")
async def read_import_profile(call: Call) -> Reply:
    settings = wiring.deps().core.settings
    return Reply(await profiling.read(settings, call.principal.tenant_id, call.params["profileName"]))


@door.put(
    PROFILE,
    auth=MANAGERS,
    summary="Keep a profile of your own",
    body="ProfileBody",
    reply="ProfileView",
    errors=(errors.Conflict,),
    **WRITE,
)
async def put_import_profile(call: Call) -> Reply:
    who = (call.principal.tenant_id, call.principal.sub)
    settings = wiring.deps().core.settings
    return Reply(await profiling.put(settings, who, call.params["profileName"], call.body.profile))


@door.delete(PROFILE, auth=MANAGERS, summary="Forget a profile", reply="Removed", errors=NOT_FOUND, rate="manage")
async def remove_import_profile(call: Call) -> Reply:
    name = call.params["profileName"]
    await profiling.remove(wiring.deps().core.settings, call.principal.tenant_id, name)
    return Reply({"id": name, "removed": True})


@door.post(
    "/v1/import-profiles:preview",
    auth=UPLOADERS,
    summary="See what a profile makes of a sample, without importing it",
    query="PreviewQuery",
    media=MEDIA,
    max_body=_MOST_SAMPLE,
    reply="Preview",
    errors=NOT_FOUND,
    rate="bulk",
)
async def preview_import(call: Call) -> Reply:
    query = call.query
    store = await store_of(call, query.store_id) if query.store_id is not None else None
    name = query.name or f"sample{ENDINGS[call.content_type]}"
    sample = profiling.Sample(call.content, name, call.content_type, store)
    return Reply(await profiling.preview(wiring.deps().core, call.principal.tenant_id, query.profile, sample))


@door.get("/v1/import-rules", auth=READERS, summary="Read the rules of imports", reply="RulesView", rate="manage")
async def read_import_rules(call: Call) -> Reply:
    return Reply(await profiling.read_rules(wiring.deps().core.settings, call.principal.tenant_id))


@door.put(
    "/v1/import-rules",
    auth=MANAGERS,
    summary="Set the rules of imports; those that are under way keep theirs",
    body="RulesBody",
    reply="RulesView",
    **WRITE,
)
async def put_import_rules(call: Call) -> Reply:
    who = (call.principal.tenant_id, call.principal.sub)
    return Reply(await profiling.put_rules(wiring.deps().core.settings, who, call.body.rules))
