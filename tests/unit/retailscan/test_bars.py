"""Progress at a terminal."""

from __future__ import annotations

import io

import pytest

from retailscan import bars


@pytest.mark.parametrize(
    ("done", "whole", "drawn"),
    [(0, 4, "[....]"), (1, 4, "[#...]"), (4, 4, "[####]"), (9, 4, "[####]"), (0, 0, "[####]")],
)
def test_a_bar_is_as_full_as_the_work_is_done(done: int, whole: int, drawn: str) -> None:
    assert bars.bar(done, whole, width=4) == drawn


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (3900, "1 h 05 min"), (-1, "0 s")]
)
def test_durations_are_told_as_people_do(seconds: float, text: str) -> None:
    assert bars.duration(seconds) == text


def test_a_line_is_drawn_over_the_one_before_and_ends_once() -> None:
    out = io.StringIO()
    line = bars.Line(out, shown=True)
    line.draw("staging", 1, 2, "a long text")
    line.draw("staging", 2, 2, "short")
    line.end()
    line.end()
    first, second = out.getvalue().split("\r")[1:]
    assert second.endswith("\n")
    assert second.count("\n") == 1
    assert len(second.rstrip("\n")) == len(first), "what was longer is wiped out"


def test_it_is_not_drawn_more_often_than_anybody_can_see() -> None:
    out = io.StringIO()
    line = bars.Line(out, shown=True)
    for done in range(1_000):
        line.draw("staging", done, 1_000, "")
    assert out.getvalue().count("\r") < 50


def test_in_a_log_file_nothing_is_drawn() -> None:
    out = io.StringIO()
    line = bars.Line(out)
    line.draw("staging", 2, 2, "")
    line.end()
    assert out.getvalue() == ""


def test_sizes_are_told_in_units_that_fit() -> None:
    assert (bars.size(1536), bars.size(5 << 20)) == ("1.5 KiB", "5.0 MiB")
