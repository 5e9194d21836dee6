"""The guards of what is fetched from others: addresses, sizes, secrets, checkpoints, and the schedules' lease."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.import_publish import connecting
from functions.import_publish.connections_repository import Schedules
from functions.import_publish.domain import checkpoints, schedules, states
from functions.import_publish.sources import guard as guards
from functions.import_publish.sources import secrets
from functions.import_publish.sources.guard import Guard as AddressGuard
from local.erp.web import Erp
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.integration.import_publish.sources import test_connections as connections
from tests.integration.import_publish.sources import test_erps as erps
from tests.integration.import_publish.sources import test_schedules_door as clocks
from tests.integration.import_publish.sources import test_ssrf as ssrf
from tests.integration.import_publish.sources.conftest import MakeJob, Sources
from tests.integration.import_publish.sources.test_ssrf import Listener


@both_ways
async def test_the_look_at_every_address_of_a_name(
    guard: Guard, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(guards.PORTS, "https", frozenset({443, listener.port}))
    if guard == OUT:
        monkeypatch.setattr(guards, "is_public", lambda _address: True)
    with red_without(guard):
        for url in ("https://me.test:PORT/x", "https://127.0.0.1:PORT/x"):
            await ssrf.test_no_connection_is_made_to_this_machine(listener, url)


@both_ways
async def test_the_connection_to_the_very_address_that_was_looked_at(
    guard: Guard, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(guards.PORTS, "https", frozenset({443, listener.port}))
    if guard == OUT:
        resolve = AddressGuard.resolve

        async def by_name(self: AddressGuard, host: str, port: int, scheme: str = "https") -> str:
            await resolve(self, host, port, scheme)
            return host

        monkeypatch.setattr(AddressGuard, "resolve", by_name)
    with red_without(guard):
        await ssrf.test_a_dns_that_changes_its_answer_between_check_and_connection_gains_nothing(listener, monkeypatch)


@both_ways
async def test_the_count_of_what_comes_out_of_gzip(
    guard: Guard,
    erp: Erp,
    make_job: MakeJob,
    bucket: Any,
    folder: str,
) -> None:
    limit = 1 << 40 if guard == OUT else erps.IMPATIENT.page_bytes
    with red_without(guard):
        puller = erps.Puller(erp, make_job, bucket, folder, replace(erps.IMPATIENT, page_bytes=limit, seconds=30))
        codes = {"SOURCE_TOO_LARGE"}
        await erps.test_what_does_not_pass_fails_with_its_reason(
            erp, puller, bucket, folder, "rest", "gzip-bomb", codes
        )


@both_ways
async def test_the_secrets_own_name(guard: Guard, sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(secrets, "secret_id", lambda _tenant, _name: "import_acme_erp")
    with red_without(guard):
        await connections.test_a_document_that_points_at_anothers_secret_gets_nothing(sources)


@both_ways
async def test_forgetting_a_secret_that_would_go_elsewhere(
    guard: Guard, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(connecting, "_place", lambda _settings: [])
    with red_without(guard):
        await connections.test_a_secret_is_forgotten_when_the_connection_leads_elsewhere(sources)


@both_ways
async def test_the_checkpoint_behind_what_was_staged(
    guard: Guard, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(checkpoints, "REACHED", states.STATES)
    with red_without(guard):
        await connections.test_the_checkpoint_stays_where_it_is_when_what_was_fetched_was_not_staged(sources)


@both_ways
async def test_changes_only_for_what_is_no_full_catalogue(
    guard: Guard, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guard == OUT:
        monkeypatch.setattr(checkpoints, "usable", lambda value, _mode: dict(value))
    with red_without(guard):
        await connections.test_a_full_catalogue_is_asked_for_in_full(sources)


@both_ways
async def test_the_wait_for_the_run_before(guard: Guard, nightly: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(schedules, "overlaps", lambda _last: False)
    with red_without(guard):
        await clocks.test_a_run_does_not_begin_while_the_last_is_under_way(nightly, "staging")


@both_ways
async def test_the_fence_of_a_schedulers_lease(guard: Guard, nightly: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        finish = Schedules.finish

        async def with_the_latest(self: Schedules, taken: Any, record: Any) -> bool:
            latest = await self.find(taken["tenantId"], taken["name"])
            return await finish(self, latest or taken, record)

        monkeypatch.setattr(Schedules, "finish", with_the_latest)
    with red_without(guard):
        await clocks.test_a_scheduler_that_wakes_up_late_begins_nothing_twice(nightly)
