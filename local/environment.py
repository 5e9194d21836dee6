"""The environment of a door: what every door gets, and what only its own card names. Here as in the cloud."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path

from functions.common.cards import Door
from local.issuer import AUDIENCE, IDENTITY_ISSUER, OIDC_ISSUER, PUSH_SERVICE_ACCOUNT, SESSION_ISSUER, Issuer
from local.processes import LocalError
from local.provision import LOCATION, PROJECT

ROOT = Path(__file__).resolve().parent.parent
# Secrets in the cloud; here every door knows these addresses.
_OPEN = frozenset({"MONGODB_URI", "REDIS_URL"})
ERP_PORTS = {"rest": 8201, "soap": 8202, "graphql": 8203, "files": 8204, "sftp": 8205, "s3": 8206}
"""Where `python -m local.erp` listens, and moto's server (`s3`): all of this machine that imports may fetch from."""
_TELEMETRY = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLE")
_PLAIN = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "COVERAGE_PROCESS_START")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts of one suite are: URLs, and host:port of what speaks gRPC. `doors`: service -> URL."""

    mongo_uri: str
    mongo_database: str
    redis_url: str
    pubsub: str
    tasks: str
    secrets: str
    storage: str
    doors: Mapping[str, str]
    functions_dir: Path
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    """Settings of doors that stand-ins for other people's services bring about."""
    gateway: str = ""
    """The one address of the public API."""


def plain_environment() -> dict[str, str]:
    """What a process needs from this one: where programs and temporary files are, nothing of ours."""
    return {name: os.environ[name] for name in _PLAIN if name in os.environ}


def tool_environment() -> dict[str, str]:
    """For the suite's own helpers, which are modules of this repository."""
    return plain_environment() | {"PYTHONPATH": str(ROOT)}


def door_environment(door: Door, addresses: Addresses, issuer: Issuer) -> dict[str, str]:
    """All of it. Raises LocalError when the card names a secret that nobody here has."""
    common = {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys([str(ROOT), str(addresses.functions_dir.parent)])),
        "ENVIRONMENT": "local",
        "K_SERVICE": door.service,
        "K_REVISION": f"{door.service}-local",
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "MONGODB_URI": addresses.mongo_uri,
        "MONGODB_DATABASE": addresses.mongo_database,
        "REDIS_URL": addresses.redis_url,
        "SERVICE_URL": addresses.doors[door.service],
        "DOOR_URLS": json.dumps(dict(addresses.doors)),
        "PUBSUB_EMULATOR_HOST": addresses.pubsub,
        "CLOUD_TASKS_EMULATOR_HOST": addresses.tasks,
        "CLOUD_TASKS_LOCATION": LOCATION,
        "STORAGE_EMULATOR_HOST": addresses.storage,
        "SECRET_MANAGER_EMULATOR_HOST": addresses.secrets,
        "IDENTITY_ISSUER": IDENTITY_ISSUER,
        "IDENTITY_AUDIENCE": AUDIENCE,
        "IDENTITY_JWKS": json.dumps(issuer.jwks("identity")),
        "SESSION_ISSUER": SESSION_ISSUER,
        "SESSION_JWKS": json.dumps(issuer.jwks("session")),
        "PUSH_ISSUER": OIDC_ISSUER,
        "PUSH_JWKS": json.dumps(issuer.jwks("oidc")),
        "PUSH_SERVICE_ACCOUNTS": PUSH_SERVICE_ACCOUNT,
    }
    telemetry = {name: os.environ[name] for name in _TELEMETRY if name in os.environ}
    return plain_environment() | telemetry | common | _asked_for(door, addresses, issuer)


def _asked_for(door: Door, addresses: Addresses, issuer: Issuer) -> dict[str, str]:
    """What only this door's card names: a secret reaches no other process."""
    known: dict[str, Callable[[], str]] = {
        "SESSION_SIGNING_KEY": lambda: issuer.private_jwk("session"),
        "STORE_CODE_KEY": lambda: issuer.private_jwk("store-codes"),
        "IMPORT_UPLOAD_KEY": issuer.upload_key,
        "IMPORT_ALLOWED_HOSTS": lambda: ",".join(f"127.0.0.1:{port}" for port in ERP_PORTS.values()),
        "STORE_CODE_JWKS": lambda: json.dumps(issuer.jwks("store-codes")),
        "EXIT_SIGNING_KEY": lambda: issuer.private_jwk("exit"),
        "EXIT_JWKS": lambda: json.dumps(issuer.jwks("exit")),
        "PUBLIC_API_URL": lambda: addresses.gateway,
        "DASHBOARD_SIGN_IN": lambda: "local",
        "OPERATIONS_SOURCE": lambda: "local",
        # Not a random one: whoever is signed in stays so when the suite starts again.
        "DASHBOARD_KEY": lambda: sha256(b"dashboard:" + issuer.private_jwk("exit").encode()).hexdigest(),
    }
    known |= {name: partial(str, text) for name, text in addresses.stand_ins.items()}
    names = set(door.secrets) | set(door.env)
    given = {name: os.environ[name] for name in names - _OPEN if name in os.environ}
    for name in sorted(set(door.secrets) - _OPEN - set(given) - set(known)):
        raise LocalError(f"{door.service} needs the secret {name}, which the local cloud does not have: set {name}.")
    return {name: known[name]() for name in names if name in known} | given
