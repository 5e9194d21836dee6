"""The rules of an edit: what counts as a change, which edits collide, what the other rooms are told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.catalog import domain
from functions.catalog.domain import Change, Invalid

ALLOWED = ("name", "description", "metadata", "units")
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=4)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def test_only_fields_that_differ_are_changes() -> None:
    before = {"name": "Pencil", "description": "old", "ver": 3}
    patch = {"name": "Pencil", "description": "new"}
    assert domain.diff(before, patch, ALLOWED) == [Change("description", "old", "new")]


def test_a_field_that_is_not_there_yet_counts_as_null() -> None:
    assert domain.diff({}, {"description": None}, ALLOWED) == []


@pytest.mark.parametrize("field", ["price", "stock", "ver", "tenantId", "storeId", "_id", "outbox", "$set"])
def test_fields_of_others_cannot_be_patched_even_behind_the_schema(field: str) -> None:
    with pytest.raises(Invalid) as refused:
        domain.diff({}, {field: 1}, ALLOWED)
    assert refused.value.code == "FIELD_NOT_EDITABLE"


def test_metadata_is_merged_and_null_removes_a_key() -> None:
    before = {"metadata": {"bio": True, "origin": "FR", "fat": 3}}
    (change,) = domain.diff(before, {"metadata": {"origin": None, "fat": 4}}, ALLOWED)
    assert change == Change("metadata", before["metadata"], {"bio": True, "fat": 4})


def test_a_merge_that_changes_nothing_is_no_change() -> None:
    assert domain.diff({"metadata": {"a": 1}}, {"metadata": {"a": 1, "b": None}}, ALLOWED) == []


def test_a_merge_cannot_grow_metadata_past_its_limit() -> None:
    full = {f"k{n}": n for n in range(domain.MOST_METADATA_KEYS)}
    assert domain.merged(full, {"k0": None, "new": 1})["new"] == 1
    with pytest.raises(Invalid, match="more than 50 keys"):
        domain.merged(full, {"new": 1})


@pytest.mark.parametrize(
    ("one", "other"), [(True, 1), (0, False), (1, 1.0), ({"a": 1}, {"a": True}), ([1], [1.0]), ([], {}), ([1], [1, 2])]
)
def test_values_that_python_calls_equal_but_json_does_not_are_different(one: object, other: object) -> None:
    assert not domain.same(one, other)


@given(JSON)
def test_every_value_is_the_same_as_itself(value: Any) -> None:
    assert domain.same(value, value)


@given(st.dictionaries(st.sampled_from(ALLOWED[:2]), JSON), st.dictionaries(st.sampled_from(ALLOWED[:2]), JSON))
def test_applying_the_changes_makes_the_patch_true_and_a_second_time_changes_nothing(
    before: dict[str, Any], patch: dict[str, Any]
) -> None:
    after = before | {change.field: change.after for change in domain.diff(before, patch, ALLOWED)}
    assert all(domain.same(after.get(field), value) for field, value in patch.items())
    assert domain.diff(after, patch, ALLOWED) == []


@pytest.mark.parametrize(
    ("seen", "edited", "collides"), [(None, 9, False), (9, 9, False), (10, 9, False), (8, 9, True)]
)
def test_an_edit_collides_only_with_an_edit_made_after_what_was_seen(
    seen: int | None, edited: int, collides: bool
) -> None:
    assert domain.outdated(seen, edited) is collides


@pytest.mark.parametrize(("header", "version"), [(None, None), ("*", None), ('"17"', 17), ("17", 17), (' "0" ', 0)])
def test_if_match_names_one_version(header: str | None, version: int | None) -> None:
    assert domain.parse_if_match(header) == version


@pytest.mark.parametrize("header", ['W/"17"', '"1", "2"', '"abc"', "", "-1", "1" * 19, "٣"])
def test_an_if_match_that_cannot_be_read_is_refused_not_ignored(header: str) -> None:
    with pytest.raises(Invalid) as refused:
        domain.parse_if_match(header)
    assert refused.value.code == "INVALID_IF_MATCH"


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
    kind = domain.event_for(before, after, changed)
    assert (kind[0] if kind else None) == event
