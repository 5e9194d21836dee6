"""Names are folded so that they sort and are found whatever their case and accents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common import product_names


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("  Crème   BRÛLÉE ", "creme brulee"),
        ("Straße", "strasse"),
        ("ﬁne Ｐencil", "fine pencil"),
        ("Müsli\u0308", "musli"),
        ("Ἀρτος", "αρτοσ"),
        ("", ""),
    ],
)
def test_names_are_compared_without_case_and_accents(name: str, key: str) -> None:
    assert product_names.name_key(name) == key


def test_words_are_distinct_in_order_and_bounded() -> None:
    assert product_names.name_tokens("Milk, fresh MILK 3.5%") == ["milk", "fresh", "3", "5"]
    assert len(product_names.name_tokens(" ".join(f"w{n}" for n in range(99)))) == product_names.MOST_TOKENS
    assert product_names.name_tokens("x" * 99) == ["x" * product_names.LONGEST_TOKEN]


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(name: str) -> None:
    assert product_names.name_key(product_names.name_key(name)) == product_names.name_key(name)


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_the_short_way_for_ascii_folds_as_the_long_one(name: str) -> None:
    accented = product_names.name_key(name + "\u0301")
    assert product_names.name_key(name) == accented
