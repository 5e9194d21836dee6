"""The local Secret Manager: Google's gRPC API on one port, for the unmodified Google client.

Secrets and their versions: create, get, list, add, access, destroy, delete. Kept in one file that only its owner may
read.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import google_crc32c
import orjson
from google.cloud.secretmanager_v1 import types
from grpc import StatusCode

from local.rpc import GrpcServer, Pb, Refused, already_exists, invalid, not_found, page_of, unary

_SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
_PARENT = re.compile(r"projects/[a-z0-9-]+")
_SECRET_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_VERSION = re.compile(r"(projects/[a-z0-9-]+/secrets/[A-Za-z0-9_-]{1,255})/versions/(latest|[0-9]+)")
_MOST_BYTES = 65_536

_Version = list[str | None]
"""One element: the payload in latin-1, or None after it was destroyed."""


class SecretManagerServer:
    """Start, stop. `port=0` picks a free one, known after `start`."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, data_dir: Path | None = None) -> None:
        self._grpc = GrpcServer(host, port)
        self._file = data_dir / "secrets.json" if data_dir is not None else None
        self._secrets: dict[str, _Version] = {}

    @property
    def port(self) -> int:
        """The port that is served."""
        return self._grpc.port

    async def start(self) -> None:
        """Reads what was kept and serves; raises OSError when the port is taken."""
        if self._file is not None and self._file.exists():
            self._secrets = orjson.loads(self._file.read_bytes())
        await self._grpc.start({_SERVICE: self._methods()})

    async def stop(self) -> None:
        """Stops serving. Safe to repeat."""
        await self._grpc.stop()

    def _methods(self) -> dict[str, Any]:
        verbs: dict[str, tuple[Any, Any]] = {
            "CreateSecret": (types.CreateSecretRequest, self._create),
            "GetSecret": (types.GetSecretRequest, self._get),
            "ListSecrets": (types.ListSecretsRequest, self._list),
            "DeleteSecret": (types.DeleteSecretRequest, self._delete),
            "AddSecretVersion": (types.AddSecretVersionRequest, self._add),
            "AccessSecretVersion": (types.AccessSecretVersionRequest, self._access),
            "DestroySecretVersion": (types.DestroySecretVersionRequest, self._destroy),
        }
        return {name: unary(kind.pb(), verb) for name, (kind, verb) in verbs.items()}

    def _create(self, request: Pb) -> Pb:
        if not _PARENT.fullmatch(request.parent) or not _SECRET_ID.fullmatch(request.secret_id):
            raise invalid("the parent or the secret_id is malformed")
        name = f"{request.parent}/secrets/{request.secret_id}"
        if name in self._secrets:
            raise already_exists("secret", name)
        self._secrets[name] = []
        self._save()
        return _secret(name)

    def _get(self, request: Pb) -> Pb:
        self._versions(request.name)
        return _secret(request.name)

    def _list(self, request: Pb) -> Pb:
        names = sorted(name for name in self._secrets if name.startswith(f"{request.parent}/"))
        page, token = page_of(names, request.page_size, request.page_token)
        secrets = [types.Secret(name=name) for name in page]
        return types.ListSecretsResponse.pb(types.ListSecretsResponse(secrets=secrets, next_page_token=token))

    def _delete(self, request: Pb) -> None:
        self._versions(request.name)
        del self._secrets[request.name]
        self._save()

    def _add(self, request: Pb) -> Pb:
        versions = self._versions(request.parent)
        payload: bytes = request.payload.data
        if not payload or len(payload) > _MOST_BYTES:
            raise invalid(f"a payload has 1 to {_MOST_BYTES} bytes")
        if request.payload.HasField("data_crc32c") and request.payload.data_crc32c != _crc(payload):
            raise invalid("the payload does not match its checksum")
        versions.append(payload.decode("latin-1"))
        self._save()
        name = f"{request.parent}/versions/{len(versions)}"
        return types.SecretVersion.pb(types.SecretVersion(name=name, state=types.SecretVersion.State.ENABLED))

    def _access(self, request: Pb) -> Pb:
        name, versions, number = self._version(request.name)
        payload = versions[number - 1]
        if payload is None:
            raise Refused(StatusCode.FAILED_PRECONDITION, f"Secret version {request.name} is in DESTROYED state.")
        data = payload.encode("latin-1")
        return types.AccessSecretVersionResponse.pb(
            types.AccessSecretVersionResponse(
                name=f"{name}/versions/{number}", payload={"data": data, "data_crc32c": _crc(data)}
            )
        )

    def _destroy(self, request: Pb) -> Pb:
        name, versions, number = self._version(request.name)
        versions[number - 1] = None
        self._save()
        state = types.SecretVersion.State.DESTROYED
        return types.SecretVersion.pb(types.SecretVersion(name=f"{name}/versions/{number}", state=state))

    def _versions(self, name: str) -> _Version:
        try:
            return self._secrets[name]
        except KeyError:
            raise not_found("secret", name) from None

    def _version(self, name: str) -> tuple[str, _Version, int]:
        found = _VERSION.fullmatch(name)
        if found is None:
            raise invalid("the name of a version is malformed")
        versions = self._versions(found[1])
        number = len(versions) if found[2] == "latest" else int(found[2])
        if not 1 <= number <= len(versions):
            raise not_found("secret version", name)
        return found[1], versions, number

    def _save(self) -> None:
        if self._file is None:
            return
        fresh = self._file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(self._secrets))
        fresh.replace(self._file)


def _secret(name: str) -> Pb:
    return types.Secret.pb(types.Secret(name=name, replication={"automatic": {}}))


def _crc(data: bytes) -> int:
    return int(google_crc32c.value(data))
