"""The rules of a product: barcodes, packs, initial price and stock, what each edit writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest

from functions.catalog import domain
from functions.catalog.domain import Editor, Initial, Invalid
from functions.common.products import ProductDocument

NOW = datetime(2026, 11, 20, 9, 30, 15, 123000, tzinfo=UTC)
EDITOR = Editor("ann", "brand_manager", "req-1", "op1", NOW)
LATER = Editor("bob", "store_manager", "req-2", "op2", NOW + timedelta(hours=1))
GTIN, PACK, OTHER = "4006381333931", "5000112637922", "96385074"
FIELDS: dict[str, Any] = {
    "name": "Fine Pencil",
    "description": None,
    "brandId": "stabilo",
    "categoryId": None,
    "status": "active",
    "showInQuickProducts": False,
    "measure": "each",
    "taxClass": "standard",
    "imageUrl": None,
    "ageRestriction": None,
    "recalledLots": [],
    "units": [],
    "metadata": {},
}


def unit(barcode: str, quantity: int = 6000) -> dict[str, Any]:
    return {"name": "six", "barcode": barcode, "quantity": quantity, "price": None}


def created(**changes: Any) -> ProductDocument:
    return domain.new_product("acme", "berlin", GTIN, FIELDS | changes, Initial(), EDITOR).after


def initial(amount: int = 199, as_of: datetime | None = None, editor: Editor = EDITOR) -> Initial:
    price = {"amount": amount, "currency": "EUR", "asOf": as_of}
    return domain.stated({"price": price, "stock": {"quantity": 4000, "asOf": as_of}}, "EUR", editor)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("4006381333931", "4006381333931"),
        ("04006381333931", "4006381333931"),
        ("036000291452", "0036000291452"),
        ("96385074", "96385074"),
        ("04252614", "0042100005264"),  # no GTIN-8, so it is read as the UPC-E it is
    ],
)
def test_one_product_has_one_barcode_however_it_was_typed(given: str, stored: str) -> None:
    assert domain.canonical_barcode(given) == stored


@pytest.mark.parametrize(
    ("given", "reason"),
    [("4006381333932", "CHECK_DIGIT"), ("12345", "BAD_LENGTH"), ("ABCDEFGH", "UNSUPPORTED_SYMBOL"), ("", "EMPTY")],
)
def test_a_barcode_that_cannot_be_read_is_refused_with_its_reason(given: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        domain.canonical_barcode(given)
    assert (refused.value.code, refused.value.field) == (reason, "barcode")


def test_packs_get_canonical_barcodes_too() -> None:
    (pack,) = domain.canonical_units(GTIN, [unit("0" + PACK)])
    assert pack == {"name": "six", "barcode": PACK, "quantity": 6000, "price": None}


@pytest.mark.parametrize("codes", [[GTIN], [PACK, PACK], [PACK, "0" + PACK]])
def test_every_pack_needs_a_barcode_of_its_own(codes: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        domain.canonical_units(GTIN, [unit(code) for code in codes])
    assert refused.value.code == "DUPLICATE_UNIT_BARCODE"


def test_a_pack_with_a_wrong_check_digit_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        domain.canonical_units(GTIN, [unit("5000112637923")])
    assert (refused.value.code, refused.value.field) == ("CHECK_DIGIT", "units.barcode")


def test_initial_values_carry_the_time_they_were_stated() -> None:
    as_of = datetime(2026, 11, 19, 22, 0, 0, 7, tzinfo=timezone(timedelta(hours=2)))
    given = initial(as_of=as_of)
    assert given.price is not None
    assert given.stock is not None
    assert given.price["w"] == {"t": 1795118400_000007, "q": 0, "s": "catalog", "e": "op1"}
    assert given.stock["w"]["t"] == given.price["w"]["t"]
    assert (given.price["amount"], given.stock["avail"]) == (199, 4000)


def test_initial_values_without_a_time_are_stated_now() -> None:
    price = initial().price
    assert price is not None
    assert price["w"]["t"] == domain.micros(NOW)


def test_nothing_stated_is_nothing() -> None:
    assert domain.stated({}, "EUR", EDITOR) == Initial(None, None)


def test_clocks_may_differ_by_five_minutes_and_no_more() -> None:
    initial(as_of=NOW + timedelta(minutes=5))
    with pytest.raises(Invalid) as refused:
        initial(as_of=NOW + timedelta(minutes=5, milliseconds=1))
    assert (refused.value.code, refused.value.field) == ("AS_OF_IN_FUTURE", "price.asOf")


def test_a_price_in_another_currency_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        domain.stated({"price": {"amount": 1, "currency": "USD", "asOf": None}}, "EUR", EDITOR)
    assert refused.value.code == "WRONG_CURRENCY"


def test_a_new_product_is_complete_audited_and_published() -> None:
    write = domain.new_product("acme", "berlin", GTIN, FIELDS, initial(), EDITOR)
    after = write.after
    assert write.before_ver is None
    assert (after["tenantId"], after["storeId"], after["barcode"]) == ("acme", "berlin", GTIN)
    assert after["ver"] == 1795167015123
    assert cast(dict[str, Any], after)["nameTokens"] == ["fine", "pencil"]
    assert write.event is not None
    assert write.event["id"] == f"berlin:{GTIN}:{after['ver']}"
    assert write.event["data"] == {"barcode": GTIN, "ver": after["ver"]}
    assert (write.entry["action"], write.entry["who"], write.entry["requestId"]) == ("created", "ann", "req-1")
    assert [change["field"] for change in write.entry["changes"]] == [
        "name",
        "brandId",
        "status",
        "measure",
        "taxClass",
        "price",
        "stock",
    ]
    assert write.entry["changes"][-2]["after"] == {"amount": 199, "currency": "EUR"}


def test_an_edit_sets_only_what_differs_and_moves_the_version_by_one() -> None:
    before = created()
    write = domain.edited(before, {"name": "Fine Pencil", "brandId": "faber"}, LATER)
    assert write is not None
    assert dict(write.fresh) == {"brandId": "faber"}
    assert write.before_ver == before["ver"]
    assert write.after["ver"] == before["ver"] + 1
    assert write.after["updatedAt"] == LATER.now
    assert write.entry["changes"] == [{"field": "brandId", "before": "stabilo", "after": "faber"}]
    assert write.event is not None
    assert write.event["data"]["changed"] == ["brandId"]


def test_an_edit_that_changes_nothing_writes_nothing() -> None:
    assert domain.edited(created(), {"name": "Fine Pencil", "units": []}, LATER) is None


def test_a_new_name_is_found_by_its_new_words() -> None:
    write = domain.edited(created(), {"name": "Crème Brûlée"}, LATER)
    assert write is not None
    assert write.fresh["nameTokens"] == ["creme", "brulee"]


def test_an_inactive_product_is_edited_without_telling_anybody() -> None:
    write = domain.edited(created(status="inactive"), {"name": "Pen"}, LATER)
    assert write is not None
    assert write.event is None


def test_a_withdrawn_product_keeps_its_document_and_its_version_goes_on() -> None:
    before = created()
    write = domain.withdrawn(before, LATER)
    assert write is not None
    assert write.after["status"] == "deleted"
    assert write.after["ver"] == before["ver"] + 1
    assert domain.withdrawn(write.after, LATER) is None


def gone(**changes: Any) -> ProductDocument:
    write = domain.withdrawn(cast(ProductDocument, {**created(), **changes}), EDITOR)
    assert write is not None
    return write.after


def test_a_product_that_comes_back_has_a_higher_version_than_it_ever_had() -> None:
    before = gone()
    write = domain.revived(before, FIELDS | {"name": "New Pencil"}, Initial(), LATER)
    assert write.after["ver"] == before["ver"] + 1
    assert write.after["status"] == "active"
    assert write.event is not None
    assert write.event["type"] == "catalog.product_published"
    assert write.entry["action"] == "revived"


def test_a_product_that_comes_back_does_not_keep_old_metadata() -> None:
    before = gone(metadata={"old": True, "kept": 1})
    write = domain.revived(before, FIELDS | {"metadata": {"kept": 1}}, Initial(), LATER)
    assert write.after["metadata"] == {"kept": 1}
    same = domain.revived(before, FIELDS | {"metadata": {"old": True, "kept": 1}}, Initial(), LATER)
    assert "metadata" not in same.fresh


@pytest.mark.parametrize(
    ("as_of", "amount"), [(NOW, 250), (LATER.now, 250), (NOW - timedelta(days=1), 199), (None, 250)]
)
def test_the_price_of_a_product_that_comes_back_never_goes_back_in_time(as_of: datetime | None, amount: int) -> None:
    standing = initial(199, as_of=NOW - timedelta(hours=1))
    before = gone(price=standing.price)
    write = domain.revived(before, FIELDS, initial(250, as_of, LATER), LATER)
    price = write.after["price"]
    assert price is not None
    assert price["amount"] == amount


def test_a_repeated_request_recognises_what_it_made() -> None:
    document = {"edit": {"op": "op1.product.4006381333931.1", "action": "created", "ver": 1}}
    assert domain.made_by(document, EDITOR) == "created"
    assert domain.made_by(document, LATER) is None
    assert domain.made_by({"edit": {"op": "op1.x", "action": "updated"}}, EDITOR) == "updated"
    assert domain.made_by({}, EDITOR) is None


def test_the_last_edit_is_not_the_last_version() -> None:
    assert domain.last_edit({"ver": 9, "edit": {"ver": 7}}) == 7
    assert domain.last_edit({"ver": 9}) == 0


def test_a_barcode_must_not_mean_two_products() -> None:
    on_sale = [{"barcode": OTHER, "units": [{"barcode": PACK}]}]
    assert domain.ambiguous({GTIN: [PACK]}, on_sale) == {GTIN}
    assert domain.ambiguous({PACK: []}, on_sale) == {PACK}
    assert domain.ambiguous({GTIN: [OTHER]}, on_sale) == {GTIN}
    assert domain.ambiguous({OTHER: [PACK]}, on_sale) == set()
    assert domain.ambiguous({GTIN: [PACK], OTHER: []}, []) == set()
    assert domain.ambiguous({GTIN: [PACK], OTHER: [PACK]}, [{"barcode": "1"}]) == {GTIN, OTHER}


def test_the_editor_s_time_is_what_mongodb_can_keep() -> None:
    made = domain.editor("ann", "erp", "r", "o", datetime(2026, 1, 2, 3, 4, 5, 678999, tzinfo=UTC))
    assert made.now.microsecond == 678000


def test_microseconds_are_exact() -> None:
    assert domain.micros(datetime(2026, 11, 20, 9, 30, 15, 999999, tzinfo=UTC)) == 1795167015_999999
