"""What goes over the wire of day closings; `functions.checkout.schemas` passes it on."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from functions.common.wire import Wire

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _rfc_3339(value: Any) -> Any:
    # Pydantic alone would also take seconds since the epoch.
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise PydanticCustomError("rfc_3339", "must be an RFC 3339 time, as text")
    return value


def _iso_day(value: Any) -> Any:
    # Pydantic alone would also take seconds since the epoch.
    if not isinstance(value, str) or len(value) != 10:
        raise PydanticCustomError("not_a_day", "must be a day, as in 2026-11-20")
    return value


Day = Annotated[
    date, BeforeValidator(_iso_day), Field(ge=date(2000, 1, 1), le=date(2199, 12, 31), examples=["2026-11-20"])
]

Moment = Annotated[AwareDatetime, BeforeValidator(_rfc_3339)]


class DayToClose(Wire):
    """A day on the store's calendar."""

    date: Day


class RateSums(Wire):
    """Sums at one tax rate, in percent; minor units."""

    rate: str
    net: int
    tax: int
    gross: int


class MethodSums(Wire):
    """What was paid with one method."""

    provider: str
    type: str | None
    brand: str | None
    count: int
    amount: int


class ReceiptNumbers(Wire):
    """How many receipts the day has, from which number to which."""

    count: int
    first: int | None
    last: int | None


class RefundSums(Wire):
    """What went back on the day, of whichever day the purchases were."""

    count: int
    amount: int
    by_rate: list[RateSums]


class Difference(Wire):
    """Something that does not add up, for people to look at. `ours` and `theirs` in minor units, or a number."""

    code: str
    checkout_id: str | None
    ours: int | None
    theirs: int | None


class DayClosing(Wire):
    """A day of a store. `takings` are `total` less what went back. A revision above 1: something has changed since."""

    store_id: str
    date: str
    revision: int
    complete: bool = Field(description="whether the day was over when it was closed")
    closed_by: str
    closed_at: datetime
    currency: str
    time_zone: str
    receipts: ReceiptNumbers
    total: int
    discount: int
    by_rate: list[RateSums]
    by_method: list[MethodSums]
    refunds: RefundSums
    takings: int
    differences: list[Difference]
    difference_count: int
