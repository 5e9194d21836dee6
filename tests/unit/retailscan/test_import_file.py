"""`retailscan import`, on a service that answers from memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retailscan import imports_client
from retailscan.__main__ import main
from tests.unit.retailscan.conftest import IMPORT_ID, Service

OWN = f"/v1/imports/{IMPORT_ID}"


@pytest.fixture
def goods(tmp_path: Path) -> Path:
    """A file with two products."""
    file = tmp_path / "goods.csv"
    file.write_text("barcode,name,price\n4006381333931,Pen,1.20\n4009999000004,Ink,2.40\n")
    return file


def run(*words: object) -> int:
    """The command with these arguments."""
    return main(["import", *map(str, words)])


def test_a_file_is_only_brought_unless_somebody_wants_to_wait(
    service: Service, goods: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(goods, "--store", "acme-1") == 0
    assert service.calls() == ["POST /v1/imports", f"GET {OWN}"]
    assert f"retailscan import --import {IMPORT_ID} --watch" in capsys.readouterr().out


def test_the_file_is_sent_as_it_is_with_its_name_store_and_type(service: Service, goods: Path) -> None:
    run(goods, "--store", "acme-1", "--profile", "shopify", "--mode", "full", "--again", "--corrects", "3" * 32)
    upload = service.asked[0]
    assert service.bodies[0] == goods.read_bytes()
    assert upload.headers["content-type"] == "text/csv"
    assert upload.headers["content-length"] == str(goods.stat().st_size)
    assert dict(upload.url.params) == {
        "storeId": "acme-1",
        "name": "goods.csv",
        "profile": "shopify",
        "mode": "full",
        "again": "true",
        "corrects": "3" * 32,
    }


def test_a_large_file_goes_straight_into_the_bucket_without_the_token(
    service: Service, goods: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports_client, "MOST_BODY", 10)
    assert run(goods, "--store", "acme-1") == 0
    assert service.calls()[:3] == ["POST /v1/imports:upload-url", "PUT /x", f"POST {OWN}/uploaded"]
    assert service.body("/v1/imports:upload-url")["storeIds"] == ["acme-1"]
    put = service.asked[1]
    assert "authorization" not in put.headers
    assert put.headers["x-goog-if-generation-match"] == "0"
    assert service.bodies[1] == goods.read_bytes()


def test_approving_publishes_and_says_what_became_of_the_rows(
    service: Service, goods: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(goods, "--store", "acme-1", "--approve", "--confirm", "PRICE_JUMP", "PRICE_ZERO") == 0
    assert service.body(f"{OWN}/approve") == {"confirm": ["PRICE_JUMP", "PRICE_ZERO"], "pace": "gentle"}
    said = capsys.readouterr().out
    assert "2 rows: 2 new" in said
    assert "published: 2 new" in said


def test_a_store_that_is_closed_may_be_published_to_at_full_speed(
    service: Service, goods: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(goods, "--store", "acme-1", "--approve", "--pace", "full") == 0
    assert service.body(f"{OWN}/approve") == {"confirm": [], "pace": "full"}
    assert run(goods, "--store", "acme-1", "--pace", "full") == 2
    assert "--pace goes with --approve" in capsys.readouterr().err


def test_rows_with_errors_are_told_by_code_with_lines_and_the_status_says_that_some_are_left_out(
    service: Service, goods: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.counts |= {"valid": 1, "errors": 1, "create": 1}
    service.codes = {"PRICE_NOT_A_NUMBER": 1}
    fault = {"code": "PRICE_NOT_A_NUMBER", "column": "price", "field": "price", "value": "abc", "message": "Enter it."}
    service.rows = {"PRICE_NOT_A_NUMBER": [{"line": 3, "faults": [fault]}]}
    assert run(goods, "--store", "acme-1", "--watch") == 1
    said = capsys.readouterr().out
    assert "2 rows: 1 new, 1 with errors" in said
    assert "columns the profile does not know: shelf" in said
    assert "PRICE_NOT_A_NUMBER: 1 row\n    line 3: price 'abc': Enter it." in said
    assert f"retailscan import --import {IMPORT_ID} --approve" in said
    assert f"POST {OWN}/approve" not in service.calls()


def test_of_a_file_without_a_good_row_nobody_is_told_to_publish_it(
    service: Service, goods: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.counts |= {"valid": 0, "errors": 2, "create": 0}
    assert run(goods, "--store", "acme-1", "--watch") == 1
    assert "--approve" not in capsys.readouterr().out


def test_what_must_be_confirmed_is_named_and_nothing_goes_live(
    service: Service, goods: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.refuse("POST", f"{OWN}/approve", 409, "CONFIRMATION_NEEDED", {"codes": {"PRICE_JUMP": 1}})
    assert run(goods, "--store", "acme-1", "--approve") == 1
    assert "approve with --confirm PRICE_JUMP" in capsys.readouterr().out


def test_an_approval_whose_answer_was_lost_is_not_an_error(service: Service, goods: Path) -> None:
    service.refuse("POST", f"{OWN}/approve", 409, "IMPORT_STATE", {"state": "publishing"})
    assert run(goods, "--store", "acme-1", "--approve") == 0


def test_an_import_somebody_rejected_meanwhile_is(service: Service, goods: Path) -> None:
    service.refuse("POST", f"{OWN}/approve", 409, "IMPORT_STATE", {"state": "rejected"})
    assert run(goods, "--store", "acme-1", "--approve") == 2


def test_failures_are_written_next_to_how_they_are_corrected(
    service: Service, goods: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.states[-1] = "partly_published"
    service.result = {"rows": 2, "created": 1, "rejected": 1}
    out = tmp_path / "failures.csv"
    assert run(goods, "--store", "acme-1", "--approve", "--failures", out) == 1
    assert out.read_text().startswith("barcode,retailscan_codes")
    said = capsys.readouterr().out
    assert "partly published: 1 new, 1 rejected" in said
    assert f"--corrects {IMPORT_ID}" in said


def test_a_file_that_cannot_be_read_is_said_with_its_line(
    service: Service, goods: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.states = ["staging", "failed"]
    service.error = {"code": "NUL_BYTE", "message": "There is a zero byte.", "line": 7}
    assert run(goods, "--store", "acme-1", "--watch") == 1
    assert "failed: NUL_BYTE (line 7): There is a zero byte." in capsys.readouterr().out


def test_a_file_that_is_there_already_names_its_import(
    service: Service, goods: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.refuse("POST", "/v1/imports", 409, "DUPLICATE_FILE", {"importId": "f00"})
    assert run(goods, "--store", "acme-1") == 2
    assert "--import f00" in capsys.readouterr().err


def test_an_import_that_waits_is_gone_on_with(service: Service) -> None:
    service.states = ["staged", "staged", "published"]
    assert run("--import", IMPORT_ID, "--approve") == 0
    assert service.calls()[0] == f"GET {OWN}"


def test_programs_get_one_json_object_and_no_sentences(
    service: Service, goods: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(goods, "--store", "acme-1", "--approve", "--json") == 0
    said = capsys.readouterr().out
    assert json.loads(said)["state"] == "published"


def test_a_service_that_is_away_for_a_moment_is_waited_for(service: Service, goods: Path) -> None:
    service.refuse("GET", OWN, 503, "DEPENDENCY_UNAVAILABLE")
    service.refuse("POST", "/v1/imports", 429, "RATE_LIMITED", **{"retry-after": "0"})
    assert run(goods, "--store", "acme-1", "--approve") == 0
    first, second = (request for request in service.asked if request.url.path == "/v1/imports")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_a_token_that_is_not_good_is_said_in_the_services_words(
    service: Service, goods: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service.refuse("POST", "/v1/imports", 401, "TOKEN_EXPIRED")
    assert run(goods, "--store", "acme-1") == 2
    said = capsys.readouterr().err
    assert "TOKEN_EXPIRED" in said
    assert "secret-token" not in said


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--store", "s"], "either a FILE or --import"),
        (["absent.csv", "--store", "s"], "no file absent.csv"),
        (["absent.csv"], "which store"),
        (["--import", IMPORT_ID, "--confirm", "PRICE_JUMP"], "--confirm goes with --approve"),
        (["--import", IMPORT_ID, "--url", "suite:8080"], "no address"),
        (["--import", IMPORT_ID, "--token-file", "absent"], "absent cannot be read"),
    ],
)
def test_a_command_that_cannot_be_meant_is_refused_before_anything_is_sent(
    service: Service, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    assert run(*words) == 2
    assert complaint in capsys.readouterr().err
    assert service.asked == []


def test_without_address_or_token_it_says_where_they_belong(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RETAILSCAN_TOKEN")
    assert run("--import", IMPORT_ID) == 2
    monkeypatch.delenv("RETAILSCAN_URL")
    assert run("--import", IMPORT_ID) == 2
    said = capsys.readouterr().err
    assert "RETAILSCAN_TOKEN" in said
    assert "RETAILSCAN_URL" in said


def test_the_token_may_come_from_a_file(service: Service, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    run("--import", IMPORT_ID, "--token-file", tmp_path / "token", "--watch")
    assert service.asked[0].headers["authorization"] == "Bearer from-a-file"


def test_a_token_is_never_an_argument(service: Service) -> None:
    with pytest.raises(SystemExit):
        run("--import", IMPORT_ID, "--token", "secret")
