"""Terraform as it is used: a copy of the configuration and of the cards, initialised from the mirror, planned for real.

The provider of Google plans without a connection as long as nothing is read from the cloud, and nothing is. Without the
providers (infra/providers.sh) what needs them is skipped, and says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
TERRAFORM = ROOT / "infra" / "terraform"
PROVIDERS = ROOT / "infra" / "providers.sh"
ENVIRONMENTS = ("dev", "staging", "prod")
DIGEST = "@sha256:" + "0" * 64
SLOWEST_SECONDS = 900


@dataclass
class Result:
    """What a command said."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything, with Terraform's frames and line breaks taken out, so that a sentence can be looked for."""
        return " ".join((self.out + self.err).replace("│", " ").split())


@dataclass
class Workspace:
    """A copy of infra/terraform beside a copy of the rooms' cards, both to be spoiled at will."""

    root: Path
    config: str | None
    _plans: dict[str, dict[str, Any]] = field(default_factory=dict)
    _ready: set[str] = field(default_factory=set)

    @property
    def functions(self) -> Path:
        """The rooms."""
        return self.root / "functions"

    def run(self, folder: str, *arguments: str) -> Result:
        """Terraform in a folder of the copy."""
        home = self.root / "infra" / "terraform" / folder
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "TF_CLI_CONFIG_FILE": self.config or os.devnull,
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            # Terraform and its providers leave their garbage lie longer: a third less time, for some more memory.
            "GOGC": "400",
            # A signature for nothing: nothing is asked of Google.
            "GOOGLE_OAUTH_ACCESS_TOKEN": "none",
        }
        command = ["terraform", f"-chdir={home}", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SLOWEST_SECONDS)
        return Result(done.returncode, done.stdout, done.stderr)

    def init(self, folder: str) -> None:
        """Once for each folder."""
        if folder not in self._ready:
            result = self.run(folder, "init", "-input=false", "-no-color")
            assert result.status == 0, result.said
            self._ready.add(folder)

    def attempt(self, environment: str, *arguments: str) -> Result:
        """Plan an environment; whatever comes of it."""
        self.init("environment")
        images = {"images": {card.parent.name: f"registry/{card.parent.name}{DIGEST}" for card in self._cards()}}
        (self.root / "images.json").write_text(json.dumps(images))
        files = (f"../environments/{environment}.tfvars", self.root / "images.json")
        return self.run(
            "environment",
            *("plan", "-input=false", "-no-color", "-refresh=false", f"-out={self.root / 'plan.bin'}"),
            *(f"-var-file={file}" for file in files),
            *arguments,
        )

    def plan(self, environment: str, *arguments: str) -> dict[str, Any]:
        """The plan of an environment as JSON; made once for each set of arguments."""
        key = " ".join((environment, *arguments))
        if key not in self._plans:
            result = self.attempt(environment, *arguments)
            assert result.status == 0, result.said
            self._plans[key] = self._shown("environment")
        return self._plans[key]

    def bootstrap(self) -> dict[str, Any]:
        """The plan of the bootstrap, with its example."""
        if "bootstrap" not in self._plans:
            self.init("bootstrap")
            result = self.run(
                "bootstrap", "plan", "-input=false", "-no-color", "-refresh=false",
                "-var-file=example.tfvars", f"-out={self.root / 'plan.bin'}",
            )  # fmt: skip
            assert result.status == 0, result.said
            self._plans["bootstrap"] = self._shown("bootstrap")
        return self._plans["bootstrap"]

    def _shown(self, folder: str) -> dict[str, Any]:
        shown = self.run(folder, "show", "-json", str(self.root / "plan.bin"))
        assert shown.status == 0, shown.said
        document: dict[str, Any] = json.loads(shown.out)
        return document

    def _cards(self) -> Iterator[Path]:
        return self.functions.glob("*/function.yaml")


def copy(target: Path, config: str | None) -> Workspace:
    """What Terraform needs of the repository, under `target`; its state stays there."""
    ignore = shutil.ignore_patterns(".terraform*", "*.auto.tfvars.json", "terraform.tfstate*")
    shutil.copytree(TERRAFORM, target / "infra" / "terraform", ignore=ignore, symlinks=True)
    override = target / "infra" / "terraform" / "environment" / "backend_override.tf"
    override.write_text('terraform {\n  backend "local" {}\n}\n')
    for source in (*ROOT.glob("functions/*/function.yaml"), *ROOT.glob("functions/*/*.proto")):
        place = target / source.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)
    (target / "functions" / "common").mkdir(exist_ok=True)
    shutil.copy(ROOT / "functions" / "common" / "card.schema.json", target / "functions" / "common")
    return Workspace(target, config)


@dataclass(frozen=True)
class Tools:
    """What is on this machine."""

    @cached_property
    def terraform(self) -> bool:
        """Whether Terraform is."""
        return shutil.which("terraform") is not None

    def part(self, name: str) -> str | None:
        """What infra/providers.sh says of a part of it, None when it is not there."""
        if not self.terraform:
            return None
        done = subprocess.run([PROVIDERS, name], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else None


TOOLS = Tools()


@pytest.fixture
def offline(tmp_path: Path) -> Workspace:
    """A copy of one's own for what needs no provider."""
    if not TOOLS.terraform:
        pytest.skip("terraform is not installed")
    return copy(tmp_path, None)


@pytest.fixture(scope="session")
def config() -> str:
    """The CLI configuration that points at the mirror with all providers."""
    if not TOOLS.terraform:
        pytest.skip("terraform is not installed")
    found = TOOLS.part("config")
    if found is None:
        pytest.skip("the providers of Terraform are not built: infra/providers.sh builds them, once")
    return found


@pytest.fixture(scope="session")
def workspace(config: str, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The copy that all tests share and none changes."""
    return copy(tmp_path_factory.mktemp("terraform"), config)


@pytest.fixture
def spoiled(config: str, tmp_path: Path) -> Workspace:
    """A copy of one's own with providers."""
    return copy(tmp_path, config)


def called(tool: str, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Result:
    """Run a part of infra/providers.sh, or skip when it was not built."""
    path = TOOLS.part(tool)
    if path is None:
        pytest.skip(f"{tool} is not built: infra/providers.sh builds it, once")
    command: Sequence[str] = [path, *arguments]
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=SLOWEST_SECONDS
    )
    return Result(done.returncode, done.stdout, done.stderr)
