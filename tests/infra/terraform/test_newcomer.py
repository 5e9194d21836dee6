"""What infra/README.md tells a newcomer to do can be done: what it names is there, and in time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from functions.common import migrations
from functions.common.cards import load_cards
from infra.policies import plan as plans
from tests.infra.terraform.conftest import ROOT, TERRAFORM, Workspace

README = (ROOT / "infra" / "README.md").read_text()
AGENTS = TERRAFORM / "bootstrap" / "agents.sh"
COMMAND = re.compile(r"python -m (infra[\w.]+)((?:[^\n`|\\]|\\\n)*)")


def outputs(root: str) -> set[str]:
    """The names of what a root tells."""
    return set(re.findall(r'^output "(\w+)"', (TERRAFORM / root / "outputs.tf").read_text(), re.MULTILINE))


def test_every_link_and_every_file_that_it_names_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", README) if "://" not in link]
    files = re.findall(r"`((?:infra|environments|pipeline|terraform|capacity)/[\w./-]+)`", README)
    commands = re.findall(r"(?:^|\s|`)(infra/[\w/.-]+\.sh)", README)
    assert links
    assert files
    assert commands
    homes = (ROOT, ROOT / "infra", TERRAFORM)
    for name in {*links, *files, *commands}:
        assert any((home / name).exists() for home in homes), name


def test_every_output_that_it_asks_for_exists() -> None:
    asked = set(re.findall(r"terraform (?:-chdir=\S+ )?output(?: -\w+)? (\w+)", README))
    assert asked >= {"next", "dns", "secrets_to_bring", "topics_of_tenants", "api_key"}
    assert asked <= outputs("bootstrap") | outputs("environment")
    (put,) = re.findall(r"Put the outputs\s+(.*?) into", README, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", put)) <= outputs("bootstrap")


def test_every_variable_that_it_sets_exists() -> None:
    declared = set(
        re.findall(r'^variable "(\w+)"', (TERRAFORM / "environment" / "variables.tf").read_text(), re.MULTILINE)
    )
    named = re.findall(r"-var='(\w+)=", README) + re.findall(r"`(\w+) = \w+` in the tfvars", README)
    assert {"rooms", "deletion_protection"} <= set(named) <= declared
    settings = {name for card in load_cards() for door in card.doors.values() for name in door.env}
    assert {"STORE_CODE_JWKS", "EXIT_JWKS", "SESSION_RETIRED_JWKS"} <= settings


def help_of(*words: str) -> str:
    """What a program says of itself, asked or given something wrong."""
    done = subprocess.run([sys.executable, "-m", *words, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in (0, 2), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("module", sorted({name for name, _ in COMMAND.findall(README)}))
def test_every_program_takes_what_it_is_given(module: str) -> None:
    for arguments in {given for name, given in COMMAND.findall(README) if name == module}:
        words = arguments.partition(" -- ")[0].replace("\\\n", " ").split()
        said = help_of(module, *words[:1]) if words and not words[0].startswith("-") else help_of(module)
        assert [flag for flag in words if flag.startswith("--") and flag not in said] == [], arguments


def test_the_accounts_that_get_rights_are_made_before(workspace: Workspace, tmp_path: Path) -> None:
    """Terraform cannot give rights to an account of Google's that nobody has asked for yet."""
    for program in ("gcloud", "bq"):
        (tmp_path / program).write_text(f'#!/bin/sh\necho "{program} $*" >>"{tmp_path}/calls"\n')
        (tmp_path / program).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run([AGENTS, "operations", "ops"], env=environment, check=True, capture_output=True)
    subprocess.run([AGENTS, "environment", "retailscan-prod"], env=environment, check=True, capture_output=True)
    calls = (tmp_path / "calls").read_text()

    how = {
        "cloud-redis": "identity create --service=redis",
        "serverless-robot-prod": "identity create --service=run",
        "gs-project-accounts": "gcloud storage service-agent",
        "bigquery-encryption": "bq show --encryption_service_account",
    }
    for document, number, project in (
        (workspace.plan("prod"), "100000000003", "retailscan-prod"),
        (workspace.bootstrap(), "100000000000", "ops"),
        (workspace.bootstrap(), "100000000003", "retailscan-prod"),
    ):
        members = {member for each in plans.read(document).ending("_iam_member") for member in plans.members(each)}
        agents = {
            found[1] for member in members if (found := re.search(rf":(?:service|bq)-{number}@([\w-]+)\.iam", member))
        }
        assert agents
        for agent in agents:
            wanted = how.get(agent, f"identity create --service={agent.removeprefix('gcp-sa-')}")
            assert any(wanted in call and project in call for call in calls.splitlines()), f"{agent} of {project}"


def test_the_script_of_the_agents_is_without_fault_and_says_how_it_is_used() -> None:
    shellcheck = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    assert shellcheck, "shellcheck comes with the locked requirements: make venv"
    found = subprocess.run([shellcheck, str(AGENTS)], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout
    usage = subprocess.run([AGENTS], capture_output=True, text=True)
    assert usage.returncode == 2
    assert "agents.sh environment PROJECT" in usage.stderr


def test_with_protection_off_everything_but_keys_can_be_torn_down(workspace: Workspace) -> None:
    """As dev is; where there are keys of our own the README lets go of them first."""
    document = workspace.plan("dev")
    assert document["variables"]["deletion_protection"]["value"] is False
    for each in plans.read(document).resources:
        for protection in ("deletion_protection", "termination_protection_enabled", "prevent_destroy"):
            assert not each.get(protection), each.address
    protected = {
        path.parent.name
        for path in (TERRAFORM / "modules").rglob("*.tf")
        if "prevent_destroy = true" in path.read_text()
    }
    assert protected == {"keys"}
    assert "terraform state rm module.keys" in README


def test_what_grows_with_stores_can_be_sharded_by_store() -> None:
    (named,) = re.findall(r"What grows with stores is (.*?);", README, re.DOTALL)
    growing = set(re.findall(r"`(\w+)`", named))
    assert {"products", "purchases", "stock_movements"} <= growing
    found = {each.name: each for declared in migrations.discover().values() for each in declared}
    for name in growing:
        for index in found[name].indexes:
            assert not index.unique or index.keys[0][0] == "storeId", f"{name}: {index.keys}"
