"""What goes over the wire about a tenant's settings; `schemas` passes them on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from functions.catalog import domain, plain_json
from functions.common.retail.taxes import Rate, parse_rate
from functions.common.wire import Wire

RoundingMode = Literal["half_even", "half_up", "half_down"]
MOST_CLASSES = 40
MOST_RATES = 8


def _percent(text: str) -> str:
    try:
        Rate(parse_rate(text))
    except ValueError as problem:
        raise PydanticCustomError("not_a_rate", "{why}", {"why": str(problem)}) from None
    return text


def _printable(text: str) -> str:
    if plain_json.has_control_characters(text.replace("\n", "")):
        raise PydanticCustomError("control_characters", "control characters are not allowed")
    return text


TaxClass = Annotated[str, StringConstraints(strict=True, pattern=domain.SLUG_PATTERN)]
Percent = Annotated[
    StrictStr, StringConstraints(max_length=16), AfterValidator(_percent), Field(examples=["19", "8.875"])
]
TaxName = Annotated[str, StringConstraints(strict=True, max_length=60), AfterValidator(_printable)]
Footer = Annotated[str, StringConstraints(strict=True, max_length=500), AfterValidator(_printable)]
Limit = Annotated[StrictInt, Field(ge=0, le=domain.MOST_MINOR)]


class TaxRate(Wire):
    """One tax; several on the same goods add up."""

    name: TaxName = ""
    percent: Percent


class Taxes(Wire):
    """How the goods are taxed. `classes` go by the tax class of products, `default` is that of goods without one."""

    inclusive: StrictBool = Field(default=True, description="whether prices contain the tax")
    level: Literal["line", "unit"] = Field(default="line", description="where tax is rounded")
    rounding: RoundingMode = "half_even"
    default: TaxClass | None = None
    classes: dict[TaxClass, Annotated[list[TaxRate], Field(min_length=1, max_length=MOST_RATES)]] = Field(
        min_length=1, max_length=MOST_CLASSES
    )

    @model_validator(mode="after")
    def _default_is_a_class(self) -> Self:
        if self.default is not None and self.default not in self.classes:
            raise PydanticCustomError("unknown_default", "the default tax class is not among the classes")
        return self


class Checks(Wire):
    """Which baskets staff look at before they are paid."""

    spot_check_share: Annotated[StrictInt, Field(ge=0, le=1_000_000, description="millionths of all baskets")] = 0
    risk_amount: Limit | None = Field(default=None, description="minor units; a total that reaches it is looked at")
    age_check: StrictBool = Field(
        default=True, description="whether somebody looks at buyers of goods with an age limit"
    )


class TenantSettingsBody(Wire):
    """All of a tenant's settings; what is left out goes back to its default."""

    taxes: Taxes | None = Field(default=None, description="null: receipts say nothing about taxes")
    rounding: RoundingMode = Field(default="half_even", description="of weighed goods and percentages")
    checks: Checks = Field(default_factory=Checks)
    refund_limit: Limit | None = Field(default=None, description="minor units; a refund above it needs a second person")
    receipt_footer: Footer = Field(default="", description="printed at the end of every receipt")


class TenantSettingsView(TenantSettingsBody):
    """A tenant's settings; version 0 are the defaults, which nobody has changed yet."""

    ver: int
    updated_at: datetime | None
