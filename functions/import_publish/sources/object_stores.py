"""Files from buckets of others, `s3://` and `gs://`: the makers' own libraries sign a URL, our own client goes there.

The libraries would look around for credentials, follow redirects and resolve names by themselves. And a bucket is
only ever read with the key of the tenant's own connection: what our service account may read is not for tenants.
"""

from __future__ import annotations

import asyncio
import fnmatch
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from functions.import_publish.sources import http_pull
from functions.import_publish.sources.jobs import File, Job
from functions.import_publish.sources.problems import NothingNew, SourceProblem
from functions.import_publish.sources.retries import persistently

GOOGLE = "https://storage.googleapis.com"
_LIVES = timedelta(minutes=10)
_MOST_LISTED = 10_000
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that could be fetched. `stamp` orders files and changes with their content."""

    name: str
    stamp: str
    size: int


def newest(entries: list[Entry], pattern: str, job: Job) -> Entry:
    """Which file of a drop box to take: with `take: next` the oldest of those not taken yet, else the newest.

    Raises NothingNew, SourceProblem when nothing there matches.
    """
    matching = sorted((each for each in entries if fnmatch.fnmatchcase(each.name, pattern)), key=_order)
    if not matching:
        raise SourceProblem("SOURCE_NOT_FOUND", "no file matches the path")
    taken = (str(job.checkpoint.get("stamp", "")), str(job.checkpoint.get("name", "")))
    fresh = [each for each in matching if _order(each) > taken]
    if not fresh:
        raise NothingNew
    return fresh[0] if job.settings.get("take") == "next" else fresh[-1]


def _order(entry: Entry) -> tuple[str, str]:
    return entry.stamp, entry.name


def is_pattern(path: str) -> bool:
    """Whether a path stands for several files."""
    return any(sign in path for sign in "*?[")


@asynccontextmanager
async def fetch(job: Job) -> AsyncIterator[File]:
    """One object; a path with `*`, `?` or `[...]` means the newest that matches. Raises SourceProblem, NothingNew."""
    sign = _google if job.settings["kind"] == "gs" else _amazon
    path = job.path or str(job.settings.get("path") or "")
    if not path:
        raise SourceProblem("SOURCE_SETTINGS", "neither the connection nor the request names a path")
    checkpoint: dict[str, Any] = {}
    if is_pattern(path):
        found = newest(await _listed(job, sign, path), path, job)
        path, checkpoint = found.name, {"name": found.name, "stamp": found.stamp}
    url = await asyncio.to_thread(sign, job, path, {})
    async with http_pull.get(job, url, {}) as response:
        media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        yield File(path.rpartition("/")[2] or "file", media, response.aiter_raw(), checkpoint)


async def _listed(job: Job, sign: Any, pattern: str) -> list[Entry]:
    prefix = pattern[: min(pattern.find(sign_) for sign_ in "*?[" if sign_ in pattern)]
    entries: list[Entry] = []
    query = {"prefix": prefix, "max-keys": str(_PAGE)}
    while len(entries) < _MOST_LISTED:
        url = await asyncio.to_thread(sign, job, "", query)
        page, marker = _read_listing(await persistently(lambda url=url: _whole(job, url), job))  # type: ignore[misc]
        entries += page
        if marker is None:
            return entries
        query["marker"] = marker
    raise SourceProblem("SOURCE_TOO_LARGE", f"there are more than {_MOST_LISTED:,} files below this path")


async def _whole(job: Job, url: str) -> bytes:
    async with http_pull.get(job, url, {}) as response:
        return await response.aread()


def _read_listing(data: bytes) -> tuple[list[Entry], str | None]:
    """A ListBucketResult, which both stores speak."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException):
        raise SourceProblem("SOURCE_BAD_ANSWER", "the list of files cannot be read") from None
    entries: list[Entry] = []
    for element in root.iterfind("{*}Contents"):
        name, stamp = element.findtext("{*}Key") or "", element.findtext("{*}LastModified") or ""
        entries.append(Entry(name, stamp, int(element.findtext("{*}Size") or 0)))
    cut = (root.findtext("{*}IsTruncated") or "").lower() == "true"
    return entries, (root.findtext("{*}NextMarker") or (entries[-1].name if entries else None)) if cut else None


def _amazon(job: Job, name: str, query: Mapping[str, str]) -> str:
    import boto3
    from botocore.config import Config

    settings, endpoint = job.settings, job.settings.get("endpoint")
    client = boto3.session.Session().client(
        "s3",
        region_name=settings.get("region") or "us-east-1",
        endpoint_url=endpoint or None,
        aws_access_key_id=_part(job, "accessKeyId"),
        aws_secret_access_key=_part(job, "secretAccessKey"),
        aws_session_token=job.secret.get("sessionToken"),
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if endpoint else "virtual"},
            ignore_configured_endpoint_urls=True,
        ),
    )
    verb, parameters = "get_object", {"Bucket": settings["bucket"], "Key": name}
    if query:
        verb = "list_objects"
        parameters = {"Bucket": settings["bucket"], "Prefix": query["prefix"], "MaxKeys": int(query["max-keys"])}
        if "marker" in query:
            parameters["Marker"] = query["marker"]
    url: str = client.generate_presigned_url(verb, Params=parameters, ExpiresIn=int(_LIVES.total_seconds()))
    return url


def _google(job: Job, name: str, query: Mapping[str, str]) -> str:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client
    from google.oauth2.service_account import Credentials

    try:
        key = json.loads(_part(job, "serviceAccountKey"))
        # Nothing else of the file is used: its token_uri, for one, would be an address of somebody's choice.
        info = {"type": "service_account", "client_email": key["client_email"], "private_key": key["private_key"]}
        credentials = Credentials.from_service_account_info(info | {"token_uri": f"{GOOGLE}/none"})  # type: ignore[no-untyped-call]
    except (ValueError, KeyError, TypeError):
        raise SourceProblem("SECRET_INCOMPLETE", "the secret is not the key of a service account") from None
    client = Client(project="none", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    bucket = client.bucket(str(job.settings["bucket"]))
    endpoint = job.own_storage or GOOGLE
    options: dict[str, Any] = {"credentials": credentials, "api_access_endpoint": endpoint, "expiration": _LIVES}
    signer = bucket if query else bucket.blob(name)
    url: str = signer.generate_signed_url(version="v4", method="GET", query_parameters=dict(query) or None, **options)
    return url


def _part(job: Job, name: str) -> str:
    value = job.secret.get(name)
    if not value:
        raise SourceProblem("SECRET_INCOMPLETE", f"the connection's secret lacks {name}")
    return value
