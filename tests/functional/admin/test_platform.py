"""How the platform does: who is told, what is said while the source is away, and that many pages make one look."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from functions.admin import health_wiring, settings
from functions.admin.health import Away, Cache, Door, Error, Figures, Waiting
from functions.admin.health_watch import NoSource, Watch
from functions.common import clock
from functions.common.settings import SettingsError
from tests.functional.admin.conftest import FakeApi, Person
from tests.support import World

WHERE = "/v1/platform/health"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NASTY = "<script>alert('x')</script>"
FIGURES = Figures(
    at=NOW,
    doors=(Door("scan", True, 12.345, 0.25, 8.123), Door("catalog", False)),
    queues=(Waiting("publish", 4, None),),
    subscriptions=(
        Waiting("sales", 0, 0.0),
        Waiting("price-updates-acme", 2, 11.0, "acme"),
        Waiting("price-updates-bolt", 700, 900.0, "bolt"),
    ),
    cache=Cache(0.9, 3.0),
    errors=(
        Error(NOW - timedelta(minutes=2), "scan", "older"),
        Error(NOW, "checkout", NASTY, "GONE", "ab" * 16, "https://console.test/ab", "acme"),
        Error(NOW, "checkout", "the rival's", tenant_id="bolt"),
    ),
    unknown={"queues.oldestAgeSeconds": "Cloud Tasks does not tell how old its tasks are"},
)


class Played:
    """A source that a test plays."""

    name = "google"
    keep_seconds = 4.0

    def __init__(self) -> None:
        self.figures = FIGURES
        self.away = ""
        self.takes = 0.0
        self.looks = 0

    async def look(self) -> Figures:
        self.looks += 1
        await asyncio.sleep(self.takes)
        if self.away:
            raise Away(self.away)
        return self.figures


@pytest.fixture
def time() -> list[float]:
    """A clock of seconds, to be put forward."""
    return [0.0]


@pytest.fixture
async def played(person: Person, time: list[float]) -> AsyncIterator[Played]:
    source = Played()
    health_wiring.watch.replace(Watch(source, patience=0.2, seconds=lambda: time[0]))
    clock.freeze(lambda: (NOW + timedelta(seconds=time[0])).timestamp())
    yield source
    clock.freeze(None)
    health_wiring.watch.replace(None)


async def asked(person: Person, world: World, query: str = "", tenant: str = "acme") -> httpx.Response:
    # The clock of the tests is not that of tokens: this one lives long enough for both.
    return await person.client.get(WHERE + query, headers=world.staff("operator", tenant, lives_s=400 * 86_400))


async def told(person: Person, world: World, **options: Any) -> dict[str, Any]:
    reply = await asked(person, world, **options)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()["data"]
    return found


async def test_an_operator_is_told_all_of_it_in_order(person: Person, played: Played, world: World) -> None:
    said = await told(person, world)
    assert (said["source"], said["stale"], said["ageSeconds"]) == ("google", False, 0.0)
    assert said["asOf"] == "2026-11-21T12:00:00Z"
    assert said["doors"] == [
        {"service": "catalog", "up": False, "requestsPerSecond": None, "errorShare": None, "p95Ms": None},
        {"service": "scan", "up": True, "requestsPerSecond": 12.35, "errorShare": 0.25, "p95Ms": 8.1},
    ]
    assert said["queues"] == [{"name": "publish", "depth": 4, "oldestAgeSeconds": None, "late": False}]
    assert said["cache"] == {"hitRate": 0.9, "readsPerSecond": 3.0}
    assert said["freshness"] == {"lagSeconds": 11.0, "targetSeconds": 10.0, "late": True}
    assert [each["message"] for each in said["errors"]] == [NASTY, "older"]
    assert said["errors"][0] | {"message": ""} == {
        "time": "2026-11-21T12:00:00Z", "door": "checkout", "message": "", "code": "GONE", "traceId": "ab" * 16,
        "link": "https://console.test/ab",
    }  # fmt: skip
    assert said["unknown"] == [
        {"field": "queues.oldestAgeSeconds", "reason": "Cloud Tasks does not tell how old its tasks are"}
    ]


async def test_another_tenants_queues_and_errors_are_not_there(person: Person, played: Played, world: World) -> None:
    mine, theirs = await told(person, world), await told(person, world, tenant="bolt")
    assert [each["name"] for each in mine["subscriptions"]] == ["price-updates-acme", "sales"]
    assert [each["name"] for each in theirs["subscriptions"]] == ["price-updates-bolt", "sales"]
    assert "rival" not in str(mine)
    assert theirs["freshness"]["lagSeconds"] == 900.0


@pytest.mark.parametrize("role", ["brand_manager", "store_manager", "store_staff", "erp", "gate"])
async def test_nobody_but_an_operator_is_told(person: Person, played: Played, world: World, role: str) -> None:
    reply = await person.client.get(WHERE, headers=world.staff(role, "acme", lives_s=400 * 86_400))
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "ROLE_NOT_ALLOWED")
    assert (await person.client.get(WHERE)).status_code == 401
    assert played.looks == 0


@pytest.mark.parametrize("query", ["?errors=51", "?errors=-1", "?errors=x", "?tenantId=bolt", "?errors=1&errors=2"])
async def test_what_cannot_be_asked_is_refused(person: Person, played: Played, world: World, query: str) -> None:
    assert (await asked(person, world, query)).status_code == 400
    assert played.looks == 0


async def test_as_many_errors_are_told_as_are_asked_for(person: Person, played: Played, world: World) -> None:
    assert len((await asked(person, world, "?errors=1")).json()["data"]["errors"]) == 1
    assert (await asked(person, world, "?errors=0")).json()["data"]["errors"] == []


async def test_twenty_pages_make_one_look(person: Person, played: Played, world: World, time: list[float]) -> None:
    played.takes = 0.05
    said = await asyncio.gather(*(told(person, world) for _ in range(20)))
    assert played.looks == 1
    assert {each["asOf"] for each in said} == {"2026-11-21T12:00:00Z"}
    time[0] = played.keep_seconds - 0.1
    await told(person, world)
    assert played.looks == 1
    time[0] = played.keep_seconds
    await told(person, world)
    assert played.looks == 2


@pytest.mark.parametrize("how", ["refuses", "hangs"])
async def test_while_the_source_is_away_the_last_known_figures_are_shown_with_their_age(
    person: Person, played: Played, world: World, time: list[float], how: str
) -> None:
    first = await told(person, world)
    played.away, played.takes = ("monitoring.test answered 503", 0.0) if how == "refuses" else ("", 30.0)
    time[0] = 90.0
    said = await told(person, world)
    assert (said["stale"], said["ageSeconds"], said["asOf"]) == (True, 90.0, first["asOf"])
    assert said["doors"] == first["doors"]
    reason = "monitoring.test answered 503" if how == "refuses" else "the source did not answer within 0.2 s"
    assert {"field": "asOf", "reason": reason} in said["unknown"]
    await told(person, world)
    assert played.looks == 2, "a source that is away is not asked by everybody who waits"
    played.away, played.takes = "", 0.0
    played.figures = dataclasses.replace(FIGURES, at=NOW + timedelta(seconds=100))
    time[0] = 100.0
    assert (await told(person, world))["stale"] is False


async def test_nothing_is_invented_where_nothing_was_ever_known(person: Person, played: Played, world: World) -> None:
    health_wiring.watch.replace(Watch(NoSource()))
    said = await told(person, world)
    for part in ("asOf", "ageSeconds", "doors", "queues", "subscriptions", "cache", "errors"):
        assert said[part] is None, part
    assert said["freshness"] == {"lagSeconds": None, "targetSeconds": 10.0, "late": None}
    assert said["unknown"] == [{"field": "asOf", "reason": "no source is set (OPERATIONS_SOURCE)"}]


async def test_whoever_hangs_up_takes_nobodys_figures_away(played: Played) -> None:
    played.takes = 0.05
    watch = health_wiring.watch()
    first = asyncio.create_task(watch.seen())
    await asyncio.sleep(0.01)
    second = asyncio.create_task(watch.seen())
    first.cancel()
    assert (await second).figures == FIGURES
    assert played.looks == 1


async def test_the_local_cloud_is_no_source_of_production(world: World, person: Person) -> None:
    settings.platform.replace(settings.Platform("local"))
    health_wiring.watch.replace(None)
    assert health_wiring.watch().source.name == "local"
    health_wiring.watch.replace(None)
    world.change(environment="prod")
    try:
        with pytest.raises(SettingsError, match="OPERATIONS_SOURCE=local"):
            health_wiring.watch()
    finally:
        world.change(environment="test")
        settings.platform.replace(None)


# ---- the page ------------------------------------------------------------------------------------------------


def answered(**changes: Any) -> dict[str, Any]:
    """What the API says."""
    waiting = {"name": NASTY, "depth": 7, "oldestAgeSeconds": 400.0, "late": True}
    empty = {"name": "empty", "depth": 0, "oldestAgeSeconds": 0.0, "late": False}
    return {
        "source": "local", "asOf": "2026-11-21T12:00:00Z", "ageSeconds": 1.0, "stale": False,
        "doors": [
            {"service": "scan", "up": True, "requestsPerSecond": 12.5, "errorShare": 0.125, "p95Ms": 8.1},
            {"service": "gone", "up": False, "requestsPerSecond": None, "errorShare": None, "p95Ms": None},
            {"service": "silent", "up": None, "requestsPerSecond": None, "errorShare": None, "p95Ms": None},
        ],
        "queues": [empty | {"depth": None, "oldestAgeSeconds": None, "late": None}], "subscriptions": [waiting, empty],
        "cache": {"hitRate": 0.987, "readsPerSecond": None},
        "freshness": {"lagSeconds": 12.0, "targetSeconds": 10.0, "late": True},
        "errors": [{"time": "2026-11-21T11:00:00Z", "door": "scan", "message": NASTY, "code": NASTY, "traceId": "ab12",
                    "link": "https://console.test/ab12"}],
        "unknown": [{"field": "queues", "reason": NASTY}],
    } | changes  # fmt: skip


@pytest.fixture
def others(api: FakeApi) -> None:
    for where in ("/v1/dead-letters", "/v1/price-updates", "/v1/price-issues", "/v1/reconciliations"):
        api.says("GET", where, [])


async def test_the_page_shows_what_the_api_told_and_its_words_are_text(
    person: Person, api: FakeApi, others: None
) -> None:
    api.says("GET", WHERE, answered())
    await person.sign_in("operator")
    part = {"hx_request": "true"}
    for where, headers in (("/admin/operations", {}), ("/admin/operations/platform", part)):
        page = (await person.get(where, **headers)).text
        assert "<script>alert" not in page
        for text in (
            "1 / 3",
            "12.50",
            "12.5\u00a0%",
            "8.1 ms",
            "98.7\u00a0%",
            "6.7\u00a0min",
            "12\u00a0s",
            "1 are empty.",
        ):
            assert text in page, text
        assert 'href="https://console.test/ab12"' in page


async def test_the_page_says_that_figures_are_old_and_that_there_are_none(
    person: Person, api: FakeApi, others: None
) -> None:
    api.says("GET", WHERE, answered(stale=True, ageSeconds=90.0))
    await person.sign_in("operator")
    assert "These figures are 1.5\u00a0min old." in (await person.get("/admin/operations")).text
    nothing = dict.fromkeys(("asOf", "ageSeconds", "doors", "queues", "subscriptions", "cache", "errors"))
    never = {"lagSeconds": None, "targetSeconds": 10.0, "late": None}
    api.says("GET", WHERE, answered(stale=True, **nothing, freshness=never))
    page = await person.get("/admin/operations")
    assert page.status_code == 200
    assert "nothing was known before" in page.text
    assert page.text.count("Nobody can tell this now.") == 4


async def test_the_rest_of_the_page_is_there_when_the_figures_are_not(
    person: Person, api: FakeApi, others: None
) -> None:
    api.refuses("GET", WHERE, 503, "UNAVAILABLE", "not now")
    await person.sign_in("operator")
    page = await person.get("/admin/operations")
    assert page.status_code == 200
    assert "How doors and queues do cannot be told now." in page.text
    assert "Dead letters" in page.text


async def test_a_brand_managers_page_asks_for_nothing_of_it(person: Person, api: FakeApi, others: None) -> None:
    await person.sign_in("brand_manager")
    assert "Platform" not in (await person.get("/admin/operations")).text
    assert (await person.get("/admin/operations/platform")).status_code == 403
    assert not [request for request in api.asked if request.url.path == WHERE]
