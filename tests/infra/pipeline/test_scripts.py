"""The shell steps with docker, gcloud and terraform played: what they call, with what, and when they stop."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "infra" / "pipeline"
REPOSITORY = "europe-west1-docker.pkg.dev/shop-ci/retailscan"
DIGEST = f"sha256:{'a' * 64}"
ENVIRONMENT = {
    "REPOSITORY": REPOSITORY,
    "PYTHON": "python:3.11@sha256:aa",
    "BUILD_ID": "b1",
    "COMMIT_SHA": "c1",
    "PROJECT_ID": "shop-ci",
    "SCAN_LOCATION": "europe",
    "ATTESTOR": "projects/shop-ci/attestors/pipeline",
    "SIGNING_KEY": "projects/shop-ci/locations/x/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
    "ENVIRONMENT": "staging",
}


@dataclass
class Machine:
    """A work space, with programs that only write down how they were called."""

    root: Path

    def play(self, program: str, answers: str = "") -> None:
        """`answers` is shell that may print something, by "$*"."""
        path = self.root / "bin" / program
        path.write_text(f'#!/bin/sh\necho "{program} $*" >>"{self.root}/calls"\n{answers}\n')
        path.chmod(0o755)

    def run(self, script: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            [str(SCRIPTS / script), *arguments],
            cwd=self.root,
            env={**ENVIRONMENT, "PATH": path, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def note(self, name: str, text: str) -> None:
        (self.root / ".pipeline" / name).write_text(text)

    def noted(self, name: str) -> str:
        return (self.root / ".pipeline" / name).read_text()

    @property
    def calls(self) -> list[str]:
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for folder in ("bin", ".pipeline", "infra/terraform"):
        (tmp_path / folder).mkdir(parents=True)
    made = Machine(tmp_path)
    for program in ("docker", "gcloud", "terraform", "make", "apt-get"):
        made.play(program)
    made.note("build.tsv", "catalog\tinputs-1\nscan\tinputs-2\n")
    return made


def test_a_checkout_is_checked_and_a_release_is_not(machine: Machine) -> None:
    assert machine.run("check.sh").returncode == 0
    assert machine.calls[-1] == "make test"
    (machine.root / "calls").unlink()
    assert machine.run("check.sh", RELEASE="c1").returncode == 0
    assert machine.calls == []


def test_a_check_that_fails_stops_the_build(machine: Machine) -> None:
    machine.play("make", "exit 2")
    assert machine.run("check.sh").returncode == 2


def test_each_listed_room_is_built_from_the_one_recipe(machine: Machine) -> None:
    assert machine.run("build.sh").returncode == 0
    assert machine.calls == [
        "docker build --quiet --build-arg FUNCTION=catalog --build-arg PYTHON=python:3.11@sha256:aa"
        f" --label org.opencontainers.image.revision=c1 --tag {REPOSITORY}/catalog:b1 .",
        "docker build --quiet --build-arg FUNCTION=scan --build-arg PYTHON=python:3.11@sha256:aa"
        f" --label org.opencontainers.image.revision=c1 --tag {REPOSITORY}/scan:b1 .",
    ]


@pytest.mark.parametrize("script", ["build.sh", "scan.sh", "push.sh"])
def test_where_nothing_changed_nothing_is_done(machine: Machine, script: str) -> None:
    machine.note("build.tsv", "")
    assert machine.run(script).returncode == 0
    assert machine.calls == []


@pytest.mark.parametrize(("script", "program"), [("build.sh", "docker"), ("scan.sh", "gcloud"), ("push.sh", "docker")])
def test_the_first_failure_stops_the_build(machine: Machine, script: str, program: str) -> None:
    machine.play(program, "exit 7")
    assert machine.run(script).returncode != 0
    assert len(machine.calls) == 1


@pytest.mark.parametrize(("script", "program"), [("build.sh", "docker"), ("scan.sh", "gcloud")])
def test_a_program_that_reads_its_input_swallows_no_room(machine: Machine, script: str, program: str) -> None:
    machine.play(program, "cat >/dev/null; echo '[]'")
    assert machine.run(script).returncode == 0
    assert any("scan:b1" in call for call in machine.calls)


def test_what_the_scanner_finds_is_noted_by_room(machine: Machine) -> None:
    machine.play(
        "gcloud",
        """case "$*" in
        *" scan "*/scan:b1*) echo projects/shop-ci/locations/europe/scans/2 ;;
        *" scan "*) echo projects/shop-ci/locations/europe/scans/1 ;;
        *scans/2*) echo '[{"noteName": "n/CVE-2"}]' ;;
        *) echo '[]' ;;
        esac""",
    )
    assert machine.run("scan.sh").returncode == 0
    assert json.loads(machine.noted("scans/scan.json")) == [{"noteName": "n/CVE-2"}]
    assert json.loads(machine.noted("scans/catalog.json")) == []


def test_a_pushed_image_is_known_by_the_registrys_digest(machine: Machine) -> None:
    answer = f"""case "$*" in
    image*catalog:b1) echo other.example/catalog@sha256:{"f" * 64}; echo {REPOSITORY}/catalog@{DIGEST} ;;
    image*) echo {REPOSITORY}/scan@{DIGEST} ;;
    esac"""
    machine.play("docker", answer)
    assert machine.run("push.sh").returncode == 0
    assert machine.noted("pushed.tsv") == (
        f"catalog\t{REPOSITORY}/catalog@{DIGEST}\nscan\t{REPOSITORY}/scan@{DIGEST}\n"
    )


def test_an_image_without_a_digest_stops_the_build(machine: Machine) -> None:
    machine.play("docker")
    assert machine.run("push.sh").returncode != 0


def test_an_image_gets_the_tag_of_its_files_only_when_it_is_attested(machine: Machine) -> None:
    machine.note("pushed.tsv", f"scan\t{REPOSITORY}/scan@{DIGEST}\n")
    machine.play("gcloud", 'case "$*" in *sign-and-create*) exit 1 ;; esac')
    assert machine.run("sign.sh").returncode != 0
    assert not any("tags add" in call for call in machine.calls)
    machine.play("gcloud")
    assert machine.run("sign.sh").returncode == 0
    assert machine.calls[-2:] == [
        "gcloud beta container binauthz attestations sign-and-create --project=shop-ci --validate"
        f" --artifact-url=https://{REPOSITORY}/scan@{DIGEST} --attestor={ENVIRONMENT['ATTESTOR']}"
        f" --keyversion={ENVIRONMENT['SIGNING_KEY']}",
        f"gcloud artifacts docker tags add {REPOSITORY}/scan@{DIGEST} {REPOSITORY}/scan:inputs-2",
    ]


def test_an_image_is_not_attested_twice(machine: Machine) -> None:
    machine.note("pushed.tsv", f"scan\t{REPOSITORY}/scan@{DIGEST}\n")
    machine.play("gcloud", 'case "$*" in *"attestations list"*) echo projects/x/occurrences/1 ;; esac')
    assert machine.run("sign.sh").returncode == 0
    assert not any("sign-and-create" in call for call in machine.calls)
    assert "tags add" in machine.calls[-1]


def test_terraform_plans_with_the_digests_and_applies_that_very_plan(machine: Machine) -> None:
    machine.play(
        "terraform", 'case "$*" in *output*) echo \'{"url": {}}\' ;; *show*) echo \'{"variables": {}}\' ;; esac'
    )
    for command in ("plan", "apply"):
        found = machine.run("terraform.sh", command)
        assert found.returncode == 0, found.stderr
    notes = f"{machine.root}/.pipeline"
    assert machine.calls == [
        "terraform -chdir=infra/terraform/environment init -input=false"
        " -backend-config=../environments/staging.gcs.tfbackend",
        "terraform -chdir=infra/terraform/environment plan -input=false -lock-timeout=10m"
        f" -var-file=../environments/staging.tfvars -var-file={notes}/images.tfvars.json -out={notes}/plan.bin",
        f"terraform -chdir=infra/terraform/environment show -json {notes}/plan.bin",
        f"terraform -chdir=infra/terraform/environment apply -input=false -lock-timeout=10m {notes}/plan.bin",
        "terraform -chdir=infra/terraform/environment output -json",
    ]
    assert json.loads(machine.noted("plan.json")) == {"variables": {}}
    assert json.loads(machine.noted("outputs.json")) == {"url": {}}


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_what_terraform_is_told_of_an_environment_is_there(environment: str) -> None:
    folder = SCRIPTS.parent / "terraform" / "environments"
    assert (folder / f"{environment}.tfvars").exists()
    assert (folder / f"{environment}.gcs.tfbackend").exists()


def test_a_plan_that_fails_is_not_applied(machine: Machine) -> None:
    machine.play("terraform", 'case "$*" in *" plan "*) exit 1 ;; esac')
    assert machine.run("terraform.sh", "plan").returncode == 1
    assert " plan " in machine.calls[-1]


def test_terraform_without_a_command_says_how(machine: Machine) -> None:
    found = machine.run("terraform.sh")
    assert (found.returncode, found.stderr) == (2, "usage: terraform.sh plan|apply\n")
