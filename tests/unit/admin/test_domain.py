"""Which language, which forms, which addresses: rules without a browser."""

from __future__ import annotations

import pytest

from functions.admin import domain

HOSTS = frozenset({"shop.example"})


@pytest.mark.parametrize(
    ("kept", "accepted", "language"),
    [
        (None, None, "en"),
        ("de", "en", "de"),
        ("fr", "de-AT,en;q=0.5", "de"),
        (None, "fr, de;q=0.3, en;q=0.9", "en"),
        (None, "de;q=0, en;q=0.1", "en"),
        (None, "de;q=lots", "en"),
        (None, "fr", "en"),
    ],
)
def test_the_reader_chooses_the_language_then_the_browser(
    kept: str | None, accepted: str | None, language: str
) -> None:
    assert domain.chosen_language(kept, accepted) == language


@pytest.mark.parametrize(
    ("origin", "site", "ours"),
    [
        ("https://shop.example", "same-origin", True),
        ("https://shop.example", None, True),
        ("null", "same-origin", True),
        (None, "same-origin", True),
        ("null", None, False),
        (None, None, False),
        ("https://evil.example", "same-origin", False),
        ("https://shop.example", "cross-site", False),
        ("https://shop.example", "same-site", False),
        ("https://shop.example.evil.example", None, False),
        ("https://evil.example", "cross-site", False),
    ],
)
def test_a_form_is_ours_when_the_browser_says_so(origin: str | None, site: str | None, ours: bool) -> None:
    assert domain.is_same_origin(origin, site, HOSTS) is ours


@pytest.mark.parametrize("path", ["/admin", "/admin/stores/a/products?q=oat%20milk", "/admin?x=1"])
def test_after_signing_in_one_goes_on_to_a_page_of_ours(path: str) -> None:
    assert domain.safe_next(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "//evil.example", "https://evil.example/admin", "/administrator", "/admin\\..\\x", "/admin/\nx", "/shop",
     "/admin/ö", "/admin/sign-in"],
)  # fmt: skip
def test_and_to_no_other(path: str) -> None:
    assert domain.safe_next(path) == "/admin"
