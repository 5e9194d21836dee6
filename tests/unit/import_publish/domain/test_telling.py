"""What follows from a plan: writes, audit entries, ledger entries and events, the same whenever they are made."""

from __future__ import annotations

from typing import Any

from functions.import_publish.domain import telling
from tests.unit.import_publish.domain.test_plan import BARCODE, CONTEXT, GONE, NOW, T, decide, live, of, row, stock


def test_a_created_product_is_whole_and_knows_its_import() -> None:
    wanted = row(None, name="Crème", price=199, metadata={"a": 1})
    record = of(decide(None, wanted))
    document = telling.document(record, wanted, CONTEXT)
    assert (document["tenantId"], document["storeId"], document["barcode"]) == ("t1", "s1", BARCODE)
    assert (document["name"], document["nameTokens"], document["price"]["amount"]) == ("Crème", ["creme"], 199)
    assert (document["stock"], document["imports"], document["outbox"]) == (None, ["i1:0@1"], [])
    assert document["createdAt"] == document["updatedAt"] == NOW
    assert document["edit"] == {
        "op": f"i1:0.product.{BARCODE}.{record['ver']}",
        "ver": record["ver"],
        "action": "created",
    }


def test_an_edit_marks_itself_and_a_price_alone_does_not() -> None:
    edit = telling.update(of(decide(live(), row(live(), name="Pen"))), CONTEXT)
    assert edit["$set"]["nameTokens"] == ["pen"]
    assert (edit["$set"]["ver"], edit["$set"]["edit"]["ver"]) == (42, 42)
    assert edit["$push"] == {"imports": {"$each": ["i1:0@1"], "$slice": -4}}
    price = telling.update(of(decide(live(), row(live(), price=150))), CONTEXT)
    assert "edit" not in price["$set"]
    assert "nameKey" not in price["$set"]


def test_an_entry_of_the_audit_says_who_changed_what_by_which_import() -> None:
    wanted = row(live(), name="Pen", price=150)
    entry = telling.audit(of(decide(live(), wanted)), wanted, CONTEXT)
    assert (entry["_id"], entry["who"], entry["requestId"], entry["ver"]) == (
        f"i1:0.product.{BARCODE}.42",
        "ann",
        "i1",
        42,
    )
    assert entry["changes"] == [
        {"field": "name", "before": "Pencil", "after": "Pen"},
        {"field": "price", "before": {"amount": 100, "currency": "EUR"}, "after": {"amount": 150, "currency": "EUR"}},
    ]


def test_the_entry_of_a_created_product_names_what_it_has() -> None:
    wanted = row(None, name="Pen", price=150, stock=3000)
    entry = telling.audit(of(decide(None, wanted)), wanted, CONTEXT)
    assert {each["field"]: each["after"] for each in entry["changes"]} == {
        "name": "Pen",
        "status": "active",
        "measure": "each",
        "taxClass": "standard",
        "price": {"amount": 150, "currency": "EUR"},
        "stock": {"avail": 3000},
    }
    bare = telling.audit(of(decide(None, row(None, name="Pen"))), row(None, name="Pen"), CONTEXT)
    assert [each["field"] for each in bare["changes"]] == ["name", "status", "measure", "taxClass"]


def test_an_entry_of_a_roll_back_has_no_row() -> None:
    record = of(decide(live(), row(live(), name="Pen")))
    assert telling.audit(record, None, CONTEXT)["changes"] == [{"field": "name", "before": "Pencil", "after": "Pen"}]


def facts(*records: dict[str, Any]) -> dict[str, tuple[str, list[Any]]]:
    made = telling.facts(list(records), CONTEXT)
    return {fact.id: (fact.kind[0], next(iter(fact.data.values()))) for fact in made}


def test_one_event_of_a_kind_for_all_products_of_a_chunk() -> None:
    one, two = of(decide(None, row(None, name="A"))), of(decide(None, row(None, name="B")))
    edit, gone = of(decide(live(), row(live(), name="Pen"))), of(decide(live(), GONE))
    ver = one["ver"]
    assert facts(one, two, edit, gone) == {
        "i1:0:catalog.product_published": (
            "catalog.product_published", [{"barcode": BARCODE, "ver": ver}, {"barcode": BARCODE, "ver": ver}]
        ),
        "i1:0:catalog.product_changed": (
            "catalog.product_changed", [{"barcode": BARCODE, "ver": 42, "changed": ["name"]}]
        ),
        "i1:0:catalog.product_withdrawn": ("catalog.product_withdrawn", [{"barcode": BARCODE, "ver": 42}]),
    }  # fmt: skip


def test_prices_and_stocks_are_told_apart_with_their_time() -> None:
    before = live(stock=stock(7000))
    record = of(decide(before, row(before, price=150, stock=5000)))
    found = facts(record)
    price = {
        **{"barcode": BARCODE, "field": "price", "old": 100, "new": 150, "currency": "EUR", "ver": 42},
        "sourceTime": "2026-11-18T11:06:40Z",
    }
    count = price | {"field": "stock", "old": 7000, "new": 5000, "currency": None}
    assert found == {
        "i1:0:catalog.price_changed:price": ("catalog.price_changed", [price]),
        "i1:0:catalog.price_changed:stock": ("catalog.price_changed", [count]),
    }


def test_what_did_not_change_after_all_or_is_gone_is_not_told() -> None:
    record = of(decide(live(), row(live(), price=150)))
    assert facts(record | {"after": {"price": None}}) == {}
    same = {"price": {"amount": 100, "currency": "EUR", "w": {"t": T}}}
    assert facts(record | {"after": same}) == {}
    inactive = live(status="inactive", price=None)
    (change,) = facts(of(decide(inactive, row(inactive, name="Pen", price=5)))).values()
    assert (change[0], change[1][0]["old"]) == ("catalog.price_changed", None)


def test_counts_of_products_that_were_there_go_into_the_ledger() -> None:
    created, counted = of(decide(None, row(None, name="A", stock=1))), of(decide(live(), row(live(), stock=1), []))
    assert telling.recounts([created, counted, counted | {"after": {"stock": None}}]) == [counted]


def test_the_cache_is_told_barcodes_and_versions() -> None:
    assert telling.versions([of(decide(live(), GONE))]) == [(BARCODE, 42)]
