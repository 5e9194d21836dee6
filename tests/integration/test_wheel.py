"""What `pip install` of this repository brings along: not only modules, but whatever rooms read beside them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOR_PEOPLE = frozenset({"README.md", "VENDOR.md", "requirements.in", "requirements.txt"})
"""Nothing that runs reads them: they are for who reads or builds the repository."""
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from a copy, because setuptools leaves its traces beside the sources."""
    tree, made = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("made")
    for name in ("pyproject.toml", "README.md", "requirements.in"):
        shutil.copy(ROOT / name, tree / name)
    for name in ("functions", "retailscan"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    subprocess.run([sys.executable, "-c", BUILD, str(made)], cwd=tree, check=True, capture_output=True, timeout=300)
    return zipfile.ZipFile(next(made.glob("*.whl")))


def test_whatever_rooms_read_beside_their_modules_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    files = [path for name in ("functions", "retailscan") for path in (ROOT / name).rglob("*") if path.is_file()]
    ours = {path.relative_to(ROOT).as_posix() for path in files if not _made_by_tools(path)}
    needed = {name for name in ours if Path(name).name not in FOR_PEOPLE or "/static/" in name}
    assert needed - set(wheel.namelist()) == set()


def _made_by_tools(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(ROOT).parts)


def test_pages_templates_and_texts_are_among_them(wheel: zipfile.ZipFile) -> None:
    assert {
        "functions/admin/messages/de.po",
        "functions/admin/static/admin.js",
        "functions/admin/static/vendor/htmx-2.0.11/htmx.min.js",
        "functions/admin/templates/base.html",
        "functions/storefront/static/index.html",
        "functions/storefront/static/lib/cart.js",
        "functions/storefront/static/vendor/zxing-wasm-3.1.4/reader/zxing_reader.wasm",
    } <= set(wheel.namelist())
