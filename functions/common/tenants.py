"""How a tenant sells: taxes, rounding, checks, refunds, the receipt's last line. Owned by catalog, read by checkout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.common import clock, mongo
from functions.common.retail.money import Rounding
from functions.common.retail.taxes import Level, Rate, TaxRules, parse_rate

COLLECTION = "tenant_settings"
NAME = "settings"
"""What the one document of a tenant is called; the collection holds one for each."""
CACHED_SECONDS = 5.0
REFRESH_SECONDS = 1.0
_MAX_CACHED = 5_000


@dataclass(frozen=True, slots=True)
class Checks:
    """Which baskets staff look at before they are paid.

    `spot_check_share` is in millionths of all baskets, `risk_amount` in minor units: a total that reaches it is always
    looked at. `age_check`: somebody looks at the buyer of goods with an age limit.
    """

    spot_check_share: int = 0
    risk_amount: int | None = None
    age_check: bool = True


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """A tenant's rules. A refund above `refund_limit` (minor units) needs a second person; None: never."""

    tenant_id: str
    taxes: TaxRules | None = None
    rounding: Rounding = Rounding.HALF_EVEN
    checks: Checks = Checks()
    refund_limit: int | None = None
    receipt_footer: str = ""


_known: dict[str, tuple[float, TenantSettings]] = {}


async def settings_of(tenant_id: str) -> TenantSettings:
    """The tenant's settings, the defaults when it has stated none. At most five seconds old."""
    now = clock.seconds()
    cached = _known.get(tenant_id)
    if cached is None or cached[0] < now:
        if cached is not None:
            # One asks the database; whoever comes meanwhile takes what is known.
            _known[tenant_id] = (now + REFRESH_SECONDS, cached[1])
        if len(_known) >= _MAX_CACHED:
            _known.clear()
        cached = _known[tenant_id] = (now + CACHED_SECONDS - REFRESH_SECONDS, await read(tenant_id))
    return cached[1]


async def read(tenant_id: str) -> TenantSettings:
    """The tenant's settings as they are now, with nothing remembered."""
    document = await mongo.collection(COLLECTION).find_one({"tenantId": tenant_id, "name": NAME})
    return TenantSettings(tenant_id) if document is None else parse(tenant_id, document)


def forget(tenant_id: str | None = None) -> None:
    """Drop one tenant from this process's memory after changing its settings, or all (tests)."""
    if tenant_id is None:
        _known.clear()
    else:
        _known.pop(tenant_id, None)


def parse(tenant_id: str, document: Mapping[str, Any]) -> TenantSettings:
    """The settings of a stored document. Raises ValueError for taxes that make no sense."""
    taxes, checks = document.get("taxes"), document.get("checks") or {}
    return TenantSettings(
        tenant_id=tenant_id,
        taxes=None if taxes is None else parse_taxes(taxes),
        rounding=Rounding(document.get("rounding", Rounding.HALF_EVEN)),
        checks=Checks(
            spot_check_share=checks.get("spotCheckShare", 0),
            risk_amount=checks.get("riskAmount"),
            age_check=checks.get("ageCheck", True),
        ),
        refund_limit=document.get("refundLimit"),
        receipt_footer=document.get("receiptFooter", ""),
    )


def parse_taxes(plain: Mapping[str, Any]) -> TaxRules:
    """Tax rules as they are stored and sent: percentages are text. Raises ValueError."""
    classes = {
        name: tuple(Rate(parse_rate(each["percent"]), each.get("name", "")) for each in rates)
        for name, rates in plain["classes"].items()
    }
    default = plain.get("default")
    if default is not None and default not in classes:
        raise ValueError("The default tax class is not among the classes.")
    return TaxRules(
        classes=classes,
        inclusive=plain.get("inclusive", True),
        level=Level(plain.get("level", Level.LINE)),
        rounding=Rounding(plain.get("rounding", Rounding.HALF_EVEN)),
        default=default,
    )
