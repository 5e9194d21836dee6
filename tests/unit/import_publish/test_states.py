"""Which state of an import may follow which."""

from __future__ import annotations

import pytest

from functions.import_publish.domain import states


def test_a_published_import_can_be_rolled_back_and_a_rolled_back_one_is_over() -> None:
    assert states.may_follow(states.PUBLISHED, states.ROLLING_BACK)
    assert states.NEXT[states.ROLLED_BACK] == frozenset()


@pytest.mark.parametrize("state", sorted(states.STATES - {states.STAGED, states.SCHEDULED, states.PUBLISHED}))
def test_nothing_is_published_that_was_not_staged(state: str) -> None:
    if state != states.PARTLY_PUBLISHED:
        assert not states.may_follow(state, states.PUBLISHING)


def test_what_is_being_published_cannot_be_cancelled() -> None:
    assert states.before(states.CANCELLED) == {
        states.WAITING,
        states.FETCHING,
        states.STAGING,
        states.STAGED,
        states.SCHEDULED,
    }


@pytest.mark.parametrize("state", sorted(states.FORGETTABLE))
def test_a_file_may_come_again_only_after_an_import_that_is_over(state: str) -> None:
    assert states.NEXT[state] == frozenset()
    assert state not in states.OPEN


def test_every_state_can_be_reached() -> None:
    begun = {states.WAITING, states.FETCHING, states.STAGING}
    assert {state for state in states.STATES if states.before(state)} | begun == states.STATES
