"""What can go wrong with FCM, by name: for one token or for whoever asks, so many times or by chance."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Final

KINDS: Final[dict[str, tuple[int, str, str | None, str]]] = {
    "UNREGISTERED": (404, "NOT_FOUND", "UNREGISTERED", "Requested entity was not found."),
    "SENDER_ID_MISMATCH": (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", "SenderId mismatch"),
    "QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Quota exceeded."),
    "UNAVAILABLE": (503, "UNAVAILABLE", "UNAVAILABLE", "The service is currently unavailable."),
    "INTERNAL": (500, "INTERNAL", "INTERNAL", "Internal error encountered."),
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "The registration token is not valid."),
    "THIRD_PARTY_AUTH_ERROR": (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", "Auth error from APNS."),
    "hang": (0, "", None, "takes the message and never answers"),
    "drop": (0, "", None, "takes the message and hangs up"),
    "effect-500": (500, "INTERNAL", "INTERNAL", "takes the message and says 500"),
}
"""Name -> HTTP status, google.rpc code, FCM's own code, message."""

TAKES_IT: Final = frozenset({"hang", "drop", "effect-500"})
"""Troubles in which the message is delivered although the sender is not told so."""


@dataclass(slots=True)
class Trouble:
    """Misbehave like `kind`, `times` times (None: until told otherwise), for one token or for all, in a share of cases.

    `retry_after` goes into the header of that name: seconds, or a date as text.
    """

    kind: str
    token: str | None = None
    times: int | None = 1
    share: float = 1.0
    retry_after: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind} is none of {', '.join(KINDS)}")

    def strikes(self, token: str, dice: random.Random) -> bool:
        """Whether it happens to this message; counts down."""
        if self.times == 0 or (self.token is not None and self.token != token) or dice.random() >= self.share:
            return False
        if self.times is not None:
            self.times -= 1
        return True


def error_body(status: int, code: str, message: str, fcm_code: str | None = None) -> dict[str, Any]:
    """An error as Google's APIs answer it."""
    error: dict[str, Any] = {"code": status, "message": message, "status": code}
    if fcm_code is not None:
        kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
        error["details"] = [{"@type": kind, "errorCode": fcm_code}]
    return {"error": error}
