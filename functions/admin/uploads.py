"""Bringing a file: its beginning is shown as the import reads it, then all of it goes to the API, or to the bucket."""

from __future__ import annotations

from functions.admin import importing
from functions.admin.api import ApiProblem, path
from functions.admin.domain import BRAND_MANAGER
from functions.admin.door import door
from functions.admin.imports import IMPORT, ONE, UPLOADERS, import_page
from functions.admin.products import beside
from functions.admin.visit import Visit
from functions.common import web
from functions.common.envelope import Reply

MEDIA = (
    *("text/csv", "text/tab-separated-values", "text/plain", "application/json", "application/x-ndjson"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    *("application/vnd.ms-excel", "application/gzip", "application/zip", "application/octet-stream"),
)
MOST_BYTES = 31 << 20
"""More than that goes straight into the bucket: Cloud Run takes 32 MiB and no more."""
_SAMPLE_BYTES = 1 << 20
_UPLOAD_SECONDS = 55.0
_RETAILSCAN = "retailscan"


@door.form("/admin/stores/{storeId}/imports/preview", *UPLOADERS, media=MEDIA, max_body=_SAMPLE_BYTES)
async def preview(visit: Visit) -> Reply:
    """What the profile makes of a file's beginning; with a mapping, which is kept as a profile of its own first."""
    store = await visit.at_store()
    base = visit.query.get("profile") or _RETAILSCAN
    own, wrong = visit.query.get("own", ""), ""
    profile = base
    if own and importing.columns_of(visit.query):
        described = {"profile": importing.profile_of(own, visit.query.get("base") or _RETAILSCAN, visit.query)}
        try:
            await visit.api.put(path("/v1/import-profiles/{name}", name=own), described)
            profile = own
        except ApiProblem as problem:
            if problem.status not in (400, 403, 409):
                raise
            wrong = "; ".join(beside(problem)[0].values()) or problem.message
    name = visit.query.get("name", "")[:200]
    seen = (
        await visit.api.send(
            "/v1/import-profiles:preview", visit.call.content, visit.call.content_type, profile=profile, name=name,
            storeId=store["storeId"],
        )
    ).data  # fmt: skip
    if not seen["columns"] and seen["error"] and seen["error"]["code"].startswith("COLUMN_"):
        seen["columns"] = importing.header_of(visit.call.content, seen["delimiter"])
    return visit.show(
        "imports_preview.html", seen=seen, profile=profile, base=base, own=own, wrong=wrong, fields=importing.FIELDS,
        tones=importing.TONES, shown=importing.shown, may_map=visit.may(BRAND_MANAGER),
    )  # fmt: skip


@door.form("/admin/stores/{storeId}/imports/file", *UPLOADERS, media=MEDIA, max_body=MOST_BYTES, budget=_UPLOAD_SECONDS)
async def upload(visit: Visit) -> Reply:
    """The file is the body, as at the API: a script of the page sends it, and is told where to go."""
    query = visit.query
    accepted = (
        await visit.api.send(
            "/v1/imports", visit.call.content, visit.call.content_type, storeId=visit.call.params["storeId"],
            profile=query.get("profile") or _RETAILSCAN, name=query.get("name", "")[:200], mode=query.get("mode"),
            again="true" if query.get("again") else None, corrects=query.get("corrects"),
        )
    ).data  # fmt: skip
    return visit.go(import_page(accepted["imports"][0]["importId"]))


@door.form("/admin/stores/{storeId}/imports/upload-url", *UPLOADERS)
async def ask_to_upload(visit: Visit) -> Reply:
    """Leave to put a file that is too large for us straight into the bucket; for the script of the page, as JSON."""
    import orjson

    media = visit.field("media")
    order = {
        "storeIds": [visit.call.params["storeId"]], "profile": visit.field("profile") or _RETAILSCAN,
        "name": visit.field("name")[:200], "again": bool(visit.field("again")),
        "media": media if media in MEDIA else MEDIA[-1],
    } | ({"mode": visit.field("mode")} if visit.field("mode") else {})  # fmt: skip
    begun = (await visit.api.post("/v1/imports:upload-url", order)).data
    here = import_page(begun["imports"][0]["importId"])
    said = {"url": begun["upload"]["url"], "headers": begun["upload"]["headers"], "page": here}
    own = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    return Reply(raw=orjson.dumps(said), headers=(*own, *web.Policy().headers()))


@door.form(ONE + "/uploaded", *UPLOADERS)
async def say_uploaded(visit: Visit) -> Reply:
    """The file is in the bucket: it is read from now on."""
    await visit.api.bare(path(IMPORT, id=visit.call.params["importId"]) + "/uploaded")
    return visit.go(import_page(visit.call.params["importId"]))
