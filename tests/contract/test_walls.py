"""The walls between the rooms stand: each is broken once, in a copy, to see that it is noticed."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.common.cards import load_cards

ROOT = Path(__file__).parents[2]
BIN = Path(sys.prefix) / "bin"
BREACHES = {
    "Rooms know common and no other room": ("functions/scan/service.py", "from functions.catalog import domain"),
    "Rules are pure": ("functions/common/retail/money.py", "import socket"),
    "Doors, schemas and rules leave the databases": ("functions/sessions/main.py", "import pymongo"),
    "No function loads the parts of rooms that do not exist yet": ("functions/sessions/service.py", "import stripe"),
    "Cards are read by tools": ("functions/catalog/wiring.py", "from functions.common import cards"),
    "YAML and JSON Schema are read in one place": ("functions/common/log.py", "import yaml"),
}


def lint(root: Path) -> str:
    """What import-linter says about the copy."""
    ran = subprocess.run(
        [BIN / "lint-imports", "--no-cache"], cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    return ran.stdout + ran.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("functions", "retailscan"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def verdicts(output: str) -> dict[str, str]:
    found = re.findall(r"^(.+) (KEPT|BROKEN)\b", output, re.MULTILINE)
    assert found, output
    return dict(found)


def test_every_wall_stands(copy: Path) -> None:
    assert set(verdicts(lint(copy)).values()) == {"KEPT"}


def test_every_wall_has_a_breach_to_prove_it() -> None:
    names = re.findall(r"^name = (.+)$", (ROOT / ".importlinter").read_text(), re.MULTILINE)
    assert [any(name.startswith(start) for start in BREACHES) for name in names] == [True] * len(names)


@pytest.mark.parametrize("wall", BREACHES)
def test_a_breach_is_noticed(copy: Path, wall: str) -> None:
    file, line = BREACHES[wall]
    path = copy / file
    path.write_text(
        path.read_text().replace(
            "from __future__ import annotations\n", f"from __future__ import annotations\n{line}\n"
        )
    )
    output = lint(copy)
    broken = [name for name, verdict in verdicts(output).items() if verdict == "BROKEN"]
    assert any(name.startswith(wall) for name in broken), output
    assert file.removesuffix(".py").replace("/", ".") in output


def test_common_that_knows_a_room_is_noticed(copy: Path) -> None:
    path = copy / "functions" / "common" / "clock.py"
    path.write_text(path.read_text() + "\nfrom functions.catalog import domain\n")
    assert "functions.common is not allowed to import functions.catalog" in re.sub(r"\s+", " ", lint(copy))


# ---- what import-linter cannot see -------------------------------------------------------------------------

ONLY_IN = {
    "MongoClient": set(),
    "AsyncMongoClient": {"retailscan/migrate.py", "functions/common/mongo.py"},
    "Redis": {"functions/common/redis.py"},
    "PublisherAsyncClient": {"functions/common/pubsub.py"},
    "PublisherClient": set(),
    "CloudTasksAsyncClient": {"functions/common/tasks.py"},
    "CloudTasksClient": set(),
    "SecretManagerServiceAsyncClient": {"functions/import_publish/sources/secrets.py"},
    "SecretManagerServiceClient": set(),
    "environ": {"functions/common/settings.py"},
    "getenv": set(),
}
"""Names of clients, and of the environment: the only files that may use each at run time."""


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def used(tree: ast.AST) -> Iterator[str]:
    """Names imported from elsewhere or taken as an attribute, but for type checking."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr
        yield from used(node)


@pytest.mark.parametrize("name", ONLY_IN)
def test_a_client_is_built_and_the_environment_is_read_in_one_place(name: str) -> None:
    found = {file for file, tree in sources("functions", "retailscan") if name in set(used(tree))}
    assert found == ONLY_IN[name] & found
    assert found or not ONLY_IN[name], f"{name} is used nowhere: is this still the right name?"


def test_the_retail_language_is_made_of_the_standard_library_alone() -> None:
    foreign = set()
    for file, tree in sources("functions/common/retail"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "."]
            else:
                continue
            for name in names:
                top = name.partition(".")[0]
                inside = top in sys.stdlib_module_names or name.startswith("functions.common.retail")
                if not inside or name in ("urllib.request", "socket", "subprocess"):
                    foreign.add((file, name))
    assert foreign == set()


HEAVY = {
    *("firebase_admin", "google.cloud.pubsub_v1", "google.cloud.tasks_v2", "google.pubsub_v1", "grpc", "httpx"),
    *("jsonschema", "jwt", "opentelemetry", "pydantic", "pymongo", "redis", "reportlab", "segno", "stripe", "yaml"),
}
NOT_HURRIED = {
    "catalog": {"pydantic"},
    "checkout": {"pydantic"},
    "import_publish": {"pydantic"},
    "sessions": {"pydantic"},
}
"""Rooms that render with Pydantic and load it at start (70 ms); the doors a shopper waits at do not."""


@pytest.mark.parametrize("room", [card.room for card in load_cards()])
def test_a_door_starts_without_the_heavy_parts(room: str) -> None:
    code = f"import sys, functions.{room}.main; print(*sys.modules)"
    ran = subprocess.run([BIN / "python", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert HEAVY & set(ran.stdout.split()) - NOT_HURRIED.get(room, set()) == set()
