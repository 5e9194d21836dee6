"""What can go wrong, as types: every problem carries its HTTP status, a stable code and what to do next.

Doors raise these; the edges render them. Nothing else decides about status codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Problem(Exception):
    """An expected failure that leaves through the error envelope.

    `details` is JSON data for the caller (for validation: a list of `{field, code, message}`), `retry_after`
    is in seconds and becomes the `Retry-After` header.
    """

    status = 500
    code = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        details: Any = None,
        field: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.details = [{"field": field, "code": self.code, "message": message}] if field else details
        self.retry_after = retry_after


class Malformed(Problem):
    """The request cannot be understood: broken JSON, or a value outside its schema."""

    status = 400
    code = "VALIDATION_FAILED"


class Unauthenticated(Problem):
    """No token, or one that does not verify."""

    status = 401
    code = "UNAUTHENTICATED"


class Forbidden(Problem):
    """The token is genuine but does not allow this."""

    status = 403
    code = "FORBIDDEN"


class NotFound(Problem):
    """There is no such thing, or it is not yours: the two are indistinguishable on purpose."""

    status = 404
    code = "NOT_FOUND"


class MethodNotAllowed(Problem):
    """The path exists, but not with this method."""

    status = 405
    code = "METHOD_NOT_ALLOWED"


class Conflict(Problem):
    """The state of the thing does not allow this now."""

    status = 409
    code = "CONFLICT"


class TooLarge(Problem):
    """The body is larger than the route accepts; it was not read."""

    status = 413
    code = "BODY_TOO_LARGE"


class UnsupportedMedia(Problem):
    """The body is not JSON by its content type."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"


class Unprocessable(Problem):
    """The idempotency key was used before with another body."""

    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"


class TooMany(Problem):
    """The caller is over a rate limit; `retry_after` says when to come back."""

    status = 429
    code = "RATE_LIMITED"


class Unavailable(Problem):
    """A dependency is down; the same request may be repeated after `retry_after` seconds."""

    status = 503
    code = "DEPENDENCY_UNAVAILABLE"

    def __init__(self, message: str, *, code: str | None = None, retry_after: int = 1) -> None:
        super().__init__(message, code=code, retry_after=retry_after)


class DeadlineExceeded(Problem):
    """The handler used up its time budget; whether it took effect is unknown, so repeat with the same key."""

    status = 504
    code = "DEADLINE_EXCEEDED"


class Retryable(Exception):
    """An event cannot be applied now: answer 5xx, so that it comes back after a back-off."""


class Rejected(Exception):
    """An event can never be applied: it is stored with its reason, logged once and acknowledged."""

    def __init__(self, reason: str, *, code: str = "INVALID_MESSAGE") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class AlreadyDone(Exception):
    """An event was applied before: acknowledge it."""


def fields(problems: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Pydantic's errors as `{field, code, message}`; the offending input is left out, it may be personal data."""
    return [
        {
            "field": ".".join(str(part) for part in problem["loc"]) or "body",
            "code": str(problem["type"]).upper(),
            "message": str(problem["msg"]),
        }
        for problem in problems[:50]
    ]
