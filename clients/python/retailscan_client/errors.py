"""What a call can raise."""

from __future__ import annotations

from typing import Any, Self

import httpx


class RetailScanError(Exception):
    """Everything that this package raises."""


class NoToken(RetailScanError):
    """The call needs a token that the client was not given."""


class Unreachable(RetailScanError):
    """No answer: no connection, or not in time. What was asked may have been done or not."""


class ApiError(RetailScanError):
    """The suite said no. `code` is stable; `message` is for people; `details` says where, for VALIDATION_FAILED.

    `request_id` is what support asks for. `retry_after` is in seconds, or None.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Any = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}" + (f" (request {request_id})" if request_id else ""))
        self.status, self.code, self.message, self.details = status, code, message, details
        self.request_id, self.retry_after = request_id, retry_after

    @classmethod
    def of(cls, answer: httpx.Response) -> Self:
        """The error of an answer, also of one that does not come from the suite (a proxy's, a bucket's)."""
        request_id = answer.headers.get("x-request-id")
        told = answer.headers.get("retry-after", "")
        retry_after = float(told) if told.isdecimal() else None
        code, message, details = f"HTTP_{answer.status_code}", answer.text[:300], None
        try:
            error = answer.json()["error"]
            code, message, details = error["code"], error["message"], error.get("details")
        except (ValueError, KeyError, TypeError):
            pass
        return cls(answer.status_code, code, message, details=details, request_id=request_id, retry_after=retry_after)
