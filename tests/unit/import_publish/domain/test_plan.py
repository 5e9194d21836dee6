"""What publishing a row does to its product, decided from what is live."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.common.product_edits import Editor
from functions.import_publish.domain import plan
from functions.import_publish.domain.codes import Fault, fault
from functions.import_publish.domain.differences import diff
from functions.import_publish.domain.plan import Context, Decision

NOW = datetime(2026, 11, 20, 9, 30, 15, 123000, tzinfo=UTC)
BARCODE = "4006381333931"
T = 1_795_000_000_000_000
CONTEXT = Context("t1", "s1", "EUR", "i1", "i1:0", Editor("ann", "brand_manager", "i1", "i1:0", NOW), T, frozenset())


def watermark(t: int = T - 100, source: str = "erp") -> dict[str, Any]:
    return {"t": t, "q": 0, "s": source, "e": "before"}


def live(**fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        **{"_id": 7, "barcode": BARCODE, "name": "Pencil", "status": "active", "measure": "each", "ver": 41},
        **dict.fromkeys(("description", "brandId", "categoryId", "taxClass", "imageUrl", "ageRestriction")),
        **{"showInQuickProducts": False, "recalledLots": ["L1"], "units": [], "metadata": {}, "stock": None},
        "price": {"amount": 100, "currency": "EUR", "w": watermark(), "old": None},
    }
    return made | fields


def stock(avail: int = 7000, **fields: Any) -> dict[str, Any]:
    return {"avail": avail, "sold": 0, "holds": [], "w": watermark(), "recent": [], **fields}


def row(product: dict[str, Any] | None, /, *faults: Fault, **values: Any) -> dict[str, Any]:
    action, changes = diff(values, product)
    return {"r": 2, "b": BARCODE, "v": values, "a": action, "d": changes, "e": [list(each) for each in faults]}


def decide(product: dict[str, Any] | None, wanted: dict[str, Any], moves: Any = None) -> Decision:
    return plan.decide(3, wanted, product, CONTEXT, moves)


def of(decision: Decision) -> dict[str, Any]:
    assert decision.record is not None
    return {**decision.record, "try": 1}


# ---- which rows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "codes", "confirmed", "end"),
    [
        (None, [], [], None),
        ("warning", ["FORMULA_INJECTION"], [], None),
        ("excluded", [], [], "excluded"),
        ("error", ["BARCODE_MISSING"], ["BARCODE_MISSING"], "rejected"),
        ("confirm", ["PRICE_JUMP", "FORMULA_INJECTION"], [], "rejected"),
        ("confirm", ["PRICE_JUMP", "FORMULA_INJECTION"], ["PRICE_JUMP"], None),
        ("confirm", ["PRICE_JUMP", "PRICE_ZERO"], ["PRICE_JUMP"], "rejected"),
    ],
)
def test_a_row_is_published_unless_something_holds_it_back(
    status: str | None, codes: list[str], confirmed: list[str], end: str | None
) -> None:
    faults = [list(fault(code, "price", before=1, after=2)) for code in codes]
    assert plan.held_back({"s": status, "e": faults} if status else {}, frozenset(confirmed)) == end


def test_only_rows_that_would_change_something_are_looked_up() -> None:
    rows: list[dict[str, Any]] = [
        {"b": "1", "a": "create"},
        {"b": "2", "a": "unchanged"},
        {"b": "3", "s": "error", "e": []},
        {"b": None},
    ]
    assert plan.to_publish(rows, frozenset()) == {"1": 0}


# ---- new products -----------------------------------------------------------------------------------------


def test_a_new_product_needs_no_more_than_its_row() -> None:
    decision = decide(None, row(None, name="Pen", status="inactive"))
    assert decision.outcome == "created"
    assert decision.record == {
        "row": 3, "barcode": BARCODE, "action": "created", "was": 0, "ver": 1795167015123, "status": [None, "inactive"],
    }  # fmt: skip
    assert of(decide(None, row(None, name="Pen")))["status"] == [None, "active"]


def test_a_new_product_without_a_name_is_none() -> None:
    assert decide(None, row(None, price=1)) == Decision("failed", code="NAME_NEEDED_FOR_NEW")


def test_a_new_product_is_whole() -> None:
    fields = plan.whole({"name": "Pen", "status": None, "brandId": "b", "metadata": {"a": 1, "gone": None}})
    assert (fields["name"], fields["status"], fields["brandId"], fields["measure"]) == ("Pen", "active", "b", "each")
    assert (fields["units"], fields["recalledLots"], fields["metadata"]) == ([], [], {"a": 1})
    assert plan.whole({"name": "Pen"})["metadata"] == {}


def test_what_a_file_states_has_the_time_of_the_row_or_else_of_the_import() -> None:
    said = row(None, name="Pen", price=5, stock=2000, asOf=T - 7)
    price, count = plan.first_price(said, CONTEXT), plan.first_stock(said, CONTEXT)
    assert price is not None
    assert count is not None
    assert price["w"] == count["w"] == {"t": T - 7, "q": 0, "s": "import:i1", "e": f"i1:0:{BARCODE}"}
    assert (price["amount"], price["currency"], count["avail"]) == (5, "EUR", 2000)
    unsaid = plan.first_price(row(None, name="Pen", price=5), CONTEXT)
    assert unsaid is not None
    assert unsaid["w"]["t"] == T
    assert plan.first_price(row(None, name="Pen"), CONTEXT) is None
    assert plan.first_stock(row(None, name="Pen"), CONTEXT) is None


# ---- products that are there ------------------------------------------------------------------------------


def test_an_edit_names_before_and_after_of_what_changes() -> None:
    wanted = row(live(), name="Pen", description="d", brandId=None)
    record = of(decide(live(), wanted))
    assert (record["action"], record["id"], record["was"], record["ver"]) == ("updated", 7, 41, 42)
    assert (record["before"], record["after"]) == (
        {"name": "Pencil", "description": None},
        {"name": "Pen", "description": "d"},
    )
    assert record["status"] == ["active", "active"]


def test_what_was_not_to_be_seen_is_left_to_those_who_changed_it_since() -> None:
    wanted = row(live(), name="Pen", description=None)
    assert of(decide(live(description="theirs"), wanted))["after"] == {"name": "Pen"}


def test_a_change_that_somebody_else_has_made_already_is_none() -> None:
    wanted = row(live(), name="Pen")
    assert decide(live(name="Pen"), wanted) == Decision("unchanged")


def test_metadata_are_changed_key_by_key() -> None:
    before = live(metadata={"a": 1, "b": 2})
    record = of(decide(before, row(before, metadata={"a": "x", "b": None})))
    assert record["after"] == {"metadata": {"a": "x"}}


def test_metadata_that_would_be_too_many_fail() -> None:
    wanted = row(live(), metadata={"new": "x"})
    full = live(metadata={f"k{n}": n for n in range(50)})
    assert decide(full, wanted) == Decision("failed", code="TOO_MUCH_METADATA")


def test_a_product_that_somebody_created_meanwhile_gets_all_of_the_row() -> None:
    wanted = row(None, name="Pen", price=100)
    assert of(decide(live(), wanted))["after"] == {"name": "Pen"}


# ---- price and stock --------------------------------------------------------------------------------------


def test_a_newer_price_is_stated_and_remembers_the_one_before() -> None:
    record = of(decide(live(), row(live(), price=150)))
    assert record["after"]["price"]["amount"] == 150
    assert record["after"]["price"]["old"] == 100
    assert record["before"]["price"]["amount"] == 100
    first = of(decide(live(price=None), row(live(price=None), price=150)))
    assert (first["before"]["price"], first["after"]["price"]["old"]) == (None, None)


def test_an_older_price_is_stale_alone_or_beside_others() -> None:
    wanted = row(live(), price=150, asOf=T - 101)
    assert decide(live(), wanted) == Decision("stale", stale=("price",))
    beside = decide(live(), row(live(), price=150, name="Pen", asOf=T - 101))
    assert (beside.outcome, beside.stale, of(beside)["after"]) == ("updated", ("price",), {"name": "Pen"})


def test_a_price_that_is_there_already_is_not_stated_again() -> None:
    wanted = row(live(), price=150)
    same = live(price={"amount": 150, "currency": "EUR", "w": watermark()})
    assert decide(same, wanted) == Decision("unchanged")


@pytest.mark.parametrize(
    ("one", "other"), [((2, 0, "a"), (1, 9, "z")), ((1, 1, "a"), (1, 0, "z")), ((1, 0, "b"), (1, 0, "a"))]
)
def test_watermarks_go_by_time_then_sequence_then_source(
    one: tuple[int, int, str], other: tuple[int, int, str]
) -> None:
    marks = [dict(zip("tqs", each, strict=True)) for each in (one, other)]
    assert plan.newer(*marks)
    assert not plan.newer(*reversed(marks))
    assert not plan.newer(marks[0], marks[0])


def test_a_count_keeps_what_moved_after_it() -> None:
    sold = {"id": "m1", "kind": "sale", "q": 2000, "at": T + 5}
    before = live(stock=stock(recent=[sold]))
    record = of(decide(before, row(before, stock=5000)))
    assert (record["after"]["stock"]["avail"], record["after"]["stock"]["old"]) == (3000, 7000)
    assert record["before"]["stock"] == {"avail": 7000, "count": 9000, "w": watermark()}


def test_a_first_count_asks_the_ledger() -> None:
    wanted = row(live(), stock=5000)
    assert plan.counted_at(wanted, live(), CONTEXT) == T
    sold: Any = {"id": "m1", "kind": "sale", "q": 2000, "at": T + 5, "pending": False}
    record = of(decide(live(), wanted, [sold]))
    assert (record["after"]["stock"]["avail"], record["before"]["stock"]) == (3000, None)


@pytest.mark.parametrize(
    ("product", "values"),
    [
        (None, {"stock": 1}),
        (live(), {"name": "Pen"}),
        (live(stock=stock()), {"stock": 1}),
        (live(stock=stock(floor=T + 1)), {"stock": 1, "asOf": T - 101}),
    ],
)
def test_the_ledger_is_not_asked_without_need(product: dict[str, Any] | None, values: dict[str, Any]) -> None:
    assert plan.counted_at(row(product, **values), product, CONTEXT) is None


def test_the_ledger_is_asked_for_a_count_from_before_what_the_product_remembers() -> None:
    product = live(stock=stock(floor=T + 1))
    assert plan.counted_at(row(product, stock=1), product, CONTEXT) == T


def test_what_undoes_a_count_adds_up_holds_shortfall_and_movements() -> None:
    had: Any = stock(
        5000, short=1000, holds=[{"order": "o", "n": 500}], recent=[{"id": "a", "kind": "sale", "q": 700, "at": 9}]
    )
    moves: Any = [
        {"id": "a", "kind": "sale", "q": 700, "at": 9, "pending": False},
        {"id": "b", "kind": "return", "q": 200, "at": 8, "pending": False},
        {"id": "c", "kind": "sale", "q": 9999, "at": 7, "pending": False},
    ]
    found = plan.remembered(had, 7, moves)
    assert found is not None
    assert found["count"] == 5000 - 1000 + 500 + 700 - 200


# ---- gone and back ----------------------------------------------------------------------------------------


GONE = {"r": 0, "b": BARCODE, "v": {}, "a": "withdraw", "d": [["status", "active", "deleted"]]}


def test_a_product_that_the_catalogue_does_not_name_is_withdrawn_once() -> None:
    decision = decide(live(), GONE)
    record = of(decision)
    assert (decision.outcome, record["action"], record["status"]) == ("withdrawn", "deleted", ["active", "deleted"])
    assert (record["before"], record["after"]) == ({"status": "active"}, {"status": "deleted"})
    assert decide(live(status="deleted"), GONE) == Decision("unchanged")
    assert decide(None, GONE) == Decision("unchanged")


def test_a_product_comes_back_as_a_new_one_would_be() -> None:
    before = live(status="deleted", description="old", metadata={"a": 1})
    decision = decide(before, row(before, name="Pencil", brandId="b", price=90, stock=1000), [])
    record = of(decision)
    assert (decision.outcome, record["action"], record["status"]) == ("returned", "revived", ["deleted", "active"])
    assert {name: value for name, value in record["after"].items() if name not in ("price", "stock")} == {
        "status": "active", "description": None, "brandId": "b", "metadata": {}, "taxClass": "standard",
    }  # fmt: skip
    assert (record["after"]["price"]["amount"], record["after"]["stock"]["avail"]) == (90, 1000)


def test_a_product_comes_back_with_the_price_the_store_knows_better() -> None:
    before = live(status="deleted")
    decision = decide(before, row(before, name="Pencil", price=90, asOf=T - 101))
    assert (decision.outcome, decision.stale) == ("returned", ("price",))


def test_a_product_withdrawn_after_the_review_does_not_come_back_by_itself() -> None:
    wanted = row(live(), name="Pen")
    assert decide(live(status="deleted"), wanted) == Decision("failed", code="WITHDRAWN_MEANWHILE")


def test_a_product_does_not_come_back_without_a_name() -> None:
    before = live(status="deleted")
    assert decide(before, row(before, price=5)) == Decision("failed", code="NAME_NEEDED_FOR_NEW")


# ---- afterwards -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "product", "became"),
    [
        (41, {"ver": 41}, "possible"),
        (41, {"ver": 40, "imports": ["x@1"]}, "possible"),
        (41, {"ver": 42, "imports": ["i1:0@2"]}, "done"),
        (41, {"ver": 50, "imports": ["x@1", "i1:0@2", "y@1"]}, "done"),
        (41, {"ver": 42, "imports": ["i1:0@3"]}, "replaced"),
        (41, {"ver": 42, "imports": ["i1:01@2", "i1:0:back@2"]}, "lost"),
        (0, None, "possible"),
        (0, {"ver": 42, "imports": ["i1:0@2"]}, "done"),
        (0, {"ver": 42}, "lost"),
    ],
)
def test_a_product_tells_what_became_of_a_write(was: int, product: dict[str, Any] | None, became: str) -> None:
    assert plan.effect({"was": was, "try": 2}, product, "i1:0") == became
