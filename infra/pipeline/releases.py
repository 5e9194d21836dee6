"""A release: one commit and the image of every room, by digest. Recorded when staging has found it good.

Production gets what is recorded, nothing that is built for it: the same digests, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from infra.pipeline import Failed
from infra.pipeline.images import DIGEST
from infra.pipeline.storage import Bucket


@dataclass(frozen=True, slots=True)
class Release:
    """What one build of the pipeline puts into an environment."""

    commit: str
    images: Mapping[str, str]
    passed: tuple[str, ...] = ()
    built: str = ""
    """When the build that deploys it was asked for, in RFC 3339; a younger one wins."""
    replaced: Mapping[str, str] = field(default_factory=dict)
    """By service, the revision that served before: where `roll-back` goes."""
    project: str = ""
    location: str = ""
    """Where its services run."""

    def as_dict(self) -> dict[str, Any]:
        """The record for the bucket."""
        return asdict(self)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Release:
        """The release of a record. Raises Failed when it is none."""
        try:
            return cls(**{**record, "passed": tuple(record["passed"])})
        except (KeyError, TypeError) as error:
            raise Failed(f"this is not the record of a release ({error!r})") from error

    def tfvars(self) -> dict[str, Any]:
        """The variables that Terraform gets."""
        return {"images": dict(self.images)}


def assemble(commit: str, rooms: Iterable[str], found: Mapping[str, str], pushed: Mapping[str, str]) -> Release:
    """The release of this checkout: every room, from what was there and what was pushed. Raises Failed."""
    images = {**found, **pushed}
    lacking = sorted(set(rooms) - set(images))
    if lacking:
        raise Failed(f"no image of {', '.join(lacking)}: neither found nor built")
    loose = sorted(image for image in images.values() if not DIGEST.search(image))
    if loose:
        raise Failed(f"not by digest: {', '.join(loose)}")
    return Release(commit, {room: images[room] for room in sorted(rooms)})


def promoted(bucket: Bucket, wanted: str, commit: str, rooms: Iterable[str], repository: str) -> Release:
    """The recorded release, if it may go on to production. Raises Failed with the reason when it may not."""
    record = bucket.read(path_of(wanted))
    if record is None:
        raise Failed(f"no release of {wanted} is recorded: staging has not found it good")
    release = Release.of(record)
    if not wanted == release.commit == commit:
        raise Failed(f"asked for {wanted}, recorded {release.commit}, checked out {commit}: these must be one")
    if "staging" not in release.passed:
        raise Failed(f"{commit} has not passed staging")
    foreign = [i for i in release.images.values() if not i.startswith(f"{repository}/") or not DIGEST.search(i)]
    if foreign:
        raise Failed(f"not images of {repository} by digest: {', '.join(sorted(foreign))}")
    if set(release.images) != set(rooms):
        raise Failed("the rooms of the release are not the rooms of this checkout")
    return release


def refuse_older(current: Mapping[str, Any] | None, built: str) -> None:
    """Raises Failed when something asked for later is deployed already: builds may overtake one another."""
    if current is not None and current.get("built", "") > built:
        raise Failed(f"{current['commit']}, asked for at {current['built']}, is deployed already; this build is older")


def path_of(commit: str) -> str:
    """Where a release is recorded."""
    return f"releases/{commit}.json"


def current_path(environment: str) -> str:
    """Where it is recorded what an environment runs."""
    return f"{environment}/current.json"


def tfvars_path(environment: str) -> str:
    """Where the variables lie with which a person applies Terraform by hand."""
    return f"{environment}/images.tfvars.json"
