"""The local cloud and, where it is installed, Google's own Pub/Sub emulator."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.local.cloud.support import (
    CloudProcess,
    PubSub,
    Sink,
    SinkServer,
    clients,
    cloud_process,
    emulator_process,
)

_EMULATOR = Path("platform/pubsub-emulator/bin/cloud-pubsub-emulator")


def find_emulator() -> Path | None:
    """Where `gcloud components` or the system's package manager put the emulator."""
    gcloud = shutil.which("gcloud")
    roots = [Path("/usr/lib/google-cloud-sdk"), Path("/usr/share/google-cloud-sdk"), Path.home() / "google-cloud-sdk"]
    if gcloud is not None:
        roots.insert(0, Path(gcloud).resolve().parents[1])
    found = next((root / _EMULATOR for root in roots if (root / _EMULATOR).exists()), None)
    return found if shutil.which("java") else None


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudProcess]:
    """The local cloud in a process of its own, shared by the session."""
    with cloud_process(tmp_path_factory.mktemp("cloud")) as process:
        yield process


@pytest.fixture(scope="session")
def local_pubsub(cloud: CloudProcess) -> Iterator[PubSub]:
    """Google's clients on the local Pub/Sub."""
    with clients("local", cloud.pubsub) as pubsub:
        yield pubsub


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """The address of Google's emulator."""
    launcher = find_emulator()
    if launcher is None:
        pytest.skip("Google's Pub/Sub emulator (or java) is not installed here")
    with emulator_process(launcher) as address:
        yield address


@pytest.fixture(scope="session", params=["local", "emulator"])
def pubsub(request: pytest.FixtureRequest) -> Iterator[PubSub]:
    """The same test against the local Pub/Sub and against Google's emulator."""
    if request.param == "local":
        yield request.getfixturevalue("local_pubsub")
        return
    with clients("emulator", request.getfixturevalue("emulator")) as pubsub:
        yield pubsub


@pytest.fixture(scope="session")
def sinks() -> Iterator[SinkServer]:
    """The HTTP server behind every `sink`."""
    with SinkServer().serving() as server:
        yield server


@pytest.fixture
def sink(sinks: SinkServer) -> Iterator[Sink]:
    """An HTTP endpoint for this test's pushes and tasks."""
    with sinks.sink() as sink:
        yield sink
