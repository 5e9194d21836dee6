"""What the local cloud tells of its doors' logs."""

from __future__ import annotations

import json

from local.health import latest, of_trace, parsed

TRACE = "logging.googleapis.com/trace"


def line(severity: str, second: int, **fields: object) -> bytes:
    return json.dumps({"severity": severity, "time": f"2026-11-21T12:00:{second:02}", "event": "e", **fields}).encode()


def test_the_latest_errors_come_first_and_say_no_more_than_a_name_and_a_code() -> None:
    log = b"\n".join(
        [
            b'ty":"ERROR","time":"the first line is cut off"}',
            line("ERROR", 1, code="GONE", tenantId="acme", **{TRACE: "projects/p/traces/ab"}),
            line("INFO", 2),
            b"Traceback: severity of nothing",
            line("CRITICAL", 3, error="KeyError: 'somebody@example.com'", stack_trace="..."),
        ]
    )
    found = latest(parsed("scan", log, b"severity"))
    assert found == [
        {"time": "2026-11-21T12:00:03", "service": "scan", "event": "e", "code": None, "error": "KeyError",
         "traceId": None, "tenantId": None},
        {"time": "2026-11-21T12:00:01", "service": "scan", "event": "e", "code": "GONE", "error": None,
         "traceId": "ab", "tenantId": "acme"},
    ]  # fmt: skip


def test_the_lines_of_a_trace_are_in_order_whatever_door_wrote_them() -> None:
    mine, other = {TRACE: "projects/p/traces/ab"}, {TRACE: "projects/p/traces/abc"}
    lines = [
        *parsed("checkout", line("INFO", 3, **mine) + b"\n" + line("INFO", 1, **other), b"ab"),
        *parsed("scan", line("INFO", 2, **mine, **{"logging.googleapis.com/labels": {}}), b"ab"),
    ]
    found = of_trace(lines, "ab")
    assert [each["service"] for each in found] == ["scan", "checkout"]
    assert "logging.googleapis.com/labels" not in found[0]
