"""Google in memory, with a clock of its own: services with revisions, figures of them, a bucket, builds, images.

Every request is held against Google's description of the API, so that a wrong path, parameter or field fails here.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from infra.pipeline.google import Refused
from tests.infra.pipeline.discovered import check_request, method_of

PROJECT, LOCATION = "shop-prod", "europe-west1"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
FIGURES_SEEN_AFTER = 180.0


def _page(kind: str, found: list[dict[str, Any]], params: dict[str, Any]) -> dict[str, Any]:
    """Two at a time, so that whoever does not turn the page misses something."""
    begin = int(params.get("pageToken") or 0)
    page: dict[str, Any] = {kind: found[begin : begin + 2]}
    return page if begin + 2 >= len(found) else {**page, "nextPageToken": str(begin + 2)}


@dataclass
class FakeClock:
    """Time that passes only while somebody waits."""

    now: float = NOW

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Behaviour:
    """What a revision does with a request."""

    error_ratio: float = 0.0
    p95_ms: float = 40.0


@dataclass
class FakeService:
    """A service: its revisions, the newest last, and who gets what since when."""

    revisions: list[str]
    ready: str
    traffic: list[dict[str, Any]]
    room: str = ""
    public: bool = False
    template: dict[str, Any] = field(default_factory=dict)
    rate: float = 50.0
    """Requests a second."""
    behaviour: dict[str, Behaviour] = field(default_factory=dict)
    history: list[tuple[float, dict[str, int]]] = field(default_factory=list)


@dataclass
class FakeGoogle:
    """Answers like Google. `before` may raise or change things before a request is answered."""

    clock: FakeClock = field(default_factory=FakeClock)
    services: dict[str, FakeService] = field(default_factory=dict)
    jobs: dict[str, bool] = field(default_factory=dict)
    """By name, whether it succeeds."""
    job_images: dict[str, str] = field(default_factory=dict)
    breaks: str = ""
    """An image whose revisions do not start."""
    executed: list[str] = field(default_factory=list)
    objects: dict[str, tuple[int, Any]] = field(default_factory=dict)
    builds: dict[str, dict[str, Any]] = field(default_factory=dict)
    started: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    splits: list[tuple[str, dict[str, int]]] = field(default_factory=list)
    before: Callable[[str, str], None] = lambda _method, _name: None
    _generation: int = 0

    def serve(self, name: str, room: str = "", *, public: bool = False, image: str = "image@sha256:0") -> FakeService:
        """A service as Terraform makes it: the latest revision gets everything."""
        first = f"{name}-00001"
        latest = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]
        template = {"timeout": "12s", "containers": [{"image": image, "env": [{"name": "A", "value": "1"}]}]}
        self.services[name] = service = FakeService([first], first, latest, room or name, public, template)
        service.history.append((0.0, {first: 100}))
        return service

    def deploy(self, name: str, behaviour: Behaviour = Behaviour(), *, starts: bool = True) -> str:
        """A new revision; it serves only where the latest one is asked for."""
        service = self.services[name]
        revision = f"{name}-{len(service.revisions) + 1:05d}"
        service.revisions.append(revision)
        service.behaviour[revision] = behaviour
        if starts:
            service.ready = revision
        self._note(service)
        return revision

    def shares(self, name: str) -> dict[str, int]:
        """Who serves the service now."""
        return dict(self.services[name].history[-1][1])

    def tagged(self, name: str) -> dict[str, str]:
        """Its tags."""
        return {each["tag"]: each["revision"] for each in self.services[name].traffic if "tag" in each}

    def __call__(
        self, method: str, url: str, body: object = None, *, params: Mapping[str, str | list[str]] | None = None
    ) -> Any:
        found = method_of(method, url)
        check_request(found, params or {}, body)
        self.before(found.name, url)
        name = found.name.replace(".", "_")
        return getattr(self, f"_{name}")(found.path, dict(params or {}), body)

    # --- Cloud Run

    def _projects_locations_services_get(self, path: Any, _params: Any, _body: Any) -> Any:
        return self._described(path["name"])

    def _projects_locations_services_list(self, path: Any, params: Any, _body: Any) -> Any:
        names = [f"{path['parent']}/services/{name}" for name in self.services]
        others = [{"name": f"{path['parent']}/services/somebody-elses", "labels": {}}]
        return _page("services", [self._described(name) for name in names] + others, params)

    def _described(self, name: str) -> dict[str, Any]:
        service = self._service(name.rpartition("/")[2])
        statuses = [{**each, "uri": "https://x.invalid"} for each in service.traffic]
        return {
            "name": name,
            "labels": {"room": service.room, "managed-by": "terraform"},
            "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" if service.public else "INGRESS_TRAFFIC_INTERNAL_ONLY",
            "template": copy.deepcopy(service.template),
            "urls": [f"https://{name.rpartition('/')[2]}-1.{LOCATION}.run.app"],
            "latestCreatedRevision": f"{name}/revisions/{service.revisions[-1]}",
            "latestReadyRevision": f"{name}/revisions/{service.ready}",
            "traffic": service.traffic,
            "trafficStatuses": statuses,
            "terminalCondition": {"type": "Ready", "message": "The user-provided container failed to start."},
        }

    def _projects_locations_services_patch(self, path: Any, params: Any, body: Any) -> Any:
        name = path["name"].rpartition("/")[2]
        service = self._service(name)
        if params == {"updateMask": "template"}:
            assert "revision" not in body["template"], "a revision of this name exists"
            service.template = body["template"]
            starts = body["template"]["containers"][0]["image"] != self.breaks
            self.deploy(name, starts=starts)
            return {"name": f"projects/{PROJECT}/locations/{LOCATION}/operations/{'op' if starts else 'bad'}-{name}"}
        assert params == {"updateMask": "traffic"}, "everything else is Terraform's"
        assert sum(each.get("percent", 0) for each in body["traffic"]) == 100, "Cloud Run refuses anything but 100 %"
        for each in body["traffic"]:
            assert each["revision"] in service.revisions, f"{each['revision']} does not exist"
        names = [each["tag"] for each in body["traffic"] if "tag" in each]
        assert len(names) == len(set(names)), "a tag names one revision"
        service.traffic = body["traffic"]
        self._note(service)
        self.splits.append((name, self.shares(name)))
        return {"name": f"projects/{PROJECT}/locations/{LOCATION}/operations/op-{name}"}

    def _projects_locations_operations_get(self, path: Any, _params: Any, _body: Any) -> Any:
        kind, _, name = path["name"].rpartition("/")[2].partition("-")
        if kind == "bad":
            return {"name": path["name"], "done": True, "error": {"code": 9, "message": "The container did not start."}}
        if kind == "op":
            return {"name": path["name"], "done": True, "response": {}}
        done = self.jobs[name]
        counts = {"succeededCount": 1} if done else {"failedCount": 1, "logUri": "https://logs.invalid"}
        return {"name": path["name"], "done": True, "response": counts}

    def _projects_locations_jobs_list(self, path: Any, params: Any, _body: Any) -> Any:
        return _page("jobs", [self._job(f"{path['parent']}/jobs/{name}") for name in self.jobs], params)

    def _projects_locations_jobs_get(self, path: Any, _params: Any, _body: Any) -> Any:
        return self._job(path["name"])

    def _projects_locations_jobs_patch(self, path: Any, _params: Any, body: Any) -> Any:
        before, name = self._job(path["name"]), path["name"].rpartition("/")[2]
        self.job_images[name] = body["template"]["template"]["containers"][0]["image"]
        after = self._job(path["name"])
        # What is not sent is gone: all of it must come back.
        assert {**body, "name": path["name"]} == {k: v for k, v in after.items() if k != "uid"}
        assert set(before) == set(after)
        return {"name": f"projects/{PROJECT}/locations/{LOCATION}/operations/op-{name}"}

    def _job(self, name: str) -> dict[str, Any]:
        room = name.rpartition("/")[2].partition("-")[0]
        container = {"image": self.job_images.get(name.rpartition("/")[2], "image@sha256:0"), "args": ["migrate"]}
        return {
            "name": name,
            "uid": "3f",
            "labels": {"room": room},
            "binaryAuthorization": {"useDefault": True},
            "template": {"taskCount": 1, "template": {"timeout": "60s", "containers": [container]}},
        }

    def _projects_locations_jobs_run(self, path: Any, _params: Any, _body: Any) -> Any:
        name = path["name"].rpartition("/")[2]
        if name not in self.jobs:
            raise Refused(404, f"no job {name}")
        self.executed.append(name)
        return {"name": f"projects/{PROJECT}/locations/{LOCATION}/operations/job-{name}"}

    def _service(self, name: str) -> FakeService:
        if name not in self.services:
            raise Refused(404, f"no service {name}")
        return self.services[name]

    def _note(self, service: FakeService) -> None:
        shares: dict[str, int] = {}
        for each in service.traffic:
            revision = each.get("revision", service.ready)
            if each.get("percent"):
                shares[revision] = shares.get(revision, 0) + each["percent"]
        service.history.append((self.clock.now, shares))

    # --- Cloud Monitoring

    def _projects_timeSeries_list(self, _path: Any, params: Any, _body: Any) -> Any:
        assert f'resource.labels.location = "{LOCATION}"' in params["filter"]
        name = params["filter"].partition('service_name = "')[2].partition('"')[0]
        begin, end = (datetime.fromisoformat(params[f"interval.{key}"]).timestamp() for key in ("startTime", "endTime"))
        assert params["aggregation.alignmentPeriod"] == f"{round(end - begin)}s", "one value for the whole window"
        seen = min(end, self.clock.now - FIGURES_SEEN_AFTER)
        service = self._service(name)
        series = []
        for revision, number in self._requests(service, begin, seen).items():
            behaviour = service.behaviour.get(revision, Behaviour())
            resource = {"labels": {"revision_name": revision}}
            if "request_latencies" in params["filter"]:
                value: dict[str, Any] = {"doubleValue": behaviour.p95_ms}
                series.append({"resource": resource, "points": [{"value": value}]})
                continue
            failed = round(number * behaviour.error_ratio)
            for kind, count in (("2xx", number - failed), ("5xx", failed)):
                labels = {"labels": {"response_code_class": kind}}
                value = {"int64Value": str(count)}
                if count:
                    series.append({"resource": resource, "metric": labels, "points": [{"value": value}]})
        return {"timeSeries": series}

    def _requests(self, service: FakeService, begin: float, end: float) -> dict[str, int]:
        found: dict[str, float] = {}
        moments = [*service.history, (float("inf"), {})]
        for (since, shares), (until, _) in pairwise(moments):
            seconds = min(end, until) - max(begin, since)
            for revision, percent in shares.items():
                found[revision] = found.get(revision, 0.0) + max(0.0, seconds) * service.rate * percent / 100
        return {revision: round(number) for revision, number in found.items() if round(number)}

    # --- Cloud Storage

    def _objects_get(self, path: Any, params: Any, _body: Any) -> Any:
        if path["object"] not in self.objects:
            raise Refused(404, "no such object")
        generation, content = self.objects[path["object"]]
        return content if params.get("alt") == "media" else {"generation": str(generation)}

    def _objects_insert(self, _path: Any, params: Any, body: Any) -> Any:
        if params.get("ifGenerationMatch") == "0" and params["name"] in self.objects:
            raise Refused(412, "it exists")
        self._generation += 1
        self.objects[params["name"]] = (self._generation, json.loads(json.dumps(body)))
        return {}

    def _objects_delete(self, path: Any, params: Any, _body: Any) -> Any:
        if path["object"] not in self.objects:
            raise Refused(404, "no such object")
        if str(self.objects[path["object"]][0]) != params["ifGenerationMatch"]:
            raise Refused(412, "another one")
        del self.objects[path["object"]]
        return {}

    # --- Identity Platform

    def _projects_accounts_lookup(self, _path: Any, _params: Any, body: Any) -> Any:
        users = [{"localId": f"id-{email}"} for email in body["email"] if email in self.people]
        return {"users": users} if users else {}

    def _projects_accounts(self, _path: Any, _params: Any, body: Any) -> Any:
        assert body["email"] not in self.people, "EMAIL_EXISTS"
        self.people[body["email"]] = {}
        return {"localId": f"id-{body['email']}"}

    def _projects_accounts_update(self, _path: Any, _params: Any, body: Any) -> Any:
        self.people[body["localId"].removeprefix("id-")] = body
        return {}

    # --- Cloud Build, Artifact Registry, Secret Manager

    def _projects_locations_builds_get(self, path: Any, _params: Any, _body: Any) -> Any:
        return self.builds[path["name"].rpartition("/")[2]]

    def _projects_locations_triggers_run(self, _path: Any, _params: Any, body: Any) -> Any:
        self.started.append(body)
        return {"metadata": {"build": {"id": "waiting-1", "status": "PENDING"}}}

    def _projects_locations_repositories_packages_tags_get(self, path: Any, _params: Any, _body: Any) -> Any:
        *_, package, _, tag = path["name"].split("/")
        if (package, tag) not in self.tags:
            raise Refused(404, "no such tag")
        home = path["name"].partition("/tags/")[0]
        return {"name": path["name"], "version": f"{home}/versions/{self.tags[package, tag]}"}

    def _projects_secrets_versions_access(self, path: Any, _params: Any, _body: Any) -> Any:
        if path["name"] not in self.secrets:
            raise Refused(404, "no such version")
        return {"payload": {"data": self.secrets[path["name"]]}}

    def _projects_secrets_addVersion(self, path: Any, _params: Any, body: Any) -> Any:
        version = f"{path['parent']}/versions/{len(self.secrets) + 1}"
        self.secrets[version] = body["payload"]["data"]
        return {"name": version}
