"""A canary from its first request to the last, on a Google in memory."""

from __future__ import annotations

import os
import signal

import pytest

from infra.pipeline import Failed
from infra.pipeline.canary import Canary, Change, RolledBack, changes, settle
from infra.pipeline.google import Refused
from infra.pipeline.judging import Limits
from infra.pipeline.monitoring import Monitoring
from infra.pipeline.run import Run
from tests.infra.pipeline.fake import LOCATION, PROJECT, Behaviour, FakeGoogle

LIMITS = Limits(bake=300, patience=900)


@pytest.fixture
def google() -> FakeGoogle:
    fake = FakeGoogle()
    for name in ("scan", "catalog"):
        fake.serve(name)
    settle(run_of(fake), fake.services)
    fake.splits.clear()
    fake.clock.sleep(7200)
    return fake


def run_of(google: FakeGoogle) -> Run:
    return Run(google, google.clock, PROJECT, LOCATION)


def canary(google: FakeGoogle) -> tuple[Canary, list[str]]:
    told: list[str] = []
    figures = Monitoring(google, PROJECT, LOCATION)
    return Canary(run_of(google), figures, google.clock, LIMITS, say=told.append), told


def release(google: FakeGoogle) -> list[str]:
    shifting, told = canary(google)
    shifting.release(changes(run_of(google), google.services))
    return told


def percents(google: FakeGoogle, name: str) -> list[dict[str, int]]:
    return [shares for service, shares in google.splits if service == name]


def test_a_deployment_gets_no_traffic_by_itself(google: FakeGoogle) -> None:
    google.deploy("scan")
    assert google.shares("scan") == {"scan-00001": 100}


def test_a_healthy_release_goes_by_5_and_25_to_100_percent(google: FakeGoogle) -> None:
    new = google.deploy("scan")
    release(google)
    assert percents(google, "scan") == [
        {"scan-00001": 95, new: 5},
        {"scan-00001": 75, new: 25},
        {new: 100},
        {new: 100},
    ]
    assert google.tagged("scan") == {"stable": new, "candidate": new}


def test_services_without_a_new_revision_are_left_alone(google: FakeGoogle) -> None:
    google.deploy("scan")
    release(google)
    assert percents(google, "catalog") == []


def test_nothing_new_is_a_release_too(google: FakeGoogle) -> None:
    assert release(google) == ["nothing new: no service has another revision than the one that serves"]


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (Behaviour(error_ratio=0.2), "requests failed"),
        (Behaviour(p95_ms=2000), "p95 is 2000 ms"),
    ],
)
def test_a_bad_revision_takes_the_whole_release_back(google: FakeGoogle, behaviour: Behaviour, why: str) -> None:
    google.deploy("scan", behaviour)
    google.deploy("catalog")
    with pytest.raises(RolledBack, match=why):
        release(google)
    assert google.shares("scan") == {"scan-00001": 100}
    assert google.shares("catalog") == {"catalog-00001": 100}
    assert google.tagged("scan") == {"stable": "scan-00001"}


def test_few_shoppers_meet_a_failing_revision(google: FakeGoogle) -> None:
    google.deploy("scan", Behaviour(error_ratio=1.0))
    begun = google.clock.now
    with pytest.raises(RolledBack):
        release(google)
    # Figures are three minutes old, and a window has a minute at least.
    assert google.clock.now - begun <= 300
    assert max(shares.get("scan-00002", 0) for shares in percents(google, "scan")) == 5


def test_a_revision_that_breaks_under_the_full_load_is_rolled_back_at_the_end(google: FakeGoogle) -> None:
    new = google.deploy("scan")

    def breaks(_method: str, _url: str) -> None:
        if google.shares("scan") == {new: 100}:
            google.services["scan"].behaviour[new] = Behaviour(p95_ms=3000)

    google.before = breaks
    with pytest.raises(RolledBack, match=r"at 100 %: p95 is 3000 ms; at most 140 ms is tolerated"):
        release(google)
    assert google.shares("scan") == {"scan-00001": 100}


def test_an_outage_of_everything_is_not_blamed_on_the_release(google: FakeGoogle) -> None:
    google.services["scan"].behaviour["scan-00001"] = Behaviour(error_ratio=0.3, p95_ms=900)
    google.clock.sleep(7200)
    new = google.deploy("scan", Behaviour(error_ratio=0.3, p95_ms=900))
    release(google)
    assert google.shares("scan") == {new: 100}


def test_a_door_nobody_calls_is_moved_when_the_patience_is_over(google: FakeGoogle) -> None:
    google.services["scan"].rate = 0.0
    new = google.deploy("scan")
    begun = google.clock.now
    told = release(google)
    assert google.shares("scan") == {new: 100}
    assert google.clock.now - begun >= 3 * LIMITS.patience
    assert any("nobody asked" in line for line in told)


def test_a_google_that_stops_answering_leads_back(google: FakeGoogle) -> None:
    google.deploy("scan")

    def fails(method: str, _url: str) -> None:
        if method == "projects.timeSeries.list" and google.shares("scan") != {"scan-00001": 100}:
            raise Refused(503, "try later")

    google.before = fails
    with pytest.raises(Failed, match="503"):
        release(google)
    assert google.shares("scan") == {"scan-00001": 100}


def test_a_build_that_is_cancelled_leads_back(google: FakeGoogle) -> None:
    google.deploy("scan")

    def cancelled(method: str, _url: str) -> None:
        if method == "projects.timeSeries.list" and google.shares("scan") != {"scan-00001": 100}:
            os.kill(os.getpid(), signal.SIGTERM)

    google.before = cancelled
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(RolledBack, match="ended by SIGTERM"):
        release(google)
    assert google.shares("scan") == {"scan-00001": 100}
    assert signal.getsignal(signal.SIGTERM) is before


def test_one_service_that_cannot_go_back_does_not_keep_the_others(google: FakeGoogle) -> None:
    google.deploy("scan", Behaviour(error_ratio=1.0))
    google.deploy("catalog")
    shifting, told = canary(google)
    found = changes(run_of(google), google.services)

    def stuck(method: str, url: str) -> None:
        moved = any(name == "catalog" for name, _ in google.splits)
        if method == "projects.locations.services.patch" and url.endswith("/scan") and moved:
            raise Refused(403, "no")

    google.before = stuck
    with pytest.raises(RolledBack):
        shifting.release(found)
    assert google.shares("catalog") == {"catalog-00001": 100}
    assert told[-1].startswith("NOT rolled back, do it by hand: scan (403")


def test_a_revision_that_does_not_start_is_no_candidate(google: FakeGoogle) -> None:
    google.deploy("scan", starts=False)
    with pytest.raises(Failed, match="scan-00002 of scan does not start: The user-provided container failed"):
        changes(run_of(google), google.services)


def test_what_an_interrupted_canary_left_is_put_right_before_the_next(google: FakeGoogle) -> None:
    new = google.deploy("scan")
    run_of(google).split("scan", {"scan-00001": 25, new: 75}, {"stable": "scan-00001", "candidate": new})
    settle(run_of(google), ["scan"], say=lambda _line: None)
    assert google.shares("scan") == {"scan-00001": 100}


def test_a_new_service_serves_its_first_revision_and_is_no_change(google: FakeGoogle) -> None:
    google.serve("checkout")
    assert changes(run_of(google), ["checkout"]) == []


def test_a_service_without_any_revision_that_serves_must_be_repaired_first(google: FakeGoogle) -> None:
    google.services["scan"].traffic = []
    with pytest.raises(Failed, match="scan has no revision that serves"):
        settle(run_of(google), ["scan"])


def test_waiting_is_visiting_where_nobody_shops(google: FakeGoogle) -> None:
    google.services["scan"].rate = 0.0
    new = google.deploy("scan")
    visited: list[float] = []

    def visit(seconds: float) -> None:
        visited.append(seconds)
        google.services["scan"].rate = 10.0
        google.clock.sleep(seconds)

    figures = Monitoring(google, PROJECT, LOCATION)
    shifting = Canary(run_of(google), figures, google.clock, LIMITS, say=lambda _line: None, visit=visit)
    shifting.release([Change("scan", "scan-00001", new)])
    assert visited
    assert google.shares("scan") == {new: 100}


def test_a_new_image_makes_a_revision_that_is_else_the_same(google: FakeGoogle) -> None:
    before = google.services["scan"].template
    run_of(google).give_service("scan", "image@sha256:1")
    (container,) = google.services["scan"].template["containers"]
    assert container == {**before["containers"][0], "image": "image@sha256:1"}
    assert google.services["scan"].template["timeout"] == before["timeout"]
    assert google.shares("scan") == {"scan-00001": 100}


def test_an_image_that_does_not_start_stops_the_build(google: FakeGoogle) -> None:
    google.breaks = "image@sha256:bad"
    with pytest.raises(Failed, match="scan with image@sha256:bad: The container did not start"):
        run_of(google).give_service("scan", google.breaks)
    assert google.shares("scan") == {"scan-00001": 100}


def test_services_and_jobs_are_found_by_their_label_page_by_page(google: FakeGoogle) -> None:
    google.serve("catalog-jobs", "catalog")
    google.serve("checkout", public=True)
    google.jobs = {"catalog-migrate": True, "checkout-migrate": True, "scan-audit": True}
    found = [(each.name, each.room, each.public) for each in run_of(google).services()]
    assert found == [
        ("catalog", "catalog", False),
        ("catalog-jobs", "catalog", False),
        ("checkout", "checkout", True),
        ("scan", "scan", False),
    ]
    assert [each.name for each in run_of(google).jobs()] == ["catalog-migrate", "checkout-migrate", "scan-audit"]


def test_a_job_gets_an_image_and_keeps_the_rest(google: FakeGoogle) -> None:
    google.jobs = {"catalog-migrate": True}
    run_of(google).give_job("catalog-migrate", "image@sha256:1")
    assert google.job_images == {"catalog-migrate": "image@sha256:1"}


def test_a_job_that_fails_stops_the_build(google: FakeGoogle) -> None:
    google.jobs = {"catalog-migrate": True, "scan-migrate": False}
    run_of(google).execute("catalog-migrate")
    with pytest.raises(Failed, match=r"the job scan-migrate failed; its log: https://logs\.invalid"):
        run_of(google).execute("scan-migrate")
