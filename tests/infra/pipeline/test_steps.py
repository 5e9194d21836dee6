"""The steps of cloudbuild.yaml one after another, as a build runs them, on a Google in memory."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.pipeline import images
from infra.pipeline.__main__ import STEPS, Build, main
from infra.pipeline.smoke import Answer
from tests.infra.pipeline.fake import LOCATION, PROJECT, Behaviour, FakeGoogle

ROOT = Path(__file__).parents[3]
REPOSITORY = "europe-west1-docker.pkg.dev/shop-ci/retailscan"
COMMIT = "c" * 40
SERVICES = {"scan": "scan", "catalog": "catalog", "catalog-jobs": "catalog"}
OURS = Answer(401, {"success": False, "error": {"code": "UNAUTHENTICATED"}})


@dataclass
class Pipeline:
    """A checkout with two rooms, and the environments it is deployed to. Shell and Terraform are played here."""

    root: Path
    google: FakeGoogle = field(default_factory=FakeGoogle)
    build: str = ""
    candidate_url: str = "https://candidate.shop.example"
    environ: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    routes: list[dict[str, str | None]] = field(default_factory=list)
    answer: Answer = OURS

    def begin(self, build: str, environment: str = "staging", release: str = "", created: str = "10:00") -> None:
        """A new build, with an empty work space."""
        shutil.rmtree(self.root / ".pipeline", ignore_errors=True)
        self.build = build
        self.google.builds[build] = {"status": "WORKING", "createTime": f"2026-11-21T{created}:00Z"}
        self.environ = {
            "ENVIRONMENT": environment,
            "RELEASE": release,
            "RELEASES": "shop-releases",
            "REPOSITORY": REPOSITORY,
            "PYTHON": "python:3.11@sha256:aa",
            "PROJECT_ID": "shop-ci",
            "LOCATION": LOCATION,
            "BUILD_ID": build,
            "COMMIT_SHA": COMMIT,
            "BAKE_SECONDS": "300",
            "PATIENCE_SECONDS": "900",
            "SMOKE_SECRET": "projects/shop-ci/secrets/smoke-shopper/versions/latest",
            "PROMOTION": "retailscan-production",
        }

    def step(self, name: str) -> int:
        """One step; its exit status."""

        def ask(method: str, url: str, _body: object, _headers: Mapping[str, str]) -> Answer:
            self.asked.append(f"{method} {url}")
            return self.answer

        return main([name], Build(self.environ, self.google, self.google.clock, self.root, ask))

    def steps(self, *names: str) -> None:
        """Several steps that must succeed."""
        for name in names:
            assert self.step(name) == 0, name

    def note(self, name: str) -> Any:
        return json.loads((self.root / ".pipeline" / name).read_text())

    def built(self) -> list[str]:
        lines = (self.root / ".pipeline" / "build.tsv").read_text().splitlines()
        return [line.split("\t")[0] for line in lines]

    def play_shell(self, finding: str = "") -> None:
        """build.sh, scan.sh, push.sh and sign.sh."""
        folder = self.root / ".pipeline"
        (folder / "scans").mkdir(exist_ok=True)
        lines = (folder / "build.tsv").read_text().splitlines()
        pushed = []
        for number, line in enumerate(lines):
            room, tag = line.split("\t")
            digest = f"sha256:{len(self.google.tags):032x}{number:032x}"
            vulnerability = {"effectiveSeverity": finding, "packageIssue": [{"fixAvailable": True}]}
            found = [{"noteName": "n/CVE-1", "vulnerability": vulnerability}] if finding else []
            (folder / "scans" / f"{room}.json").write_text(json.dumps(found))
            pushed.append(f"{room}\t{REPOSITORY}/{room}@{digest}\n")
            self.google.tags[room, tag] = digest
        (folder / "pushed.tsv").write_text("".join(pushed))

    def play_plan(self) -> None:
        """terraform.sh plan."""
        variables = {
            "project": {"value": {"id": PROJECT, "number": "1"}},
            "region": {"value": {"google": LOCATION}},
            "domain": {"value": "shop.example"},
        }
        (self.root / ".pipeline" / "plan.json").write_text(json.dumps({"variables": variables}))

    def play_apply(self) -> None:
        """terraform.sh apply: what is new comes with its image, what is there stays as it is."""
        chosen = self.note("images.tfvars.json")["images"]
        for name, room in SERVICES.items():
            if name not in self.google.services:
                self.google.serve(name, room, public=name == room, image=chosen[room])
        self.google.jobs = {"catalog-migrate": True, "scan-audit": True}
        outputs: dict[str, dict[str, Any]] = {"migrations": {"value": {"catalog": "catalog-migrate"}}}
        outputs["routes"] = {"value": self.routes}
        if self.candidate_url:
            outputs["candidate_url"] = {"value": self.candidate_url}
        (self.root / ".pipeline" / "outputs.json").write_text(json.dumps(outputs))

    def change(self, *rooms: str) -> None:
        """Another version of these rooms."""
        for room in rooms:
            main = self.root / "functions" / room / "main.py"
            main.write_text(main.read_text() + "MORE = True\n")

    def to_canary(self, build: str, **how: str) -> None:
        """Everything before the traffic moves."""
        self.begin(build, **how)
        self.steps("rooms")
        self.play_shell()
        self.steps("scanned", "release", "hold")
        self.play_plan()
        self.steps("planned", "settle")
        self.play_apply()
        self.steps("deploy", "migrate", "smoke")

    def whole(self, build: str, **how: str) -> None:
        """A build from its first step to its last."""
        self.to_canary(build, **how)
        self.steps("canary", "record")


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    for room in ("scan", "catalog", "common"):
        (tmp_path / "functions" / room).mkdir(parents=True)
        (tmp_path / "functions" / room / "main.py").write_text(f"ROOM = {room!r}\n")
        if room != "common":
            (tmp_path / "functions" / room / "function.yaml").write_text(f"room: {room}\n")
    (tmp_path / "retailscan").mkdir()
    (tmp_path / "docs").mkdir()
    operations = {f"/v1/{room}/{{id}}": {"get": {"tags": [room]}} for room in ("scan", "catalog")}
    (tmp_path / "docs" / "openapi.json").write_text(json.dumps({"paths": operations}))
    (tmp_path / "functions" / "__init__.py").write_text('"""Rooms."""\n')
    for name in ("Dockerfile", ".dockerignore", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    return Pipeline(tmp_path)


def test_the_first_build_makes_everything_and_asks_for_production(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.whole("one")
    approve = f"gcloud alpha builds approve waiting-1 --location={LOCATION} --project=shop-ci"
    assert capsys.readouterr().out.endswith(f"build waiting-1 waits for a person: {approve}\n")
    assert pipeline.built() == ["catalog", "scan"]
    assert pipeline.google.executed == ["catalog-migrate"]
    asked = {"projectId": "shop-ci", "triggerId": "retailscan-production"}
    source = {"commitSha": COMMIT, "substitutions": {"_RELEASE": COMMIT}}
    assert pipeline.google.started == [{**asked, "source": source}]
    assert "staging/lock.json" not in pipeline.google.objects


def test_the_next_build_makes_only_the_room_that_changed(pipeline: Pipeline) -> None:
    pipeline.whole("one")
    before = pipeline.note("images.tfvars.json")["images"]
    pipeline.change("scan")
    pipeline.whole("two", created="11:00")
    assert pipeline.built() == ["scan"]
    assert pipeline.google.shares("scan") == {"scan-00002": 100}
    assert pipeline.google.shares("catalog-jobs") == {"catalog-jobs-00001": 100}
    after = pipeline.note("images.tfvars.json")["images"]
    assert after["catalog"] == before["catalog"]
    assert after["scan"] != before["scan"]
    assert all(images.DIGEST.search(image) for image in after.values())


def test_new_revisions_get_traffic_only_in_the_canary(pipeline: Pipeline) -> None:
    pipeline.whole("one")
    pipeline.change("scan", "catalog")
    pipeline.to_canary("two", created="11:00")
    assert pipeline.google.shares("scan") == {"scan-00001": 100}
    assert pipeline.google.tagged("scan") == {"stable": "scan-00001", "candidate": "scan-00002"}
    pipeline.steps("canary", "record")
    assert {name: pipeline.google.shares(name) for name in SERVICES} == {
        name: {f"{name}-00002": 100} for name in SERVICES
    }


def test_all_doors_and_jobs_of_a_room_get_its_image(pipeline: Pipeline) -> None:
    pipeline.whole("one")
    pipeline.change("catalog")
    pipeline.to_canary("two", created="11:00")
    wanted = pipeline.note("images.tfvars.json")["images"]
    google = pipeline.google
    for name, room in SERVICES.items():
        assert google.services[name].template["containers"][0]["image"] == wanted[room]
    assert google.job_images == {"catalog-migrate": wanted["catalog"], "scan-audit": wanted["scan"]}


def test_a_service_of_a_room_that_is_gone_stops_the_build(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.whole("one")
    pipeline.google.serve("alerts")
    with pytest.raises(AssertionError, match="deploy"):
        pipeline.to_canary("two", created="11:00")
    assert "the service alerts is of the room alerts, which has no image" in capsys.readouterr().err


def test_only_public_candidates_are_asked_by_a_way_of_their_own(pipeline: Pipeline) -> None:
    pipeline.whole("one")
    pipeline.asked.clear()
    pipeline.change("scan", "catalog")
    pipeline.to_canary("two", created="11:00")
    assert set(pipeline.asked) == {
        f"GET https://candidate.shop.example/v1/{room}/smoke" for room in ("scan", "catalog")
    }


def test_pages_are_asked_by_the_routes_that_terraform_tells(pipeline: Pipeline) -> None:
    pipeline.answer = Answer(200, {})
    pipeline.routes = [
        {"path": "/leaflet", "service": "catalog"},
        {"path": "/v1/catalog", "service": "catalog"},
        {"path": "/hidden", "service": None},
    ]
    pipeline.whole("one")
    pipeline.change("catalog")
    pipeline.to_canary("two", created="11:00")
    assert "GET https://candidate.shop.example/leaflet" in pipeline.asked
    assert not any("hidden" in question or question.endswith("/v1/catalog") for question in pipeline.asked)


def test_where_there_is_no_such_way_that_they_started_must_do(pipeline: Pipeline) -> None:
    pipeline.candidate_url = ""
    pipeline.whole("one")
    pipeline.asked.clear()
    pipeline.change("scan")
    pipeline.to_canary("two", created="11:00")
    assert pipeline.asked == []


def test_a_candidate_that_answers_badly_gets_no_traffic(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.whole("one")
    pipeline.change("scan")
    pipeline.answer = Answer(503, {"error": {"code": "UNAVAILABLE"}})
    with pytest.raises(AssertionError, match="smoke"):
        pipeline.to_canary("two", created="11:00")
    assert "scan: https://candidate.shop.example/v1/scan/smoke answered 503: UNAVAILABLE" in capsys.readouterr().err
    assert pipeline.google.shares("scan") == {"scan-00001": 100}


def test_a_vulnerability_stops_the_build_before_anything_is_pushed(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.begin("one")
    pipeline.steps("rooms")
    pipeline.play_shell("CRITICAL")
    assert pipeline.step("scanned") == 1
    assert "scan: CVE-1 (CRITICAL)" in capsys.readouterr().err


def test_an_image_that_was_not_scanned_stops_the_build(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.begin("one")
    pipeline.steps("rooms")
    pipeline.play_shell()
    (pipeline.root / ".pipeline" / "scans" / "scan.json").unlink()
    assert pipeline.step("scanned") == 1
    assert capsys.readouterr().err == "not scanned: scan\n"


def test_a_bad_release_ends_the_build_and_is_not_recorded(pipeline: Pipeline) -> None:
    pipeline.whole("one")
    recorded = pipeline.google.objects["staging/current.json"]
    pipeline.change("scan", "catalog")
    pipeline.to_canary("two", created="11:00")
    pipeline.google.services["catalog"].behaviour["catalog-00002"] = Behaviour(error_ratio=0.5)
    assert pipeline.step("canary") == 1
    assert pipeline.google.shares("scan") == {"scan-00001": 100}
    assert pipeline.google.objects["staging/current.json"] == recorded


def test_the_build_after_one_that_died_is_not_kept_out(pipeline: Pipeline) -> None:
    pipeline.whole("one")
    pipeline.change("scan")
    pipeline.to_canary("two", created="11:00")
    pipeline.google.builds["two"]["status"] = "CANCELLED"
    pipeline.change("scan")
    pipeline.whole("three", created="12:00")
    assert pipeline.google.shares("scan") == {"scan-00003": 100}


def test_a_build_that_was_overtaken_deploys_nothing(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.whole("one", created="11:00")
    pipeline.begin("late", created="10:30")
    assert pipeline.step("hold") == 1
    assert "this build is older" in capsys.readouterr().err


def test_production_gets_the_digests_of_staging_and_builds_nothing(pipeline: Pipeline) -> None:
    pipeline.whole("one")
    good = pipeline.note("images.tfvars.json")
    pipeline.google.services.clear()
    (pipeline.root / "functions" / "scan" / "generated.txt").write_text("left by an earlier step\n")
    pipeline.whole("prod-one", environment="prod", release=COMMIT, created="12:00")
    assert pipeline.built() == []
    assert pipeline.note("images.tfvars.json") == good
    assert pipeline.google.objects["prod/images.tfvars.json"][1] == good
    assert pipeline.google.objects[f"releases/{COMMIT}.json"][1]["passed"] == ["staging", "prod"]
    assert len(pipeline.google.started) == 1, "production asks for nothing more"


def test_production_without_a_release_is_refused(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.begin("one", environment="prod")
    pipeline.steps("rooms")
    assert pipeline.step("release") == 1
    assert "production gets recorded releases only" in capsys.readouterr().err


def test_production_of_what_staging_never_saw_is_refused(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.begin("one", environment="prod", release=COMMIT)
    pipeline.steps("rooms")
    assert pipeline.step("release") == 1
    assert "staging has not found it good" in capsys.readouterr().err


def test_nobody_visits_production_but_shoppers(pipeline: Pipeline) -> None:
    pipeline.whole("one")
    pipeline.change("scan")
    pipeline.whole("two", created="11:00")
    assert any("https://shop.example" in question for question in pipeline.asked), "but staging, where nobody shops"
    pipeline.google.deploy("scan")
    pipeline.to_canary("prod-one", environment="prod", release=COMMIT, created="12:00")
    pipeline.asked.clear()
    pipeline.steps("canary")
    assert pipeline.asked == []


def test_a_shopper_goes_the_whole_way_when_all_is_moved(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.whole("one")
    assert "nobody has scanned here yet" in capsys.readouterr().out
    person = {"apiKey": "k", "email": "a@example.com", "password": "p", "storeCode": "s", "code": "4"}
    pipeline.google.secrets[pipeline.environ["SMOKE_SECRET"]] = base64.b64encode(json.dumps(person).encode()).decode()
    pipeline.change("scan")
    pipeline.to_canary("two", created="11:00")
    pipeline.answer = Answer(200, {"idToken": "identity"})
    assert pipeline.step("canary") == 1
    assert "check-in answered 200" in capsys.readouterr().err


def test_a_person_can_roll_back_the_last_release_at_once(pipeline: Pipeline) -> None:
    pipeline.whole("one")
    pipeline.change("scan", "catalog")
    pipeline.whole("two", created="11:00")
    begun = pipeline.google.clock.now
    pipeline.steps("roll-back")
    assert {name: pipeline.google.shares(name) for name in SERVICES} == {
        name: {f"{name}-00001": 100} for name in SERVICES
    }
    assert pipeline.google.clock.now - begun < 60


def test_a_plan_that_destroys_data_needs_a_word(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.begin("one")
    pipeline.steps("rooms")
    doomed = {"address": "google_storage_bucket.imports", "type": "google_storage_bucket"}
    changes = [{**doomed, "change": {"actions": ["delete"]}}]
    pipeline.play_plan()
    plan = {**pipeline.note("plan.json"), "resource_changes": changes}
    (pipeline.root / ".pipeline" / "plan.json").write_text(json.dumps(plan))
    assert pipeline.step("planned") == 1
    assert "google_storage_bucket.imports would be destroyed" in capsys.readouterr().err
    pipeline.environ["MAY_DESTROY"] = "google_storage_bucket.imports, google_storage_bucket.other"
    assert pipeline.step("planned") == 0


def test_a_canary_that_could_see_no_figures_is_refused(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.whole("one")
    pipeline.change("scan")
    pipeline.to_canary("two", created="11:00")
    pipeline.environ["BAKE_SECONDS"] = "60"
    assert pipeline.step("canary") == 1
    assert "_BAKE_SECONDS is more than 180" in capsys.readouterr().err


def test_a_missing_variable_is_named(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.begin("one")
    del pipeline.environ["REPOSITORY"]
    assert pipeline.step("rooms") == 1
    assert capsys.readouterr().err.startswith("REPOSITORY is not set")


def test_a_step_out_of_order_says_so(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.begin("one")
    assert pipeline.step("record") == 1
    assert capsys.readouterr().err == ".pipeline/release.json is missing: an earlier step did not run\n"


def test_every_program_is_a_step_of_the_build_or_a_persons() -> None:
    steps = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())["steps"]
    run = [step["args"][2] for step in steps if step["args"][:2] == ["-m", "infra.pipeline"]]
    assert {*run, "roll-back"} == set(STEPS)
