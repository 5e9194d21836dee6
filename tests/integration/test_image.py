"""The Dockerfile's recipe, followed line by line without Docker: the same files in a fresh tree serve the room."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from functions.common.cards import Door, doors, load_cards

REPOSITORY = Path(__file__).parents[2]
VENV = Path(sys.prefix)
DOORS = list(doors(load_cards()))
ROOMS = sorted({door.room for door in DOORS})
START_SECONDS = 30


@dataclass
class Stage:
    """One FROM of a Dockerfile, as far as files and the running of them go."""

    files: dict[str, Path] = field(default_factory=dict)
    workdir: str = "/"
    environment: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    user: str = "root"


def follow(room: str, context: Path, built: Path) -> Stage:
    """Carry out the COPY lines for a room under `built`; returns the last stage. RUN lines are left out."""
    stages: dict[str, Stage] = {}
    stage = Stage()
    for instruction, rest in _instructions((context / "Dockerfile").read_text()):
        rest = rest.replace("${FUNCTION}", room)
        if instruction == "FROM":
            _, _, name = rest.partition(" AS ")
            stage = stages[name or "last"] = Stage()
        elif instruction == "WORKDIR":
            stage.workdir = rest
        elif instruction == "ENV":
            stage.environment |= dict(item.split("=", 1) for item in shlex.split(rest))
        elif instruction == "USER":
            stage.user = rest
        elif instruction == "CMD":
            stage.command = [word.strip(' "') for word in rest.strip("[]").split(",")]
        elif instruction == "COPY":
            _copy(rest, stage, stages, context)
    for name, source in stages["last"].files.items():
        if name.startswith("/opt/venv"):
            continue
        target = built / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(source, target)
    return stages["last"]


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    kept = "\n".join(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    for line in re.sub(r"\\\n\s*", "", kept).splitlines():
        instruction, _, rest = line.partition(" ")
        yield instruction, rest.strip()


def _copy(rest: str, stage: Stage, stages: dict[str, Stage], context: Path) -> None:
    origin = None
    words = rest.split()
    if words[0].startswith("--from="):
        origin = stages[words.pop(0).removeprefix("--from=")]
    *sources, target = words
    for source in sources:
        into = target + Path(source).name if target.endswith("/") else target
        into = os.path.normpath(os.path.join(stage.workdir, into))
        if origin is None:
            assert (context / source).exists(), f"the Dockerfile copies {source}, which does not exist"
            stage.files[into] = context / source
        else:
            inside = {name: path for name, path in origin.files.items() if f"{name}/".startswith(f"{source}/")}
            assert inside or source == "/opt/venv", f"nothing was put at {source} before it is copied from there"
            stage.files |= {into + name.removeprefix(source): path for name, path in inside.items()}


@pytest.fixture(scope="module", params=ROOMS)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Stage]:
    """(room, root of its file system, what is run in it)."""
    root = tmp_path_factory.mktemp(request.param)
    return request.param, root, follow(request.param, REPOSITORY, root)


def environment(root: Path, stage: Stage) -> dict[str, str]:
    """The image's environment and nothing of ours, with its paths moved under `root`."""
    moved = {
        name: value.replace("/opt/venv", str(VENV)).replace("/app", f"{root}/app").replace("$PATH", "/usr/bin:/bin")
        for name, value in stage.environment.items()
    }
    return moved | {"HOME": str(root)}


def python(root: Path, stage: Stage, code: str) -> subprocess.CompletedProcess[str]:
    """What Python does with the code inside the image."""
    return subprocess.run(
        [str(VENV / "bin/python"), "-c", code],
        cwd=f"{root}{stage.workdir}",
        env=environment(root, stage),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def served(root: Path, stage: Stage, door: Door, port: int, **settings: str) -> Iterator[str]:
    """The URL of the door, run as the image runs it, with settings as Terraform would give them."""
    own = {"FUNCTION_TARGET": door.target, "PORT": str(port), "K_SERVICE": door.service}
    process = subprocess.Popen(
        stage.command,
        executable=str(VENV / "bin" / stage.command[0]),
        cwd=f"{root}{stage.workdir}",
        env=environment(root, stage) | own | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            _, errors = process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert "Traceback" not in errors, errors


def status_of(url: str) -> int:
    """The status once the server is up."""
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)


def test_every_room_has_an_image() -> None:
    assert ROOMS


def test_the_image_does_not_run_as_root(image: tuple[str, Path, Stage]) -> None:
    assert image[2].user not in ("root", "0")


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.service)
def test_every_door_is_served_from_the_image(door: Door, tmp_path: Path, free_port: Callable[[], int]) -> None:
    stage = follow(door.room, REPOSITORY, tmp_path)
    with served(tmp_path, stage, door, free_port()) as url:
        assert status_of(f"{url}/health") == 200
        assert status_of(f"{url}/no/such/path") == 404


PAGES = {
    "admin": {
        "/admin/sign-in": "Anmelden",
        "/admin/static/admin.js": "addEventListener",
        "/admin/static/vendor/htmx-2.0.11/htmx.min.js": "htmx",
    },
    "storefront": {
        "/shop/": "<title>RetailScan</title>",
        "/shop/shell.js": "views/cart.js",
        "/shop/lib/cart.js": "export",
        "/shop/vendor/zxing-wasm-3.1.4/reader/index.js": "export",
    },
}
"""room -> page -> what it must hold: templates, texts in another language, scripts, and what others wrote."""
GIVEN = {
    **{"FIREBASE_API_KEY": "AIza", "STRIPE_PUBLISHABLE_KEY": "pk_live_1", "DASHBOARD_KEY": "k" * 32},
    **{"PUBLIC_API_URL": "https://api.test", "IDENTITY_ISSUER": "i", "IDENTITY_AUDIENCE": "a"},
    **{"IDENTITY_JWKS": '{"keys":[]}'},
}


@pytest.mark.parametrize(
    "door", [each for each in DOORS if each.room in PAGES and each.public], ids=lambda door: door.room
)
def test_the_images_of_rooms_with_pages_hold_their_files(
    door: Door, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    stage = follow(door.room, REPOSITORY, tmp_path)
    with served(tmp_path, stage, door, free_port(), **GIVEN) as url:
        assert status_of(f"{url}/ready") == 200
        for page, holds in PAGES[door.room].items():
            german = urllib.request.Request(f"{url}{page}", headers={"accept-language": "de"})
            with urllib.request.urlopen(german, timeout=15) as answer:
                assert holds in answer.read().decode(), page


def test_code_comes_from_the_image_and_not_from_here(image: tuple[str, Path, Stage]) -> None:
    room, root, stage = image
    ran = python(
        root, stage, f"import functions.{room}.main as m, functions.common.http as h; print(m.__file__, h.__file__)"
    )
    assert ran.returncode == 0, ran.stderr
    assert all(Path(name).is_relative_to(root) for name in ran.stdout.split())


def test_no_other_room_is_in_the_image(image: tuple[str, Path, Stage]) -> None:
    room, root, stage = image
    for other in {*ROOMS, "alerts"} - {room}:
        ran = python(root, stage, f"import functions.{other}.domain")
        assert f"No module named 'functions.{other}'" in ran.stderr


def test_tests_tools_and_the_local_cloud_are_not_in_the_image(image: tuple[str, Path, Stage]) -> None:
    _, root, _ = image
    assert sorted(path.name for path in (root / "app").iterdir()) == ["functions", "retailscan"]


def test_the_room_needs_nothing_that_is_not_locked_for_production(image: tuple[str, Path, Stage]) -> None:
    room, root, stage = image
    lock = (REPOSITORY / "requirements.txt").read_text()
    own = REPOSITORY / "functions" / room / "requirements.txt"
    lock += own.read_text() if own.exists() else ""
    code = (
        f"import functions.{room}.main, retailscan.migrate, sys, importlib.metadata as m\n"
        f"from functions.common import migrations; migrations.discover()\n"
        f"import importlib.util as u\n"
        f"if u.find_spec('functions.{room}.schemas'): import functions.{room}.schemas\n"
        f"if u.find_spec('functions.{room}.repository'): import functions.{room}.repository\n"
        "names = m.packages_distributions()\n"
        "tops = {n.partition('.')[0] for n in sys.modules}\n"
        # Many distributions share the package `google`: there the loaded files tell which are used.
        "shared = {t for t in tops if len(names.get(t, [])) > 1}\n"
        "files = {getattr(module, '__file__', None) for module in list(sys.modules.values())}\n"
        "among = {d for t in shared for d in names[t]}\n"
        "used = {d for d in among if any(str(f.locate()) in files for f in m.files(d) or ())}\n"
        "print(*used, *{d for t in tops - shared for d in names.get(t, [])})"
    )
    ran = python(root, stage, code)
    assert ran.returncode == 0, ran.stderr
    locked = {match.lower() for match in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}
    # The .pth files of the development environment load these two by themselves.
    ours = {"retailscan", "setuptools", "coverage"}
    used = {re.sub(r"[-_.]+", "-", name).lower() for name in ran.stdout.split()}
    assert used - {re.sub(r"[-_.]+", "-", name) for name in locked} - ours == set()


def test_the_migration_job_starts_from_the_image(image: tuple[str, Path, Stage]) -> None:
    _, root, stage = image
    ran = python(root, stage, "import sys; from retailscan.__main__ import main; sys.exit(main(['migrate', '--help']))")
    assert "--dry-run" in ran.stdout, ran.stderr
