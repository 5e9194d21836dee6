"""A plan (`terraform show -json`) as the resources that will exist, and how to look at them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as planned; `unknown` marks what only the apply will tell."""

    address: str
    type: str
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]

    def get(self, path: str, default: Any = None) -> Any:
        """The value at a path of dots; a block that may stand once is stepped into by itself."""
        found: Any = self.values
        for step in path.split("."):
            if isinstance(found, list):
                found = found[0] if found else None
            if not isinstance(found, Mapping) or found.get(step) is None:
                return default
            found = found[step]
        return found

    def is_unknown(self, name: str) -> bool:
        """Whether the plan leaves a top-level attribute open."""
        mark = self.unknown.get(name)
        return mark is True or (isinstance(mark, list) and True in mark)


@dataclass(frozen=True, slots=True)
class Plan:
    """All resources, and the variables of the root."""

    resources: tuple[Resource, ...]
    variables: Mapping[str, Any]

    def of(self, *types: str) -> Iterator[Resource]:
        """Every resource of these types."""
        return (each for each in self.resources if each.type in types)

    def ending(self, *ends: str) -> Iterator[Resource]:
        """Every resource whose type ends so."""
        return (each for each in self.resources if each.type.endswith(ends))

    @property
    def is_for_trial(self) -> bool:
        """Whether it is the environment in which nothing is missed: there keys and protection may be left out."""
        return self.variables.get("environment") == "dev"


def read(document: Mapping[str, Any]) -> Plan:
    """The plan in a JSON document of Terraform."""
    resources = []
    for change in document.get("resource_changes", ()):
        if change.get("mode", "managed") != "managed" or change["change"].get("after") is None:
            continue
        after, unknown = change["change"]["after"], change["change"].get("after_unknown") or {}
        resources.append(Resource(change["address"], change["type"], after, unknown))
    variables = {name: each.get("value") for name, each in document.get("variables", {}).items()}
    return Plan(tuple(resources), variables)


def load(path: Path) -> Plan:
    """The plan in a file."""
    return read(json.loads(path.read_text()))


def last(path: Any) -> str:
    """The last part of a full name."""
    return str(path or "").rpartition("/")[2]


def members(resource: Resource) -> Sequence[str]:
    """Who is given something by an IAM resource."""
    one, many = resource.get("member"), resource.get("members", [])
    return [one] if one else list(many)


def containers(resource: Resource) -> Sequence[Mapping[str, Any]]:
    """The containers of a Cloud Run service or job."""
    template = resource.get("template", [{}])[0]
    if resource.type == "google_cloud_run_v2_job":
        template = (template.get("template") or [{}])[0]
    found: Sequence[Mapping[str, Any]] = template.get("containers") or []
    return found


def runs_as(resource: Resource) -> str:
    """The account of a Cloud Run service or job."""
    where = "template.template." if resource.type == "google_cloud_run_v2_job" else "template."
    return str(resource.get(f"{where}service_account", ""))
