"""Finding the database servers, and what to say when one of them does not start."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import sys
from pathlib import Path

from local.processes import Child

START_SECONDS = 30.0


def on_path(name: str) -> Path | None:
    """A program of this name on the PATH."""
    # The environment's own bin directory first: a program installed there was meant for this suite.
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    return Path(found) if found else None


def in_wheel(package: str, inside: str) -> Path | None:
    """A program that an installed package carries, with its run bit set."""
    # Found without importing: fiftyone's own __init__ does work that is not wanted here.
    parent, _, rest = package.partition(".")
    spec = importlib.util.find_spec(parent)
    places = [] if spec is None else list(spec.submodule_search_locations or [])
    for place in places:
        program = Path(place, *rest.split("."), inside) if rest else Path(place, inside)
        if program.is_file():
            if not os.access(program, os.X_OK):
                # Wheels do not always carry the run bit.
                program.chmod(program.stat().st_mode | stat.S_IXUSR)
            return program
    return None


def death_of(child: Child, data_dir: Path) -> str:
    """Why a server ended while starting, in one sentence."""
    end = child.last_lines(40)
    if "DBPathInUse" in end or "Unable to lock the lock file" in end:
        return f"the data directory {data_dir} is in use by another run: stop it or choose another directory."
    if "Address already in use" in end:
        return f"{child.name} could not listen because its port is taken by another program."
    if "No space left" in end:
        return f"{child.name} could not start because the disk with {data_dir} is full."
    return f"{child.name} ended with code {child.exit_code} while starting; see {child.log}."
