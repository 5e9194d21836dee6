"""cloudbuild.yaml against Cloud Build's own description, and what a schema cannot say; its scripts under shellcheck."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.pipeline.discovered import complaints

ROOT = Path(__file__).parents[3]
FILE = ROOT / "cloudbuild.yaml"
SCRIPTS = sorted((ROOT / "infra" / "pipeline").glob("*.sh"))
BY_HAND = {"restore.sh"}
BUILT_IN = {"PROJECT_ID", "BUILD_ID", "COMMIT_SHA", "LOCATION"}
"""What Cloud Build fills in by itself, of what we use."""
STRICT = "--enable=add-default-case,avoid-nullary-conditions,check-set-e-suppressed,quote-safe-variables"

Document = dict[str, Any]


@pytest.fixture
def build() -> Document:
    document: Document = yaml.safe_load(FILE.read_text())
    return document


def strings(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


def used(value: Any) -> set[str]:
    """The substitutions a document asks for."""
    return {name for text in strings(value) for name in re.findall(r"(?<!\$)\$\{?(\w+)", text)}


def ancestors(build: Document, step: str) -> set[str]:
    """Everything that is over when the step begins."""
    waits = {each["id"]: [other for other in each["waitFor"] if other != "-"] for each in build["steps"]}
    found: set[str] = set()
    wanted = list(waits[step])
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted += waits[name]
    return found


def test_it_is_a_build_as_cloud_build_describes_it(build: Document) -> None:
    assert complaints("cloudbuild.v1", "Build", build) == []


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda b: b["steps"][0].update(waitsFor=["-"]), "Build.steps[0] has no waitsFor"),
        (lambda b: b["steps"][0].update(timeout=600), "Build.steps[0].timeout: 600 is no google-duration"),
        (lambda b: b["steps"][0].update(args="make"), "Build.steps[0].args: 'make' is no array"),
        (lambda b: b["options"].update(logging="CLOUD"), "Build.options.logging: 'CLOUD' is none of"),
        (lambda b: b["substitutions"].update(_X=1), "Build.substitutions._X: 1 is no string"),
        (lambda b: b.update(status="SUCCESS"), "Build.status is Google's to say"),
    ],
)
def test_a_mistake_in_it_is_found(build: Document, spoil: Callable[[Document], None], sentence: str) -> None:
    spoiled = copy.deepcopy(build)
    spoil(spoiled)
    (found,) = complaints("cloudbuild.v1", "Build", spoiled)
    assert found.startswith(sentence)


def test_every_substitution_is_declared_and_used(build: Document) -> None:
    declared = set(build["substitutions"])
    asked = used(build["steps"]) | used(build["substitutions"]) | used(build["availableSecrets"])
    assert asked - declared - BUILT_IN == set()
    assert declared - asked == set()


def test_what_the_triggers_set_is_declared(build: Document) -> None:
    bootstrap = ROOT / "infra" / "terraform" / "bootstrap"
    told = "\n".join(path.read_text() for path in sorted(bootstrap.glob("*.tf")))
    assert {"_ENVIRONMENT", "_PROMOTION", "_RELEASES"} <= set(re.findall(r"\b_[A-Z_]+\b", told))
    assert set(re.findall(r"\b_[A-Z_]+\b", told)) <= set(build["substitutions"])


def test_the_triggers_own_substitutions_begin_with_a_line(build: Document) -> None:
    assert all(re.fullmatch(r"_[A-Z0-9_]+", name) for name in build["substitutions"])


def test_every_step_waits_for_earlier_ones_by_name(build: Document) -> None:
    seen: set[str] = set()
    for step in build["steps"]:
        assert step["id"] not in seen
        assert step["waitFor"], f"{step['id']} says what it waits for"
        assert set(step["waitFor"]) <= seen | {"-"}, step["id"]
        seen.add(step["id"])


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ("scan", {"build"}),
        ("push", {"check", "scanned"}),
        ("sign", {"push"}),
        ("apply", {"sign", "hold", "settle", "planned"}),
        ("deploy", {"apply", "settle"}),
        ("migrate", {"deploy"}),
        ("smoke", {"migrate"}),
        ("canary", {"smoke", "migrate"}),
        ("record", {"canary"}),
    ],
)
def test_nothing_happens_before_what_makes_it_safe(build: Document, later: str, earlier: set[str]) -> None:
    assert earlier <= ancestors(build, later)


def test_the_last_step_waits_for_all(build: Document) -> None:
    last = build["steps"][-1]["id"]
    assert ancestors(build, last) == {step["id"] for step in build["steps"]} - {last}


def test_no_room_and_no_service_is_named_in_it() -> None:
    lines = [line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    rooms = [path.parent.name for path in (ROOT / "functions").glob("*/function.yaml")]
    words = set(re.findall(r"[\w-]+", "\n".join(lines))) - {
        step["id"] for step in yaml.safe_load("\n".join(lines))["steps"]
    }
    assert words & {*rooms, *(room.replace("_", "-") for room in rooms if room != "scan")} == set()


def test_what_a_program_reads_its_step_gives_it(build: Document) -> None:
    source = (ROOT / "infra" / "pipeline" / "__main__.py").read_text()
    known = set(re.findall(r'build(?:\.environ\.get\(|\[)"([A-Z_]+)"', source)) | {"ENVIRONMENT", "RELEASES"}
    given = {
        entry.partition("=")[0]
        for step in build["steps"]
        if step["args"][:2] == ["-m", "infra.pipeline"]
        for entry in step.get("env", ())
    }
    assert given <= known | {"PROJECT_ID", "LOCATION"}


@pytest.mark.parametrize("script", [path for path in SCRIPTS if path.name not in BY_HAND], ids=lambda path: path.name)
def test_what_a_script_reads_its_step_gives_it(build: Document, script: Path) -> None:
    steps = [step for step in build["steps"] if step["args"][0] == f"infra/pipeline/{script.name}"]
    assert steps, f"no step runs {script.name}"
    read = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", script.read_text())) - {"PWD"}
    given = {entry.partition("=")[0] for step in steps for entry in step.get("env", ())}
    assert given == read


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_without_fault(script: Path) -> None:
    shellcheck = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    assert shellcheck, "shellcheck comes with the locked requirements: make venv"
    found = subprocess.run(
        [shellcheck, STRICT, str(script)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout


def test_every_secret_is_by_version_and_goes_to_terraform_alone(build: Document) -> None:
    secrets = build["availableSecrets"]["secretManager"]
    assert all(re.search(r"/versions/\$\{_ATLAS_VERSION\}$", secret["versionName"]) for secret in secrets)
    readers = [step["id"] for step in build["steps"] if "secretEnv" in step]
    assert readers == ["plan", "apply"]
    for step in build["steps"]:
        assert set(step.get("secretEnv", ())) <= {secret["env"] for secret in secrets}


def test_steps_hold_no_shell_of_their_own(build: Document) -> None:
    for step in build["steps"]:
        assert "script" not in step, "a script in YAML is seen by no shellcheck"
        assert step["args"][0] == "-m" or step["args"][0].endswith(".sh"), step["id"]
