"""Profiles are data of the tenant's: whatever is sent is checked, and everything wrong is named."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.import_publish.domain.describing import Compose, Group
from functions.import_publish.domain.fields import is_field
from functions.import_publish.domain.profiles import BUILT_IN, Profile, ProfileProblem

WHOLE: dict[str, Any] = {
    "name": "acme",
    "title": "Acme's till",
    "columns": {"barcode": ["Code"], "price": "VK", "metadata.colour": ["Farbe"]},
    "constants": {"taxClass": "reduced"},
    "words": {"status": {"AN": "active"}},
    "decimal": ",",
    "priceUnit": "minor",
    "stockUnit": "kg",
    "unknown": "metadata",
    "mode": "full",
    "empty": "clear",
    "html": ["description"],
    "slugify": ["brandId"],
    "textMarks": True,
    "restoreZeros": True,
    "dates": ["DD.MM.YYYY"],
    "needs": {"stock": "Tracked"},
    "compose": {"name": {"columns": ["Title", "Size"], "join": ", ", "skip": ["-"], "take": "all"}},
    "group": {"by": "Handle", "fill": ["Title"], "own": ["Code"]},
    "encoding": "cp1252",
    "delimiter": ";",
    "sheet": "Artikel",
}


def problems(**data: Any) -> dict[str, str]:
    with pytest.raises(ProfileProblem) as refused:
        Profile.from_dict({"name": "test", **data})
    assert refused.value.code == "PROFILE_INVALID"
    return dict(refused.value.problems)


def test_a_profile_is_what_its_caller_said() -> None:
    profile = Profile.from_dict(WHOLE)
    assert profile.columns == {"barcode": ("Code",), "price": ("VK",), "metadata.colour": ("Farbe",)}
    assert profile.words == {"status": {"an": "active"}}
    assert profile.compose == {"name": Compose(("Title", "Size"), ", ", ("-",))}
    assert profile.group == Group("Handle", ("Title",), ("Code",))
    assert (profile.decimal, profile.price_unit, profile.stock_unit) == (",", "minor", "kg")


@pytest.mark.parametrize("profile", [Profile.from_dict(WHOLE), *BUILT_IN.values(), Profile("bare")])
def test_a_profile_survives_being_stored(profile: Profile) -> None:
    assert Profile.from_dict(profile.to_dict()) == profile


def test_a_profile_can_extend_a_built_in_one_field_by_field() -> None:
    profile = Profile.from_dict(
        {"name": "mine", "extends": "shopify", "columns": {"barcode": ["EAN"]}, "decimal": ",", "group": None}
    )
    shopify = BUILT_IN["shopify"]
    assert profile.columns == {**shopify.columns, "barcode": ("EAN",)}
    assert (profile.name, profile.decimal, profile.group) == ("mine", ",", None)
    assert profile.compose == shopify.compose
    assert Profile.from_dict(profile.to_dict()) == profile


def test_everything_wrong_is_named_at_once() -> None:
    assert set(problems(decimal=";", colour="red", html=["name"], textMarks=1)) == {
        "decimal",
        "colour",
        "html",
        "textMarks",
    }


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"title": "x" * 201}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"title": "a\x00"}, "title"),
        ({"extends": "woocommerce"}, "extends"),
        ({"extends": ["shopify"]}, "extends"),
        ({"columns": ["barcode"]}, "columns"),
        ({"columns": {"ean": ["EAN"]}}, "columns.ean"),
        ({"columns": {"metadata.": ["x"]}}, "columns.metadata."),
        ({"columns": {"metadata.a.b": ["x"]}}, "columns.metadata.a.b"),
        ({"columns": {"metadata.$a": ["x"]}}, "columns.metadata.$a"),
        ({"columns": {5: ["x"]}}, "columns.5"),
        ({"columns": {"barcode": 5}}, "columns.barcode"),
        ({"columns": {"barcode": [""]}}, "columns.barcode"),
        ({"columns": {"barcode": ["*"]}}, "columns.barcode"),
        ({"columns": {"barcode": ["x"] * 101}}, "columns.barcode"),
        ({"constants": {"taxClass": 19}}, "constants.taxClass"),
        ({"words": {"status": ["active"]}}, "words.status"),
        ({"words": {"status": {str(n): "active" for n in range(201)}}}, "words.status"),
        ({"stockUnit": "lb"}, "stockUnit"),
        ({"delimiter": "::"}, "delimiter"),
        ({"encoding": 8}, "encoding"),
        ({"slugify": ["name"]}, "slugify"),
        ({"dates": ["DD.MM"]}, "dates"),
        ({"dates": "DD.MM.YYYY"}, "dates"),
        ({"compose": {"name": {"join": " "}}}, "compose.name"),
        ({"compose": {"name": {"columns": ["a"], "take": "last"}}}, "compose.name.take"),
        ({"compose": {"name": {"columns": ["a"], "how": "x"}}}, "compose.name"),
        ({"group": {"fill": ["a"]}}, "group"),
        ({"group": "Handle"}, "group"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(data: dict[str, Any], where: str) -> None:
    assert set(problems(**data)) == {where}


def test_a_profile_needs_a_name() -> None:
    with pytest.raises(ProfileProblem, match="name: is needed"):
        Profile.from_dict({})


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.sampled_from(list(WHOLE)), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*WHOLE, "extends", "x"]), PLAIN, max_size=6))
def test_no_description_breaks_the_reading_of_profiles(data: dict[str, Any]) -> None:
    with contextlib.suppress(ProfileProblem):
        profile = Profile.from_dict(data)
        assert Profile.from_dict(profile.to_dict()) == profile


@pytest.mark.parametrize("profile", BUILT_IN.values(), ids=str)
def test_built_in_profiles_name_only_fields_that_exist(profile: Profile) -> None:
    for named in (profile.columns, profile.words, profile.compose, profile.needs):
        assert all(map(is_field, named))


def test_no_column_name_of_ours_means_two_fields() -> None:
    names = [alias.casefold() for aliases in BUILT_IN["retailscan"].columns.values() for alias in aliases]
    assert len(names) == len(set(names))
