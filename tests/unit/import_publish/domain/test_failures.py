"""What is kept of rows that failed, and what a document says about them."""

from __future__ import annotations

from typing import Any

import pytest

from functions.import_publish.domain import failures
from functions.import_publish.domain.codes import fault

WRONG = fault("PRICE_NOT_A_NUMBER", "price", "Preis", "much")
MISSING = fault("BARCODE_MISSING", "barcode")
HINT = fault("FORMULA_INJECTION", "name")


def item(*faults: Any, status: str = "failed", **fields: Any) -> failures.Item:
    row = {"r": 7, "b": "4006381333931", "v": {"name": "Pen"}, "e": [list(each) for each in faults], **fields}
    return failures.item(row) | {"status": status}


def test_a_row_with_errors_is_kept_as_it_came() -> None:
    assert item(WRONG, raw=["a", None]) == {
        "line": 7, "barcode": "4006381333931", "values": {"name": "Pen"}, "raw": ["a", None],
        "faults": [list(WRONG)], "status": "failed", "attempts": 0,
    }  # fmt: skip


def test_a_row_that_failed_while_it_was_published_has_that_as_its_fault() -> None:
    kept = failures.item({"r": 0, "b": "1", "v": {}, "a": "withdraw"}, [fault("CONCURRENT_EDIT", "barcode")])
    assert (kept["action"], [each[0] for each in kept["faults"]], "raw" in kept) == (
        "withdraw",
        ["CONCURRENT_EDIT"],
        False,
    )
    assert failures.item({"r": 1, "b": "1", "v": {}})["faults"] == []


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (["resolved", "failed", "pending"], "pending"),
        (["resolved", "retried", "failed"], "failed"),
        (["resolved", "retried"], "retried"),
        (["resolved"], "resolved"),
    ],
)
def test_a_document_is_what_most_needs_attention_in_it(statuses: list[str], status: str) -> None:
    said = failures.summary([item(WRONG, status=each) for each in statuses])
    assert (said["status"], sum(said["counts"].values())) == (status, len(statuses))


def test_the_reason_is_the_commonest_code_of_what_is_left() -> None:
    items = [item(WRONG), item(MISSING, HINT, WRONG), item(MISSING, status="resolved")]
    said = failures.summary(items)
    assert (said["reason"], said["codes"]) == ("PRICE_NOT_A_NUMBER", {"PRICE_NOT_A_NUMBER": 2, "BARCODE_MISSING": 1})
    assert failures.summary(items[2:])["reason"] == "BARCODE_MISSING"
    assert failures.summary([item(HINT)])["reason"] == "PUBLISH_FAILED"
