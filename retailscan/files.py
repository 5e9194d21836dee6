"""Generated files: written, or compared with what is committed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from retailscan import Complaint


def deliver(root: Path, files: Mapping[Path, str], *, check: bool, command: str) -> None:
    """Write the files that differ, and say which; on `check` write nothing and raise Complaint if any differs."""
    stale = [name for name, text in files.items() if not _is_current(root / name, text)]
    if check and stale:
        names = ", ".join(map(str, stale))
        raise Complaint(f"Out of date: {names}. Run `make docs` and commit what it writes (retailscan {command}).")
    for name in stale:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(files[name])
        print(f"wrote {name}")


def _is_current(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text
