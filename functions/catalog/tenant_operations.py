"""The operations on a tenant's settings."""

from __future__ import annotations

from functions.catalog import rendering, tenancy, wiring
from functions.catalog.door import WRITE, door, editor_of, seen_by, versioned
from functions.common import auth, errors, tenants
from functions.common.http import Call, Reply

SETTERS = auth.roles(auth.BRAND_MANAGER, auth.OPERATOR)
PATH = "/v1/tenant-settings"


@door.get(PATH, auth=SETTERS, summary="Read your settings", reply="TenantSettingsView", rate="manage")
async def read_tenant_settings(call: Call) -> Reply:
    found = await wiring.deps().masterdata.tenants.records.find(call.principal.tenant_id, tenants.NAME)
    return versioned(rendering.tenant_settings(found))


@door.put(
    PATH,
    auth=SETTERS,
    summary="Set taxes, rounding, checks, the refund limit and the receipt's last line",
    body="TenantSettingsBody",
    reply="TenantSettingsView",
    errors=(errors.Conflict,),
    **WRITE,
)
async def put_tenant_settings(call: Call) -> Reply:
    document = await tenancy.put(
        wiring.deps().masterdata.tenants,
        call.principal.tenant_id,
        rendering.fields(call.body),
        editor_of(call),
        seen=seen_by(call),
    )
    tenants.forget(call.principal.tenant_id)
    return versioned(rendering.tenant_settings(document))
