"""How long the local Pub/Sub and Cloud Tasks wait after a failure."""

from datetime import timedelta

import pytest
from google.cloud.tasks_v2 import RetryConfig

from local import pubsub_subscription, tasks_model


@pytest.mark.parametrize(
    ("attempt", "wait"), [(1, 10.0), (2, 20.0), (3, 40.0), (6, 320.0), (7, 600.0), (8, 600.0), (100_000, 600.0)]
)
def test_pubsub_doubles_from_the_minimum_to_the_maximum(attempt: int, wait: float) -> None:
    assert pubsub_subscription.backoff_s(10.0, 600.0, attempt) == wait


@pytest.mark.parametrize(
    ("failures", "wait"), [(1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 240), (7, 300), (8, 300), (100_000, 300)]
)
def test_cloud_tasks_doubles_some_times_and_then_grows_by_equal_steps(failures: int, wait: float) -> None:
    # The example of Google's own documentation: 10 s to 300 s, three doublings.
    retry = RetryConfig(min_backoff=timedelta(seconds=10), max_backoff=timedelta(seconds=300), max_doublings=3)

    assert tasks_model.backoff_s(RetryConfig.pb(retry), failures) == wait
