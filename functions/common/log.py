"""Structured JSON logs with the fields of Cloud Logging: an event name and fields, one line per outcome.

https://cloud.google.com/logging/docs/structured-logging. Personal data is masked by field name and by shape.
"""

from __future__ import annotations

import re
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from functions.common import clock, settings

if TYPE_CHECKING:
    from functions.common.telemetry import Trace

LEVELS = {"DEBUG": 10, "INFO": 20, "NOTICE": 25, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
_SECRET = re.compile(r"(token|secret|password|authorization|api[-_]?key|signature|cookie)", re.IGNORECASE)
_EMAIL = re.compile(r"\b([A-Za-z0-9._%+-])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+\.[A-Za-z]{2,})\b")
_PHONE = re.compile(r"(?<![\w.])\+\d{7,15}\b")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)")

trace_context: ContextVar[Trace | None] = ContextVar("trace_context", default=None)
"""The trace of the request being served, set by the edges."""

_threshold: int | None = None


def mask(value: Any, key: str = "") -> Any:
    """The value with secrets, e-mail addresses, telephone numbers and tokens made unreadable."""
    if key and _SECRET.search(key):
        return "***"
    if isinstance(value, str):
        value = _JWT.sub("***", value)
        value = _CREDENTIALS.sub("***", value)
        value = _EMAIL.sub(r"\1***@\2", value)
        return _PHONE.sub("+***", value)
    if isinstance(value, dict):
        return {k: mask(v, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(item) for item in value]
    return value


def _emit(severity: str, event: str, fields: dict[str, Any]) -> None:
    global _threshold
    common = settings.common()
    if _threshold is None:
        _threshold = LEVELS.get(common.log_level.upper(), 20)
    if LEVELS[severity] < _threshold:
        return
    line: dict[str, Any] = {
        "severity": severity,
        "time": datetime.fromtimestamp(clock.seconds(), UTC).isoformat(),
        "message": event,
        "event": event,
        **{key: mask(value, key) for key, value in fields.items()},
        "logging.googleapis.com/labels": {
            "service": common.k_service,
            "revision": common.k_revision,
            "environment": common.environment,
        },
    }
    trace = trace_context.get()
    if trace is not None:
        line["logging.googleapis.com/trace"] = f"projects/{common.google_cloud_project}/traces/{trace.trace_id}"
        line["logging.googleapis.com/spanId"] = trace.span_id
        line["logging.googleapis.com/trace_sampled"] = trace.sampled
    sys.stderr.write(orjson.dumps(line, default=str).decode() + "\n")
    sys.stderr.flush()


def debug(event: str, **fields: Any) -> None:
    """For a developer who is looking for something."""
    _emit("DEBUG", event, fields)


def info(event: str, **fields: Any) -> None:
    """An outcome worth a line."""
    _emit("INFO", event, fields)


def warning(event: str, **fields: Any) -> None:
    """Somebody should look at this when it repeats."""
    _emit("WARNING", event, fields)


def error(event: str, error: BaseException | None = None, **fields: Any) -> None:
    """Somebody has to look at this; with the exception, its stack goes to Error Reporting."""
    if error is not None:
        fields["error"] = f"{type(error).__name__}: {error}"
        fields["stack_trace"] = "".join(traceback.format_exception(error))
    _emit("ERROR", event, fields)


def security(event: str, **fields: Any) -> None:
    """A refused attempt that an attacker would make; alerts count these by `securityEvent`."""
    _emit("WARNING", event, {"securityEvent": True, **fields})
