"""Tells shoppers on their devices, and in open apps, what became of their visit, cart, card and payment.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from retailscan_client.connection import Connection, Event, part
from retailscan_client.models import (
    DeviceBody,
    DeviceRemoved,
    DeviceView,
    Foreground,
    ForegroundView,
    NoticeList,
    NoticeView,
)


class Notify:
    """Tells shoppers on their devices, and in open apps, what became of their visit, cart, card and payment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def remove_device(self, installation_id: str) -> DeviceRemoved:
        """Leave a device alone.

        Roles: shopper.
        """
        answer: DeviceRemoved = self._connection.data(
            "DELETE", f"/v1/devices/{part(installation_id)}", scheme="session"
        )
        return answer

    def put_device(self, installation_id: str, body: DeviceBody) -> DeviceView:
        """Have a device told of this visit; it is in one visit at a time.

        The body may have 8,192 bytes.

        Roles: shopper.
        """
        answer: DeviceView = self._connection.data(
            "PUT", f"/v1/devices/{part(installation_id)}", scheme="session", body=body
        )
        return answer

    def put_in_front(self, installation_id: str, body: Foreground) -> ForegroundView:
        """Say whether the app is in front: while it is, nothing is pushed to the device.

        Believed for two minutes, as an app may be killed without a word; repeat it every minute.

        The body may have 1,024 bytes.

        Roles: shopper.
        """
        answer: ForegroundView = self._connection.data(
            "POST", f"/v1/devices/{part(installation_id)}/foreground", scheme="session", body=body
        )
        return answer

    def list_notices(self, *, after: int | None = None) -> NoticeList:
        """What the shopper was told in this visit, oldest first; the last 50 are kept.

        Roles: shopper.

        `after`: the id of the last notice you have; default: 0.
        """
        answer: NoticeList = self._connection.data("GET", "/v1/notices", scheme="session", query={"after": after})
        return answer

    def stream_notices(self, *, after: int | None = None) -> Iterator[Event[NoticeView]]:
        """The same as server-sent events, as they happen.

        Goes on behind `Last-Event-ID` (or `after`). Ends after some minutes, and when the token does: open the
        next one. Needs the Authorization header, so browsers use fetch, not EventSource.

        Roles: shopper.

        `after`: the id of the last notice you have; default: 0.
        """
        answer: Iterator[Event[NoticeView]] = self._connection.events(
            "/v1/notices/stream", scheme="session", query={"after": after}
        )
        return answer
