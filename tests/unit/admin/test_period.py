"""Which days a page is about, whatever its address says."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.admin import period
from functions.admin.period import Period

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, date(2026, 10, 22), TODAY),
        ({"from": "2026-11-01", "to": "2026-11-10"}, date(2026, 11, 1), date(2026, 11, 10)),
        ({"from": "2026-11-01"}, date(2026, 11, 1), TODAY),
        ({"to": "2026-11-10"}, date(2026, 10, 12), date(2026, 11, 10)),
        ({"from": "2026-11-12", "to": "2026-11-10"}, date(2026, 11, 10), date(2026, 11, 10)),
        ({"from": "2020-01-01"}, date(2025, 11, 20), TODAY),
        ({"from": "9999-12-31", "to": "9999-12-31"}, TODAY, TODAY),
        ({"from": "0001-01-01", "to": "0001-01-01"}, date(1999, 1, 1), date(2000, 1, 1)),
        ({"from": "soon", "to": "2026-02-30"}, date(2026, 10, 22), TODAY),
    ],
)
def test_what_an_address_asks_for(query: dict[str, str], first: date, last: date) -> None:
    assert period.asked(query, TODAY) == Period(first, last)


DATES = st.one_of(st.just(""), st.text(max_size=10), st.dates().map(date.isoformat))


@given(first=DATES, last=DATES)
def test_the_api_never_refuses_a_period(first: str, last: str) -> None:
    found = period.asked({"from": first, "to": last}, TODAY)
    assert 1 <= found.days <= period.LONGEST
    assert date(1998, 1, 1) < found.first <= found.last <= TODAY


def test_spans_end_today() -> None:
    assert period.up_to(TODAY, 7) == Period(date(2026, 11, 14), TODAY)
    assert period.up_to(TODAY, 7).days == 7
    assert period.asked(period.up_to(TODAY, 365).query, TODAY).days == 365


def test_rows_add_up() -> None:
    row = dict.fromkeys(period.added_up([]), 2)
    assert set(period.added_up([row, row]).values()) == {4}
