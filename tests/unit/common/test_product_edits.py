"""The rules of an edit: what counts as a change, what each edit writes, what the other rooms are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common import product_edits
from functions.common.product_edits import Change, Editor, Initial, Invalid, micros
from functions.common.products import ProductDocument, price_field, stock_field

ALLOWED = ("name", "description", "metadata", "units")
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=4)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
NOW = datetime(2026, 11, 20, 9, 30, 15, 123000, tzinfo=UTC)
EDITOR = Editor("ann", "brand_manager", "req-1", "op1", NOW)
LATER = Editor("bob", "store_manager", "req-2", "op2", NOW + timedelta(hours=1))
GTIN = "4006381333931"
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


def initial(amount: int = 199, as_of: datetime | None = None, editor: Editor = EDITOR) -> Initial:
    t = micros(as_of or editor.now)
    return Initial(
        price_field(amount, "EUR", {"t": t, "q": 0, "s": "catalog", "e": editor.op}),
        stock_field(4000, {"t": t, "q": 0, "s": "catalog", "e": editor.op}),
    )


def test_only_fields_that_differ_are_changes() -> None:
    before = {"name": "Pencil", "description": "old", "ver": 3}
    patch = {"name": "Pencil", "description": "new"}
    assert product_edits.diff(before, patch, ALLOWED) == [Change("description", "old", "new")]


def test_a_field_that_is_not_there_yet_counts_as_null() -> None:
    assert product_edits.diff({}, {"description": None}, ALLOWED) == []


@pytest.mark.parametrize("field", ["price", "stock", "ver", "tenantId", "storeId", "_id", "outbox", "$set"])
def test_fields_of_others_cannot_be_patched_even_behind_the_schema(field: str) -> None:
    with pytest.raises(Invalid) as refused:
        product_edits.diff({}, {field: 1}, ALLOWED)
    assert refused.value.code == "FIELD_NOT_EDITABLE"


def test_metadata_is_merged_and_null_removes_a_key() -> None:
    before = {"metadata": {"bio": True, "origin": "FR", "fat": 3}}
    (change,) = product_edits.diff(before, {"metadata": {"origin": None, "fat": 4}}, ALLOWED)
    assert change == Change("metadata", before["metadata"], {"bio": True, "fat": 4})


def test_a_merge_that_changes_nothing_is_no_change() -> None:
    assert product_edits.diff({"metadata": {"a": 1}}, {"metadata": {"a": 1, "b": None}}, ALLOWED) == []


def test_a_merge_cannot_grow_metadata_past_its_limit() -> None:
    full = {f"k{n}": n for n in range(product_edits.MOST_METADATA_KEYS)}
    assert product_edits.merged(full, {"k0": None, "new": 1})["new"] == 1
    with pytest.raises(Invalid, match="more than 50 keys"):
        product_edits.merged(full, {"new": 1})


@pytest.mark.parametrize(
    ("one", "other"), [(True, 1), (0, False), (1, 1.0), ({"a": 1}, {"a": True}), ([1], [1.0]), ([], {}), ([1], [1, 2])]
)
def test_values_that_python_calls_equal_but_json_does_not_are_different(one: object, other: object) -> None:
    assert not product_edits.same(one, other)


@given(JSON)
def test_every_value_is_the_same_as_itself(value: Any) -> None:
    assert product_edits.same(value, value)


@given(st.dictionaries(st.sampled_from(ALLOWED[:2]), JSON), st.dictionaries(st.sampled_from(ALLOWED[:2]), JSON))
def test_applying_the_changes_makes_the_patch_true_and_a_second_time_changes_nothing(
    before: dict[str, Any], patch: dict[str, Any]
) -> None:
    after = before | {change.field: change.after for change in product_edits.diff(before, patch, ALLOWED)}
    assert all(product_edits.same(after.get(field), value) for field, value in patch.items())
    assert product_edits.diff(after, patch, ALLOWED) == []


@pytest.mark.parametrize(
    ("before", "after", "changed", "event"),
    [
        (None, "active", ["name"], "catalog.product_published"),
        (None, "inactive", ["name"], "catalog.product_published"),
        ("deleted", "active", ["status"], "catalog.product_published"),
        ("inactive", "active", ["status"], "catalog.product_published"),
        ("active", "inactive", ["status"], "catalog.product_withdrawn"),
        ("active", "deleted", ["status"], "catalog.product_withdrawn"),
        ("inactive", "deleted", ["status"], "catalog.product_withdrawn"),
        ("active", "active", ["name"], "catalog.product_changed"),
        ("active", "active", [], None),
        ("inactive", "inactive", ["name"], None),
        ("deleted", "deleted", ["name"], None),
        (None, "deleted", [], None),
    ],
)
def test_the_event_of_a_change(before: str | None, after: str, changed: list[str], event: str | None) -> None:
    kind = product_edits.event_for(before, after, changed)
    assert (kind[0] if kind else None) == event


def created(**changes: Any) -> ProductDocument:
    return product_edits.new_product("acme", "berlin", GTIN, FIELDS | changes, Initial(), EDITOR).after


def test_a_new_product_is_complete_audited_and_published() -> None:
    write = product_edits.new_product("acme", "berlin", GTIN, FIELDS, initial(), EDITOR)
    after = write.after
    assert write.before_ver is None
    assert (after["tenantId"], after["storeId"], after["barcode"]) == ("acme", "berlin", GTIN)
    assert after["ver"] == 1795167015123
    assert cast(dict[str, Any], after)["nameTokens"] == ["fine", "pencil"]
    assert write.event is not None
    assert write.event["id"] == f"berlin:{GTIN}:{after['ver']}"
    assert write.event["data"] == {"products": [{"barcode": GTIN, "ver": after["ver"]}]}
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
    write = product_edits.edited(before, {"name": "Fine Pencil", "brandId": "faber"}, LATER)
    assert write is not None
    assert dict(write.fresh) == {"brandId": "faber"}
    assert write.before_ver == before["ver"]
    assert write.after["ver"] == before["ver"] + 1
    assert write.after["updatedAt"] == LATER.now
    assert write.entry["changes"] == [{"field": "brandId", "before": "stabilo", "after": "faber"}]
    assert write.event is not None
    assert write.event["data"]["products"][0]["changed"] == ["brandId"]


def test_an_edit_that_changes_nothing_writes_nothing() -> None:
    assert product_edits.edited(created(), {"name": "Fine Pencil", "units": []}, LATER) is None


def test_a_new_name_is_found_by_its_new_words() -> None:
    write = product_edits.edited(created(), {"name": "Crème Brûlée"}, LATER)
    assert write is not None
    assert write.fresh["nameTokens"] == ["creme", "brulee"]


def test_an_inactive_product_is_edited_without_telling_anybody() -> None:
    write = product_edits.edited(created(status="inactive"), {"name": "Pen"}, LATER)
    assert write is not None
    assert write.event is None


def test_a_withdrawn_product_keeps_its_document_and_its_version_goes_on() -> None:
    before = created()
    write = product_edits.withdrawn(before, LATER)
    assert write is not None
    assert write.after["status"] == "deleted"
    assert write.after["ver"] == before["ver"] + 1
    assert product_edits.withdrawn(write.after, LATER) is None


def gone(**changes: Any) -> ProductDocument:
    write = product_edits.withdrawn(cast(ProductDocument, {**created(), **changes}), EDITOR)
    assert write is not None
    return write.after


def test_a_product_that_comes_back_has_a_higher_version_than_it_ever_had() -> None:
    before = gone()
    write = product_edits.revived(before, FIELDS | {"name": "New Pencil"}, Initial(), LATER)
    assert write.after["ver"] == before["ver"] + 1
    assert write.after["status"] == "active"
    assert write.event is not None
    assert write.event["type"] == "catalog.product_published"
    assert write.entry["action"] == "revived"


def test_a_product_that_comes_back_does_not_keep_old_metadata() -> None:
    before = gone(metadata={"old": True, "kept": 1})
    write = product_edits.revived(before, FIELDS | {"metadata": {"kept": 1}}, Initial(), LATER)
    assert write.after["metadata"] == {"kept": 1}
    same = product_edits.revived(before, FIELDS | {"metadata": {"old": True, "kept": 1}}, Initial(), LATER)
    assert "metadata" not in same.fresh


@pytest.mark.parametrize(
    ("as_of", "amount"), [(NOW, 250), (LATER.now, 250), (NOW - timedelta(days=1), 199), (None, 250)]
)
def test_the_price_of_a_product_that_comes_back_never_goes_back_in_time(as_of: datetime | None, amount: int) -> None:
    standing = initial(199, as_of=NOW - timedelta(hours=1))
    before = gone(price=standing.price)
    write = product_edits.revived(before, FIELDS, initial(250, as_of, LATER), LATER)
    price = write.after["price"]
    assert price is not None
    assert price["amount"] == amount


def test_a_repeated_request_recognises_what_it_made() -> None:
    document = {"edit": {"op": "op1.product.4006381333931.1", "action": "created", "ver": 1}}
    assert product_edits.made_by(document, EDITOR) == "created"
    assert product_edits.made_by(document, LATER) is None
    assert product_edits.made_by({"edit": {"op": "op1.x", "action": "updated"}}, EDITOR) == "updated"
    assert product_edits.made_by({}, EDITOR) is None


def test_the_last_edit_is_not_the_last_version() -> None:
    assert product_edits.last_edit({"ver": 9, "edit": {"ver": 7}}) == 7
    assert product_edits.last_edit({"ver": 9}) == 0


def test_the_editor_s_time_is_what_mongodb_can_keep() -> None:
    made = product_edits.editor("ann", "erp", "r", "o", datetime(2026, 1, 2, 3, 4, 5, 678999, tzinfo=UTC))
    assert made.now.microsecond == 678000


def test_microseconds_are_exact() -> None:
    assert product_edits.micros(datetime(2026, 11, 20, 9, 30, 15, 999999, tzinfo=UTC)) == 1795167015_999999


@pytest.mark.parametrize(("header", "version"), [(None, None), ("*", None), ('"17"', 17), ("17", 17), (' "0" ', 0)])
def test_if_match_names_one_version(header: str | None, version: int | None) -> None:
    assert product_edits.parse_if_match(header) == version


@pytest.mark.parametrize("header", ['W/"17"', '"1", "2"', '"abc"', "", "-1", "1" * 19, "٣"])
def test_an_if_match_that_cannot_be_read_is_refused_not_ignored(header: str) -> None:
    with pytest.raises(Invalid) as refused:
        product_edits.parse_if_match(header)
    assert refused.value.code == "INVALID_IF_MATCH"
