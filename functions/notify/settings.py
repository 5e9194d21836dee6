"""This room's own environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.common import settings
from functions.common.once import Once


@dataclass(frozen=True, slots=True)
class Notify:
    """`fcm_endpoint`: where FCM is when it is not Google's (a URL, for the local cloud and tests).

    `notice_stream_seconds`: after so long a stream ends and the client opens the next one.
    """

    fcm_endpoint: str = ""
    notice_stream_seconds: int = 540


load = Once(lambda: settings.load(Notify))
