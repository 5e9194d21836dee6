"""An ERP that speaks REST: pages by cursor, link or number, changes since the last time, and ETags.

Settings: `url`, `auth`, `items`, `required`, `etag`, `paging` {kind: none|cursor|link|page, parameter, next, more,
count, total, first, size, sizeParameter}, `changes` {parameter, next}.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from functions.import_publish.sources import erp_pages, http_pull
from functions.import_publish.sources.erp_pages import Answer, Position, Shape
from functions.import_publish.sources.jobs import Job, Page
from functions.import_publish.sources.problems import NothingNew


async def pages(job: Job, start: Position | None) -> AsyncIterator[Page]:
    """Every page from `start` on. Raises SourceProblem, NothingNew when the ERP knows our ETag."""
    from functions.import_publish.sources import web

    paging = job.settings.get("paging") or {"kind": "none"}
    shape = Shape.of(job.settings)

    def turn(position: Position | None, answer: Answer, count: int) -> Position | None:
        if paging["kind"] == "cursor":
            found = erp_pages.cursor(shape, answer.document)
            return None if found is None else {"cursor": found}
        if paging["kind"] == "link":
            link = answer.link or (erp_pages.cursor(shape, answer.document) if shape.next else None)
            return None if link is None else {"url": str(http_pull.within(str(job.settings["url"]), link))}
        if paging["kind"] == "page" and count > 0:
            page = int((position or {}).get("page", paging.get("first", 1)))
            size = paging.get("size")
            return None if size and count < int(size) else {"page": page + 1}
        return None

    async with web.client(job.guard, job.budget) as client:

        async def ask(position: Position | None) -> Answer:
            url, headers = _address(job, position), http_pull.credentials(job.settings, job.secret)
            headers["accept"] = "application/json"
            etag = job.checkpoint.get("etag") if job.settings.get("etag") and position is None else None
            if etag:
                headers["if-none-match"] = str(etag)
            response = await client.get(url, headers=headers)
            if response.status_code == 304:
                raise NothingNew
            web.refuse_status(response)
            document = await erp_pages.read_json(response.content, response.headers.get("content-type", ""))
            known = response.headers.get("etag") if job.settings.get("etag") else None
            return Answer(document, known, response.links.get("next", {}).get("url"))

        async for page in erp_pages.pages(job, ask, start, turn):
            yield page


def _address(job: Job, position: Position | None) -> Any:
    settings = job.settings
    url = http_pull.within(str(settings["url"]), job.path)
    paging, changes = settings.get("paging") or {"kind": "none"}, settings.get("changes") or {}
    if position is not None and "url" in position:
        # From the ERP itself, but perhaps kept for a while: looked at again.
        return http_pull.within(str(settings["url"]), str(position["url"]))
    more: dict[str, str] = {}
    if paging.get("size") and paging.get("sizeParameter"):
        more[paging["sizeParameter"]] = str(paging["size"])
    if paging["kind"] == "page":
        more[paging["parameter"]] = str((position or {}).get("page", paging.get("first", 1)))
    elif position is not None:
        more[paging["parameter"]] = str(position["cursor"])
    if changes and job.checkpoint.get("changes"):
        more[changes["parameter"]] = str(job.checkpoint["changes"])
    return url.copy_merge_params(more)
