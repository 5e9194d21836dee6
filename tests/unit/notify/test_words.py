"""The words: every text in every language, and nothing in them that a stranger should not see."""

from __future__ import annotations

import re
import string

import pytest

from functions.notify import words
from functions.notify.domain import facts

TEXTS = {*facts.COLLAPSE, "cart_prices", "cart_stock", "cart_total"}


@pytest.mark.parametrize("language", words.languages())
def test_every_language_has_every_text(language: str) -> None:
    assert set(words.languages()[language]) == TEXTS
    for text in TEXTS:
        for count in (0, 1, 2, 37):
            said = words.words(text, count, language)
            assert said.title
            assert said.body
            assert "{" not in said.title + said.body


@pytest.mark.parametrize("language", words.languages())
def test_a_number_of_items_is_all_that_is_ever_put_into_a_text(language: str) -> None:
    for said in words.languages()[language].values():
        named = {name for text in said.values() for _, name, _, _ in string.Formatter().parse(text) if name}
        assert named <= {"count"}
        assert not any(re.search(r"\d", text) for text in said.values())


def test_one_is_not_many() -> None:
    assert words.words("cart_prices", 1, "en").body == "The price of an item in your cart has changed."
    assert words.words("cart_prices", 3, "en").body == "The prices of 3 items in your cart have changed."
    assert (
        words.words("cart_prices", 3, "de").body == "Die Preise von 3 Artikeln in deinem Warenkorb haben sich geändert."
    )


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("de_CH", "de"),
        ("fr-FR,de;q=0.5,en;q=0.9", "en"),
        ("fr,de;q=0.9,en;q=0.8", "de"),
        ("fr", "en"),
        ("de;q=nonsense", "en"),
        ("de;q=0,en", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_best_of_our_languages(wanted: str | None, language: str) -> None:
    assert words.language_of(wanted) == language
