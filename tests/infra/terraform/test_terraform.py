"""Terraform's own view of the configuration: form, validity, its own tests with mocked providers, and two scanners."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.terraform.conftest import (
    DIGEST,
    ENVIRONMENTS,
    PROVIDERS,
    ROOT,
    TERRAFORM,
    TOOLS,
    Workspace,
    called,
)

MODULES = sorted(path.name for path in (TERRAFORM / "modules").iterdir() if (path / "tests").is_dir())
ACCEPTED = ROOT / "infra" / "checkov-accepted.json"
# Checks of checkov that must be among those that looked at something (numbers of checkov 3). Others that matter have
# nothing to look at: there is no default network (27), no first-generation service (102) or function, no account's key.
REQUIRED = {
    *("CKV_GCP_26", "CKV_GCP_28", "CKV_GCP_29", "CKV_GCP_41", "CKV_GCP_42", "CKV_GCP_43", "CKV_GCP_46", "CKV_GCP_49"),
    *("CKV_GCP_62", "CKV_GCP_63", "CKV_GCP_78", "CKV_GCP_83", "CKV_GCP_84", "CKV_GCP_95", "CKV_GCP_97", "CKV_GCP_99"),
    *("CKV_GCP_101", "CKV_GCP_112", "CKV_GCP_114", "CKV_GCP_117", "CKV_GCP_118", "CKV2_GCP_18"),
}


def test_everything_is_in_terraforms_form(offline: Workspace) -> None:
    done = offline.run(".", "fmt", "-check", "-recursive", "-diff")
    assert done.status == 0, done.out


@pytest.mark.parametrize("root", ["bootstrap", "environment"])
def test_a_root_is_valid_by_the_schemas_of_its_providers(workspace: Workspace, root: str) -> None:
    workspace.init(root)
    done = workspace.run(root, "validate", "-no-color")
    assert done.status == 0, done.said


def test_the_topology_passes_its_own_tests(offline: Workspace) -> None:
    offline.init("modules/topology")
    done = offline.run("modules/topology", "test", "-no-color")
    assert done.status == 0, done.out + done.err
    assert re.search(r"Success! \d+ passed, 0 failed", done.out)


@pytest.mark.parametrize("module", [name for name in MODULES if name != "topology"])
def test_a_module_passes_its_own_tests(workspace: Workspace, module: str) -> None:
    workspace.init(f"modules/{module}")
    done = workspace.run(f"modules/{module}", "test", "-no-color")
    assert done.status == 0, done.out + done.err
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", done.out)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_passes_its_own_tests(workspace: Workspace, environment: str) -> None:
    workspace.init("environment")
    rooms = [path.parent.name for path in workspace.functions.glob("*/function.yaml")]
    images = workspace.root / f"images-{environment}.json"
    images.write_text(json.dumps({"images": {room: f"registry/{room}{DIGEST}" for room in rooms}}))
    files = (f"-var-file=../environments/{environment}.tfvars", f"-var-file={images}")
    # What is refused is refused everywhere alike.
    only = () if environment == "prod" else ("-filter=tests/environment.tftest.hcl",)
    done = workspace.run("environment", "test", "-no-color", *files, *only)
    assert done.status == 0, done.out + done.err
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", done.out)


def test_only_modules_without_much_to_say_have_no_tests() -> None:
    every = {path.name for path in (TERRAFORM / "modules").iterdir()}
    assert every - set(MODULES) == {"account", "caller", "identity"}


def test_tflint_finds_nothing() -> None:
    done = called("tflint", "--recursive", f"--config={TERRAFORM / '.tflint.hcl'}", "--no-color", cwd=TERRAFORM)
    assert done.status == 0, done.out + done.err


def test_keys_cannot_be_destroyed_by_a_plan() -> None:
    """What the plan does not show: checkov's CKV_GCP_82 by hand."""
    for path in TERRAFORM.rglob("*.tf"):
        for block in re.findall(r'resource "google_kms_crypto_key" .*?\n}\n', path.read_text(), re.DOTALL):
            assert re.search(r"lifecycle {\s+prevent_destroy = true", block), path


def checkov(*documents: Path) -> dict[str, dict[str, set[str]]]:
    """What checkov says of plans: passed or failed, by check, the resources."""
    files = [word for document in documents for word in ("--file", str(document))]
    arguments = ("--framework", "terraform_plan", "--output", "json", "--skip-download", "--compact")
    done = called("checkov", *arguments, *files, cwd=documents[0].parent)
    assert done.status in (0, 1), done.err
    found = json.loads(done.out)["results"]
    sides: dict[str, dict[str, set[str]]] = {"passed": {}, "failed": {}}
    for side, checks in sides.items():
        for each in found[f"{side}_checks"]:
            checks.setdefault(each["check_id"], set()).add(re.sub(r"\[[^]]*\]", "", each["resource"]))
    return sides


def test_checkov_finds_only_what_was_accepted_for_a_reason(workspace: Workspace, tmp_path: Path) -> None:
    accepted = json.loads(ACCEPTED.read_text())
    assert all(len(each["why"]) > 40 for each in accepted)
    plans = {"prod": workspace.plan("prod"), "bootstrap": workspace.bootstrap()}
    for name, plan in plans.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(plan))
    sides = checkov(*(tmp_path / f"{name}.json" for name in plans))
    looked = sides["passed"].keys() | sides["failed"].keys()
    failed = {(check, resource) for check, resources in sides["failed"].items() for resource in resources}
    allowed = {(each["check"], each["resource"]) for each in accepted}
    assert failed - allowed == set(), "found, and nobody has accepted it"
    assert allowed - failed == set(), "accepted, and not found any more: take it out"
    assert looked >= REQUIRED, f"did not look at anything: {sorted(REQUIRED - looked)}"


def test_scripts_pass_shellcheck() -> None:
    scripts = [PROVIDERS, ROOT / ".ci" / "run"]
    shellcheck = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    assert shellcheck, "shellcheck comes with the locked requirements: make venv"
    done = subprocess.run([shellcheck, *scripts], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_script_of_the_providers_says_what_is_missing_and_how_it_is_used(tmp_path: Path) -> None:
    if not TOOLS.terraform:
        pytest.skip("terraform is not installed")
    empty = {**os.environ, "RETAILSCAN_PROVIDERS": str(tmp_path)}
    status = subprocess.run([PROVIDERS, "status"], env=empty, capture_output=True, text=True)
    assert status.returncode == 1
    assert "google: missing" in status.stdout.splitlines()
    config = subprocess.run([PROVIDERS, "config"], env=empty, capture_output=True, text=True)
    assert config.returncode == 1
    assert "run infra/providers.sh" in config.stderr
    usage = subprocess.run([PROVIDERS, "help"], env=empty, capture_output=True, text=True)
    assert usage.returncode == 2
    assert "build what is missing" in usage.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_build_server_names_what_it_skips(tmp_path: Path) -> None:
    if not TOOLS.terraform:
        pytest.skip("terraform is not installed")
    (tmp_path / "timeout").write_text('#!/bin/sh\necho "and then: $*"\n')
    (tmp_path / "timeout").chmod(0o755)
    changed = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "RETAILSCAN_PROVIDERS": str(tmp_path / "empty")}
    done = subprocess.run([ROOT / ".ci" / "run"], env={**os.environ, **changed}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *skipped, last = done.stdout.splitlines()
    assert last.endswith("make test")
    for part in ("google", "mongodbatlas", "tflint", "checkov"):
        assert any(line.startswith(f"skipped: {part} is not built (infra/providers.sh builds it") for line in skipped)


def test_no_file_names_a_registry_or_holds_state() -> None:
    tracked = subprocess.run(["git", "ls-files", "infra"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    assert tracked
    for name in tracked:
        assert not re.search(r"\.terraform/|\.tfstate|\.lock\.hcl$|\.tfplan$", name), name
        path = ROOT / name
        if path.exists() and path.suffix in (".tf", ".hcl", ".sh", ".tfvars", ".tfbackend", ".json", ".txt", ".in"):
            assert not re.search(
                r"registry\.\w+\.(io|org)|pypi\.|files\.pythonhosted|proxy\.golang", path.read_text()
            ), name


def test_environments_are_small_and_differ_in_values_alone() -> None:
    for environment in ENVIRONMENTS:
        text = (TERRAFORM / "environments" / f"{environment}.tfvars").read_text()
        assert len(text.splitlines()) < 60
        backend = (TERRAFORM / "environments" / f"{environment}.gcs.tfbackend").read_text()
        assert f'prefix = "environments/{environment}"' in backend
