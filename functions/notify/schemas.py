"""What goes over the wire at the door of notices; OpenAPI is generated from these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints

from functions.common.wire import Wire

Platform = Literal["android", "ios", "web"]


class DeviceBody(Wire):
    """A device that wants to be told."""

    token: Annotated[
        str, StringConstraints(strict=True, min_length=10, max_length=1024, pattern=r"^[A-Za-z0-9_:.-]+$")
    ] = Field(description="the registration token that FCM gave this installation of the app")
    platform: Platform
    language: Annotated[
        str, StringConstraints(strict=True, min_length=2, max_length=35, pattern=r"^[A-Za-z0-9_-]+$")
    ] = Field(default="en", description="BCP 47, such as de-AT; English when it is none of ours")


class DeviceView(Wire):
    """A device of this visit. Its token is not told to anybody."""

    installation_id: str
    platform: Platform
    language: str = Field(description="the one that notices will be in")


class DeviceRemoved(Wire):
    """A device that is left alone from now on."""

    installation_id: str
    removed: bool


class Foreground(Wire):
    """Whether the app is what its owner is looking at."""

    in_front: StrictBool


class ForegroundView(Wire):
    """Until when the device gets no pushes; say it again before that. Null: it gets them."""

    installation_id: str
    quiet_until: datetime | None


class NoticeQuery(Wire):
    """Where to go on."""

    after: Annotated[int, Field(ge=0, le=2**53)] = Field(default=0, description="the id of the last notice you have")


class NoticeView(Wire):
    """Something the shopper was told."""

    id: int = Field(description="grows within the visit")
    kind: Literal[
        "session_expiring",
        "cart_changed",
        "card_accepted",
        "checkout_expiring",
        "checkout_ended",
        "payment_changed",
        "payment_failed",
        "paid",
        "refunded",
    ]
    at: datetime
    title: str
    text: str
    data: dict[str, Any] = Field(description="what it is about, by kind; amounts in minor units")


class NoticeList(Wire):
    """Notices, oldest first."""

    notices: list[NoticeView]
    last: int = Field(description="send it as `after` next time")
