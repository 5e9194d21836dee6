"""Only the rooms whose files changed: what a fingerprint depends on, and what it does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.pipeline import Failed
from infra.pipeline.images import DIGEST, Registry, fingerprint, rooms
from tests.infra.pipeline.fake import FakeGoogle

ROOT = Path(__file__).parents[3]
BASE = "python:3.11-slim-bookworm@sha256:aa"
REPOSITORY = "europe-west1-docker.pkg.dev/shop-ci/retailscan"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files images are made of, to be changed."""
    ignore = shutil.ignore_patterns("__pycache__")
    for folder in ("functions", "retailscan", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    for name in ("Dockerfile", ".dockerignore", "requirements.txt", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def changed(copy: Path, change: Callable[[], object]) -> list[str]:
    """The rooms that would be built after the change, and were not before."""
    before = {room: fingerprint(copy, room, BASE) for room in rooms(copy)}
    change()
    return [room for room in rooms(copy) if fingerprint(copy, room, BASE) != before.get(room)]


def appended(path: Path) -> Callable[[], object]:
    return lambda: path.write_text(f"{path.read_text()}\n# changed\n")


def test_the_rooms_are_the_folders_with_a_card(copy: Path) -> None:
    shutil.copytree(copy / "functions" / "scan", copy / "functions" / "alerts")
    (copy / "functions" / "no_card").mkdir()
    assert set(rooms(copy)) == {*rooms(ROOT), "alerts"}
    assert "common" not in rooms(copy)


def test_a_change_in_a_room_builds_this_room_alone(copy: Path) -> None:
    assert changed(copy, appended(copy / "functions" / "scan" / "domain.py")) == ["scan"]


def test_a_new_file_in_a_room_builds_it(copy: Path) -> None:
    assert changed(copy, lambda: (copy / "functions" / "scan" / "more.py").write_text("X = 1\n")) == ["scan"]


def test_a_file_that_is_renamed_builds_it(copy: Path) -> None:
    path = copy / "functions" / "scan" / "domain.py"
    assert changed(copy, lambda: path.rename(path.with_name("rules.py"))) == ["scan"]


@pytest.mark.parametrize(
    "shared", ["functions/common/http.py", "retailscan/migrate.py", "requirements.txt", "Dockerfile", ".dockerignore"]
)
def test_a_change_in_what_all_share_builds_every_room(copy: Path, shared: str) -> None:
    assert changed(copy, appended(copy / shared)) == rooms(copy)


def test_another_base_image_builds_every_room(copy: Path) -> None:
    assert fingerprint(copy, "scan", BASE) != fingerprint(copy, "scan", BASE.replace("aa", "bb"))


@pytest.mark.parametrize("beside", ["README.md", "docs/traps.md"])
def test_what_is_in_no_image_builds_nothing(copy: Path, beside: str) -> None:
    assert changed(copy, appended(copy / beside)) == []


def test_what_python_leaves_behind_builds_nothing(copy: Path) -> None:
    def compiled() -> None:
        folder = copy / "functions" / "scan" / "__pycache__"
        folder.mkdir()
        (folder / "main.cpython-311.pyc").write_bytes(b"x")

    assert changed(copy, compiled) == []


def test_a_fingerprint_is_a_tag_and_the_same_everywhere(copy: Path) -> None:
    tag = fingerprint(copy, "scan", BASE)
    assert tag == fingerprint(ROOT, "scan", BASE)
    assert tag.startswith("inputs-")
    assert len(tag) <= 128


def test_a_recipe_that_copies_what_is_not_there_is_noticed(copy: Path) -> None:
    appended_copy = (copy / "Dockerfile").read_text() + "\nCOPY gone.txt /app/\n"
    (copy / "Dockerfile").write_text(appended_copy)
    with pytest.raises(Failed, match=r"the Dockerfile copies gone\.txt"):
        fingerprint(copy, "scan", BASE)


def test_an_image_is_found_by_the_tag_of_its_files_and_named_by_its_digest() -> None:
    digest = f"sha256:{'a' * 64}"
    google = FakeGoogle(tags={("scan", "inputs-1"): digest})
    registry = Registry(google, REPOSITORY)
    found = registry.find("scan", "inputs-1")
    assert found == f"{REPOSITORY}/scan@{digest}"
    assert DIGEST.search(found)
    assert registry.find("scan", "inputs-2") is None


def test_a_repository_of_another_kind_is_refused() -> None:
    with pytest.raises(Failed, match="is not LOCATION-docker"):
        Registry(FakeGoogle(), "registry.example/retailscan").find("scan", "inputs-1")
