"""The drills of staging: what they call open, how long they say an outage was, and that a restore is audited."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.pipeline import Failed, drills, smoke
from infra.pipeline.drills import Outage, during, is_plain_http_redirected, open_doors
from infra.pipeline.run import Deployed
from infra.pipeline.smoke import Answer, Shopper
from tests.infra.pipeline.fake import LOCATION, PROJECT, FakeClock, FakeGoogle
from tests.infra.pipeline.test_google import Server, server
from tests.infra.pipeline.test_scripts import Machine, machine

__all__ = ["machine", "server"]

URL = "https://staging.shop.example"
SCAN = Deployed("scan", "scan", "image", True, ("https://scan-1.europe-west1.run.app",))


def asked(open_urls: Mapping[str, Answer]) -> smoke.Ask:
    """Google's refusal in HTML for everything else."""
    return lambda _method, url, _body, _headers: open_urls.get(url, Answer(404, None))


def test_an_environment_that_answers_only_where_it_should_is_closed() -> None:
    assert open_doors([SCAN], URL, asked({})) == []


@pytest.mark.parametrize(
    ("url", "answer", "sentence"),
    [
        (f"{URL}/metrics", Answer(200, None), f"the load balancer: {URL}/metrics answered 200"),
        (f"{URL}/push/smoke", Answer(401, {"success": False}), f"the load balancer: {URL}/push/smoke answered 401"),
        (
            f"{SCAN.addresses[0]}/health",
            Answer(200, {"status": "ok"}),
            f"scan, past the load balancer: {SCAN.addresses[0]}/health answered 200",
        ),
    ],
)
def test_whatever_reaches_a_door_is_told(url: str, answer: Answer, sentence: str) -> None:
    assert open_doors([SCAN], URL, asked({url: answer})) == [sentence]


def test_a_connection_that_is_refused_is_closed() -> None:
    def refused(_method: str, _url: str, _body: object, _headers: Mapping[str, str]) -> Answer:
        raise Failed("connection refused")

    assert open_doors([SCAN], URL, refused) == []


def test_plain_http_must_lead_to_https(server: Server) -> None:
    server.answers = [(200, b"hello")]
    assert not is_plain_http_redirected(server.url)


def test_the_whole_drill_tells_what_is_open(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    google = FakeGoogle()
    google.serve("scan", public=True)
    monkeypatch.setattr(drills, "Rest", lambda given: google)
    monkeypatch.setattr(smoke, "ask", asked({}))
    redirected = iter([True, False])
    monkeypatch.setattr(drills, "is_plain_http_redirected", lambda _url: next(redirected))
    arguments = ["closed", "--project", PROJECT, "--location", LOCATION, "--url", URL]
    assert drills.main(arguments) == 0
    assert drills.main(arguments) == 1
    assert capsys.readouterr() == (
        "1 services, and nothing answers that must not\n",
        "http:// does not lead to https://\n",
    )


def outage_of(clock: FakeClock, broken: tuple[float, float], ends: float) -> Outage:
    """Visits fail between two moments; what breaks things is over at a third."""
    begun = clock.now

    def visit() -> None:
        if broken[0] <= clock.now - begun < broken[1]:
            raise Failed("check-in answered 503: UNAVAILABLE")

    return during(lambda: clock.now - begun >= ends, visit, clock, pause=0.5, after=30.0)


def test_an_outage_is_the_time_between_two_good_visits() -> None:
    outage = outage_of(FakeClock(), (10, 18), ends=20)
    assert outage.longest == pytest.approx(8.5, abs=0.6)
    assert outage.failures == 16
    assert str(outage).endswith("last: check-in answered 503: UNAVAILABLE")


def test_an_outage_that_begins_when_all_seems_over_is_seen() -> None:
    assert outage_of(FakeClock(), (25, 40), ends=20).longest == pytest.approx(15.5, abs=0.6)


def test_an_outage_that_does_not_end_is_counted_to_the_end() -> None:
    assert outage_of(FakeClock(), (10, 1e9), ends=20).longest >= 40


def test_without_an_outage_there_is_the_pause_alone() -> None:
    outage = outage_of(FakeClock(), (0, 0), ends=5)
    assert outage.failures == 0
    assert outage.longest == pytest.approx(0.5, abs=0.1)


@pytest.fixture
def shopping(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything works; what was visited."""
    visited: list[str] = []

    def story(url: str, _shopper: Shopper) -> str:
        visited.append(url)
        return "scanned"

    def shortly(is_over: object, visit: object, clock: object) -> Outage:
        return during(is_over, visit, clock, pause=0.01, after=0.05)  # type: ignore[arg-type]

    monkeypatch.setattr(smoke, "shopper_of", lambda _google, _secret: Shopper("i", "s", "c"))
    monkeypatch.setattr(smoke, "story", story)
    monkeypatch.setattr(drills, "during", shortly)
    return visited


@pytest.mark.parametrize(
    ("code", "limit", "status", "told"),
    [
        ("pass", "15", 0, ""),
        ("raise SystemExit(3)", "15", 1, "the command failed (3): this drill says nothing"),
        ("pass", "0", 1, "more than 0 s"),
    ],
)
def test_shopping_goes_on_while_a_command_breaks_something(
    shopping: list[str], code: str, limit: str, status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["during", "--url", URL, "--secret", "s", "--limit", limit, "--", sys.executable, "-c", code]
    assert drills.main(arguments) == status
    assert capsys.readouterr().err.strip() == told
    assert shopping


def test_without_a_shopper_there_is_no_drill(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(drills, "Rest", lambda given: FakeGoogle())
    secret = "projects/shop-operations/secrets/smoke-shopper-staging/versions/1"
    assert drills.main(["during", "--url", URL, "--secret", secret, "--limit", "1", "--", "true"]) == 1
    assert "first_scan --secret fills it" in capsys.readouterr().err


# --- restore.sh


def test_a_restore_is_of_an_hour_ago_and_is_audited(machine: Machine) -> None:
    machine.play("atlas", 'case "$*" in *start*) echo restore-1 ;; esac')
    machine.play("audit")
    found = machine.run("restore.sh", "p1", "retailscan", "drill", AUDIT="audit --most 5")
    assert found.returncode == 0, found.stderr
    start, watch, audit = machine.calls
    assert start.startswith("atlas backups restores start pointInTime --projectId p1 --clusterName retailscan")
    assert "--targetClusterName drill" in start
    assert watch == "atlas backups restores watch restore-1 --projectId p1 --clusterName retailscan"
    assert audit == "audit --most 5"
    assert "promised: 14400 s" in found.stdout


def test_a_restore_that_takes_too_long_or_fails_its_audit_breaks_the_promise(machine: Machine) -> None:
    machine.play("atlas")
    machine.play("audit", "sleep 1.1")
    assert machine.run("restore.sh", "p1", "a", "b", AUDIT="audit", RTO_SECONDS="0").returncode == 1
    machine.play("audit", "exit 1")
    assert machine.run("restore.sh", "p1", "a", "b", AUDIT="audit").returncode == 1


def test_a_drill_never_overwrites_the_cluster_that_serves(machine: Machine) -> None:
    machine.play("atlas")
    assert machine.run("restore.sh", "p1", "retailscan", "retailscan").returncode == 2
    assert machine.run("restore.sh", "p1").returncode == 2
    assert machine.calls == []


def test_the_script_is_named_in_the_readme() -> None:
    readme = (Path(drills.__file__).parents[1] / "README.md").read_text()
    for drill in ("drills closed", "drills during", "restore.sh", "first_scan"):
        assert drill in readme, drill
