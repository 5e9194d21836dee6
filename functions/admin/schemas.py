"""What goes over the wire at the operations that this room adds to the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from functions.admin.health_schemas import HealthQuery, PlatformHealth  # noqa: F401
from functions.admin.period import LONGEST
from functions.common.wire import Wire


def _date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("no_date", "must be a date, such as 2026-11-20") from None
    return text


Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_date)]


class SalesQuery(Wire):
    """Which days, by the store's clock."""

    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=20, ge=1, le=100)


class DaysQuery(SalesQuery):
    """Which days, and how much is told of each."""

    products: int = Field(default=50, ge=0, le=50, description="of each day so many that brought most")


class PeriodQuery(Wire):
    """Between which days, by the clock of each store; a year at most."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day
    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=20, ge=1, le=100)

    @model_validator(mode="after")
    def _a_year(self) -> PeriodQuery:
        days = (date.fromisoformat(self.to) - date.fromisoformat(self.from_)).days
        if not 0 <= days < LONGEST:
            raise PydanticCustomError("no_period", "the first day comes first, and a year is the longest")
        return self


class SoldProduct(Wire):
    """A product among those that brought most on a day."""

    barcode: str
    name: str
    quantity: int = Field(description="thousandths")
    amount: int


class SalesDay(Wire):
    """What a store sold on a day, by the store's clock; at most a minute or two old. Amounts in minor units."""

    date: str
    currency: str | None
    receipts: int
    total: int = Field(description="before refunds")
    items: int
    discount: int = Field(description="of purchases that are closed")
    refunds: int
    refunded: int = Field(description="of what was bought on this day, whenever it came back")
    cards: int = Field(description="how often a brand card was put on a visit")
    interventions: int = Field(description="baskets that staff were asked to look at")
    rejected: int = Field(description="how many of them staff refused")
    hours: list[int] = Field(description="the total by the hour it was paid in, from 0 to 23")
    products: list[SoldProduct] = Field(description="those that brought most, at most 50; of purchases that are closed")
    summed_at: datetime


class StoreSales(Wire):
    """What a store sold in a period; at most a minute or two old. Amounts in minor units, before refunds."""

    store_id: str
    currency: str | None
    days: int = Field(description="on which something happened")
    receipts: int
    total: int
    items: int
    discount: int
    refunds: int
    refunded: int
    cards: int
    interventions: int
    rejected: int


class ProductDay(Wire):
    """What was sold of a product on a day on which it was among the 500 that brought most."""

    date: str
    quantity: int = Field(description="thousandths")
    amount: int


class TimelineQuery(Wire):
    """What is looked at over time."""

    field: Literal["price", "stock"] = "price"
    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=20, ge=1, le=100)


class TimelinePoint(Wire):
    """A price (minor units) or stock (thousandths) as its source stated it."""

    at: datetime
    value: int
    before: int | None
    currency: str | None


class StockOutQuery(Wire):
    """Which: those that are out of stock `now`, or all that were within three months, `before` now."""

    when: Literal["now", "before"] = "now"
    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=20, ge=1, le=100)


class StockOut(Wire):
    """A product of which nothing could be bought for a time; at most five minutes old."""

    barcode: str
    name: str | None = Field(description="null until the shelves have been looked at since it ran out")
    since: datetime | None = Field(description="null when it can be bought again")
    until: datetime | None = Field(description="when the last time that is over ended")
    times: int = Field(description="how often within three months")
    seconds: int = Field(description="how long in all within three months, with what lasts")


class AvailabilityDay(Wire):
    """How much of what a store lists could be bought on a day, by the store's clock, on average of all looks."""

    date: str
    share: int | None = Field(description="millionths of the listed products; null when none are listed")
    listed: int = Field(description="products at the last look")
    out: int = Field(description="how many of them were out of stock then")
    looks: int = Field(description="every five minutes one")
    looked_at: datetime


def stock_out_of(document: dict[str, Any], now: datetime) -> StockOut:
    """What is known of a product as it is shown."""
    since = document["since"]
    lasts = max(0, int((now - since).total_seconds())) if since is not None else 0
    return StockOut(
        barcode=document["barcode"], name=document.get("name"), since=since, until=document["until"],
        times=document["times"], seconds=document["seconds"] + lasts,
    )  # fmt: skip


def availability_of(document: dict[str, Any]) -> AvailabilityDay:
    """A stored day as it is shown."""
    listed, out = document["sumListed"], document["sumOut"]
    return AvailabilityDay(
        date=document["day"], share=(listed - out) * 1_000_000 // listed if listed else None,
        listed=document["listed"], out=document["out"], looks=document["looks"], looked_at=document["lookedAt"],
    )  # fmt: skip


def point_of(document: dict[str, Any]) -> TimelinePoint:
    """A stored point as it is shown."""
    return TimelinePoint(
        at=document["at"], value=document["value"], before=document["old"], currency=document["currency"]
    )


def day_of(document: dict[str, Any], products: int = 50) -> SalesDay:
    """A stored day as it is shown, with so many of its products."""
    names = ("currency", "receipts", "total", "items", "discount", "refunds", "refunded", "cards", "hours", "products")
    # Days that were added up before interventions were counted have none.
    later = {name: document.get(name, 0) for name in ("interventions", "rejected")}
    return SalesDay.model_validate(
        {"date": document["day"], "summedAt": document["summedAt"], **{name: document[name] for name in names}, **later}
        | {"products": document["products"][:products]}
    )


def store_sales_of(sums: dict[str, Any]) -> StoreSales:
    """What a store's days come to, as it is shown."""
    return StoreSales.model_validate({"storeId": sums["_id"], **{k: v for k, v in sums.items() if k != "_id"}})
