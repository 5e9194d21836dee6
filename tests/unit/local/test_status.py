"""Figures are read from expositions as they are."""

import pytest

from functions.common.quantiles import quantile, since
from local.status import depths, read_metrics

EXPOSITION = """# HELP http_requests_total Requests by route and status.
# TYPE http_requests_total counter
http_requests_total{method="GET",route="/v1/scan/{code:path}",status="200"} 90.0
http_requests_total{method="GET",route="/v1/scan/{code:path}",status="404"} 6.0
http_requests_total{method="GET",route="/v1/scan/{code:path}",status="503"} 4.0
http_request_seconds_bucket{le="0.001",method="GET",route="a"} 40.0
http_request_seconds_bucket{le="0.01",method="GET",route="a"} 90.0
http_request_seconds_bucket{le="+Inf",method="GET",route="a"} 100.0
http_request_seconds_bucket{le="0.001",method="GET",route="b"} 10.0
http_request_seconds_bucket{le="0.01",method="GET",route="b"} 10.0
http_request_seconds_bucket{le="+Inf",method="GET",route="b"} 10.0
events_total{outcome="done",path="/push/x"} 7.0
events_total{outcome="retry",path="/push/x"} 2.0
process_resident_memory_bytes 1.0e+08
"""


def test_requests_and_errors_are_added_up_over_routes_and_events() -> None:
    figures = read_metrics(EXPOSITION)
    assert (figures.requests, figures.errors) == (109.0, 6.0)


def test_buckets_of_all_routes_are_one_distribution() -> None:
    assert read_metrics(EXPOSITION).buckets == {0.001: 50.0, 0.01: 100.0, float("inf"): 110.0}


@pytest.mark.parametrize(("q", "seconds"), [(0.5, 0.001), (0.75, 0.0055), (1.0, 0.01)])
def test_a_quantile_is_interpolated_in_its_bucket(q: float, seconds: float) -> None:
    assert quantile({0.001: 50.0, 0.01: 100.0, float("inf"): 100.0}, q) == pytest.approx(seconds)


def test_a_quantile_beyond_the_last_bound_is_that_bound() -> None:
    assert quantile({0.001: 1.0, float("inf"): 100.0}, 0.95) == 0.001


@pytest.mark.parametrize("buckets", [{}, {0.001: 0.0, float("inf"): 0.0}])
def test_without_requests_there_is_no_quantile(buckets: dict[float, float]) -> None:
    assert quantile(buckets, 0.95) is None


def test_what_came_since_the_last_look_is_the_difference() -> None:
    assert since({0.1: 5.0, 1.0: 9.0}, {0.1: 5.0, 1.0: 6.0}) == {0.1: 0.0, 1.0: 3.0}


def test_a_door_that_restarted_counts_from_zero() -> None:
    assert since({0.1: 2.0}, {0.1: 50.0}) == {0.1: 2.0}


def test_queues_are_named_without_their_project() -> None:
    report = {
        "subscriptions": {"projects/p/subscriptions/apply-prices-acme": {"depth": 3}},
        "queues": {"projects/p/locations/l/queues/apply-later": {"depth": 0}},
    }
    assert depths(report) == {"apply-prices-acme": 3, "apply-later": 0}
