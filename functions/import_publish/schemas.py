"""What goes over the wire at the door of imports; OpenAPI is generated from these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StrictBool,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from functions.common.wire import Wire

# The door looks its models up here, by name.
from functions.import_publish.connection_schemas import (  # noqa: F401
    ConnectionBody,
    ConnectionSecret,
    ConnectionTrial,
    ConnectionView,
    RunView,
    ScheduleBody,
    ScheduleView,
    TrialResult,
)


def _plain(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("control_characters", "control characters are not allowed")
    return text


def _rfc_3339(value: Any) -> Any:
    # Pydantic alone would also take seconds since the epoch, which the contract does not offer.
    if not isinstance(value, str) or len(value) > 40 or not value[:4].isdigit() or value[4:5] != "-":
        raise PydanticCustomError("rfc_3339", "must be an RFC 3339 time, as text")
    return value


def _word(longest: int) -> Any:
    return StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=longest)


StoreId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$")]
StoreIds = Annotated[list[StoreId], Field(min_length=1, max_length=50)]
Name = Annotated[str, _word(200), AfterValidator(_plain)]
ImportId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
ProfileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,59}$")]
Moment = Annotated[AwareDatetime, BeforeValidator(_rfc_3339)]
Mode = Literal["partial", "full"]
Pace = Literal["gentle", "full"]
Status = Literal["valid", "error", "warning", "confirm", "excluded"]
Action = Literal["create", "update", "unchanged", "return", "withdraw"]
Severity = Literal["error", "confirm", "warning"]
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


# ---- bringing files ---------------------------------------------------------------------------------------


class UploadQuery(Wire):
    """For which store the file is, and how it is read."""

    store_id: StoreId
    profile: ProfileName = "retailscan"
    mode: Mode | None = Field(
        default=None, description="full withdraws what the file does not name; default: profile's"
    )
    name: Name | None = Field(default=None, description="the file's name; its ending helps to tell what it is")
    again: bool = Field(default=False, description="take the file although it was brought before")
    corrects: ImportId | None = Field(default=None, description="the import whose failed rows this file puts right")


class _Order(Wire):
    store_ids: StoreIds
    profile: ProfileName = "retailscan"
    mode: Mode | None = Field(
        default=None, description="full withdraws what the file does not name; default: profile's"
    )
    name: Name | None = None
    again: StrictBool = Field(default=False, description="take the file although it was brought before")
    corrects: ImportId | None = Field(default=None, description="the import whose failed rows this file puts right")


class UploadOrder(_Order):
    """A large file, to be PUT to a URL: one import for each store."""

    media: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,80}$")] = Field(
        default="application/octet-stream", description="the content type of the PUT"
    )


class PullOrder(_Order):
    """A file to be fetched: from a connection, or from an address that needs no credentials."""

    connection: ProfileName | None = Field(default=None, description="the name of a connection of yours")
    path: Annotated[str, _word(500), AfterValidator(_plain)] | None = Field(
        default=None, description="which file of the connection; default: its own"
    )
    url: Annotated[str, StringConstraints(pattern=r"^https://[^\s]{3,1990}$"), AfterValidator(_plain)] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.connection is None) == (self.url is None):
            raise PydanticCustomError("one_source", "name a connection or a url, not both")
        if self.path is not None and self.connection is None:
            raise PydanticCustomError("one_source", "a path belongs to a connection")
        return self


class Begun(Wire):
    """One import that has begun."""

    import_id: str
    store_id: str
    state: State
    status_url: str


class Accepted(Wire):
    """What has begun: one import for each store. They share the file and the `groupId`."""

    group_id: str
    imports: list[Begun]


class Ticket(Wire):
    """PUT the file there with exactly these headers, once; then say so at `uploadedUrl`."""

    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expires_at: datetime
    uploaded_url: str


class UploadAccepted(Accepted):
    """Imports that wait for their file."""

    upload: Ticket


# ---- imports ----------------------------------------------------------------------------------------------


class ImportQuery(Page):
    """Filters of the list of imports; all that are given must match."""

    state: State | None = None
    store_id: StoreId | None = None


class Source(Wire):
    """The file, and what it turned out to be."""

    kind: str
    name: str
    size: int | None = Field(default=None, description="bytes, as they came")
    sha256: str | None = None
    media: str | None = None
    format: str | None = None
    compression: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    columns: list[str] = Field(default_factory=list)
    unknown_columns: list[str] = Field(default_factory=list)
    connection: str | None = None
    path: str | None = None


class Reason(Wire):
    """Why a file could not be read (further)."""

    code: str
    message: str
    line: int | None = None


class Decision(Wire):
    """Who decided what, and when."""

    by: str
    at: datetime
    reason: str | None = None


class Approved(Wire):
    """Who approved it, when, and at which pace it is published."""

    by: str
    at: datetime
    pace: Pace = "gentle"


class Progress(Wire):
    """How far the current step is. Totals and times are estimates while a file is being read."""

    rows_done: int
    rows_total: int | None
    rows_per_second: float | None
    seconds_left: float | None


class ImportView(Wire):
    """One file on its way into one store."""

    import_id: str
    group_id: str
    store_id: str
    state: State
    name: str
    source: Source
    profile: str
    mode: Mode
    currency: str
    counts: dict[str, int] = Field(description="rows by status and by what publishing would do")
    codes: dict[str, int] = Field(description="how many rows have what wrong with them")
    to_confirm: dict[str, int] = Field(description="the codes that must be confirmed, and in how many rows")
    confirmed: list[str]
    corrects: str | None
    duplicate_of: str | None
    approval: Approved | None
    rejection: Decision | None
    publish_at: datetime | None
    progress: Progress | None
    result: dict[str, int] | None = Field(description="what became of the rows of the file, once all are published")
    failures: dict[str, int] | None = Field(description="the rows that failed, by what became of them since")
    error: Reason | None
    links: dict[str, str]
    created_by: str
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    ver: int


# ---- rows -------------------------------------------------------------------------------------------------


class RowQuery(Page):
    """Filters of an import's rows; all that are given must match."""

    status: Status | None = None
    action: Action | None = None
    code: Code | None = None
    q: Annotated[str, _word(100), AfterValidator(_plain)] | None = Field(
        default=None, description="the beginning of a barcode, or a part of a name"
    )


class Fault(Wire):
    """One thing wrong with a row, and what to do about it."""

    code: str
    severity: Severity
    field: str
    column: str | None
    value: str
    message: str


class Change(Wire):
    """One field before and after."""

    field: str
    before: Any
    after: Any


class RowView(Wire):
    """One row as it is staged. Prices in minor units, stock in thousandths."""

    line: int | None = Field(description="where it begins in the file; null for what the file does not name")
    barcode: str | None
    name: str | None
    status: Status
    action: Action | None
    values: dict[str, Any]
    changes: list[Change]
    faults: list[Fault]
    raw: list[str | None] | None = Field(description="the cells as they came, of a row with errors")


class Correction(Wire):
    """Other values by field or column, as text; null takes a value away. Or leave the row out, or take it in again."""

    values: Annotated[
        dict[
            Annotated[str, StringConstraints(min_length=1, max_length=200)],
            Annotated[str, StringConstraints(max_length=4000)] | None,
        ],
        Field(max_length=50),
    ] = Field(default_factory=dict)
    excluded: StrictBool | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.values and self.excluded is None:
            raise PydanticCustomError("nothing_to_correct", "give values, excluded or both")
        return self


# ---- deciding ---------------------------------------------------------------------------------------------


class Approval(Wire):
    """Publish, now or at a time. `confirm` names the codes whose rows are meant as they are."""

    confirm: Annotated[list[Code], Field(max_length=50)] = Field(default_factory=list)
    publish_at: Moment | None = Field(default=None, description="RFC 3339, at most 30 days ahead; default: now")
    pace: Pace = Field(
        default="gentle",
        description="gentle: a little at a time with long pauses, for a store that is open; whoever scans meanwhile "
        "hardly notices, and 10,000 rows take some 20 seconds. full: without pauses, for a first load or at night, "
        "when nobody shops. Retries keep it; a roll back is always gentle",
    )
    ver: int | None = Field(default=None, ge=1, description="the version looked at; a later one is a conflict")


class Rejection(Wire):
    """Why not."""

    reason: Annotated[str, _word(500), AfterValidator(_plain)]


# ---- profiles and rules -----------------------------------------------------------------------------------


class ProfileBody(Wire):
    """How files are read: the profile's own fields, checked one by one; see the room's README."""

    profile: dict[str, Any] = Field(description="with `extends` only what differs from a built-in profile")


class ProfileView(Wire):
    """A profile, built in or the tenant's own."""

    name: str
    built_in: bool
    profile: dict[str, Any]
    ver: int | None
    updated_at: datetime | None


class ProfileList(Wire):
    """All profiles there are for the tenant."""

    profiles: list[ProfileView]


class Removed(Wire):
    """Something that is there no longer."""

    id: str
    removed: bool


class PreviewQuery(Wire):
    """By which profile a sample is read, and for which store's currency."""

    profile: ProfileName = "retailscan"
    name: Name | None = None
    store_id: StoreId | None = None


class ColumnView(Wire):
    """What becomes of a column."""

    column: str
    use: Literal["field", "metadata", "ignored"]
    fields: list[str]


class Preview(Wire):
    """What a profile makes of a sample: the columns, and the first rows with what is wrong with them."""

    format: str | None
    compression: str | None
    encoding: str | None
    delimiter: str | None
    columns: list[ColumnView]
    rows: list[RowView]
    error: Reason | None


class RulesBody(Wire):
    """The rules that differ from the usual ones; see the room's README."""

    rules: dict[str, Any]


class RulesView(Wire):
    """All rules, as they are in force."""

    rules: dict[str, Any]
    ver: int | None
    updated_at: datetime | None


# ---- failures, retries, roll back -------------------------------------------------------------------------

FailureStatus = Literal["pending", "failed", "retried", "resolved"]


class FailureQuery(Page):
    """Filters of the list of failures; all that are given must match."""

    batch_id: ImportId | None = Field(default=None, description="of one import")
    store_id: StoreId | None = None
    status: FailureStatus | None = None
    code: Code | None = None


class FailureView(Wire):
    """What failed of one part of an import, without its rows."""

    batch_id: str = Field(description="the import")
    store_id: str
    reason: str = Field(description="the commonest code")
    codes: dict[str, int]
    status: FailureStatus
    counts: dict[str, int] = Field(description="rows by status")
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None


class FailedRowQuery(Page):
    """Filters of an import's failed rows; all that are given must match."""

    status: FailureStatus | None = None
    code: Code | None = None


class FailedRow(Wire):
    """One row that was not published, as it came, and what is wrong with it.

    failed: nobody has done anything about it. pending: it is being tried again. retried: it was, and failed again.
    resolved: it was published after all, by a retry or by a corrected file.
    """

    line: int | None = Field(description="where it begins in the file; null for what the file does not name")
    barcode: str | None
    status: FailureStatus
    faults: list[Fault]
    values: dict[str, Any]
    raw: list[str | None] | None = Field(description="the cells as they came, of a row that could not be read")
    attempts: int = Field(description="how often it was tried again")
    resolved_by: str | None = Field(description="the import or the retry that published it")


class Retry(Wire):
    """Which codes are meant as they are."""

    confirm: Annotated[list[Code], Field(max_length=50)] = Field(default_factory=list)


class RowRetry(Retry):
    """Other values by field or column, as text; null takes a value away."""

    values: Annotated[
        dict[
            Annotated[str, StringConstraints(min_length=1, max_length=200)],
            Annotated[str, StringConstraints(max_length=4000)] | None,
        ],
        Field(max_length=50),
    ] = Field(default_factory=dict)


class RetryView(Wire):
    """How many failed rows of an import have which status now."""

    batch_id: str
    counts: dict[str, int]


class RollbackView(Wire):
    """A roll back: who asked for it, and what came of it. The result counts products."""

    import_id: str
    state: State
    by: str
    at: datetime
    finished_at: datetime | None
    result: dict[str, int] | None = Field(description="null while it is under way")


class KeptView(Wire):
    """A field that somebody has changed since the import, so that it was left alone; an empty one is the product."""

    barcode: str
    field: str
    imported: Any
    now: Any
    code: str | None = None
