"""How a cart is cut into codes that a till can read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from functions.common.cart_lines import CartLine
from functions.sessions.domain import handovers
from functions.sessions.domain.handovers import Part, Ticket

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def line(code: str, quantity: int = 1000) -> CartLine:
    return CartLine("1", code, code, "Milk", quantity, 1, 1, 1, NOW)


def test_a_small_cart_is_one_code() -> None:
    parts = handovers.parts_of([line("4006381333931", 2000), line("96385074")])
    assert parts == (Part(1, 1, (("4006381333931", 2000), ("96385074", 1000))),)


def test_a_large_cart_is_several_that_say_how_many_there_are_and_hold_every_line_once() -> None:
    lines = [line(str(4_006_381_000_000 + n), 1000 + n) for n in range(150)]
    parts = handovers.parts_of(lines)
    assert [(part.number, part.of) for part in parts] == [(n + 1, len(parts)) for n in range(len(parts))]
    assert [each for part in parts for each in part.lines] == [(each.code, each.quantity) for each in lines]
    assert len(parts) > 1
    for part in parts:
        assert sum(len(code) + len(str(quantity)) + 6 for code, quantity in part.lines) <= handovers.MOST_CHARACTERS


def test_a_code_has_a_hundred_lines_at_most() -> None:
    parts = handovers.parts_of([line("", 1)] * 250)
    assert max(len(part.lines) for part in parts) <= handovers.MOST_LINES


def test_one_line_that_is_longer_than_a_code_should_be_is_a_code_of_its_own() -> None:
    assert [len(part.lines) for part in handovers.parts_of([line("x" * 500), line("y" * 500)])] == [1, 1]


def test_a_code_says_whose_cart_it_is_until_when_and_what_is_in_it() -> None:
    ticket = Ticket("acme", "acme-berlin", "acme-berlin." + "0" * 32, 4)
    claims = handovers.claims_of(
        ticket, Part(2, 3, (("96385074", 1000),)), issuer="us", now=NOW, until=NOW + timedelta(minutes=10)
    )
    assert claims == {
        "iss": "us", "aud": "till", "tenantId": "acme", "storeId": "acme-berlin", "jti": ticket.handover_id, "ver": 4,
        "n": 2, "m": 3, "lines": [["96385074", 1000]], "iat": 1795165200, "exp": 1795165800,
    }  # fmt: skip
