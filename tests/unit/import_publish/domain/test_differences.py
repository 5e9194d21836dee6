"""What a row would change: every field that differs, none that does not, and nothing the file is silent about."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.import_publish.domain import plan
from functions.import_publish.domain.differences import Difference, diff, withdrawal
from functions.import_publish.domain.fields import DEFAULTS, PRODUCT_FIELDS

LIVE: dict[str, Any] = {
    "barcode": "4006381333931",
    "status": "active",
    "name": "Tea",
    "description": None,
    "brandId": "acme",
    "categoryId": None,
    "measure": "each",
    "taxClass": "standard",
    "imageUrl": None,
    "ageRestriction": None,
    "showInQuickProducts": False,
    "metadata": {"colour": "green", "grams": 250, "organic": True, "weight": 1.5},
    "price": {"amount": 199, "currency": "EUR"},
    "stock": {"avail": 4000},
}


def changes(values: dict[str, Any], live: dict[str, Any] = LIVE) -> list[list[Any]]:
    return diff(values, live).changes


def test_what_is_not_there_is_created() -> None:
    assert diff({"name": "Tea"}, None) == Difference("create", [])


def test_what_is_as_it_was_is_left_alone() -> None:
    values = {"name": "Tea", "brandId": "acme", "price": 199, "stock": 4000, "currency": "EUR", "asOf": 5}
    assert diff({**values, "description": None, "metadata": {"colour": "green"}}, LIVE) == Difference("unchanged", [])


def test_an_update_shows_every_field_before_and_after() -> None:
    values = {"name": "Green tea", "brandId": None, "price": 249, "stock": 0, "showInQuickProducts": True}
    assert diff(values, LIVE) == Difference(
        "update",
        [
            ["name", "Tea", "Green tea"],
            ["brandId", "acme", None],
            ["price", 199, 249],
            ["stock", 4000, 0],
            ["showInQuickProducts", False, True],
        ],
    )


def test_a_first_price_and_stock_come_from_nothing() -> None:
    bare = {"status": "active", "price": None}
    assert changes({"price": 199, "stock": 0}, bare) == [["price", None, 199], ["stock", None, 0]]


def test_metadata_change_key_by_key() -> None:
    assert changes({"metadata": {"colour": "black", "new": "x", "grams": None, "gone": None}}) == [
        ["metadata.colour", "green", "black"],
        ["metadata.new", None, "x"],
        ["metadata.grams", 250, None],
    ]
    assert changes({"metadata": {"a": "b"}}, {**LIVE, "metadata": None}) == [["metadata.a", None, "b"]]


@pytest.mark.parametrize(("key", "text"), [("grams", "250"), ("organic", "TRUE"), ("weight", "1.5")])
def test_a_number_in_the_metadata_does_not_become_a_text_by_being_imported(key: str, text: str) -> None:
    assert changes({"metadata": {key: text}}) == []


@pytest.mark.parametrize(
    ("key", "text"), [("grams", "250.0"), ("organic", "1"), ("organic", None), ("colour", "GREEN")]
)
def test_another_value_in_the_metadata_is_a_change(key: str, text: str | None) -> None:
    assert changes({"metadata": {key: text}}) == [[f"metadata.{key}", LIVE["metadata"][key], text]]


def test_what_is_shown_of_a_product_that_comes_back_is_what_publishing_makes_of_it() -> None:
    made = plan.whole({"name": "Tea"})
    assert {name: made[name] for name in PRODUCT_FIELDS if name != "name"} == DEFAULTS


def test_a_withdrawn_product_comes_back_whole() -> None:
    gone = {**LIVE, "status": "deleted", "ageRestriction": 18}
    assert diff({"name": "Tea", "metadata": {"grams": "250"}, "price": 199}, gone) == Difference(
        "return",
        [
            ["brandId", "acme", None],
            ["status", "deleted", "active"],
            ["ageRestriction", 18, None],
            ["metadata.colour", "green", None],
            ["metadata.organic", True, None],
            ["metadata.weight", 1.5, None],
        ],
    )
    assert ["status", "deleted", "inactive"] in changes({"status": "inactive"}, {"status": "deleted"})


def test_what_a_full_catalogue_does_not_name_is_withdrawn() -> None:
    assert withdrawal("inactive") == Difference("withdraw", [["status", "inactive", "deleted"]])


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Tea", "Cup"]),
        "description": st.none() | st.just("x"),
        "status": st.sampled_from(["active", "inactive"]),
        "price": st.integers(198, 200),
        "stock": st.sampled_from([0, 4000]),
        "metadata": st.dictionaries(st.sampled_from(["a", "b"]), st.none() | st.sampled_from(["x", "y"]), max_size=2),
    },
)


def applied(live: dict[str, Any], found: list[list[Any]]) -> dict[str, Any]:
    result = {**live, "metadata": dict(live["metadata"])}
    for field, before, after in found:
        if field.startswith("metadata."):
            assert result["metadata"].get(field[9:]) == before
            result["metadata"][field[9:]] = after
        elif field in ("price", "stock"):
            key = "amount" if field == "price" else "avail"
            assert result[field][key] == before
            result[field] = {**result[field], key: after}
        else:
            assert result.get(field) == before
            result[field] = after
    return result


@given(FIELDS, st.sampled_from(["active", "deleted"]))
def test_with_its_changes_made_a_product_differs_no_more(values: dict[str, Any], status: str) -> None:
    live = {**LIVE, "status": status}
    first = diff(values, live)
    again = diff(values, applied(live, first.changes))
    assert again == Difference("unchanged", [])
    assert (first.action == "unchanged") == (first.changes == [])
