"""Where the figures of the platform come from, built on first use for the running event loop."""

from __future__ import annotations

from functions.admin import settings
from functions.admin.health import Source
from functions.admin.health_watch import PATIENCE_SECONDS, NoSource, Watch
from functions.common import certificates
from functions.common import settings as common_settings
from functions.common.once import OncePerLoop
from functions.common.settings import SettingsError

_LOCAL = frozenset({"local", "test"})


def _source() -> Source:
    import httpx

    name, common = settings.platform().operations_source, common_settings.common()
    if name == "none":
        return NoSource()
    if name == "google":
        from functions.admin.health_google import GoogleCloud, Signer

        client = httpx.AsyncClient(verify=certificates.trusted(), timeout=PATIENCE_SECONDS, trust_env=False)
        return GoogleCloud(client, Signer(), common.google_cloud_project)
    if name == "local" and common.environment in _LOCAL:
        from functions.admin.health_local import LocalCloud

        gateway = settings.load().public_api_url
        trusted = certificates.trusted()
        client = httpx.AsyncClient(base_url=gateway, verify=trusted, timeout=PATIENCE_SECONDS, trust_env=False)
        return LocalCloud(client, gateway)
    raise SettingsError(f"OPERATIONS_SOURCE={name} is none of google, none, and local on a developer's machine")


watch = OncePerLoop(lambda: Watch(_source()))
"""The watch of the platform. Raises SettingsError when OPERATIONS_SOURCE names no source."""
