"""The guards of publishing: nothing held back goes live, nothing is done twice, others' work is never undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from functions.common.errors import Retryable
from functions.import_publish import applying, publishing, retrying
from functions.import_publish.domain import exporting, plan, telling, undo
from functions.import_publish.publishing_repository import Plans, Products, Writes
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.integration.import_publish import test_failures as failing
from tests.integration.import_publish.conftest import Room
from tests.integration.import_publish.publish import test_publishing as publish
from tests.integration.import_publish.publish import test_rolling_back as rolling_back
from tests.integration.import_publish.publish.conftest import Shop


@both_ways
async def test_the_errors_that_hold_a_row_back(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(plan, "ERROR", "nothing")
    with red_without(guard):
        await publish.test_rows_with_errors_stay_behind_and_the_others_are_published(shop)


@both_ways
async def test_the_codes_that_must_be_confirmed(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(plan, "CONFIRM", "nothing")
    with red_without(guard):
        await publish.test_what_must_be_confirmed_is_published_only_when_it_was(shop)


@both_ways
async def test_the_watermark_of_an_imported_price(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(plan, "newer", lambda *_: True)
    with red_without(guard):
        await publish.test_a_price_that_the_store_knows_better_is_reported_and_not_written(shop)


@both_ways
async def test_that_only_seen_changes_are_made(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        update = plan._update

        def everything(place: int, row: Mapping[str, Any], *rest: Any) -> plan.Decision:
            return update(place, {**row, "a": "create"}, *rest)

        monkeypatch.setattr(plan, "_update", everything)
    with red_without(guard):
        await publish.test_only_the_changes_that_somebody_could_see_are_made(shop)


@both_ways
async def test_that_nothing_comes_back_that_was_withdrawn_meanwhile(
    guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        back = plan._return

        def anyhow(place: int, row: Mapping[str, Any], *rest: Any) -> plan.Decision:
            return back(place, {**row, "a": "return", "v": {"name": "Back", **row["v"]}}, *rest)

        monkeypatch.setattr(plan, "_return", anyhow)
    with red_without(guard):
        await publish.test_withdrawn_products_come_back_only_if_that_was_to_be_seen(shop)


@both_ways
async def test_the_version_that_a_product_is_written_in(
    guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        write = Products.write

        async def set_without_comparing(self: Products, writes: Writes) -> dict[int, bool]:
            blind = [(at, {name: q[name] for name in q if name != "ver"}, u) for at, q, u in writes.updates]
            return await write(self, Writes(writes.inserts, blind))

        monkeypatch.setattr(Products, "write", set_without_comparing)
    with red_without(guard):
        await publish.test_writers_in_between_are_respected_and_the_row_is_decided_again(shop)


@both_ways
async def test_the_mark_that_a_write_leaves_on_the_product(
    guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(telling, "mark_of", lambda *_: "somebody")
    with red_without(guard):
        await publish.test_an_editor_s_change_between_crash_and_continuation_is_not_undone(shop)


@both_ways
async def test_the_attempt_in_that_mark(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        for module in (plan, telling):
            monkeypatch.setattr(module, "mark_of", lambda _, op: f"{op}@")
    with red_without(guard):
        await publish.test_a_worker_that_slept_while_another_decided_anew_says_what_that_one_said(shop)


@both_ways
async def test_that_the_plan_is_stored_before_it_is_carried_out(
    guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        insert, find = Plans.insert, Plans.find
        made: list[Any] = []

        async def keep_in_memory(_: Plans, document: Any) -> bool:
            made.append(document)
            return True

        async def forgotten(self: Plans, tenant_id: str, plan_id: str) -> Any:
            return await find(self, tenant_id, plan_id) if made else None

        assert insert is not None
        monkeypatch.setattr(Plans, "insert", keep_in_memory)
        monkeypatch.setattr(Plans, "find", forgotten)
    with red_without(guard):
        await publish.test_a_worker_that_dies_anywhere_is_continued_and_nothing_is_done_twice(
            shop, "import.after_bulk_before_progress"
        )


@both_ways
async def test_the_number_of_times_a_chunk_may_fail_by_itself(
    guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(publishing, "MOST_ATTEMPTS", 1000)
    with red_without(guard), pytest.MonkeyPatch.context() as own:
        await publish.test_a_chunk_that_fails_by_itself_ends_as_failures_and_the_import_goes_on(shop, own)


@both_ways
async def test_the_patience_with_writers_that_never_stop(
    guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(applying, "ROUNDS", applying.MOST_ROUNDS)
    with red_without(guard), pytest.MonkeyPatch.context() as own:
        try:
            await publish.test_a_product_that_changes_all_the_time_is_given_up_and_named(shop, own)
        except Retryable as error:
            raise AssertionError("nobody gave up") from error


@both_ways
async def test_what_others_changed_since_an_import(guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(undo, "same", lambda one, other: True)
    with red_without(guard):
        await rolling_back.test_what_others_changed_since_stays_and_is_named(shop)


@both_ways
async def test_the_watermark_of_a_price_that_goes_back(
    guard: Guard, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(undo, "_after", lambda w, *_: {**w, "t": 0})
    with red_without(guard):
        await rolling_back.test_a_price_goes_back_without_going_back_in_time(shop)


@both_ways
async def test_the_apostrophe_before_what_a_spreadsheet_would_run(
    guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(exporting, "escaped", lambda cell: cell)
    with red_without(guard):
        await failing.test_the_export_is_the_file_with_the_reasons_and_no_formulas(room)


@both_ways
async def test_that_nobody_chooses_between_duplicates(
    guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(retrying, "_keep_duplicates_apart", lambda *_, **__: None)
    with red_without(guard):
        await failing.test_of_duplicates_the_one_that_is_asked_for_is_taken(room)
