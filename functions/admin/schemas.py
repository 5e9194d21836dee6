"""What goes over the wire at the operations that this room adds to the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

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
    hours: list[int] = Field(description="the total by the hour it was paid in, from 0 to 23")
    products: list[SoldProduct] = Field(description="those that brought most, at most 50; of purchases that are closed")
    summed_at: datetime


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


def point_of(document: dict[str, Any]) -> TimelinePoint:
    """A stored point as it is shown."""
    return TimelinePoint(
        at=document["at"], value=document["value"], before=document["old"], currency=document["currency"]
    )


def day_of(document: dict[str, Any]) -> SalesDay:
    """A stored day as it is shown."""
    names = ("currency", "receipts", "total", "items", "discount", "refunds", "refunded", "cards", "hours", "products")
    return SalesDay.model_validate(
        {"date": document["day"], "summedAt": document["summedAt"], **{name: document[name] for name in names}}
    )
