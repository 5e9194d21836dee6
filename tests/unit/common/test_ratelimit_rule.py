from hypothesis import given
from hypothesis import strategies as st

from functions.common.ratelimit import decide


def test_ten_a_second_with_a_burst_of_twenty_lets_exactly_seventy_through_in_five_seconds() -> None:
    tat, allowed = 0.0, 0
    for millisecond in range(5000):
        tat, wait = decide(tat, 100 + millisecond / 1000, 10.0, 20, 1)
        allowed += wait == 0
    assert abs(allowed - 70) <= 1


@given(
    gaps=st.lists(st.floats(0, 0.5), min_size=1, max_size=200),
    rate=st.floats(1, 100),
    burst=st.integers(1, 50),
)
def test_no_window_ever_sees_more_than_burst_plus_rate_times_its_length(
    gaps: list[float], rate: float, burst: int
) -> None:
    tat, now, passed = 0.0, 1000.0, []
    for gap in gaps:
        now += gap
        tat, wait = decide(tat, now, rate, burst, 1)
        if wait == 0:
            passed.append(now)
    for i, start in enumerate(passed):
        inside = sum(1 for t in passed[i:] if t <= start + 1.0)
        assert inside <= burst + rate * 1.0 + 1


def test_waiting_as_long_as_told_is_enough() -> None:
    tat, wait = 0.0, 0.0
    for _ in range(5):
        tat, wait = decide(tat, 50.0, 2.0, 5, 1)
    assert wait == 0
    _, wait = decide(tat, 50.0, 2.0, 5, 1)
    assert wait > 0
    assert decide(tat, 50.0 + wait + 1e-6, 2.0, 5, 1)[1] == 0
