"""Profiles and rules of a tenant: its own, or those that everybody has; and what a profile makes of a sample."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, NamedTuple

from functions.common.errors import Conflict, Malformed, NotFound
from functions.common.mongo import Document
from functions.common.stores import Store
from functions.import_publish import formats, rendering, schemas
from functions.import_publish.core import Deps
from functions.import_publish.domain.codes import Unusable
from functions.import_publish.domain.profiles import BUILT_IN, Profile
from functions.import_publish.domain.rules import Rules, check_row
from functions.import_publish.domain.staged import settle
from functions.import_publish.judging import Judge
from functions.import_publish.reading import Terms
from functions.import_publish.repository import MOST_PROFILES, Settings

SHOWN_ROWS = 20
_UNKNOWN_STORE = ("EUR", "UTC")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")


class Sample(NamedTuple):
    """The beginning of a file."""

    content: bytes
    name: str
    media: str
    store: Store | None


async def profile_of(settings: Settings, tenant_id: str, name: str) -> dict[str, Any]:
    """The profile of a name as an import keeps it. Raises Malformed when there is none."""
    own = await settings.profile(tenant_id, name)
    if own is not None:
        return dict(own["profile"])
    built_in = BUILT_IN.get(name)
    if built_in is None:
        raise Malformed("there is no such profile", code="UNKNOWN_PROFILE", field="profile")
    return built_in.to_dict()


async def rules_of(settings: Settings, tenant_id: str) -> dict[str, Any]:
    """The rules as an import keeps them."""
    own = await settings.rules(tenant_id)
    return Rules.from_dict(own["rules"] if own is not None else {}).to_dict()


async def demand_connection(settings: Settings, tenant_id: str, name: str) -> None:
    """Raise Malformed when the tenant has no such connection."""
    if not await settings.has_connection(tenant_id, name):
        raise Malformed("there is no such connection", code="UNKNOWN_CONNECTION", field="connection")


# ---- profiles ---------------------------------------------------------------------------------------------


async def profiles(settings: Settings, tenant_id: str) -> list[dict[str, Any]]:
    """The tenant's own profiles, then those that everybody has."""
    own = [_view(each) for each in await settings.profiles(tenant_id)]
    return own + [_built_in(each) for each in BUILT_IN.values()]


async def read(settings: Settings, tenant_id: str, name: str) -> dict[str, Any]:
    """One profile. Raises NotFound."""
    own = await settings.profile(tenant_id, name)
    if own is not None:
        return _view(own)
    if name not in BUILT_IN:
        raise _no_profile()
    return _built_in(BUILT_IN[name])


async def put(settings: Settings, who: tuple[str, str], name: str, described: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a profile of the tenant `who[0]`, written by `who[1]`.

    Raises Conflict for the name of a built-in one and when there are too many, Malformed for one that is none.
    """
    tenant_id, by = who
    if not _NAME.fullmatch(name):
        raise Malformed("use small letters, digits and hyphens, at most 48 of them", field="profileName")
    if name in BUILT_IN:
        raise Conflict("this profile is built in: choose another name, and extend it", code="PROFILE_BUILT_IN")
    try:
        profile = Profile.from_dict({**described, "name": name})
    except Unusable as problem:
        raise _malformed(problem, "profile") from problem
    if len(await settings.profiles(tenant_id)) >= MOST_PROFILES and await settings.profile(tenant_id, name) is None:
        raise Conflict(f"a tenant has at most {MOST_PROFILES} profiles", code="TOO_MANY_PROFILES")
    return _view(await settings.put_profile(tenant_id, name, profile.to_dict(), by))


async def remove(settings: Settings, tenant_id: str, name: str) -> None:
    """Forget a profile of the tenant's own. Raises NotFound."""
    if not await settings.remove_profile(tenant_id, name):
        raise _no_profile()


def _view(document: Document) -> dict[str, Any]:
    return {
        "name": document["name"],
        "builtIn": False,
        "profile": document["profile"],
        "ver": document["ver"],
        "updatedAt": document["updatedAt"],
    }


def _built_in(profile: Profile) -> dict[str, Any]:
    return {"name": profile.name, "builtIn": True, "profile": profile.to_dict(), "ver": None, "updatedAt": None}


def _no_profile() -> NotFound:
    return NotFound("there is no such profile", code="PROFILE_NOT_FOUND")


def _malformed(problem: Unusable, part: str) -> Malformed:
    details = [{"field": f"{part}.{where}", "code": problem.code, "message": what} for where, what in problem.problems]
    return Malformed(f"the {part} cannot be used", code=problem.code, details=details)


# ---- rules ------------------------------------------------------------------------------------------------


async def read_rules(settings: Settings, tenant_id: str) -> dict[str, Any]:
    """All rules as they are in force."""
    return _rules_view(await settings.rules(tenant_id))


async def put_rules(settings: Settings, who: tuple[str, str], rules: Mapping[str, Any]) -> dict[str, Any]:
    """Set the rules of the tenant `who[0]`; what is not named is as usual. Raises Malformed."""
    try:
        Rules.from_dict(rules)
    except Unusable as problem:
        raise _malformed(problem, "rules") from problem
    return _rules_view(await settings.put_rules(who[0], dict(rules), who[1]))


def _rules_view(document: Document | None) -> dict[str, Any]:
    own = document or {"rules": {}, "ver": None, "updatedAt": None}
    return {"rules": Rules.from_dict(own["rules"]).to_dict(), "ver": own["ver"], "updatedAt": own["updatedAt"]}


# ---- preview ----------------------------------------------------------------------------------------------


async def preview(deps: Deps, tenant_id: str, name: str, sample: Sample) -> schemas.Preview:
    """What a profile makes of the beginning of a file. With a store it is compared with what is live there."""
    currency, zone = (sample.store.currency, sample.store.time_zone) if sample.store is not None else _UNKNOWN_STORE
    terms = Terms.of(
        {
            "profile": await profile_of(deps.settings, tenant_id, name),
            "rules": await rules_of(deps.settings, tenant_id),
            "currency": currency,
            "timeZone": zone,
        }
    )
    seen: dict[str, Any] = dict.fromkeys(("format", "compression", "encoding", "delimiter"))
    seen |= {"columns": [], "rows": [], "error": None}
    try:
        await deps.bucket.run(lambda: _look(terms, sample, seen))
    except formats.FileProblem as problem:
        seen["error"] = {"code": problem.code, "message": problem.message, "line": problem.line}
    except Unusable as problem:
        seen["error"] = {"code": problem.code, "message": str(problem)}
    rows = seen["rows"]
    if sample.store is not None:
        judge = await Judge(deps.live, {"tenantId": tenant_id, "storeId": sample.store.id}, terms).prepare()
        staged = await judge.judge(rows)
    else:
        staged = [{"r": row.line, "b": row.barcode, "v": row.values, "raw": row.raw} for row in rows]
        for row, kept in zip(rows, staged, strict=True):
            settle(kept, row.faults)
    columns = {name: use["column"] for use in seen["columns"] for name in use["fields"]}
    return schemas.Preview.model_validate({**seen, "rows": [rendering.row_view(row, columns) for row in staged]})


def _look(terms: Terms, sample: Sample, seen: dict[str, Any]) -> None:
    source = {"name": sample.name, "media": sample.media}
    table = formats.read(io.BytesIO(sample.content), terms.hints(source))
    seen |= {
        "format": table.format,
        "compression": table.compression,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
    }
    mapper = terms.mapper(table.columns, table.format)
    try:
        for record in islice(table, SHOWN_ROWS):
            row = mapper.map(*record)
            if row is not None:
                check_row(row, terms.rules, terms.currency)
                seen["rows"].append(row)
    finally:
        seen["columns"] = [
            {"column": each.column, "use": each.use, "fields": list(each.fields)} for each in mapper.uses()
        ]
