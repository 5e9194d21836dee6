"""What goes over the wire about connections and schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from functions.common.wire import Wire


def _plain(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("control_characters", "control characters are not allowed")
    return text


def _small(values: dict[str, Any]) -> dict[str, Any]:
    for value in values.values():
        if not isinstance(value, str | int | bool) and value is not None:
            raise PydanticCustomError("plain_value", "values are texts, whole numbers, true, false or null")
        if isinstance(value, str) and len(value) > 500:
            raise PydanticCustomError("plain_value", "a value has at most 500 characters")
        if isinstance(value, int) and not -(2**53) < value < 2**53:
            raise PydanticCustomError("plain_value", "a whole number has at most 53 bits")
    return values


def _text(longest: int, pattern: str | None = None) -> Any:
    return StringConstraints(strict=True, min_length=1, max_length=longest, pattern=pattern)


SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$")]
_Text = Annotated[str, _text(500), AfterValidator(_plain)]
_Url = Annotated[str, _text(1_990, r"^https?://[!-~]+$")]
_Place = Annotated[
    str, _text(200, r"^[^.\s]+(?:\.[^.\s]+)*$"), Field(description="where in an answer: names with dots between")
]
_Parameter = Annotated[str, _text(100, r"^[A-Za-z_][A-Za-z0-9_.$\[\]-]*$")]
_Values = Annotated[
    dict[Annotated[str, _text(100, r"^[A-Za-z_][A-Za-z0-9_]*$")], Any], AfterValidator(_small), Field(max_length=50)
]
_Host = Annotated[str, _text(253, r"^[A-Za-z0-9.:-]+$")]
_BucketName = Annotated[str, _text(222, r"^[a-z0-9][a-z0-9._-]+$")]
_FilePath = Annotated[
    str, _text(500), AfterValidator(_plain), Field(description="a file; * ? [...] mean the newest that matches")
]
_Take = Annotated[
    Literal["newest", "next"], Field(description="of files that match: the newest, or one after the other")
]


_Secret = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=8_000)] | None


class Auth(Wire):
    """How a connection signs in; with what, its secret says: `token`, or `username` and `password` for basic."""

    kind: Literal["none", "bearer", "basic", "header"] = "none"
    header: Annotated[str, _text(64, r"^[A-Za-z][A-Za-z0-9-]*$")] = Field(
        default="X-Api-Key", description="which header carries the token, for kind header"
    )


class Paging(Wire):
    """How the next page is found."""

    kind: Literal["none", "cursor", "link", "page"] = "cursor"
    parameter: _Parameter = Field(default="cursor", description="what carries the cursor or the page's number")
    next: _Place | None = Field(default=None, description="where the next cursor is")
    more: _Place | None = Field(default=None, description="where it says whether there is a next page")
    count: _Place | None = Field(default=None, description="where it says how many items this page has")
    total: _Place | None = Field(default=None, description="where it says how many items all pages have")
    first: StrictInt = Field(default=1, ge=0, le=1, description="the number of the first page")
    size: StrictInt | None = Field(default=None, ge=1, le=10_000, description="how many items a page has")
    size_parameter: _Parameter | None = None


class Changes(Wire):
    """How to ask only for what is new since the last import that was staged."""

    parameter: _Parameter
    next: _Place = Field(description="where an answer says what to ask with next time")


class HttpsSettings(Wire):
    """A file at a URL."""

    kind: Literal["https"]
    url: _Url
    auth: Auth = Field(default_factory=Auth)


class S3Settings(Wire):
    """A file in an S3 bucket. Secret: `accessKeyId`, `secretAccessKey`, perhaps `sessionToken`."""

    kind: Literal["s3"]
    bucket: _BucketName
    region: Annotated[str, _text(30, r"^[a-z0-9-]+$")] = "us-east-1"
    endpoint: _Url | None = Field(default=None, description="of an S3 that is not Amazon's")
    path: _FilePath | None = None
    take: _Take = "newest"


class GsSettings(Wire):
    """A file in a bucket of Google Cloud Storage. Secret: `serviceAccountKey`, the key file as text."""

    kind: Literal["gs"]
    bucket: _BucketName
    path: _FilePath | None = None
    take: _Take = "newest"


class SftpSettings(Wire):
    """A file over SFTP. Secret: `password`, or `privateKey` (OpenSSH or PKCS#8) and perhaps `passphrase`."""

    kind: Literal["sftp"]
    host: _Host
    port: StrictInt = Field(default=22, ge=1, le=65_535)
    username: Annotated[str, _text(100), AfterValidator(_plain)]
    host_key: Annotated[str, _text(2_000, r"^(?:ssh|ecdsa)-[!-~]+ [A-Za-z0-9+/=]+(?: [ -~]*)?$")] = Field(
        description="the server's public key, as in known_hosts without the name"
    )
    path: _FilePath | None = None
    take: _Take = "newest"


class _Items(Wire):
    url: _Url
    auth: Auth = Field(default_factory=Auth)
    items: _Place | None = Field(default=None, description="where the list of items is; default: the answer itself")
    required: Annotated[list[_Place], Field(max_length=50)] = Field(
        default_factory=list,
        description="what every item has; if one lacks it, the ERP has changed and nothing is taken",
    )
    changes: Changes | None = None


class RestSettings(_Items):
    """An ERP's REST list."""

    kind: Literal["rest"]
    paging: Paging = Field(default_factory=lambda: Paging(kind="none"))
    etag: StrictBool = Field(default=False, description="the first page's ETag stands for the whole list")


class GraphqlSettings(_Items):
    """An ERP's GraphQL query. Places are those below `data`."""

    kind: Literal["graphql"]
    query: Annotated[str, _text(20_000)]
    variables: _Values = Field(default_factory=dict)
    item: _Place | None = Field(default=None, description="where the item is in each of the list, such as node")
    paging: Paging = Field(default_factory=lambda: Paging(parameter="after"))


class SoapSettings(_Items):
    """An ERP's SOAP operation. Places are those in its result."""

    kind: Literal["soap"]
    operation: Annotated[str, _text(100, r"^[A-Za-z_][A-Za-z0-9_.-]*$")]
    wsdl: _Url | None = Field(default=None, description="default: the url with ?wsdl")
    service: Annotated[str, _text(100)] | None = None
    port: Annotated[str, _text(100)] | None = None
    arguments: _Values = Field(default_factory=dict)
    paging: Paging = Field(default_factory=Paging)


ConnectionSettings = Annotated[
    HttpsSettings | S3Settings | GsSettings | SftpSettings | RestSettings | GraphqlSettings | SoapSettings,
    Field(discriminator="kind"),
]


class ConnectionBody(Wire):
    """Where files come from. What signs in there is set on its own, and forgotten when the settings lead elsewhere."""

    settings: ConnectionSettings


class Credentials(Wire):
    """What a source wants to see, each kind its own; see the settings."""

    token: _Secret = None
    username: _Secret = None
    password: _Secret = None
    access_key_id: _Secret = None
    secret_access_key: _Secret = None
    session_token: _Secret = None
    service_account_key: _Secret = None
    private_key: _Secret = None
    passphrase: _Secret = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_to_keep", "give at least one of them")
        return self


class ConnectionSecret(Wire):
    """What signs in. It can be replaced, but never read."""

    secret: Credentials


class ConnectionTrial(Wire):
    """Which file of the connection to look at."""

    path: _FilePath | None = None


class TrialResult(Wire):
    """Whether a connection works. `found`: the file's name, or the number of items and their fields."""

    ok: bool
    code: str | None
    message: str | None
    where: str | None
    found: dict[str, Any] | None


class LastTest(Wire):
    """How the latest test ended."""

    at: datetime
    ok: bool
    code: str | None


class ConnectionView(Wire):
    """A connection, without what signs in."""

    name: str
    kind: str
    settings: dict[str, Any]
    secret_set_at: datetime | None
    last_test: LastTest | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    ver: int


class ScheduleBody(Wire):
    """When a connection is pulled, and for which stores."""

    connection: SourceName
    store_ids: Annotated[list[Annotated[str, _text(48)]], Field(min_length=1, max_length=50)]
    profile: SourceName = "retailscan"
    mode: Literal["partial", "full"] = "partial"
    cron: Annotated[str, _text(100, r"^[ -~]+$")] = Field(
        description="five fields: minute, hour, day, month, weekday", examples=["30 5 * * 1-6"]
    )
    time_zone: Annotated[str, _text(60, r"^[A-Za-z0-9_+/-]+$")] = Field(
        description="IANA time zone", examples=["Europe/Berlin"]
    )
    auto_approve: Literal["never", "when_clean"] = Field(
        default="never", description="when_clean publishes at once what has neither errors nor anything to confirm"
    )
    enabled: StrictBool = True
    path: _FilePath | None = Field(default=None, description="which file of the connection; default: its own")


class RunView(Wire):
    """One run: begun, or not and why."""

    id: str
    kind: Literal["cron", "now"]
    by: str | None
    due_at: datetime
    at: datetime
    state: Literal["started", "skipped"]
    code: str | None
    message: str | None
    group_id: str | None
    import_ids: list[str]


class ScheduleView(Wire):
    """A schedule and its latest runs, newest first."""

    name: str
    connection: str
    store_ids: list[str]
    profile: str
    mode: str
    cron: str
    time_zone: str
    auto_approve: str
    enabled: bool
    path: str | None
    next_at: datetime | None
    runs: list[RunView]
    created_by: str
    created_at: datetime
    updated_at: datetime
    ver: int
