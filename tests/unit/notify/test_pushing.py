"""What FCM's answers mean, and how long to wait."""

from __future__ import annotations

import pytest

from functions.notify.domain.pushing import Outcome, judge, wait
from tests.unit.notify.builders import NOW, seconds

SENT, GONE, REFUSED = Outcome("sent"), Outcome("gone"), Outcome("refused")


def test_every_answer_has_its_consequence() -> None:
    outcomes = {"a": ("ta", SENT), "b": ("tb", GONE), "c": ("tc", REFUSED), "d": ("td", Outcome("later", 7.0))}
    verdict = judge(outcomes, attempts=1, until=seconds(60), now=NOW, roll=0.0)
    assert (verdict.done, verdict.gone, verdict.again_at) == (("a", "c"), ("tb",), seconds(7))


def test_when_all_is_said_nobody_comes_back() -> None:
    verdict = judge({"a": ("ta", SENT)}, attempts=1, until=seconds(60), now=NOW, roll=0.0)
    assert verdict.again_at is None


def test_the_longest_wait_of_all_devices_counts() -> None:
    outcomes = {"a": ("ta", Outcome("later", 7.0)), "b": ("tb", Outcome("later", 30.0))}
    assert judge(outcomes, attempts=1, until=seconds(60), now=NOW, roll=0.0).again_at == seconds(30)


def test_what_would_come_too_late_is_left() -> None:
    outcomes = {"a": ("ta", Outcome("later", 60.0))}
    assert judge(outcomes, attempts=1, until=seconds(60), now=NOW, roll=0.0).again_at is None


@pytest.mark.parametrize("roll", [0.0, 0.5, 1.0])
def test_nobody_comes_back_before_the_time_fcm_named(roll: float) -> None:
    assert 7.0 <= wait(Outcome("later", 7.0), 1, roll) < 7.71
    assert 60.0 <= wait(Outcome("later", None, throttled=True), 5, roll) < 66.1
    assert wait(Outcome("later", 1e9), 1, roll) < 3961


def test_without_a_time_the_wait_doubles_up_to_five_minutes() -> None:
    assert [wait(Outcome("later"), attempts, 1.0) for attempts in range(1, 9)] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert wait(Outcome("later"), 1, 0.0) == 2.5
