"""The verbs on connections: where files come from, what signs in there, and whether it works."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from functions.common import clock, log
from functions.common.errors import Conflict, Malformed, NotFound
from functions.common.mongo import Document
from functions.import_publish.connections_repository import Connections, Schedules
from functions.import_publish.sources.guard import Guard, read_url
from functions.import_publish.sources.jobs import Job, Sleep
from functions.import_publish.sources.problems import Budget, NothingNew, SourceProblem
from functions.import_publish.sources.secrets import Secrets

MOST_CONNECTIONS = 100
TRIAL = Budget(file_bytes=1 << 20, page_bytes=4 << 20, seconds=15.0, silence_seconds=8.0, tries=1)
"""What a test of a connection may cost: somebody waits for it."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")
_ADDRESSES = ("url", "wsdl", "endpoint")
# Whoever changes one of these sends the secret somewhere else, or lets it be sent in another way.
_WHERE = ("kind", "url", "wsdl", "endpoint", "host", "port", "hostKey", "username", "bucket", "region", "auth")


@dataclass(frozen=True, slots=True)
class Deps:
    """What the verbs work with."""

    connections: Connections
    schedules: Schedules
    secrets: Secrets
    guard: Guard
    sleep: Sleep
    own_storage: str = ""


async def read(deps: Deps, tenant_id: str, name: str) -> Document:
    """A connection of the tenant. Raises NotFound alike for unknown ones and for others'."""
    found = await deps.connections.find(tenant_id, name)
    if found is None:
        raise NotFound("there is no such connection", code="CONNECTION_NOT_FOUND")
    return found


async def put(deps: Deps, tenant_id: str, name: str, settings: Mapping[str, Any], by: str) -> Document:
    """Keep a connection. Its secret is forgotten when the settings lead elsewhere: it was given for the old place.

    Raises Malformed for an address that is never fetched from or a query that changes something, Conflict when there
    are too many.
    """
    if not _NAME.fullmatch(name):
        raise Malformed("a name has lower-case letters, digits and dashes", code="INVALID_NAME", field="connection")
    _check(deps.guard, settings)
    before = await deps.connections.find(tenant_id, name)
    if before is None and await deps.connections.count(tenant_id) >= MOST_CONNECTIONS:
        raise Conflict(f"there may be {MOST_CONNECTIONS} connections", code="TOO_MANY_CONNECTIONS")
    moved = before is not None and _place(before["settings"]) != _place(settings)
    if moved:
        await deps.secrets.forget(tenant_id, name)
    forget = ["secret", "checkpoints"] if moved else []
    log.info("import.connection_kept", connection=name, kind=settings["kind"], by=by)
    return await deps.connections.put(tenant_id, name, settings, by, forget)


async def put_secret(deps: Deps, tenant_id: str, name: str, values: Mapping[str, str], by: str) -> Document:
    """Keep what signs in there. Nobody can read it again. Raises NotFound, Unavailable."""
    await read(deps, tenant_id, name)
    version = await deps.secrets.put(tenant_id, name, values)
    secret = {"version": version, "setAt": clock.now(), "setBy": by}
    log.info("import.connection_signed", connection=name, by=by)
    found = await deps.connections.set(tenant_id, name, {"secret": secret})
    if found is None:
        await deps.secrets.forget(tenant_id, name)
        raise NotFound("there is no such connection", code="CONNECTION_NOT_FOUND")
    return found


async def remove(deps: Deps, tenant_id: str, name: str) -> None:
    """Forget a connection and its secret. Raises NotFound, Conflict while a schedule pulls it."""
    await read(deps, tenant_id, name)
    schedule = await deps.schedules.of_connection(tenant_id, name)
    if schedule is not None:
        raise Conflict("a schedule pulls it", code="CONNECTION_IN_USE", details={"schedule": schedule["name"]})
    await deps.secrets.forget(tenant_id, name)
    await deps.connections.remove(tenant_id, name)


async def start_over(deps: Deps, tenant_id: str, name: str) -> None:
    """Forget what was fetched already: the next pull brings everything. Raises NotFound."""
    if not await deps.connections.unset(tenant_id, name, "checkpoints"):
        raise NotFound("there is no such connection", code="CONNECTION_NOT_FOUND")


async def test(deps: Deps, tenant_id: str, name: str, path: str | None) -> dict[str, Any]:
    """Ask the source for its beginning; what came, or why nothing did. Raises NotFound, Unavailable."""
    from functions.import_publish.sources import fetch

    connection = await read(deps, tenant_id, name)
    result: dict[str, Any] = {"ok": True, "code": None, "message": None, "where": None, "found": None}
    try:
        job = await job_of(deps, connection, path, {})
        result["found"] = await fetch.probe(replace(job, budget=TRIAL))
    except NothingNew:
        result["found"] = {}
    except SourceProblem as problem:
        result |= {"ok": False, "code": problem.code, "message": problem.message, "where": problem.where}
    await deps.connections.set(
        tenant_id, name, {"lastTest": {"at": clock.now(), "ok": result["ok"], "code": result["code"]}}
    )
    return result


async def job_of(deps: Deps, connection: Mapping[str, Any], path: str | None, checkpoint: Mapping[str, Any]) -> Job:
    """A pull from a connection. Raises SourceProblem when its secret is gone, Unavailable."""
    secret: dict[str, str] = {}
    if connection.get("secret"):
        version = connection["secret"]["version"]
        secret = await deps.secrets.read(connection["tenantId"], connection["name"], version)
    return Job(
        settings=connection["settings"],
        guard=deps.guard,
        budget=Budget(),
        sleep=deps.sleep,
        secret=secret,
        checkpoint=checkpoint,
        path=path,
        own_storage=deps.own_storage,
    )


def job_of_url(deps: Deps, url: str) -> Job:
    """A pull from an address that needs no credentials."""
    return Job(settings={"kind": "https", "url": url}, guard=deps.guard, budget=Budget(), sleep=deps.sleep)


def check_address(guard: Guard, text: str, field: str) -> None:
    """Raises Malformed for an address that is never fetched from."""
    try:
        guard.check_url(read_url(text))
    except SourceProblem as problem:
        raise Malformed(problem.message, code=problem.code, field=field) from None


def _check(guard: Guard, settings: Mapping[str, Any]) -> None:
    for field in _ADDRESSES:
        if settings.get(field):
            check_address(guard, str(settings[field]), f"settings.{field}")
    try:
        if settings["kind"] == "sftp":
            guard.check_host(str(settings["host"]), int(settings["port"]), "sftp")
        if settings["kind"] == "graphql":
            from functions.import_publish.sources import erp_graphql

            erp_graphql.read_query(str(settings["query"]))
    except SourceProblem as problem:
        field = "settings.host" if settings["kind"] == "sftp" else "settings.query"
        raise Malformed(problem.message, code=problem.code, field=field) from None


def _place(settings: Mapping[str, Any]) -> list[Any]:
    """Where the secret goes. Of a URL its path may change; the server may not."""
    place: list[Any] = []
    for field in _WHERE:
        value = settings.get(field)
        place.append(urlsplit(value)[:2] if field in _ADDRESSES and value else value)
    return place
