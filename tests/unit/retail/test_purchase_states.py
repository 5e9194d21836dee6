"""The ways a purchase can go, and when somebody has to look after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from functions.common.retail import purchase_states as states

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
ENDS = NOW + timedelta(minutes=15)


def reachable(start: str) -> set[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        for state in states.MOVES[ahead.pop()] - found:
            found.add(state)
            ahead.append(state)
    return found


def test_nothing_ever_comes_back_to_where_it_was() -> None:
    assert all(state not in reachable(state) for state in states.STATES)


def test_what_is_paid_is_never_given_up() -> None:
    assert all(not reachable(state) & states.GIVEN_UP for state in states.BOUGHT)


def test_every_purchase_can_end_from_everywhere() -> None:
    assert all(state in states.ENDED or reachable(state) & states.ENDED for state in states.STATES)


def test_a_checkout_ends_unpaid_only_by_way_of_cancelling() -> None:
    before = {state for state in states.STATES if states.MOVES[state] & states.GIVEN_UP}
    assert before == {states.CANCELLING}


def test_every_state_is_unpaid_bought_or_given_up() -> None:
    groups = (states.UNPAID, states.BOUGHT, states.GIVEN_UP)
    assert sorted(state for group in groups for state in group) == sorted(states.STATES)


def test_a_way_that_no_purchase_goes_is_a_bug() -> None:
    states.check(states.PAYMENT_PENDING, states.PAID)
    with pytest.raises(states.NotAllowed):
        states.check(states.CANCELLED, states.PAID)


def test_what_has_ended_is_looked_after_by_nobody() -> None:
    assert all(states.due_at(state, NOW, ENDS) is None for state in states.ENDED)
    assert all(states.due_at(state, NOW, ENDS) is not None for state in states.MOVES.keys() - states.ENDED)


def test_a_window_is_looked_after_shortly_before_it_closes_and_never_in_the_past() -> None:
    assert states.due_at(states.PAYMENT_PENDING, NOW, ENDS) == ENDS - states.NOTICE_BEFORE
    assert states.due_at(states.PAYMENT_PENDING, ENDS, ENDS) == ENDS


def test_who_has_paid_may_stay_for_a_while() -> None:
    assert states.due_at(states.EXIT_ISSUED, NOW, ENDS) == NOW + states.STAYS
    assert states.due_at(states.PAID, NOW, ENDS) == NOW + states.RETRY
    assert states.due_at(states.RESERVED, NOW, ENDS) == NOW + states.STEP
