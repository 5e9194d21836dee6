"""What goes over the wire at the price door; OpenAPI is generated from these.

The rules of one update are those of `reading.py`, which reads the same updates from the topic.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic.config import ConfigDict
from pydantic_core import PydanticCustomError

from functions.common.wire import Wire
from functions.price_ingest import reading


def _source_time(text: str) -> str:
    if reading.micros_of(text) is None:
        raise PydanticCustomError("rfc_3339", "must be an RFC 3339 time with its offset, from 1970 on")
    return text


StoreId = Annotated[str, StringConstraints(min_length=1, max_length=48)]
Count = Annotated[int, Field(ge=0)]


class PriceUpdate(Wire):
    """One price, one absolute stock count, or both, of one product of one store."""

    model_config = ConfigDict(strict=True)

    store_id: StoreId
    barcode: Annotated[str, StringConstraints(min_length=1, max_length=reading.LONGEST_BARCODE)] = Field(
        description="GTIN-8, -12, -13 or -14, or an in-store code, with its check digit", examples=["4006381333931"]
    )
    price: int | None = Field(default=None, ge=0, le=reading.MOST_MINOR, description="minor units: 1.99 EUR is 199")
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] | None = Field(
        default=None, description="ISO 4217; when given it must be the store's"
    )
    stock: int | None = Field(
        default=None, ge=0, le=reading.MOST_THOUSANDTHS, description="counted, in thousandths: 2 pieces are 2000"
    )
    source_time: Annotated[str, StringConstraints(max_length=40), AfterValidator(_source_time)] | None = Field(
        default=None,
        description="when the source set it (RFC 3339); the newer of two wins. Default: when we received it",
        examples=["2026-11-20T09:30:00Z"],
    )
    sequence: int | None = Field(
        default=None, ge=0, le=reading.MOST_SEQUENCE, description="decides between updates of one source time"
    )
    source: Annotated[str, StringConstraints(pattern="^[!-~]{1,64}$")] | None = Field(
        default=None, description="who says so; decides between updates of one source time and sequence"
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.price is None and self.stock is None:
            raise PydanticCustomError("nothing_to_update", "an update has a price, a stock or both")
        return self


class PriceUpdateBatch(Wire):
    """Updates of any of your stores."""

    updates: list[PriceUpdate] = Field(min_length=1, max_length=reading.MOST_UPDATES)


class BatchAccepted(Wire):
    """The batch is safe and on its way."""

    batch_id: str
    accepted: int
    status_url: str


class Counts(Wire):
    """What became of the updates; the ends and `pending` add up to `received`."""

    received: Count
    applied: Count = Field(description="newer than what was there")
    stale: Count = Field(description="older than what was there; nothing to do")
    duplicate: Count = Field(description="the same update as one before")
    conflict: Count = Field(description="same source time, sequence and source as one before, with another value")
    parked: Count = Field(description="no such product yet; kept for a day and applied when it is published")
    rejected: Count = Field(description="never applicable; see the reasons")
    pending: Count = Field(description="on its way")


class Rejection(Wire):
    """An update that can never be applied."""

    index: Count = Field(description="which of the batch's updates, from 0")
    store_id: str | None
    barcode: str | None
    code: str
    reason: str


class Conflict(Wire):
    """An update that contradicts one that came first; the first was kept."""

    index: Count
    store_id: str
    barcode: str
    field: Literal["price", "stock"]
    kept: int
    offered: int


class BatchSummary(Wire):
    """A batch of updates."""

    batch_id: str
    door: Literal["rest", "topic"]
    status: Literal["pending", "done"]
    created_at: datetime
    counts: Counts


class Batch(BatchSummary):
    """A batch and what was wrong with it. At most the first 1,000 of each list."""

    rejected: list[Rejection]
    conflicts: list[Conflict]


class Page(Wire):
    """Which page of a list."""

    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=20, ge=1, le=100)


class IssueQuery(Page):
    """Filters; all that are given must match."""

    kind: Literal["rejected", "conflict"] | None = None
    store_id: StoreId | None = None


class Issue(Wire):
    """A rejected update or a conflict, whichever way it came."""

    kind: Literal["rejected", "conflict"]
    at: datetime
    store_id: str | None
    barcode: str | None
    code: str
    reason: str
    field: Literal["price", "stock"] | None = None
    kept: int | None = None
    offered: int | None = None
    batch_id: str | None
    message: str = Field(description="the message it came in")
    index: Count


class DeadLetterQuery(Page):
    """Filters; all that are given must match."""

    status: Literal["parked", "replaying", "resolved"] | None = None
    code: Annotated[str, StringConstraints(max_length=64)] | None = None


class Replayed(Wire):
    """That somebody replayed it."""

    by: str
    at: datetime


class DeadLetter(Wire):
    """A message that could not be applied."""

    id: str
    status: Literal["parked", "replaying", "resolved"]
    code: str
    reason: str
    subscription: str
    message_id: str
    size: Count = Field(description="bytes")
    times: Count = Field(description="how often it ended here")
    created_at: datetime
    resolved_at: datetime | None
    replays: list[Replayed]


class DeadLetterContent(DeadLetter):
    """A dead letter with what is in it."""

    attributes: dict[str, str]
    text: str = Field(description="the first 64 KiB as text; what is not UTF-8 is escaped")


class ReplayOne(Wire):
    """How to replay it."""

    dry_run: bool = Field(default=False, strict=True)


class ReplayMany(ReplayOne):
    """Which dead letters to replay: these, or all parked ones with this code."""

    ids: list[Annotated[str, StringConstraints(min_length=1, max_length=64)]] | None = Field(
        default=None, min_length=1, max_length=500
    )
    code: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.ids is None) == (self.code is None):
            raise PydanticCustomError("ids_or_code", "name either ids or a code")
        return self


class ReplayAccepted(Wire):
    """What will be replayed; each at the pace of the queue."""

    request_id: str = Field(description="the audit record's")
    dry_run: bool
    matched: Count = Field(description="parked and replayable")
    enqueued: Count
