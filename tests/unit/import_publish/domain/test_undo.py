"""Taking back what an import did: what is as the import left it goes back, the rest stays."""

from __future__ import annotations

from typing import Any

import pytest

from functions.import_publish.domain import undo
from functions.import_publish.domain.plan import Decision
from functions.import_publish.domain.undo import Kept, Undone
from tests.unit.import_publish.domain.test_plan import CONTEXT, T, decide, live, of, row, stock

BACK = CONTEXT._replace(op="i1:0:back")


def done(product: dict[str, Any] | None, **values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an import did, and the product right after it."""
    decision: Decision = decide(product, row(product, **values), [])
    record = of(decision)
    if product is None:
        return record, live(ver=record["ver"], edit={"ver": record["ver"]})
    return record, {**product, **record["after"], "ver": record["ver"]}


def back(record: dict[str, Any], product: dict[str, Any] | None, moves: Any = None) -> Undone:
    return undo.decide(record, product, BACK, moves)


def after(undone: Undone) -> dict[str, Any]:
    assert undone.record is not None
    return dict(undone.record["after"])


def test_a_product_that_nobody_touched_is_what_it_was() -> None:
    record, now = done(live(metadata={"a": 1}), name="Pen", metadata={"a": "2", "b": "3"})
    undone = back(record, now)
    assert (after(undone), undone.kept) == ({"name": "Pencil", "metadata": {"a": 1}}, ())
    assert undone.record is not None
    assert (undone.record["action"], undone.record["was"], undone.record["ver"]) == ("updated", 42, 43)


def test_a_field_that_somebody_changed_stays_and_the_others_go_back() -> None:
    record, now = done(live(), name="Pen", description="d")
    undone = back(record, now | {"name": "Theirs"})
    assert after(undone) == {"description": None}
    assert undone.kept == (Kept("name", "Pen", "Theirs"),)


def test_metadata_go_back_key_by_key() -> None:
    record, now = done(live(metadata={"a": 1, "b": 2, "c": 3}), metadata={"a": "x", "b": None, "new": "y", "c": "3"})
    undone = back(record, now | {"metadata": {"a": "theirs", "c": 3, "new": "y", "more": 1}})
    assert after(undone) == {"metadata": {"a": "theirs", "b": 2, "c": 3, "more": 1}}
    assert undone.kept == (Kept("metadata.a", "x", "theirs"),)
    nothing = back(record, now | {"metadata": None})
    assert (after(nothing), {each.field for each in nothing.kept}) == (
        {"metadata": {"b": 2}},
        {"metadata.a", "metadata.new"},
    )


def test_metadata_that_somebody_has_cleared_stay_cleared() -> None:
    record, now = done(live(metadata={"a": 1}), metadata={"a": None})
    undone = back(record, now | {"metadata": {"a": "theirs"}})
    assert undone == Undone(None, (Kept("metadata.a", None, "theirs"),))


def test_a_price_goes_back_with_a_watermark_just_above_the_import_s() -> None:
    record, now = done(live(), price=150)
    price = after(back(record, now))["price"]
    assert (price["amount"], price["old"]) == (100, 150)
    assert price["w"] == {"t": T, "q": 1, "s": "import:i1", "e": f"i1:0:back:{now['barcode']}"}


def test_a_price_that_came_since_stays() -> None:
    record, now = done(live(), price=150)
    theirs = {"amount": 70, "w": {"t": T + 1, "q": 0, "s": "erp", "e": "x"}}
    assert back(record, now | {"price": theirs}) == Undone(None, (Kept("price", 150, 70),))
    assert back(record, now | {"price": None}) == Undone(None, (Kept("price", 150, None),))


def test_a_product_that_had_no_price_has_none_again() -> None:
    record, now = done(live(price=None), price=150)
    assert after(back(record, now)) == {"price": None}


def test_a_stock_goes_back_to_what_it_would_be_without_the_count() -> None:
    record, now = done(live(stock=stock(7000)), stock=50_000)
    sold = {"id": "m", "kind": "sale", "q": 1000, "at": T + 5}
    now["stock"] = now["stock"] | {"avail": 49_000, "sold": 1000, "recent": [sold]}
    found = after(back(record, now))["stock"]
    assert (found["avail"], found["sold"], found["w"]["q"]) == (6000, 1000, 1)


def test_a_count_that_came_since_stays() -> None:
    record, now = done(live(stock=stock(7000)), stock=50_000)
    theirs = stock(10) | {"w": {"t": T + 1, "q": 0, "s": "erp", "e": "x"}}
    assert back(record, now | {"stock": theirs}).kept == (Kept("stock", 50_000, 10),)
    assert back(record, now | {"stock": None}).kept == (Kept("stock", 50_000, None),)


@pytest.mark.parametrize("since", [{"sold": 1}, {"recent": [{"id": "m"}]}, {"holds": [{"n": 1}]}])
def test_a_first_stock_goes_away_only_if_nothing_was_done_with_it(since: dict[str, Any]) -> None:
    record, now = done(live(), stock=5000)
    assert after(back(record, now)) == {"stock": None}
    assert back(record, now | {"stock": now["stock"] | since}).kept == (Kept("stock", 5000, 5000),)


def test_a_created_product_is_withdrawn_unless_somebody_has_taken_it_over() -> None:
    record, now = done(None, name="Pen")
    undone = back(record, now)
    assert after(undone) == {"status": "deleted"}
    assert undone.record is not None
    assert undone.record["action"] == "deleted"
    assert back(record, now | {"edit": {"ver": now["ver"] + 1}}) == Undone(None, (Kept("", None, None),))
    assert back(record, now | {"status": "deleted"}) == Undone(None)
    assert back(record, None) == Undone(None)


def test_a_product_that_somebody_withdrew_since_stays_so() -> None:
    record, now = done(live(), name="Pen")
    assert back(record, now | {"status": "deleted"}) == Undone(None, (Kept("status", "active", "deleted"),))


@pytest.mark.parametrize(
    ("before", "imported", "action"),
    [("deleted", "active", "deleted"), ("active", "deleted", "revived"), ("inactive", "active", "updated")],
)
def test_the_status_goes_back_and_the_audit_calls_that_by_its_name(before: str, imported: str, action: str) -> None:
    record = {
        **{"row": 0, "barcode": "1", "action": "x", "status": [before, imported]},
        **{"before": {"status": before}, "after": {"status": imported}},
    }
    undone = back(record, live(status=imported))
    assert after(undone) == {"status": before}
    assert undone.record is not None
    assert undone.record["action"] == action


def test_the_ledger_is_asked_only_for_a_count_that_still_stands() -> None:
    record, now = done(live(stock=stock(7000)), stock=50_000)
    assert undo.counted_at(record, now) is None
    assert undo.counted_at(record, now | {"stock": now["stock"] | {"floor": T + 1}}) == T
    assert undo.counted_at(record, now | {"stock": stock(1)}) is None
    assert undo.counted_at(record, None) is None
    assert undo.counted_at(done(live(), name="Pen")[0], now) is None
    assert undo.counted_at({"action": "created"}, now) is None
