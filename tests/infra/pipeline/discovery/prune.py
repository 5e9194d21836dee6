"""Makes the *.json beside it: Google's own descriptions of its APIs, cut down to what the pipeline uses.

They come with google-api-python-client; the version is in each file. To take newer ones:

    pip download --no-deps --dest /tmp google-api-python-client
    python tests/infra/pipeline/discovery/prune.py /tmp/google_api_python_client-*.whl
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

DOCUMENTS = "googleapiclient/discovery_cache/documents"
METHODS = {
    "artifactregistry.v1": ["projects.locations.repositories.packages.tags.get"],
    "cloudbuild.v1": ["projects.locations.builds.get", "projects.locations.triggers.run"],
    "identitytoolkit.v1": ["projects.accounts", "projects.accounts.lookup", "projects.accounts.update"],
    "monitoring.v3": ["projects.timeSeries.list"],
    "run.v2": [
        "projects.locations.jobs.get",
        "projects.locations.jobs.list",
        "projects.locations.jobs.patch",
        "projects.locations.jobs.run",
        "projects.locations.operations.get",
        "projects.locations.services.get",
        "projects.locations.services.list",
        "projects.locations.services.patch",
    ],
    "secretmanager.v1": ["projects.secrets.addVersion", "projects.secrets.versions.access"],
    "storage.v1": ["objects.delete", "objects.get", "objects.insert"],
}
ALSO = {"cloudbuild.v1": ["Build"], "run.v2": ["GoogleCloudRunV2Execution"]}
"""Schemas that no method of these names: the file cloudbuild.yaml, and what an operation responds."""


def pruned(name: str, document: dict[str, Any], version: str) -> dict[str, Any]:
    """The methods we use, and the schemas that can be reached from them."""
    methods = {path: _method(document, path) for path in METHODS[name]}
    wanted = [part["$ref"] for method in methods.values() for part in _bodies(method)] + ALSO.get(name, [])
    schemas: dict[str, Any] = {}
    while wanted:
        schema = wanted.pop()
        if schema not in schemas:
            schemas[schema] = _bare(document["schemas"][schema])
            wanted += _references(schemas[schema])
    return {
        "source": f"google-api-python-client {version}, {name}, revision {document['revision']}",
        "rootUrl": document["rootUrl"],
        "servicePath": document["servicePath"],
        "parameters": _bare(document["parameters"]),
        "methods": {path: _bare(method) for path, method in methods.items()},
        "schemas": dict(sorted(schemas.items())),
    }


def _method(document: dict[str, Any], path: str) -> dict[str, Any]:
    *resources, name = path.split(".")
    for resource in resources:
        document = document["resources"][resource]
    method: dict[str, Any] = document["methods"][name]
    return method


def _bodies(method: dict[str, Any]) -> list[dict[str, Any]]:
    return [method[part] for part in ("request", "response") if part in method]


def _bare(value: Any) -> Any:
    """Without prose."""
    if isinstance(value, dict):
        prose = ("description", "enumDescriptions", "enumDeprecated", "scopes")
        return {k: _bare(v) for k, v in value.items() if k not in prose or not isinstance(v, str | list)}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [reference for each in value.values() for reference in _references(each)]
    return [reference for each in value for reference in _references(each)] if isinstance(value, list) else []


def main(wheel: Path) -> None:
    """Write every file."""
    version = wheel.name.split("-")[1]
    with zipfile.ZipFile(wheel) as archive:
        for name in METHODS:
            document = json.loads(archive.read(f"{DOCUMENTS}/{name}.json"))
            text = json.dumps(pruned(name, document, version), indent=1)
            Path(__file__).with_name(f"{name}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
