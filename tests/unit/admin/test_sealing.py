"""What is in a cookie can be read and made by nobody else."""

from __future__ import annotations

import pytest

from functions.admin.sealing import Sealer

OLD, NEW = "o" * 40, "n" * 40
CONTENT = {"t": "token", "c": "secret", "e": 1.5}


def test_what_was_sealed_can_be_opened() -> None:
    sealer = Sealer(NEW)
    assert sealer.open("dashboard", sealer.seal("dashboard", CONTENT)) == CONTENT


def test_it_says_nothing_to_others_and_is_different_each_time() -> None:
    sealer = Sealer(NEW)
    first, second = sealer.seal("dashboard", CONTENT), sealer.seal("dashboard", CONTENT)
    assert first != second
    assert "token" not in first
    assert Sealer(OLD).open("dashboard", first) is None


def test_under_another_name_it_is_worth_nothing() -> None:
    sealer = Sealer(NEW)
    assert sealer.open("other", sealer.seal("dashboard", CONTENT)) is None


def test_a_changed_letter_is_noticed() -> None:
    sealer = Sealer(NEW)
    sealed = sealer.seal("dashboard", CONTENT)
    middle = len(sealed) // 2
    changed = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    assert sealer.open("dashboard", changed) is None


@pytest.mark.parametrize("text", ["", "x", "äöü", "AAAA", "A" * 5000, "a.b.c"])
def test_anything_else_is_none_and_no_error(text: str) -> None:
    assert Sealer(NEW).open("dashboard", text) is None


def test_a_new_key_goes_before_the_old_one_which_still_opens() -> None:
    sealed = Sealer(OLD).seal("dashboard", CONTENT)
    both = Sealer(f"{NEW}, {OLD}")
    assert both.open("dashboard", sealed) == CONTENT
    assert Sealer(OLD).open("dashboard", both.seal("dashboard", CONTENT)) is None


@pytest.mark.parametrize("keys", ["", " , ", "short", f"{NEW},short"])
def test_a_key_that_can_be_guessed_is_refused(keys: str) -> None:
    with pytest.raises(ValueError, match="32 characters"):
        Sealer(keys)


def test_a_token_too_long_for_a_cookie_is_refused_when_it_is_sealed() -> None:
    with pytest.raises(ValueError, match="too large"):
        Sealer(NEW).seal("dashboard", {"t": "x" * 4000})
