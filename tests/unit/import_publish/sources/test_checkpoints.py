"""A connection goes on behind what was staged, and fetches again whatever came to nothing."""

import pytest

from functions.import_publish.domain import checkpoints, states
from functions.import_publish.domain.checkpoints import key, settled, usable


def entry(group: str, changes: str) -> dict[str, object]:
    return {"group": group, "value": {"changes": changes}}


HISTORY = [entry("a", "1"), entry("b", "2"), entry("c", "3")]


def test_it_goes_on_behind_the_last_group_that_was_staged() -> None:
    reached = {"a": ["published"], "b": ["staged", "published"], "c": ["duplicate"]}
    assert settled(HISTORY, reached) == ({"changes": "3"}, HISTORY)


@pytest.mark.parametrize("state", ["failed", "cancelled", "rejected", "expired", "rolled_back", "fetching", "staging"])
def test_it_does_not_move_for_a_group_that_is_not_staged_or_came_to_nothing(state: str) -> None:
    reached = {"a": ["published"], "b": ["staged", state], "c": ["published"]}
    assert settled(HISTORY, reached) == ({"changes": "1"}, HISTORY[:1])


def test_without_a_history_it_begins_at_the_beginning() -> None:
    assert settled([], {}) == ({}, [])
    assert settled(HISTORY, {"a": ["failed"]}) == ({}, [])


def test_a_group_nobody_knows_any_more_was_settled_long_ago() -> None:
    assert settled(HISTORY, {"c": ["staged"]})[0] == {"changes": "3"}


def test_the_history_does_not_grow_for_ever() -> None:
    long = [entry(str(number), str(number)) for number in range(100)]
    value, kept = settled(long, {})
    assert value == {"changes": "99"}
    assert len(kept) == 20


def test_other_stores_another_path_or_profile_have_a_checkpoint_of_their_own() -> None:
    same = key("a.csv", ["s1", "s2"], "p", "partial")
    assert same == key("a.csv", ["s2", "s1"], "p", "partial")
    others = [
        key("b.csv", ["s1", "s2"], "p", "partial"),
        key(None, ["s1", "s2"], "p", "partial"),
        key("a.csv", ["s1"], "p", "partial"),
        key("a.csv", ["s1", "s2"], "q", "partial"),
        key("a.csv", ["s1", "s2"], "p", "full"),
    ]
    assert len({same, *others}) == 6


def test_a_full_catalogue_is_never_asked_for_as_changes() -> None:
    value = {"changes": "7", "etag": "x"}
    assert usable(value, "partial") == value
    assert usable(value, "full") == {"etag": "x"}


def test_every_state_was_thought_of() -> None:
    nothing = {"waiting_for_upload", "fetching", "staging", "failed", "rejected", "cancelled", "expired", "rolled_back"}
    assert checkpoints.REACHED | nothing == states.STATES
