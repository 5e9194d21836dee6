import dataclasses

import orjson
import pytest

from functions.common import log, settings
from functions.common.telemetry import Trace, parse


@dataclasses.dataclass(frozen=True, slots=True)
class Example:
    required_text: str
    number: int = 3
    flag: bool = False


def test_settings_are_read_by_their_upper_case_names() -> None:
    read = settings.load(Example, {"REQUIRED_TEXT": "x", "NUMBER": "7", "FLAG": "true"})
    assert read == Example("x", 7, True)


def test_every_setting_that_is_wrong_is_named_but_never_shown() -> None:
    with pytest.raises(settings.SettingsError) as caught:
        settings.load(Example, {"NUMBER": "secret-value"})
    message = str(caught.value)
    assert "REQUIRED_TEXT is not set" in message
    assert "NUMBER is not a valid int" in message
    assert "secret-value" not in message


def test_a_secret_setting_does_not_show_in_the_repr() -> None:
    shown = repr(settings.Common(mongodb_uri="mongodb://user:hunter2@host"))
    assert "hunter2" not in shown


def test_a_log_line_is_one_json_object_with_cloud_loggings_fields(capsys: pytest.CaptureFixture[str]) -> None:
    log.trace_context.set(Trace(int("a" * 32, 16), int("b" * 16, 16), True))
    try:
        log.warning("stock.low", text="two\nlines\x1b[31m", count=3)
    finally:
        log.trace_context.set(None)
    (line,) = capsys.readouterr().err.splitlines()
    entry = orjson.loads(line)
    assert entry["severity"] == "WARNING"
    assert entry["message"] == entry["event"] == "stock.low"
    assert entry["count"] == 3
    assert entry["logging.googleapis.com/trace"].endswith("/traces/" + "a" * 32)
    assert entry["logging.googleapis.com/spanId"] == "b" * 16
    assert set(entry["logging.googleapis.com/labels"]) == {"service", "revision", "environment"}
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("authorization", "Bearer abc", "***"),
        ("sessionToken", "abc", "***"),
        ("note", "write to anna.bell@example.com", "write to a***@example.com"),
        ("note", "call +491701234567", "call +***"),
        ("note", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln", "***"),
        ("uri", "mongodb://user:pass@host/db", "mongodb://***@host/db"),
        ("barcode", "4006381333931", "4006381333931"),
    ],
)
def test_personal_data_and_secrets_are_masked(field: str, value: str, shown: str) -> None:
    assert log.mask({field: value}) == {field: shown}


@pytest.mark.parametrize(
    "header",
    ["", "00", "ff-" + "a" * 32 + "-" + "b" * 16 + "-01", "00-" + "0" * 32 + "-" + "b" * 16 + "-01", "00-" + "g" * 52],
)
def test_a_malformed_traceparent_starts_a_new_trace(header: str) -> None:
    assert parse(header) is None


def test_a_good_traceparent_is_continued() -> None:
    assert parse(f"00-{'a' * 32}-{'b' * 16}-01") == (int("a" * 32, 16), int("b" * 16, 16), True)


def test_the_ids_of_a_trace_are_written_out_in_full() -> None:
    trace = Trace(0xA, 0xB, False)
    assert (trace.trace_id, trace.span_id) == ("a".zfill(32), "b".zfill(16))
    assert trace.traceparent == f"00-{'a'.zfill(32)}-{'b'.zfill(16)}-00"
