"""What goes over the wire at the door of imports; OpenAPI is generated from these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from functions.common.wire import Wire

State = Literal[
    "waiting_for_upload",
    "fetching",
    "staging",
    "staged",
    "scheduled",
    "publishing",
    "published",
    "partly_published",
    "failed",
    "rejected",
    "cancelled",
    "expired",
    "duplicate",
    "rolling_back",
    "rolled_back",
]


class Page(Wire):
    """Which page of a list."""

    page: int = Field(default=1, ge=1, le=10_000)
    limit: int = Field(default=20, ge=1, le=100)


class ImportQuery(Page):
    """Filters of the list of imports; all that are given must match."""

    state: State | None = None
    store_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class ImportError(Wire):
    """Why a file could not be read (further)."""

    code: str
    message: str
    line: int | None = None


class ImportView(Wire):
    """One file on its way into one store."""

    import_id: str
    group_id: str
    store_id: str
    state: State
    name: str
    source: dict[str, Any]
    mode: Literal["partial", "full"]
    counts: dict[str, int]
    codes: dict[str, int]
    error: ImportError | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    ver: int
