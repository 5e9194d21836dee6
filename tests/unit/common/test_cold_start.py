"""What a cold start does not pay for."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from functions.common.collector import THRESHOLDS
from functions.common.events import EventDoor
from functions.common.http import HttpDoor

_CONNECT = """
import sys
from functions.common import redis
redis.connect("redis://127.0.0.1:9/0")
print(sorted(name for name in sys.modules if name.startswith("opentelemetry.sdk")))
import opentelemetry.sdk.metrics
print(opentelemetry.sdk.metrics.MeterProvider.__name__)
"""


def test_redis_brings_no_metrics_sdk_along_and_does_not_stand_in_its_way() -> None:
    found = subprocess.run([sys.executable, "-c", _CONNECT], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.splitlines() == ["[]", "MeterProvider"]


@pytest.mark.parametrize("kind", [HttpDoor, EventDoor])
def test_a_door_makes_garbage_collections_rare(kind: type[HttpDoor] | type[EventDoor]) -> None:
    before = gc.get_threshold()
    try:
        gc.set_threshold(700, 10, 10)
        kind("scan")
        assert gc.get_threshold() == THRESHOLDS
        assert gc.isenabled()
    finally:
        gc.set_threshold(*before)
