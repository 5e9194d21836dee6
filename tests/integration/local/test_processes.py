"""Child processes and what they leave to others."""

from __future__ import annotations

import os
import sys
import time

import pytest

from functions.common.cards import doors, load_cards
from local.processes import Child
from local.supervisor import BACKGROUND_NICE, waits_for_nobody

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="priorities are given by Linux here")


@LINUX
@pytest.mark.parametrize("nice", [0, BACKGROUND_NICE])
def test_a_child_lets_others_go_first_when_it_is_told_to(nice: int) -> None:
    child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], nice=nice).start()
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        deadline = time.monotonic() + 10
        while os.getpriority(os.PRIO_PROCESS, child.pid) != mine + nice and time.monotonic() < deadline:
            time.sleep(0.01)
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == mine + nice
    finally:
        child.kill()


def test_only_doors_that_nobody_waits_for_give_way() -> None:
    waiting = {door.service for door in doors(load_cards()) if not waits_for_nobody(door)}
    assert {"scan", "catalog", "sessions", "import-publish"} <= waiting, "people wait for these"
    assert {"price-ingest-apply", "price-ingest-events"} <= waiting, "shoppers wait for what these are pushed"
    assert "import-publish-work" not in waiting
