"""Names are folded the same way when they are stored and when they are looked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.catalog import search
from functions.common.product_names import name_tokens


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
    stored = name_tokens(name)
    assert all(any(word.startswith(asked) for word in stored) for asked in search.parse(name).words)
