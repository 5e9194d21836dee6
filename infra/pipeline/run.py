"""Cloud Run as the pipeline uses it: images of services and jobs, and which revision serves what share of a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.pipeline import Failed
from infra.pipeline.google import Clock, Google

API = "https://run.googleapis.com/v2"
BY_REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
BEHIND_THE_LOAD_BALANCER = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
ROOM = "room"
"""The label that Terraform gives to every service and job of a room; its value is the room with dashes."""
PARTS_OF_A_JOB = ("labels", "annotations", "launchStage", "binaryAuthorization", "template", "etag")
"""What of a job is ours to say; a job is always written as a whole."""
STABLE, CANDIDATE = "stable", "candidate"
PAUSE_SECONDS = 3.0
OPERATION_SECONDS = 300.0
JOB_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Service:
    """A service as it is: names of revisions without their path; `shares` are percents by revision."""

    name: str
    created: str
    ready: str
    shares: dict[str, int]
    tags: dict[str, str]
    why: str

    @property
    def stable(self) -> str | None:
        """The last revision that was found good; before the first, the one that serves most; None when none does."""
        if STABLE in self.tags:
            return self.tags[STABLE]
        return max(self.shares, key=lambda revision: self.shares[revision], default=None)


@dataclass(frozen=True, slots=True)
class Deployed:
    """A service or a job of a room, and the image that it was last given."""

    name: str
    room: str
    image: str
    public: bool = False
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """The services and jobs of one project in one location."""

    google: Google
    clock: Clock
    project: str
    location: str

    @property
    def _home(self) -> str:
        return f"{API}/projects/{self.project}/locations/{self.location}"

    def services(self) -> list[Deployed]:
        """Every service of a room, by name."""
        return [
            Deployed(
                _last(each["name"]),
                each["labels"][ROOM],
                each["template"]["containers"][0]["image"],
                each.get("ingress") == BEHIND_THE_LOAD_BALANCER,
                tuple(each.get("urls", ())),
            )
            for each in self._listed("services")
        ]

    def jobs(self) -> list[Deployed]:
        """Every job of a room, by name."""
        return [
            Deployed(_last(each["name"]), each["labels"][ROOM], each["template"]["template"]["containers"][0]["image"])
            for each in self._listed("jobs")
        ]

    def give_service(self, name: str, image: str) -> None:
        """A new revision with this image and everything else as it is. Raises Failed when it does not start."""
        url = f"{self._home}/services/{name}"
        template = self.google("GET", url)["template"]
        # It would ask for a revision of this very name.
        template.pop("revision", None)
        template["containers"][0]["image"] = image
        operation = self.google("PATCH", url, {"template": template}, params={"updateMask": "template"})
        self._finish(operation, f"{name} with {image}", OPERATION_SECONDS)

    def give_job(self, name: str, image: str) -> None:
        """The same for a job."""
        url = f"{self._home}/jobs/{name}"
        found = self.google("GET", url)
        job = {part: found[part] for part in PARTS_OF_A_JOB if part in found}
        job["template"]["template"]["containers"][0]["image"] = image
        self._finish(self.google("PATCH", url, job), f"{name} with {image}", OPERATION_SECONDS)

    def service(self, name: str) -> Service:
        """Its present state; what serves is told by revision, also where the latest one is asked for."""
        found = self.google("GET", f"{self._home}/services/{name}")
        shares: dict[str, int] = {}
        tags: dict[str, str] = {}
        latest = _last(found.get("latestReadyRevision", ""))
        for target in found.get("trafficStatuses", ()):
            revision = _last(target.get("revision", "")) or latest
            if target.get("percent"):
                shares[revision] = shares.get(revision, 0) + target["percent"]
            if target.get("tag"):
                tags[target["tag"]] = revision
        why = found.get("terminalCondition", {}).get("message", "")
        return Service(name, _last(found.get("latestCreatedRevision", "")), latest, shares, tags, why)

    def split(self, name: str, shares: dict[str, int], tags: dict[str, str]) -> None:
        """Give revisions these percents and tags, and wait until it is so. Raises Failed."""
        targets: list[dict[str, Any]] = [
            {"type": BY_REVISION, "revision": revision, "percent": percent}
            for revision, percent in shares.items()
            if percent
        ]
        targets += [{"type": BY_REVISION, "revision": revision, "tag": tag} for tag, revision in tags.items()]
        operation = self.google(
            "PATCH", f"{self._home}/services/{name}", {"traffic": targets}, params={"updateMask": "traffic"}
        )
        self._finish(operation, f"the traffic of {name}", OPERATION_SECONDS)

    def execute(self, job: str) -> None:
        """Run a job to its end. Raises Failed when it does not succeed."""
        operation = self.google("POST", f"{self._home}/jobs/{job}:run", {})
        execution = self._finish(operation, f"the job {job}", JOB_SECONDS)
        if execution.get("failedCount") or not execution.get("succeededCount"):
            raise Failed(f"the job {job} failed; its log: {execution.get('logUri', 'unknown')}")

    def _listed(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        params: dict[str, str | list[str]] = {"pageSize": "100"}
        while True:
            page = self.google("GET", f"{self._home}/{kind}", params=params)
            found += [each for each in page.get(kind, ()) if ROOM in each.get("labels", {})]
            if not page.get("nextPageToken"):
                return sorted(found, key=lambda each: str(each["name"]))
            params["pageToken"] = page["nextPageToken"]

    def _finish(self, operation: dict[str, Any], what: str, patience: float) -> dict[str, Any]:
        until = self.clock.time() + patience
        while not operation.get("done"):
            if self.clock.time() > until:
                raise Failed(f"{what}: not finished after {patience:.0f} s")
            self.clock.sleep(PAUSE_SECONDS)
            operation = self.google("GET", f"{API}/{operation['name']}")
        if "error" in operation:
            raise Failed(f"{what}: {operation['error'].get('message', operation['error'])}")
        response: dict[str, Any] = operation.get("response", {})
        return response


def _last(name: str) -> str:
    return name.rpartition("/")[2]
