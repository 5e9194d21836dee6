"""Small JSON documents in a bucket, and a lock that is one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from infra.pipeline import Failed
from infra.pipeline.google import Clock, Google, Refused

API = "https://storage.googleapis.com"
LOCK_SECONDS = 3 * 3600.0
LOOK_SECONDS = 20.0
ENDED = frozenset({"SUCCESS", "FAILURE", "INTERNAL_ERROR", "TIMEOUT", "CANCELLED", "EXPIRED"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where releases are recorded."""

    google: Google
    name: str

    def read(self, path: str) -> Any | None:
        """The document, or None."""
        try:
            return self.google("GET", self._object(path), params={"alt": "media"})
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def write(self, path: str, document: object) -> None:
        """Put it there, whatever was there."""
        self.google("POST", self._upload, document, params={"uploadType": "media", "name": path})

    def claim(self, path: str, document: object) -> bool:
        """Put it there only if nothing is; whether it was so."""
        params: dict[str, str | list[str]] = {"uploadType": "media", "name": path, "ifGenerationMatch": "0"}
        try:
            self.google("POST", self._upload, document, params=params)
        except Refused as refused:
            if refused.status == 412:
                return False
            raise
        return True

    def generation(self, path: str) -> str | None:
        """Which version of the document is there; None without one."""
        try:
            found: str = self.google("GET", self._object(path))["generation"]
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        return found

    def remove(self, path: str, generation: str) -> None:
        """Remove this version of it; if another one is there meanwhile, or none, nothing."""
        try:
            self.google("DELETE", self._object(path), params={"ifGenerationMatch": generation})
        except Refused as refused:
            if refused.status not in (404, 412):
                raise

    def _object(self, path: str) -> str:
        return f"{API}/storage/v1/b/{self.name}/o/{quote(path, safe='')}"

    @property
    def _upload(self) -> str:
        return f"{API}/upload/storage/v1/b/{self.name}/o"


@dataclass(frozen=True, slots=True)
class Builds:
    """Cloud Build's own records, in the project and location of the pipeline."""

    google: Google
    project: str
    location: str

    @property
    def _home(self) -> str:
        return f"https://cloudbuild.googleapis.com/v1/projects/{self.project}/locations/{self.location}"

    def get(self, build: str) -> dict[str, Any]:
        """A build as Cloud Build describes it."""
        found: dict[str, Any] = self.google("GET", f"{self._home}/builds/{build}")
        return found

    def start(self, trigger: str, commit: str, substitutions: dict[str, str]) -> str:
        """Start a trigger at this commit; the id of the build, which may wait for approval."""
        body = {
            "projectId": self.project,
            "triggerId": trigger,
            "source": {"commitSha": commit, "substitutions": substitutions},
        }
        operation = self.google("POST", f"{self._home}/triggers/{trigger}:run", body)
        started: str = operation["metadata"]["build"]["id"]
        return started


def lock(bucket: Bucket, builds: Builds, clock: Clock, environment: str, build: str) -> None:
    """Have the environment to oneself: two canaries at once would judge each other. Raises Failed in the end.

    A lock whose build is over is taken away: its build died before it could do so itself.
    """
    path, until = _lock(environment), clock.time() + LOCK_SECONDS
    while not bucket.claim(path, {"build": build}):
        generation, holder = bucket.generation(path), bucket.read(path)
        if generation is None or holder is None:
            continue
        if holder["build"] == build:
            return
        if builds.get(holder["build"])["status"] in ENDED:
            bucket.remove(path, generation)
            continue
        if clock.time() > until:
            raise Failed(f"{environment} is still held by build {holder['build']}")
        clock.sleep(LOOK_SECONDS)


def unlock(bucket: Bucket, environment: str, build: str) -> None:
    """Let the next one have it; a lock of somebody else stays."""
    path = _lock(environment)
    generation, holder = bucket.generation(path), bucket.read(path)
    if generation is not None and holder is not None and holder["build"] == build:
        bucket.remove(path, generation)


def _lock(environment: str) -> str:
    return f"{environment}/lock.json"
