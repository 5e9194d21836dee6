"""How a card is read, what is kept of its number, and what of a stranger's answer is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common import clock
from functions.discount import brand_card
from functions.discount.brand_card import AnswerUnreadable, CardUnreadable, Scanned
from functions.discount.loyalty import FAILURES_TO_OPEN, Breaker, LoyaltyDown

NOW = datetime(2026, 11, 21, 9, 0, 0, 123_456, tzinfo=UTC)
SAID: dict[str, Any] = {
    "brandId": "alp",
    "holder": "this",
    "status": "active",
    "groups": ["member"],
    "points": 12,
    "benefits": [{"code": "c", "text": "Everything for less"}],
}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("alp:12345678", Scanned("alp", "12345678")),
        ("card:alp:12345678", Scanned("alp", "12345678")),
        ("alp:ab-12 34 56", Scanned("alp", "AB123456")),
        (" 12345678 ", Scanned(None, "12345678")),
        ("ab12cd", Scanned(None, "AB12CD")),
    ],
)
def test_a_code_is_a_number_with_or_without_its_brand(code: str, expected: Scanned) -> None:
    assert brand_card.read(code, None, None) == expected


def test_a_typed_number_belongs_to_the_brand_that_was_chosen() -> None:
    assert brand_card.read(None, "1234-5678", "alp") == Scanned("alp", "12345678")


@pytest.mark.parametrize("code", ["", "12345", "alp:12345", "Alp:12345678", "alp:12345678:9", "1" * 33, "12345६78"])
def test_anything_else_is_no_card(code: str) -> None:
    with pytest.raises(CardUnreadable):
        brand_card.read(code, None, None)


@given(st.text(max_size=120))
def test_any_text_is_a_card_or_refused(text: str) -> None:
    try:
        card = brand_card.read(text, None, None)
    except CardUnreadable:
        return
    assert 6 <= len(card.number) <= 32
    assert card.number.isascii()
    assert card.number.isalnum()


@pytest.mark.parametrize(("number", "shown"), [("123456", "****56"), ("1234567", "****67"), ("12345678", "****5678")])
def test_no_more_than_half_of_a_number_is_shown(number: str, shown: str) -> None:
    assert brand_card.masked(number) == shown


def test_what_stands_for_a_number_is_the_secrets() -> None:
    one = brand_card.key_of("secret", "card", "acme", "alp", "12345678")
    assert one == brand_card.key_of("secret", "card", "acme", "alp", "12345678")
    others = {
        brand_card.key_of("other", "card", "acme", "alp", "12345678"),
        brand_card.key_of("secret", "card", "acme", "al", "p12345678"),
        brand_card.key_of("secret", "answer", "acme", "alp", "12345678"),
    }
    assert len(others | {one}) == 4


def test_an_answer_is_taken_at_its_word_and_its_time_is_ours() -> None:
    answer = brand_card.read_answer({**SAID, "asOf": "1999", "role": "operator"}, NOW)
    assert (answer.groups, answer.points, answer.benefits) == (
        frozenset({"member"}), 12, (("c", "Everything for less"),),
    )  # fmt: skip
    assert answer.at == NOW.replace(microsecond=123_000)
    assert answer.accepted


@pytest.mark.parametrize(
    "change",
    [
        {"brandId": None},
        {"brandId": "Alp"},
        {"holder": "me"},
        {"status": "ok"},
        {"points": "12"},
        {"points": -1},
        {"points": 1.5},
        {"points": True},
        {"points": 10**12},
        {"groups": "member"},
        {"groups": [1]},
        {"groups": ["$where"]},
        {"groups": ["g"] * 21},
        {"benefits": {}},
        {"benefits": ["free"]},
        {"benefits": [{"code": "c"}]},
        {"benefits": [{"code": "c", "text": "a\nb"}]},
        {"benefits": [{"code": "c", "text": "t" * 201}]},
        {"benefits": [{"code": "c", "text": "t"}] * 21},
    ],
)
def test_an_answer_that_makes_no_sense_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(AnswerUnreadable):
        brand_card.read_answer({**SAID, **change}, NOW)


@pytest.mark.parametrize("said", [None, [], "yes", 7, {}])
def test_what_is_no_object_is_no_answer(said: Any) -> None:
    with pytest.raises(AnswerUnreadable):
        brand_card.read_answer(said, NOW)


@pytest.mark.parametrize(("holder", "status", "accepted"), [
    ("this", "active", True), ("open", "active", True), ("another", "active", False), ("this", "blocked", False),
])  # fmt: skip
def test_who_may_use_a_card(holder: str, status: str, accepted: bool) -> None:
    assert brand_card.read_answer({**SAID, "holder": holder, "status": status}, NOW).accepted is accepted


def test_an_answer_that_was_kept_is_the_same_for_a_day() -> None:
    answer = brand_card.read_answer(SAID, NOW)
    kept = brand_card.stored_answer(answer)
    assert brand_card.kept_answer(kept, NOW + timedelta(hours=23)) == answer
    assert brand_card.kept_answer(kept, NOW + timedelta(hours=24)) is None


# ---- the breaker ---------------------------------------------------------------------------------------------


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[Breaker, Hands]:
    hands = Hands()
    breaker = Breaker(hands)
    for _ in range(FAILURES_TO_OPEN):
        breaker.admit()
        breaker.failed()
    return breaker, hands


def test_it_opens_after_five_failures_in_a_row_only() -> None:
    breaker = Breaker(Hands())
    for _ in range(3):
        for _ in range(FAILURES_TO_OPEN - 1):
            breaker.admit()
            breaker.failed()
        breaker.admit()
        breaker.succeeded()
    assert not breaker.is_open


def test_while_it_is_open_nobody_goes_then_one_at_a_time() -> None:
    breaker, hands = opened()
    with pytest.raises(LoyaltyDown):
        breaker.admit()
    hands.now += 10.5
    breaker.admit()
    with pytest.raises(LoyaltyDown):
        breaker.admit()
    breaker.failed()
    with pytest.raises(LoyaltyDown):
        breaker.admit()
    hands.now += 10.5
    breaker.admit()
    breaker.succeeded()
    for _ in range(3):
        breaker.admit()


def test_a_try_that_nobody_waited_for_lets_the_next_one_try() -> None:
    breaker, hands = opened()
    hands.now += 10.5
    breaker.admit()
    breaker.given_up()
    breaker.admit()
    breaker.succeeded()
    assert not breaker.is_open


@pytest.mark.parametrize(("asked", "waits"), [(1.0, 10.0), (30.0, 30.0), (86_400.0, 60.0)])
def test_how_long_it_asks_to_be_left_alone_counts_within_reason(asked: float, waits: float) -> None:
    hands = Hands()
    breaker = Breaker(hands)
    breaker.admit()
    breaker.failed(asked)
    hands.now += waits - 0.1
    with pytest.raises(LoyaltyDown):
        breaker.admit()
    hands.now += 0.2
    breaker.admit()


def test_the_breaker_reads_the_one_clock() -> None:
    clock.freeze(lambda: 5.0)
    try:
        assert Breaker()._seconds() == 5.0
    finally:
        clock.freeze(None)
