"""What a person sees while the suite runs."""

from pathlib import Path

import pytest
from rich.text import Text

from local.table import Follower, depth_of, plain_line, pretty, rows

DOOR = {
    "service": "price-ingest",
    "port": 8092,
    "up": True,
    "requests": 1200,
    "perSecond": 3.0,
    "errors": 1,
    "p95Ms": 4.25,
}
APPLY = {**DOOR, "service": "price-ingest-apply", "up": False, "perSecond": None, "p95Ms": None}


def test_a_queue_counts_for_the_door_with_the_longest_fitting_name() -> None:
    queues = {"price-ingest-apply-price-updates-acme": 4, "price-ingest-replay": 2, "scan-x": 9}
    services = ["price-ingest", "price-ingest-apply", "scan"]
    assert [depth_of(each, services, queues) for each in services] == [2, 4, 9]


def test_a_door_is_one_line() -> None:
    report = {"doors": [DOOR, APPLY], "queues": {"price-ingest-apply-price-updates-acme": 4}}
    first, second = rows(report, {"price-ingest-apply": 2})
    assert first == ("price-ingest", "8092", "up", "1,200", "3.0", "1", "4.2 ms", "0", "0")
    assert plain_line(second) == (
        "price-ingest-apply :8092 down requests=1,200 per_second=- errors=1 p95=- waiting=4 restarts=2"
    )


def _shown(line: str, least: str = "WARNING") -> str | None:
    markup = pretty("scan", line, least)
    return None if markup is None else Text.from_markup(markup).plain


def test_a_log_line_is_shown_with_its_fields() -> None:
    line = (
        '{"severity":"WARNING","time":"2026-11-20T23:39:52.1+00:00","message":"event.rejected",'
        '"event":"event.rejected","code":"NOT_JSON","place":[1],"logging.googleapis.com/trace":"t"}'
    )
    assert _shown(line) == "23:39:52 scan WARNING event.rejected code=NOT_JSON place=[1]"


@pytest.mark.parametrize(("least", "shown"), [("WARNING", False), ("INFO", True), ("DEBUG", True)])
def test_a_quieter_line_is_hidden(least: str, shown: bool) -> None:
    assert (_shown('{"severity":"INFO","event":"x"}', least) is not None) == shown


def test_a_stack_trace_follows_its_line() -> None:
    shown = _shown('{"severity":"ERROR","event":"boom","stack_trace":"Traceback [most recent]"}')
    assert shown is not None
    assert shown.splitlines()[1] == "Traceback [most recent]"


def test_what_is_no_json_is_shown_as_it_is() -> None:
    assert _shown("Segmentation [fault]") == "scan Segmentation [fault]"


def test_only_new_and_complete_lines_are_followed(tmp_path: Path) -> None:
    log = tmp_path / "scan.log"
    log.write_text("old\n")
    follower = Follower({"scan": log, "absent": tmp_path / "absent.log"})
    with log.open("a") as file:
        file.write("one\ntwo\nhal")
    assert list(follower.lines()) == [("scan", "one"), ("scan", "two")]
    with log.open("a") as file:
        file.write("f\n")
    assert list(follower.lines()) == [("scan", "half")]
    log.write_text("new\n")
    assert list(follower.lines()) == [("scan", "new")]
