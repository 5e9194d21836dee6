"""The verb on a tenant's settings: one record a tenant, there from the moment somebody states something."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from functions.catalog import masterdata
from functions.catalog.masterdata import Noun
from functions.common import tenants
from functions.common.errors import Conflict
from functions.common.mongo import Document
from functions.common.product_edits import Editor


async def put(noun: Noun, tenant_id: str, fields: Mapping[str, Any], editor: Editor, *, seen: int | None) -> Document:
    """Give a tenant these settings.

    Raises Conflict when they were edited after the version `seen`; 0 is that of settings nobody has stated yet.
    """
    if await noun.records.find(tenant_id, tenants.NAME) is None:
        if seen:
            raise Conflict("nobody has stated these settings yet", code="VERSION_CONFLICT", details={"ver": 0})
        with suppress(Conflict):  # somebody else has just stated them
            return await masterdata.create(noun, tenant_id, tenants.NAME, fields, editor)
    return await masterdata.edit(noun, tenant_id, tenants.NAME, fields, editor, seen=seen)
