"""A staged row: its status by its faults, and what rows add up to."""

from __future__ import annotations

from functions.import_publish.domain import staged
from functions.import_publish.domain.codes import fault
from functions.import_publish.domain.staged import StagedRow, Tally

WARNING = fault("FORMULA_INJECTION", "name", "Name", "=1")
CONFIRM = fault("PRICE_ZERO", "price", "Price", "0")
ERROR = fault("PRICE_NEGATIVE", "price", "Price", "-1")
UNREAD = fault("PRICE_NOT_A_NUMBER", "price", "Price", "cheap")


def row(**more: object) -> StagedRow:
    return {"r": 2, "b": "4006381333931", "v": {}, "a": "update", "d": [["price", 1, 2]], **more}


def test_a_row_counts_as_the_worst_of_its_faults() -> None:
    for faults, status in (
        ([], "valid"),
        ([WARNING], "warning"),
        ([WARNING, CONFIRM], "confirm"),
        ([ERROR, CONFIRM, WARNING], "error"),
    ):
        settled = row()
        assert staged.settle(settled, faults) == status
        assert settled.get("s", "valid") == status
        assert staged.faults_of(settled) == faults


def test_a_row_with_errors_keeps_no_action_for_it_is_not_published() -> None:
    settled = row()
    staged.settle(settled, [ERROR])
    assert "a" not in settled
    assert "d" not in settled


def test_a_row_that_was_left_out_is_excluded_whatever_its_faults() -> None:
    settled = row(x=True)
    assert staged.settle(settled, [ERROR]) == "excluded"
    assert staged.tally([settled]).codes == {}


def test_a_row_that_is_put_right_has_no_status_any_more() -> None:
    settled = row()
    staged.settle(settled, [CONFIRM])
    staged.settle(settled, [])
    assert settled == row()


def test_what_the_file_alone_tells_is_kept_apart_from_what_can_be_found_again() -> None:
    assert staged.from_reading([ERROR, UNREAD, WARNING, CONFIRM]) == [UNREAD]


def test_rows_are_counted_by_status_action_and_code() -> None:
    rows = [row() for _ in range(5)]
    for each, faults in zip(rows, ([], [WARNING], [CONFIRM, WARNING], [ERROR, CONFIRM], []), strict=True):
        staged.settle(each, faults)
    rows[4]["x"] = True
    staged.settle(rows[4], [CONFIRM])
    counted = staged.tally(rows)
    shown = {name: number for name, number in counted.counts.items() if number}
    assert shown == {
        "rows": 5,
        "valid": 1,
        "warnings": 1,
        "confirm": 1,
        "errors": 1,
        "excluded": 1,
        "update": 3,
    }
    assert counted.codes == {"FORMULA_INJECTION": 2, "PRICE_ZERO": 2, "PRICE_NEGATIVE": 1}
    assert counted.confirms == {"PRICE_ZERO": 1}, "a row with errors is not published, whatever is confirmed"


def test_a_code_counts_once_a_row() -> None:
    settled = row()
    staged.settle(settled, [WARNING, WARNING, CONFIRM, CONFIRM])
    assert staged.tally([settled]).codes == {"FORMULA_INJECTION": 1, "PRICE_ZERO": 1}
    assert staged.tally([settled]).confirms == {"PRICE_ZERO": 1}


def test_tallies_add_up_and_what_comes_to_nothing_disappears() -> None:
    one, two = row(), row()
    staged.settle(one, [CONFIRM])
    staged.settle(two, [WARNING])
    first, second = staged.tally([one]), staged.tally([two])
    both = staged.total([first, second])
    assert both == staged.tally([one, two])
    for into, less in zip(both, second, strict=True):
        staged.add(into, less, -1)
    assert both == first
    assert staged.total([]) == Tally(dict.fromkeys(staged.COUNTS, 0), {}, {})
