"""The guards on the way to an approval: no row twice, no file twice, one worker at a time, and nothing unseen."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.common.mongo import Document
from functions.import_publish import deciding, lifecycle, reading, staging, whole_file
from functions.import_publish.chunks_repository import Chunks
from functions.import_publish.domain.duplicates import find_duplicates
from functions.import_publish.repository import Imports
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.integration.import_publish import test_review as review
from tests.integration.import_publish import test_staging as stage
from tests.integration.import_publish.conftest import Room


@both_ways
async def test_the_look_for_one_barcode_in_two_rows(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(whole_file, "find_duplicates", lambda _keys: find_duplicates(array("Q")))
    with red_without(guard), pytest.MonkeyPatch.context() as own:
        await stage.test_of_rows_with_the_same_barcode_none_is_taken_and_each_names_the_others(room, own)


@both_ways
async def test_the_same_look_at_a_corrected_row(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:

        async def none(*_: Any) -> list[Document]:
            return []

        monkeypatch.setattr(Chunks, "with_barcodes", none)
    with red_without(guard), pytest.MonkeyPatch.context() as own:
        await across_chunks(room, own)


async def across_chunks(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row is corrected to a barcode that is in another chunk."""
    monkeypatch.setattr(reading, "MOST_ROWS", 1)
    await review.test_another_barcode_may_be_in_the_file_already(room)


@both_ways
async def test_the_mark_of_a_files_content(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(lifecycle, "_bring", lambda *_: None)
    with red_without(guard):
        await stage.test_the_same_file_twice_is_recognised_and_says_so(room)


@both_ways
async def test_the_lease_of_whoever_reads_a_file(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        claim = Imports.claim

        async def whoever(
            self: Imports, tenant_id: str, import_id: str, state: Iterable[str], owner: str, now: datetime
        ) -> Document | None:
            return await claim(self, tenant_id, import_id, state, owner, now + timedelta(days=1))

        monkeypatch.setattr(Imports, "claim", whoever)
    with red_without(guard):
        await stage.test_two_tasks_at_once_are_one_worker(room)


@both_ways
async def test_the_fence_of_that_lease(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        write = Chunks.write

        async def anyhow(self: Chunks, chunk: Document) -> bool:
            return await write(self, {**chunk, "fence": 1_000_000})

        monkeypatch.setattr(Chunks, "write", anyhow)
    with red_without(guard), pytest.MonkeyPatch.context() as own:
        await stage.test_a_worker_that_was_given_up_can_write_nothing_any_more(room, own)


@both_ways
async def test_the_number_of_files_read_at_once(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(staging, "MOST_RUNNING", 100)
    with red_without(guard):
        await stage.test_only_two_imports_of_a_tenant_are_read_at_the_same_time(room)


@both_ways
async def test_the_question_before_what_must_be_confirmed(
    guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(deciding, "_check_rows", lambda *_: None)
    with red_without(guard):
        await review.test_what_must_be_confirmed_is_not_published_without(room)


@both_ways
async def test_the_second_pair_of_eyes(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(deciding, "check_person", lambda *_: None)
    with red_without(guard):
        await review.test_the_rules_may_want_a_second_person(room)


@both_ways
async def test_the_version_that_was_looked_at(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        approve = deciding.approve

        async def unseen(*args: Any, seen: int | None = None, **more: Any) -> Document:
            return await approve(*args, **more)

        monkeypatch.setattr(deciding, "approve", unseen)
    with red_without(guard):
        await review.test_what_was_changed_since_it_was_looked_at_is_not_approved(room)
