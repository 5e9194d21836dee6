"""A tenant's settings: defaults until somebody states them, replaced as a whole, audited, never another tenant's."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from functions.common import mongo, tenants
from functions.common.retail.money import Rounding
from functions.common.retail.taxes import Level, Rate
from local import catalogue
from tests.integration.catalog.conftest import OTHER_TENANT, TENANT, Catalog

PATH = "/v1/tenant-settings"
TAXES: dict[str, Any] = {
    "inclusive": False,
    "level": "unit",
    "rounding": "half_up",
    "default": "standard",
    "classes": {
        "standard": [{"name": "State", "percent": "6.25"}, {"name": "City", "percent": "2.625"}],
        "food": [{"name": "State", "percent": "0"}],
    },
}


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    tenants.forget()


async def put(catalog: Catalog, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    return await catalog.client.put(PATH, json=body, headers=headers or catalog.manager)


async def test_a_tenant_that_has_stated_nothing_has_the_defaults(catalog: Catalog) -> None:
    reply = await catalog.get(PATH)
    data = reply.json()["data"]
    assert (data["ver"], data["taxes"], data["refundLimit"], reply.headers["etag"]) == (0, None, None, '"0"')
    assert data["checks"] == {"spotCheckShare": 0, "riskAmount": None, "ageCheck": True}
    assert await tenants.settings_of(TENANT) == tenants.TenantSettings(TENANT)


async def test_what_is_stated_reaches_the_rooms_that_sell(catalog: Catalog) -> None:
    assert await tenants.settings_of(TENANT) == tenants.TenantSettings(TENANT)
    checks = {"spotCheckShare": 20_000, "riskAmount": 15_000, "ageCheck": False}
    reply = await put(
        catalog, taxes=TAXES, rounding="half_down", checks=checks, refundLimit=5_000, receiptFooter="Bye\nbye"
    )
    assert reply.status_code == 200, reply.text
    settings = await tenants.settings_of(TENANT)
    assert settings.taxes is not None
    assert settings.taxes.rates("standard") == (Rate(62_500, "State"), Rate(26_250, "City"))
    assert settings.taxes.rates(None) == settings.taxes.rates("standard")
    assert (settings.taxes.inclusive, settings.taxes.level) == (False, Level.UNIT)
    assert (settings.rounding, settings.refund_limit) == (Rounding.HALF_DOWN, 5_000)
    assert settings.checks == tenants.Checks(20_000, 15_000, age_check=False)
    assert settings.receipt_footer == "Bye\nbye"
    assert await tenants.settings_of(OTHER_TENANT) == tenants.TenantSettings(OTHER_TENANT)


async def test_a_put_replaces_everything_under_its_version_and_is_audited(catalog: Catalog) -> None:
    await put(catalog, taxes=TAXES, refundLimit=5_000)
    outdated = await put(catalog, catalog.manager | {"if-match": '"0"'}, receiptFooter="late")
    assert (outdated.status_code, outdated.json()["error"]["code"]) == (409, "VERSION_CONFLICT")
    second = await put(catalog, catalog.manager | {"if-match": '"1"'}, receiptFooter="Thank you")
    assert (second.json()["data"]["ver"], second.json()["data"]["taxes"]) == (2, None)
    entries = await catalog.audit("tenant")
    assert [entry["action"] for entry in entries] == ["created", "updated"]
    assert {change["field"] for change in entries[1]["changes"]} == {"taxes", "refundLimit", "receiptFooter"}
    again = await put(catalog, receiptFooter="Thank you")
    assert again.json()["data"]["ver"] == 2


async def test_a_version_of_settings_that_nobody_has_stated_is_a_conflict(catalog: Catalog) -> None:
    reply = await put(catalog, catalog.manager | {"if-match": '"7"'}, receiptFooter="late")
    assert (reply.status_code, reply.json()["error"]["details"]) == (409, {"ver": 0})


async def test_twenty_first_settings_at_once_make_one_record(catalog: Catalog) -> None:
    replies = await asyncio.gather(*(put(catalog, refundLimit=n) for n in range(8)))
    assert {reply.status_code for reply in replies} == {200}
    assert await catalog.database.tenant_settings.count_documents({"tenantId": TENANT}) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"classes": {}},
        {"classes": {"standard": []}},
        {"classes": {"standard": [{"percent": "1e2"}]}},
        {"classes": {"standard": [{"percent": "1000.1"}]}},
        {"classes": {"standard": [{"percent": "-1"}]}},
        {"classes": {"standard": [{"percent": 19}]}},
        {"classes": {"$where": [{"percent": "19"}]}},
        {"classes": {"a.b": [{"percent": "19"}]}},
        {"default": "luxury"},
        {"rounding": "up"},
    ],
)
async def test_taxes_that_make_no_sense_are_refused(catalog: Catalog, change: dict[str, Any]) -> None:
    reply = await put(catalog, taxes=TAXES | change)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "VALIDATION_FAILED")


async def test_another_tenant_neither_sees_nor_changes_them(catalog: Catalog) -> None:
    await put(catalog, receiptFooter="ours")
    others = catalog.world.staff("brand_manager", OTHER_TENANT)
    assert (await catalog.get(PATH, others)).json()["data"]["ver"] == 0
    await put(catalog, others, receiptFooter="theirs")
    assert (await catalog.get(PATH)).json()["data"]["receiptFooter"] == "ours"


async def test_the_demo_tenants_sell_with_taxes(catalog: Catalog) -> None:
    from datetime import UTC, datetime

    for document in catalogue.settings(datetime.now(UTC)):
        await mongo.collection(tenants.COLLECTION).insert_one(document)
        taxes = (await tenants.settings_of(document["tenantId"])).taxes
        assert taxes is not None
        assert taxes.rates("standard")[0].millionths > taxes.rates("reduced")[0].millionths
