"""`python -m bench` from end to end, as small as it gets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.results import KEYS

ROOT = Path(__file__).parents[3]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command; never longer than two minutes."""
    argv = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
@pytest.mark.suite
def test_a_benchmark_starts_its_own_suite_and_prints_a_line_for_each_row() -> None:
    ended = bench("lookup", "--json", "--rounds", "1")
    assert ended.returncode == 0, ended.stderr
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [row["name"] for row in rows] == ["lookup", "lookup_memory", "lookup_miss"]
    assert all(tuple(row) == KEYS for row in rows)
    assert all(row["ours"] > 0 and row["unit"] == "ms" for row in rows)
    assert rows[0]["target"] == "<= 1"
    assert rows[0]["holds"] == (rows[0]["ours"] <= 1)


@pytest.mark.slow
@pytest.mark.suite
def test_a_price_benchmark_proves_that_every_update_was_applied() -> None:
    ended = bench("price_batch", "--json", "--rounds", "1", "--seconds", "0.1")
    assert ended.returncode == 0, ended.stderr
    (row,) = [json.loads(line) for line in ended.stdout.splitlines()]
    assert row["name"] == "price_batch"
    assert row["ratio"] == pytest.approx(row["ours"] / row["baseline"], rel=0.01)


@pytest.mark.slow
@pytest.mark.suite
def test_a_benchmark_that_is_told_to_stop_leaves_no_process_behind() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bench", "scan"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        while "suite of scan ready" not in running.stderr.readline():
            assert running.poll() is None
        family = psutil.Process(running.pid).children(recursive=True)
        running.terminate()
        rest = running.communicate(timeout=60)[1]
    assert len(family) >= 4
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    assert running.returncode == 130, rest
