"""Failpoints: what a test asked for happens at the named place, and nothing at all where nobody tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.common import failpoints, settings
from functions.common.failpoints import FailpointHit


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    failpoints.configure(None)
    yield
    failpoints.configure(None)
    settings.override(None)


def process(failpoint: str, test: str = "1") -> None:
    settings.override(settings.load(settings.Common, {"TEST": test, "FAILPOINT": failpoint}))


async def test_a_named_place_fails_and_others_do_not() -> None:
    process("here:raise")
    await failpoints.hit("there")
    with pytest.raises(FailpointHit, match="here"):
        await failpoints.hit("here")


async def test_a_file_is_read_anew_so_that_a_running_process_can_be_told(tmp_path: Path) -> None:
    file = tmp_path / "points"
    process(f"@{file}")
    await failpoints.hit("here")
    file.write_text("here:raise\n")
    with pytest.raises(FailpointHit):
        await failpoints.hit("here")
    file.write_text("there:raise")
    await failpoints.hit("here")


@pytest.mark.parametrize("by_file", [False, True])
async def test_nothing_happens_where_nobody_tests(tmp_path: Path, by_file: bool) -> None:
    file = tmp_path / "points"
    file.write_text("here:raise")
    process(f"@{file}" if by_file else "here:raise", test="0")
    await failpoints.hit("here")
