"""A file from a URL."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from functions.import_publish.sources.guard import read_url
from functions.import_publish.sources.jobs import File, Job
from functions.import_publish.sources.problems import NothingNew, SourceProblem

if TYPE_CHECKING:
    import httpx

_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]+")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"})


def credentials(settings: Mapping[str, object], secret: Mapping[str, str]) -> dict[str, str]:
    """The header that signs us in. Raises SourceProblem when the connection's secret lacks what its `auth` needs."""
    auth = settings.get("auth") or {"kind": "none"}
    assert isinstance(auth, Mapping)
    kind = auth["kind"]
    try:
        if kind == "bearer":
            return {"authorization": f"Bearer {_line(secret['token'])}"}
        if kind == "basic":
            pair = f"{secret['username']}:{secret['password']}".encode()
            return {"authorization": f"Basic {b64encode(pair).decode()}"}
        if kind == "header":
            name = str(auth["header"]).lower()
            if not _HEADER.fullmatch(name) or name in _OURS:
                raise SourceProblem("SOURCE_SETTINGS", "this header cannot carry a credential")
            return {name: _line(secret["token"])}
    except KeyError:
        raise SourceProblem("SECRET_INCOMPLETE", "the connection's secret lacks what its auth needs") from None
    return {}


def _line(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise SourceProblem("SECRET_INCOMPLETE", "the connection's secret cannot be sent in a header")
    return text


@asynccontextmanager
async def fetch(job: Job) -> AsyncIterator[File]:
    """The file at the connection's URL; `job.path` is resolved against it and may not leave its server.

    Raises SourceProblem, NothingNew when it is the one that was fetched last time.
    """
    url = within(str(job.settings["url"]), job.path)
    headers = credentials(job.settings, job.secret)
    etag = job.checkpoint.get("etag")
    if etag and job.checkpoint.get("url") == str(url):
        headers["if-none-match"] = str(etag)
    async with get(job, str(url), headers) as response:
        if response.status_code == 304:
            raise NothingNew
        fresh = response.headers.get("etag")
        checkpoint = {"etag": fresh, "url": str(url)} if fresh and len(fresh) < 1_000 else {}
        media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        yield File(name_of(url, response), media, response.aiter_raw(), checkpoint)


@asynccontextmanager
async def get(job: Job, url: str, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
    """A file-sized answer, whose body has not been read. Raises SourceProblem."""
    from functions.import_publish.sources import web

    async with web.client(job.guard, job.budget, limit=job.budget.file_bytes) as client:
        request = client.build_request("GET", read_url(url), headers=dict(headers))
        response = await client.send(request, stream=True)
        try:
            if response.status_code != 304:
                web.refuse_status(response)
            yield response
        finally:
            await response.aclose()


def within(base: str, path: str | None) -> httpx.URL:
    """`path` on the server of `base`: our credentials go nowhere else. Raises SourceProblem."""
    root = read_url(base)
    if path is None:
        return root
    url = read_url(str(root.join(path)))
    if (url.scheme, url.raw_host, url.port) != (root.scheme, root.raw_host, root.port) or url.userinfo:
        raise SourceProblem("SOURCE_FORBIDDEN_ADDRESS", "the path leads to another server")
    return url


def name_of(url: httpx.URL, response: httpx.Response) -> str:
    """What to call the file."""
    told = re.search(r'filename="?([^";]+)', response.headers.get("content-disposition", ""))
    name = told[1] if told else unquote(url.path.rpartition("/")[2])
    return _UNSAFE.sub("_", name).strip(". ")[-100:] or "file"
