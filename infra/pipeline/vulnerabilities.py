"""Whether an image may be signed, by what the scanner found in it.

What is serious and has a fix stops the build. What is serious and has none is told; it cannot be mended here. An
exception has a reason and a day on which it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from infra.pipeline import Failed

SERIOUS = frozenset({"CRITICAL", "HIGH"})


@dataclass(frozen=True, slots=True)
class Accepted:
    """A vulnerability that is accepted for a while."""

    id: str
    until: date
    reason: str


def exceptions(entries: Iterable[Mapping[str, Any]]) -> dict[str, Accepted]:
    """By id. Raises Failed for one without a reason or an end."""
    found = {}
    for entry in entries:
        if set(entry) != {"id", "until", "reason"} or not str(entry["reason"]).strip():
            raise Failed(f"an accepted vulnerability has id, until and reason, nothing else: {dict(entry)}")
        try:
            until = date.fromisoformat(entry["until"])
        except ValueError as error:
            raise Failed(f"{entry['id']}: until is a day like 2027-01-31") from error
        found[entry["id"]] = Accepted(entry["id"], until, entry["reason"])
    return found


def judge(
    scans: Mapping[str, Iterable[Mapping[str, Any]]], accepted: Mapping[str, Accepted], today: date
) -> tuple[list[str], list[str]]:
    """(what stops the build, what is only told), a sentence each, for the occurrences found in each room's image."""
    stops, told = [], []
    for room, occurrences in sorted(scans.items()):
        for occurrence in occurrences:
            found = occurrence.get("vulnerability", {})
            severity = found.get("effectiveSeverity") or found.get("severity", "SEVERITY_UNSPECIFIED")
            if severity not in SERIOUS:
                continue
            name = occurrence.get("noteName", "").rpartition("/")[2] or "unnamed"
            packages = sorted({issue.get("affectedPackage", "?") for issue in found.get("packageIssue", ())})
            sentence = f"{room}: {name} ({severity}) in {', '.join(packages) or 'an unnamed package'}"
            exception = accepted.get(name)
            if exception is not None and today <= exception.until:
                told.append(f"{sentence}, accepted until {exception.until}: {exception.reason}")
            elif exception is not None:
                stops.append(f"{sentence}, accepted only until {exception.until}")
            elif any(issue.get("fixAvailable") for issue in found.get("packageIssue", ())):
                stops.append(f"{sentence}, and there is a fix")
            else:
                told.append(f"{sentence}, without a fix so far")
    return stops, told
