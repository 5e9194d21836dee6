"""What a gate decides, and which of several reasons it tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.common import exit_pass
from functions.common.exit_pass import LEEWAY, LIFE
from functions.common.retail import purchase_states as states
from functions.common.retail.refunds import Account, Paid, Sale, to_dict
from functions.exit_gate.domain import Opened, Shut, judge, judge_override, judge_place

STORE = "acme-centre"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PASS = exit_pass.issue(f"{STORE}.{'a' * 32}", "1" * 32, 3, NOW)
LATE = NOW + LIFE + LEEWAY


def bought(state: str = states.EXIT_ISSUED, **kept: Any) -> dict[str, Any]:
    own = {"jti": PASS.number, "usedAt": None, "usedBy": None, "override": None}
    return {"_id": PASS.checkout_id, "state": state, "pass": own | kept}


def gone(state: str = states.EXITED, op: str = "first") -> dict[str, Any]:
    return bought(state, usedAt=NOW, usedBy={"op": op})


def test_a_pass_of_a_paid_purchase_opens() -> None:
    assert judge_place(PASS, STORE, NOW) is None
    assert judge(PASS, bought(), op="x", now=NOW) == Opened()


def test_a_pass_of_another_store_is_not_even_looked_up() -> None:
    assert judge_place(PASS, "acme-north", NOW) == Shut("PASS_OTHER_STORE")


def test_a_pass_from_the_future_is_none() -> None:
    assert judge_place(PASS, STORE, NOW - LEEWAY - timedelta(seconds=1)) == Shut("PASS_INVALID")


@pytest.mark.parametrize("state", [states.EXITED, states.CLOSED])
def test_a_second_use_is_told_with_the_time_of_the_first(state: str) -> None:
    assert judge(PASS, gone(state), op="second", now=NOW) == Shut("PASS_USED", NOW)


def test_the_same_request_once_more_opens_again() -> None:
    assert judge(PASS, gone(), op="first", now=NOW) == Opened(again=True)
    assert judge(PASS, gone(states.CLOSED), op="first", now=LATE) == Opened(again=True)


def test_a_pass_has_an_end_and_a_successor() -> None:
    assert judge(PASS, bought(), op="x", now=LATE) == Shut("PASS_EXPIRED")
    assert judge(PASS, bought(), op="x", now=LATE - timedelta(seconds=1)) == Opened()
    assert judge(PASS, bought(jti="2" * 32), op="x", now=NOW) == Shut("PASS_EXPIRED")


def test_the_gravest_reason_is_told() -> None:
    assert judge(PASS, bought(states.REFUNDED), op="x", now=LATE) == Shut("PASS_REFUNDED")
    assert judge(PASS, gone(), op="x", now=LATE) == Shut("PASS_USED", NOW)


def test_a_pass_opens_nothing_while_the_money_for_everything_is_on_its_way_back() -> None:
    units = (Paid("a", 0, 100, 19), Paid("a", 1, 100, 19))
    sale = Sale(units, {"a": ()}, ())
    refund = [{"state": "pending"}]
    all_back = {"refunds": refund, "account": to_dict(Account(sale, sale.units))}
    half_back = {"refunds": refund, "account": to_dict(Account(sale, frozenset({units[0].unit})))}
    assert judge(PASS, bought() | all_back, op="x", now=NOW) == Shut("PASS_REFUNDED")
    assert judge_override(bought() | all_back, op="x") == Shut("PASS_REFUNDED")
    assert judge(PASS, bought() | half_back, op="x", now=NOW) == Opened()
    # Who has left already was let out before.
    assert judge(PASS, gone() | all_back, op="second", now=NOW) == Shut("PASS_USED", NOW)


@pytest.mark.parametrize("purchase", [None, {"_id": PASS.checkout_id, "state": states.PAID, "pass": None}])
def test_a_genuine_pass_of_nothing_is_none(purchase: dict[str, Any] | None) -> None:
    assert judge(PASS, purchase, op="x", now=NOW) == Shut("PASS_INVALID")


def test_staff_let_out_who_has_paid_and_nobody_else() -> None:
    said = {state: judge_override(bought(state), op="x") for state in states.STATES}
    assert said.pop(states.EXIT_ISSUED) == Opened()
    assert said.pop(states.PAID) == Shut("PASS_NOT_READY")
    assert said.pop(states.REFUNDED) == Shut("PASS_REFUNDED")
    assert said.pop(states.EXITED) == Shut("PASS_USED")
    assert said.pop(states.CLOSED) == Shut("PASS_EXPIRED"), "closed after hours, and nobody had left with it"
    assert set(said.values()) == {Shut("NOT_PAID")}
    assert said.keys() == states.UNPAID | states.GIVEN_UP


def test_a_repeated_override_is_the_same_one() -> None:
    assert judge_override(gone(op="mine"), op="mine") == Opened(again=True)
