"""The guards of the platform's health, taken out: another tenant is seen, every page looks, old figures are lost."""

from __future__ import annotations

import pytest

from functions.admin import health
from functions.admin.health import Figures
from functions.admin.health_watch import Seen, Watch
from tests.functional.admin import test_platform as scenario
from tests.functional.admin.conftest import Person
from tests.functional.admin.test_platform import Played
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.support import World


@both_ways
async def test_whose_queues_and_errors_they_are(
    guard: Guard, person: Person, played: Played, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_of_it(figures: Figures, _tenant_id: str) -> Figures:
        return figures

    if guard == OUT:
        monkeypatch.setattr(health, "of_tenant", all_of_it)
    with red_without(guard):
        await scenario.test_another_tenants_queues_and_errors_are_not_there(person, played, world)


@both_ways
async def test_one_look_for_all(
    guard: Guard, person: Person, played: Played, world: World, time: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_each(self: Watch) -> Seen:
        return Seen(await self.source.look())

    if guard == OUT:
        monkeypatch.setattr(Watch, "seen", look_each)
    with red_without(guard):
        await scenario.test_twenty_pages_make_one_look(person, played, world, time)


@both_ways
async def test_the_last_known_figures(
    guard: Guard, person: Person, played: Played, world: World, time: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Watch.seen

    async def of_now_alone(self: Watch) -> Seen:
        found = await seen(self)
        return Seen(None, found.away) if found.away else found

    if guard == OUT:
        monkeypatch.setattr(Watch, "seen", of_now_alone)
    with red_without(guard):
        await scenario.test_while_the_source_is_away_the_last_known_figures_are_shown_with_their_age(
            person, played, world, time, "refuses"
        )


@both_ways
async def test_what_waits_late_is_shown_first(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.unit.admin import test_health

    if guard == OUT:
        monkeypatch.setattr(health, "is_late", lambda _waiting: False)
    with red_without(guard):
        test_health.test_the_worst_comes_first()
