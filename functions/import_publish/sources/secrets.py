"""What connections sign in with: written once, kept in Secret Manager, read only by the worker that needs it.

A secret is named by its tenant and connection, and a connection says which version is its own; so neither another
tenant's secret nor an older one can be reached by a name.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from functions.common import settings as common_settings
from functions.common.errors import Unavailable
from functions.import_publish import settings
from functions.import_publish.sources.problems import SourceProblem

if TYPE_CHECKING:
    from google.cloud.secretmanager_v1 import SecretManagerServiceAsyncClient

TIMEOUT_SECONDS = 6.0
_client: SecretManagerServiceAsyncClient | None = None
_loop: asyncio.AbstractEventLoop | None = None


class Secrets:
    """Secret Manager, as far as connections need it."""

    async def put(self, tenant_id: str, name: str, values: Mapping[str, str]) -> str:
        """Keep a new secret; returns its version, which is what to read it by. Raises Unavailable."""
        from google.api_core.exceptions import AlreadyExists, GoogleAPICallError

        client, project = _secret_manager(), f"projects/{common_settings.common().google_cloud_project}"
        secret = {"replication": {"automatic": {}}, "labels": {"owner": "import-publish"}}
        identifier = secret_id(tenant_id, name)
        payload = {"data": json.dumps(dict(values)).encode()}
        try:
            try:
                request: dict[str, Any] = {"parent": project, "secret_id": identifier, "secret": secret}
                await client.create_secret(request=request, timeout=TIMEOUT_SECONDS)
            except AlreadyExists:
                pass
            request = {"parent": f"{project}/secrets/{identifier}", "payload": payload}
            version = await client.add_secret_version(request=request, timeout=TIMEOUT_SECONDS)
        except GoogleAPICallError as error:
            raise _outage() from error
        return str(version.name)

    async def read(self, tenant_id: str, name: str, version: str) -> dict[str, str]:
        """The secret of a connection. Raises SourceProblem when it is gone, Unavailable."""
        from google.api_core.exceptions import FailedPrecondition, GoogleAPICallError, NotFound

        if f"/secrets/{secret_id(tenant_id, name)}/versions/" not in version:
            raise SourceProblem("SECRET_MISSING", "the connection's secret is not its own")
        try:
            answer = await _secret_manager().access_secret_version(request={"name": version}, timeout=TIMEOUT_SECONDS)
        except (NotFound, FailedPrecondition):
            raise SourceProblem("SECRET_MISSING", "the connection's secret is gone: set it again") from None
        except GoogleAPICallError as error:
            raise _outage() from error
        values: dict[str, str] = json.loads(answer.payload.data)
        return values

    async def forget(self, tenant_id: str, name: str) -> None:
        """Delete all versions; nothing there is fine. Raises Unavailable."""
        from google.api_core.exceptions import GoogleAPICallError, NotFound

        project = common_settings.common().google_cloud_project
        try:
            await _secret_manager().delete_secret(
                request={"name": f"projects/{project}/secrets/{secret_id(tenant_id, name)}"}, timeout=TIMEOUT_SECONDS
            )
        except NotFound:
            return
        except GoogleAPICallError as error:
            raise _outage() from error


def secret_id(tenant_id: str, name: str) -> str:
    """No tenant's id and no connection's name holds an underscore, so no two of them meet."""
    if "_" in tenant_id or "_" in name:
        raise ValueError("an underscore would make two secrets one")
    return f"import_{tenant_id}_{name}"


async def close() -> None:
    """Close the channel, if there is one."""
    global _client, _loop
    if _client is not None and _loop is asyncio.get_running_loop():
        await _client.transport.close()  # type: ignore[no-untyped-call]
    _client = _loop = None


def _outage() -> Unavailable:
    return Unavailable("the store of secrets cannot be reached", retry_after=5)


def _secret_manager() -> SecretManagerServiceAsyncClient:
    global _client, _loop
    loop = asyncio.get_running_loop()
    if _client is None or _loop is not loop:
        from google.cloud.secretmanager_v1 import SecretManagerServiceAsyncClient

        host = settings.load().secret_manager_emulator_host
        if host:
            import grpc.aio
            from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
                SecretManagerServiceGrpcAsyncIOTransport as Transport,
            )

            _client = SecretManagerServiceAsyncClient(transport=Transport(channel=grpc.aio.insecure_channel(host)))
        else:
            _client = SecretManagerServiceAsyncClient()
        _loop = loop
    return _client
