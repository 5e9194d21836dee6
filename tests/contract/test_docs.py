"""What is generated is up to date, and what the code points to is there."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from functions.common.cards import load_cards
from retailscan import rooms
from retailscan.__main__ import main

ROOT = Path(__file__).parents[2]
OPENAPI = json.loads((ROOT / "docs" / "openapi.json").read_text())


@pytest.mark.parametrize("command", ["docs", "openapi"])
def test_what_is_committed_is_what_would_be_generated(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "name"), [("docs", "README.md"), ("docs", "docs/events.md"), ("openapi", "docs/openapi.json")]
)
def test_what_is_out_of_date_is_named(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("functions", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path / file)
    stale = tmp_path / name
    stale.write_text(re.sub("price", "prize", stale.read_text()))
    assert main([command, "--check", "--root", str(tmp_path)]) == 1
    assert name in capsys.readouterr().err
    assert main([command, "--root", str(tmp_path)]) == 0
    assert main([command, "--check", "--root", str(tmp_path)]) == 0


def test_the_openapi_file_is_valid_and_has_every_operation() -> None:
    OpenAPIV31SpecValidator(OPENAPI).validate()
    described = {(method.upper(), path) for path, operations in OPENAPI["paths"].items() for method in operations}
    declared = {(route.method, route.path.replace(":path}", "}")) for route in rooms.http_routes(load_cards())}
    assert described == declared


def test_every_page_of_docs_can_be_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert pages == {page for page in pages if f"(docs/{page})" in readme}


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    numbered = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert numbered == re.findall(r"\]\((\d{4}-[a-z-]+\.md)\)", index)
    assert [name[:4] for name in numbered] == [f"{n:04d}" for n in range(1, len(numbered) + 1)]


def test_a_page_the_code_points_to_exists() -> None:
    missing = set()
    for folder in ("functions", "local", "retailscan", "bench", "tests"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in (".py", ".md", ".yaml") or path == Path(__file__):
                continue
            for page in re.findall(r"(?<![\w/.])docs/[\w/-]+\.(?:md|json)\b", path.read_text()):
                if not (ROOT / page).exists():
                    missing.add((str(path.relative_to(ROOT)), page))
    assert missing == set()
