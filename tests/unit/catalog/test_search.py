"""Names are folded the same way when they are stored and when they are looked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.catalog import search


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
    assert search.name_key(name) == key


def test_words_are_distinct_in_order_and_bounded() -> None:
    assert search.name_tokens("Milk, fresh MILK 3.5%") == ["milk", "fresh", "3", "5"]
    assert len(search.name_tokens(" ".join(f"w{n}" for n in range(99)))) == search.MOST_TOKENS
    assert search.name_tokens("x" * 99) == ["x" * search.LONGEST_TOKEN]


@pytest.mark.parametrize(
    ("text", "words", "digits"),
    [
        ("fresh mil", ("fresh", "mil"), ""),
        ("4006", ("4006",), "4006"),
        (" 4006 ", ("4006",), "4006"),
        ("٤٠٠٦", ("٤٠٠٦",), ""),
        (".*", (), ""),
        ("9" * 49, ("9" * 40,), ""),
    ],
)
def test_what_a_text_asks_for(text: str, words: tuple[str, ...], digits: str) -> None:
    assert search.parse(text) == search.Search(words, digits)


@given(st.text(max_size=60))
def test_every_name_is_found_by_itself(name: str) -> None:
    stored = search.name_tokens(name)
    assert all(any(word.startswith(asked) for word in stored) for asked in search.parse(name).words)


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(name: str) -> None:
    assert search.name_key(search.name_key(name)) == search.name_key(name)
