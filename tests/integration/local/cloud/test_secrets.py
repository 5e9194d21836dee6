"""The local Secret Manager answers Google's own client as Google does, and keeps what it was told across restarts."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import pytest
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from google.cloud.secretmanager_v1 import SecretManagerServiceAsyncClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcAsyncIOTransport,
)

from local.secretmanager import SecretManagerServer

PARENT = "projects/retailscan-local"
AUTOMATIC: dict[str, object] = {"replication": {"automatic": {}}}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SecretManagerServer]:
    made = SecretManagerServer(data_dir=tmp_path)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def client(server: SecretManagerServer) -> AsyncIterator[SecretManagerServiceAsyncClient]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield SecretManagerServiceAsyncClient(transport=SecretManagerServiceGrpcAsyncIOTransport(channel=channel))


async def create(client: SecretManagerServiceAsyncClient, name: str) -> str:
    made = await client.create_secret(request={"parent": PARENT, "secret_id": name, "secret": AUTOMATIC})
    return str(made.name)


async def add(client: SecretManagerServiceAsyncClient, secret: str, data: bytes) -> str:
    version = await client.add_secret_version(request={"parent": secret, "payload": {"data": data}})
    return str(version.name)


async def test_versions_are_added_and_read_each_by_its_number(client: SecretManagerServiceAsyncClient) -> None:
    secret = await create(client, "import_acme_erp")
    first, second = [await add(client, secret, data) for data in (b"one", b"\x00\xff two")]
    assert first.endswith("/versions/1")
    for name, data in ((first, b"one"), (second, b"\x00\xff two"), (f"{secret}/versions/latest", b"\x00\xff two")):
        answer = await client.access_secret_version(request={"name": name})
        assert answer.payload.data == data
    assert answer.name == second


async def test_what_was_destroyed_or_deleted_cannot_be_read(client: SecretManagerServiceAsyncClient) -> None:
    secret = await create(client, "a")
    version = await add(client, secret, b"x")
    await client.destroy_secret_version(request={"name": version})
    with pytest.raises(FailedPrecondition):
        await client.access_secret_version(request={"name": version})
    await client.delete_secret(request={"name": secret})
    with pytest.raises(NotFound):
        await client.get_secret(request={"name": secret})


async def test_what_google_refuses_is_refused(client: SecretManagerServiceAsyncClient) -> None:
    secret = await create(client, "a")
    with pytest.raises(AlreadyExists):
        await create(client, "a")
    with pytest.raises(InvalidArgument):
        await create(client, "a/b")
    with pytest.raises(InvalidArgument):
        await add(client, secret, b"x" * 65_537)
    with pytest.raises(InvalidArgument):
        await client.add_secret_version(request={"parent": secret, "payload": {"data": b"x", "data_crc32c": 1}})
    with pytest.raises(NotFound):
        await client.access_secret_version(request={"name": f"{secret}/versions/1"})


async def test_secrets_survive_a_restart_for_their_owners_eyes_only(
    server: SecretManagerServer, client: SecretManagerServiceAsyncClient, tmp_path: Path
) -> None:
    version = await add(client, await create(client, "a"), b"kept")
    [file] = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    other = SecretManagerServer(data_dir=tmp_path)
    await other.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{other.port}") as channel:
        again = SecretManagerServiceAsyncClient(transport=SecretManagerServiceGrpcAsyncIOTransport(channel=channel))
        assert (await again.access_secret_version(request={"name": version})).payload.data == b"kept"
        names = [secret.name async for secret in await again.list_secrets(request={"parent": PARENT})]
    await other.stop()
    assert names == [f"{PARENT}/secrets/a"]
